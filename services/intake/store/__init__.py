"""Every SQL statement of intake; one module for each noun. Each function is one question or one change."""
