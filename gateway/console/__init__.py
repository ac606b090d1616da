"""The console: Chinese first, rendered on the server, whole without JavaScript."""
