"""Scenarios on the whole real suite."""
