"""The named statements for the target: ``sql/queries``, one file per subject, one section per statement."""

from __future__ import annotations

from pg_chameleon.resources import named_statement


def query(name: str) -> str:
    """Return the statement ``subject.name``; raise ``KeyError`` if it does not exist."""
    return named_statement("queries", name)
