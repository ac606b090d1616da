"""Hospital-cost records, grid reports and households come in here; owns persons, dated membership and consents."""
