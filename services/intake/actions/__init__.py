"""The verbs of intake. One action is one transaction; the caller's `db` is always open and is never committed here."""
