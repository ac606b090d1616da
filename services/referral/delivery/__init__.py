"""How a webhook leaves: its body, its address checked, its attempt, and when to try again."""
