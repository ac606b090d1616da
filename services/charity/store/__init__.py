"""All SQL of charity, a module a topic; each function is one question or one change.

books (entries, funds, months) · donations · known (what events told) · awards · payments · reports · figures
"""
