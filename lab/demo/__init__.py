"""The whole journey from MySQL to PostgreSQL, to look at: `make demo`."""
