"""Every SQL statement of this service; each function is one question or one change."""
