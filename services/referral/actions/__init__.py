"""What referral does, each in one transaction of its caller."""
