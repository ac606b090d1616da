"""Charity: nine brand programmes, donations, restricted funds, awards and the double-entry books."""
