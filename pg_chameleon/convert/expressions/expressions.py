"""Expressions of the source that mean just the same in PostgreSQL; all others are refused.

What differs in any case is not in the grammar: division, implicit conversions, functions that depend on collations or
sessions. Every token is consumed by a rule that knows it.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal
from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.source.literals import unescaped
from pg_chameleon.model.source.types import CHARACTERS, EXACT_NUMBERS


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
    """An expression of PostgreSQL and what kind of value it has."""

    sql: str
    kind: Kind


class _Refused(Exception):
    """The expression is not one that means the same on both sides."""


_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<number>\d+(?:\.\d+)?(?![\w.]))"
    r"|(?:_(?P<charset>utf8mb4|utf8mb3|utf8|ascii)\s*)?'(?P<text>(?:[^'\\]|''|\\.)*)'"
    r"|`(?P<quoted>(?:[^`]|``)+)`"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_$]*)"
    r"|(?P<sign><=|>=|<>|!=|&&|[-+*(),=<>])"
    r")",
    re.S,
)
_DIGITS = re.compile(r"(\d{1,2})::numeric")
_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MOMENTS = frozenset({"date", "datetime"})


def translated(schema: TableSchema, expression: str, rules: Rules, use: Use) -> Translated | None:
    """Return PostgreSQL's form of an expression; None if there is none that is sure."""
    columns = {
        column.name.casefold(): column
        for column in schema.columns
        if column.generated is None and rules.override(schema.name, column) is None
    }
    try:
        return _Parser(_tokens(expression), columns, use).whole()
    except _Refused:
        return None


def index_expression(schema: TableSchema, expression: str, rules: Rules) -> str | None:
    """Return PostgreSQL's form of a functional index part; None if there is none that is sure."""
    found = translated(schema, expression, rules, Use.INDEX)
    return None if found is None else found.sql


def check_expression(schema: TableSchema, expression: str, rules: Rules) -> str | None:
    """Return PostgreSQL's form of a check; None if there is none that is sure."""
    found = translated(schema, expression, rules, Use.CHECK)
    return found.sql if found is not None and found.kind is Kind.CONDITION else None


class _Token(NamedTuple):
    kind: str
    text: str


def _tokens(expression: str) -> list[_Token]:
    tokens, place, text = [], 0, expression.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _Refused
        found = next(name for name in ("number", "text", "quoted", "word", "sign") if match[name] is not None)
        tokens.append(_Token(found, match[found]))
        place = match.end()
    return tokens


def _string(text: str) -> Translated:
    value = unescaped(text)
    if "\0" in value:
        raise _Refused
    return Translated(quote_literal(value), Kind.TEXT)


class _Parser:
    """A recursive-descent parser that writes what it reads; each method is a rule of the grammar."""

    def __init__(self, tokens: list[_Token], columns: dict[str, Column], use: Use) -> None:
        self._tokens = tokens
        self._place = 0
        self._columns = columns
        self._use = use

    def whole(self) -> Translated:
        found = self._either()
        if self._place != len(self._tokens):
            raise _Refused
        return found

    def _next(self, *wanted: str) -> str | None:
        """Take the next token if it is one of these signs or words."""
        if self._place < len(self._tokens):
            token = self._tokens[self._place]
            if token.kind in ("sign", "word") and token.text.upper() in wanted:
                self._place += 1
                return token.text.upper()
        return None

    def _expect(self, wanted: str) -> None:
        if self._next(wanted) is None:
            raise _Refused

    def _either(self) -> Translated:
        found = self._both()
        while self._next("OR"):
            found = _condition("OR", found, self._both())
        return found

    def _both(self) -> Translated:
        found = self._negated()
        while self._next("AND", "&&"):
            found = _condition("AND", found, self._negated())
        return found

    def _negated(self) -> Translated:
        if not self._next("NOT"):
            return self._compared()
        found = self._negated()
        return Translated(f"(NOT {_of_kind(found, Kind.CONDITION)})", Kind.CONDITION)

    def _compared(self) -> Translated:
        left = self._sum()
        sign = self._next(*_COMPARISONS)
        if sign is not None:
            return self._comparison(left, _COMPARISONS[sign], self._sum())
        if self._next("IS"):
            negation = "NOT " if self._next("NOT") else ""
            self._expect("NULL")
            return Translated(f"({left.sql} IS {negation}NULL)", Kind.CONDITION)
        negation = "NOT " if self._next("NOT") else ""
        if self._next("IN"):
            return self._listed(left, negation)
        if self._next("BETWEEN"):
            low = self._comparison(left, ">=", self._sum()).sql
            self._expect("AND")
            high = self._comparison(left, "<=", self._sum()).sql
            return Translated(f"({negation}({low} AND {high}))", Kind.CONDITION)
        if negation:
            raise _Refused
        return left

    def _comparison(self, left: Translated, sign: str, right: Translated) -> Translated:
        kinds = {left.kind, right.kind}
        if Kind.NULL in kinds or Kind.CONDITION in kinds:
            raise _Refused
        text = kinds == {Kind.TEXT}
        if text and (self._use is Use.VALUE or sign not in ("=", "<>")):
            raise _Refused
        # PostgreSQL reads a literal beside a moment as one, just as MySQL does.
        moment = kinds == {Kind.MOMENT} or (kinds == {Kind.MOMENT, Kind.TEXT} and "'" in (left.sql[0], right.sql[0]))
        if not (text or moment or kinds == {Kind.NUMBER}):
            raise _Refused
        return Translated(f"({left.sql} {sign} {right.sql})", Kind.CONDITION)

    def _listed(self, left: Translated, negation: str) -> Translated:
        self._expect("(")
        members = [self._comparison(left, "=", member).sql for member in self._arguments()]
        return Translated(f"({negation}({' OR '.join(members)}))", Kind.CONDITION)

    def _sum(self) -> Translated:
        found = self._product()
        while sign := self._next("+", "-"):
            found = _calculated(found, sign, self._product())
        return found

    def _product(self) -> Translated:
        found = self._signed()
        while self._next("*"):
            found = _calculated(found, "*", self._signed())
        return found

    def _signed(self) -> Translated:
        if self._next("-"):
            return Translated(f"(- {_of_kind(self._signed(), Kind.NUMBER)})", Kind.NUMBER)
        return self._primary()

    def _primary(self) -> Translated:
        if self._next("("):
            found = self._either()
            self._expect(")")
            return found
        if self._place == len(self._tokens):
            raise _Refused
        token = self._tokens[self._place]
        self._place += 1
        if token.kind == "number":
            return Translated(f"{token.text}::numeric", Kind.NUMBER)
        if token.kind == "text":
            return _string(token.text)
        if token.kind == "word" and self._next("("):
            return self._function(token.text.lower())
        if token.kind == "word" and token.text.upper() == "NULL":
            return Translated("NULL", Kind.NULL)
        if token.kind in ("word", "quoted"):
            return self._column(token.text.replace("``", "`") if token.kind == "quoted" else token.text)
        raise _Refused

    def _column(self, name: str) -> Translated:
        found = self._columns.get(name.casefold())
        if found is None:
            raise _Refused
        column, base = quote_identifier(names.column_name(found.name)), found.type.base
        if base in EXACT_NUMBERS:
            # MySQL calculates with more digits than the column has.
            return Translated(f"{column}::numeric", Kind.NUMBER)
        if base in CHARACTERS:
            return Translated(f"{column}::text", Kind.TEXT)
        if base in _MOMENTS and self._use is not Use.VALUE:
            return Translated(column, Kind.MOMENT)
        raise _Refused

    def _arguments(self) -> list[Translated]:
        found = [self._either()]
        while self._next(","):
            found.append(self._either())
        self._expect(")")
        return found

    def _function(self, name: str) -> Translated:
        arguments = self._arguments()
        first = arguments[0]
        if name == "concat":
            return Translated(f"({' || '.join(_of_kind(each, Kind.TEXT) for each in arguments)})", Kind.TEXT)
        if name in ("coalesce", "ifnull") and all(each.kind is first.kind for each in arguments):
            return Translated(f"coalesce({', '.join(each.sql for each in arguments)})", first.kind)
        if name == "abs" and len(arguments) == 1:
            return Translated(f"abs({_of_kind(first, Kind.NUMBER)})", Kind.NUMBER)
        if name == "round" and len(arguments) == 2:
            digits = _DIGITS.fullmatch(arguments[1].sql)
            if digits is None:
                raise _Refused
            return Translated(f"round({_of_kind(first, Kind.NUMBER)}, {digits[1]})", Kind.NUMBER)
        if name in ("char_length", "character_length") and len(arguments) == 1:
            if self._use is Use.VALUE:
                raise _Refused  # NUL characters are left out on the target
            return Translated(f"char_length({_of_kind(first, Kind.TEXT)})::numeric", Kind.NUMBER)
        if name in ("lower", "upper") and len(arguments) == 1 and self._use is not Use.VALUE:
            return Translated(f"{name}({_of_kind(first, Kind.TEXT)})", Kind.TEXT)
        raise _Refused


def _of_kind(expression: Translated, kind: Kind) -> str:
    if expression.kind is not kind:
        raise _Refused
    return expression.sql


def _condition(sign: str, left: Translated, right: Translated) -> Translated:
    sql = f"({_of_kind(left, Kind.CONDITION)} {sign} {_of_kind(right, Kind.CONDITION)})"
    return Translated(sql, Kind.CONDITION)


def _calculated(left: Translated, sign: str, right: Translated) -> Translated:
    return Translated(f"({_of_kind(left, Kind.NUMBER)} {sign} {_of_kind(right, Kind.NUMBER)})", Kind.NUMBER)
