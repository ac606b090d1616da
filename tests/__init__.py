"""Tests: sentences of the domain, on real parts."""
