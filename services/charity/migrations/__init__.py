"""Migrations of charity's database."""
