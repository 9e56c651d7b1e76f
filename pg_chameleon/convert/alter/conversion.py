"""How the values of a column are converted to its new type."""

from __future__ import annotations

from typing import NamedTuple

from pg_chameleon.convert.expressions.quoting import quote_literal


class Conversion(NamedTuple):
    """An expression of PostgreSQL for the new values, and for which rows it is certain.

    ``using``: an expression of ``{column}``. ``exact``: no value becomes another. ``doubt``: if not empty, why only a
    table without rows can be followed. ``certain``: if not empty, a condition of ``{column}`` that holds for the rows
    that can be followed.
    """

    using: str = "{column}"
    exact: bool = True
    doubt: str = ""
    certain: str = ""

    @property
    def rewrites(self) -> bool:
        """Tell whether the new values are made by an expression, not just by the new type."""
        return self.using != Conversion().using


def literal(text: str) -> str:
    """Quote a string for an expression in which ``{column}`` will be replaced, but not within the string."""
    parts = text.replace("{column}", "{col\0umn}").split("\0")
    return quote_literal(text) if len(parts) == 1 else f"({' || '.join(map(quote_literal, parts))})"


def unless_null(condition: str) -> str:
    """Let NULL pass, which stays NULL."""
    return f"{{column}} IS NULL OR {condition}"


def clamped(value: str, low: str, high: str) -> str:
    """Bring a value between two bounds."""
    # Both functions pass NULL over.
    return f"CASE WHEN {{column}} IS NOT NULL THEN least(greatest({value}, {low}), {high}) END"
