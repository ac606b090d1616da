"""A real NATS server with JetStream for the test run, its streams made by the provisioner as in an installation."""
