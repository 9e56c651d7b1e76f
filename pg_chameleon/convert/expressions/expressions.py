"""Expressions of the source that mean just the same in PostgreSQL; all others are refused."""

from __future__ import annotations

from pg_chameleon.convert.expressions.grammar import Grammar
from pg_chameleon.convert.expressions.translated import Kind, Refused, Translated, Use
from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.schema import TableSchema


def translated(schema: TableSchema, expression: str, rules: Rules, use: Use) -> Translated | None:
    """Return PostgreSQL's form of an expression; None if none is certain to mean the same."""
    columns = {
        column.name.casefold(): column
        for column in schema.columns
        if column.generated is None and rules.override(schema.name, column) is None
    }
    try:
        return Grammar(expression, columns, use).whole()
    except Refused:
        return None


def index_expression(schema: TableSchema, expression: str, rules: Rules) -> str | None:
    """Return PostgreSQL's form of a functional index part; None if none is certain to mean the same."""
    found = translated(schema, expression, rules, Use.INDEX)
    return None if found is None else found.sql


def check_expression(schema: TableSchema, expression: str, rules: Rules) -> str | None:
    """Return PostgreSQL's form of a check; None if none is certain to mean the same."""
    found = translated(schema, expression, rules, Use.CHECK)
    return found.sql if found is not None and found.kind is Kind.CONDITION else None
