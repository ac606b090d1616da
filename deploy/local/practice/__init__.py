"""Seven practice partner organisations: real HTTP receivers on this machine that do what a partner's system does.

They verify signatures by their own reading of the Standard Webhooks specification, fetch the allowed fields, accept,
work and report outcomes. What each saw is told on a control port and kept in a journal, for the demo and the tests.
"""
