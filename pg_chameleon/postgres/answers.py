"""Answers of statements that always have one: an aggregate, RETURNING, or a function without a table."""

from __future__ import annotations

from typing import Any

from pg_chameleon.postgres.connection import Cursor


def one_row(cursor: Cursor) -> tuple[Any, ...]:
    """Return the row of a statement that always has one."""
    row: tuple[Any, ...] | None = cursor.fetchone()
    assert row is not None
    return row


def one_value(cursor: Cursor) -> Any:
    """Return the first value of a statement that always has a row."""
    return one_row(cursor)[0]
