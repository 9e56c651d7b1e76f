"""The target: the catalogue, the log tables and the replicated tables in PostgreSQL."""
