"""Expressions of the source that mean just the same in PostgreSQL; all others are refused."""

from __future__ import annotations

from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.schema import TableSchema


def index_expression(schema: TableSchema, expression: str, rules: Rules) -> str | None:
    """Return PostgreSQL's form of a functional index part; None if there is none that is sure."""
    del schema, expression, rules
    return None


def check_expression(schema: TableSchema, expression: str, rules: Rules) -> str | None:
    """Return PostgreSQL's form of a check; None if there is none that is sure."""
    del schema, expression, rules
    return None
