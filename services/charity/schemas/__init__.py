"""What charity's door takes (bodies) and answers (answers, money)."""
