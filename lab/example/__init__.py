"""The example database: a boat hire company, with some 20,000 rows that are the same each time it is made."""

from lab.example.database import SCHEMA, TABLES, create, load

__all__ = ["SCHEMA", "TABLES", "create", "load"]
