"""The console in a real browser, as a caseworker meets it."""
