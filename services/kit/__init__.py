"""How any part runs: database, outbox, relay, inbox, broker, signing, privacy, errors, logs. Knows no domain."""
