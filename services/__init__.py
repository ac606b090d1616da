"""The four services, and the two folders they share."""
