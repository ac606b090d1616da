"""The rule book: law as dated data and pure code."""
