"""The eligibility service around its rule book, on a real PostgreSQL."""
