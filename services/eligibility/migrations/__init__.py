"""Schema changes, named by date and deed."""
