"""The verbs of a rehearsal: test the changed book, count the registry under both books, say who gains and who loses."""
