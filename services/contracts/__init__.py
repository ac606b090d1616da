"""What the parts say to each other: event classes, codes, money, webhook bodies. Imports nothing else of ours."""
