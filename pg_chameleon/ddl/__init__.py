"""Follow the DDL of a source: parse its statements, and compute what they do to the structures of its tables."""
