"""Tests of the practice partners."""
