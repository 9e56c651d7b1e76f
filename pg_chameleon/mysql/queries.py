"""The named statements for a source: ``sql/source``, one file per subject, one section per statement."""

from __future__ import annotations

from pg_chameleon.resources import named_statement


def query(name: str, **words: str) -> str:
    """Return the statement ``subject.name``; ``words`` of SQL take the places in braces, never names or values."""
    statement = named_statement("source", name)
    return statement.format(**words) if words else statement


def one_table(table: str | None) -> str:
    """Return the words that narrow a statement for a schema down to one of its tables, if one is wanted."""
    return "" if table is None else "and table_name = %s"
