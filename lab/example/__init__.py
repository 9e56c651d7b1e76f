"""The example database: a boat hire company, with about 20,000 rows that are the same each time it is created."""

from lab.example.database import SCHEMA, TABLES, create, load

__all__ = ["SCHEMA", "TABLES", "create", "load"]
