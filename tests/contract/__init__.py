"""What the parts and their partners may rely on."""
