"""How any part runs: settings, database, outbox, relay, inbox, broker, signing, privacy, errors, logs. Knows no domain."""
