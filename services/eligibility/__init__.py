"""Decides which programmes may help a household, and says why."""
