"""The one-command machine: embedded PostgreSQL and NATS, the five parts, the supervisor and the command line."""
