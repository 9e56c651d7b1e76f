"""Names, quoting, and expressions of MySQL in the words of PostgreSQL."""
