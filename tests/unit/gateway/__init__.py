"""The gateway on a real database, in front of real small programs that stand for the parts."""
