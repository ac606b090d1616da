"""The verbs of screening: order a run, work it off in chunks, put what it found on the visit list."""
