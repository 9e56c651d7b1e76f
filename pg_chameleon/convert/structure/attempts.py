"""Statements that a type chosen by the user may refuse, each with what is done then.

Nobody but PostgreSQL knows which literals a type can read, so it is asked: by the statement itself, in a block that
takes it back if it is refused.
"""

from __future__ import annotations

from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal
from pg_chameleon.convert.structure.target import TargetColumn

# What the input functions of types report, those of extensions too: bad data, and bad syntax.
_REFUSED = "data_exception OR syntax_error_or_access_rule_violation OR check_violation"


def attempt(statement: str, otherwise: str) -> str:
    """Return the statement that runs one, and the other if the type refuses it."""
    body = f"BEGIN {statement}; EXCEPTION WHEN {_REFUSED} THEN {otherwise}; END"
    return f"DO {quote_literal(body)}"


def attempt_on_rows(statement: str, table: str, condition: str = "true", otherwise: str = "NULL") -> str:
    """Return the statement that runs one; without rows that it is about, what the type refuses is not needed."""
    return attempt(statement, f"IF EXISTS (SELECT FROM {table} WHERE {condition}) THEN RAISE; END IF; {otherwise}")


def set_default(table: str, column: TargetColumn) -> str:
    """Return the statement that sets, or drops, the default of a column; ``table`` is quoted already."""
    alter = f"ALTER TABLE {table} ALTER COLUMN {quote_identifier(column.name)}"
    if column.default is None:
        return f"{alter} DROP DEFAULT"
    wanted = f"{alter} SET DEFAULT {column.default.sql}"
    return attempt(wanted, f"{alter} DROP DEFAULT") if column.tentative else wanted
