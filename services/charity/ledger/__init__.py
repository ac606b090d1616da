"""The books' arithmetic, pure: entries that balance or do not exist, one recipe per deed, statements."""
