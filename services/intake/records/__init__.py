"""Readers of what comes in: pure, no database, no network. Each answers a value and the issues found on the way."""
