"""A translated expression, and the ways in which two of them make another one that means the same on both sides."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Use(Enum):
    """What an expression is for. In checks and indexes, text may be compared and folded as PostgreSQL does it."""

    VALUE = "value"
    CHECK = "check"
    INDEX = "index"


class Kind(Enum):
    """The kinds of values between which nothing is converted."""

    NUMBER = "number"
    TEXT = "text"
    MOMENT = "moment"
    CONDITION = "condition"
    NULL = "null"


class Translated(NamedTuple):
    """An expression of PostgreSQL and what kind of value it has. ``literal``: its value if it is just a literal."""

    sql: str
    kind: Kind
    literal: str | None = None


class Refused(Exception):
    """The expression is not one that means the same on both sides."""


def of_kind(expression: Translated, kind: Kind) -> str:
    """Return the SQL of an expression that has to be of one kind."""
    if expression.kind is not kind:
        raise Refused
    return expression.sql


def condition(sign: str, left: Translated, right: Translated) -> Translated:
    """Join two conditions by AND or OR."""
    sql = f"({of_kind(left, Kind.CONDITION)} {sign} {of_kind(right, Kind.CONDITION)})"
    return Translated(sql, Kind.CONDITION)


def calculated(left: Translated, sign: str, right: Translated) -> Translated:
    """Calculate with two numbers."""
    return Translated(f"({of_kind(left, Kind.NUMBER)} {sign} {of_kind(right, Kind.NUMBER)})", Kind.NUMBER)


def comparison(left: Translated, sign: str, right: Translated, use: Use) -> Translated:
    """Compare two values."""
    kinds = {left.kind, right.kind}
    if Kind.NULL in kinds or Kind.CONDITION in kinds:
        raise Refused
    text = kinds == {Kind.TEXT}
    if text and (use is Use.VALUE or sign not in ("=", "<>")):
        raise Refused
    # PostgreSQL reads a literal beside a moment as one, just as MySQL does.
    moment = kinds == {Kind.MOMENT} or (kinds == {Kind.MOMENT, Kind.TEXT} and _one_is_literal(left, right))
    if not (text or moment or kinds == {Kind.NUMBER}):
        raise Refused
    return Translated(f"({left.sql} {sign} {right.sql})", Kind.CONDITION)


def _one_is_literal(left: Translated, right: Translated) -> bool:
    return left.literal is not None or right.literal is not None
