"""The grammar of the expressions that can be translated; what differs in any case is not in it.

There is no division, no implicit conversion, and no function that depends on collations or sessions. Every token is
consumed by a rule that knows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.functions import call
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal
from pg_chameleon.convert.expressions.translated import (
    Kind,
    Refused,
    Translated,
    Use,
    calculated,
    comparison,
    condition,
    of_kind,
)
from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.model.names import unquote_mysql_identifier
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.types import CHARACTERS, EXACT_NUMBERS

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SIGNS = frozenset("<>=!&|")
_UTF8_INTRODUCERS = frozenset({"_UTF8MB4", "_UTF8MB3", "_UTF8", "_ASCII"})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MOMENTS = frozenset({"date", "datetime"})


class _Tokens:
    """The tokens of an expression, taken one by one."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = lexer.tokenize(expression)
        self._place = 0

    def at_end(self) -> bool:
        """Tell whether every token is taken."""
        return self._tokens.kinds[self._place] == lexer.END

    def next(self, *wanted: str) -> str | None:
        """Take the next token if it is one of these words, or of these signs with nothing more behind."""
        sign, length = self._sign()
        if sign not in wanted:
            return None
        self._place += length
        return sign

    def expect(self, wanted: str) -> None:
        """Take what must be the next token."""
        if self.next(wanted) is None:
            raise Refused

    def take(self) -> tuple[int, str]:
        """Take the next token whatever it is; return its kind, and how it is written."""
        place, self._place = self._place, self._place + 1
        return self._tokens.kinds[place], self._expression[self._tokens.starts[place] : self._tokens.ends[place]]

    def _sign(self) -> tuple[str, int]:
        """Return the next word or sign, and of how many tokens it is: the lexer knows no sign of two characters."""
        words, starts, ends = self._tokens.words, self._tokens.starts, self._tokens.ends
        first = last = self._place
        while words[last] in _SIGNS and words[last + 1] in _SIGNS and ends[last] == starts[last + 1]:
            last += 1
        return "".join(words[first : last + 1]), last + 1 - first


class Grammar:
    """A recursive-descent parser that writes what it reads; each method is a rule of the grammar."""

    def __init__(self, expression: str, columns: Mapping[str, Column], use: Use) -> None:
        """Read an expression that may mention these columns, which are given by their names in lower case."""
        self._tokens = _Tokens(expression)
        self._columns = columns
        self._use = use

    def whole(self) -> Translated:
        """Translate the expression, or raise ``Refused``."""
        found = self._either()
        if not self._tokens.at_end():
            raise Refused
        return found

    def _either(self) -> Translated:
        found = self._both()
        while self._tokens.next("OR"):
            found = condition("OR", found, self._both())
        return found

    def _both(self) -> Translated:
        found = self._negated()
        while self._tokens.next("AND", "&&"):
            found = condition("AND", found, self._negated())
        return found

    def _negated(self) -> Translated:
        if not self._tokens.next("NOT"):
            return self._compared()
        return Translated(f"(NOT {of_kind(self._negated(), Kind.CONDITION)})", Kind.CONDITION)

    def _compared(self) -> Translated:
        left = self._sum()
        sign = self._tokens.next(*_COMPARISONS)
        if sign is not None:
            return comparison(left, _COMPARISONS[sign], self._sum(), self._use)
        if self._tokens.next("IS"):
            negation = "NOT " if self._tokens.next("NOT") else ""
            self._tokens.expect("NULL")
            return Translated(f"({left.sql} IS {negation}NULL)", Kind.CONDITION)
        negation = "NOT " if self._tokens.next("NOT") else ""
        if self._tokens.next("IN"):
            return self._listed(left, negation)
        if self._tokens.next("BETWEEN"):
            return self._between(left, negation)
        if negation:
            raise Refused
        return left

    def _between(self, left: Translated, negation: str) -> Translated:
        low = comparison(left, ">=", self._sum(), self._use).sql
        self._tokens.expect("AND")
        high = comparison(left, "<=", self._sum(), self._use).sql
        return Translated(f"({negation}({low} AND {high}))", Kind.CONDITION)

    def _listed(self, left: Translated, negation: str) -> Translated:
        self._tokens.expect("(")
        members = [comparison(left, "=", member, self._use).sql for member in self._arguments()]
        return Translated(f"({negation}({' OR '.join(members)}))", Kind.CONDITION)

    def _sum(self) -> Translated:
        found = self._product()
        while sign := self._tokens.next("+", "-"):
            found = calculated(found, sign, self._product())
        return found

    def _product(self) -> Translated:
        found = self._signed()
        while self._tokens.next("*"):
            found = calculated(found, "*", self._signed())
        return found

    def _signed(self) -> Translated:
        if self._tokens.next("-"):
            return Translated(f"(- {of_kind(self._signed(), Kind.NUMBER)})", Kind.NUMBER)
        return self._primary()

    def _primary(self) -> Translated:
        if self._tokens.next("("):
            found = self._either()
            self._tokens.expect(")")
            return found
        kind, text = self._tokens.take()
        if kind == lexer.WORD and text.upper() in _UTF8_INTRODUCERS:
            kind, text = self._tokens.take()
            return _string(kind, text)
        if kind == lexer.WORD and self._tokens.next("("):
            return call(text.lower(), self._arguments(), self._use)
        if kind == lexer.WORD and text.upper() == "NULL":
            return Translated("NULL", Kind.NULL)
        if kind in (lexer.WORD, lexer.QUOTED):
            return self._column(unquote_mysql_identifier(text) if kind == lexer.QUOTED else text)
        return _number(text) if kind == lexer.NUMBER else _string(kind, text)

    def _column(self, name: str) -> Translated:
        found = self._columns.get(name.casefold())
        if found is None:
            raise Refused
        column, base = quote_identifier(names.column_name(found.name)), found.type.base
        if base in EXACT_NUMBERS:
            # MySQL calculates with more digits than the column has.
            return Translated(f"{column}::numeric", Kind.NUMBER)
        if base in CHARACTERS:
            return Translated(f"{column}::text", Kind.TEXT)
        if base in _MOMENTS and self._use is not Use.VALUE:
            return Translated(column, Kind.MOMENT)
        raise Refused

    def _arguments(self) -> list[Translated]:
        found = [self._either()]
        while self._tokens.next(","):
            found.append(self._either())
        self._tokens.expect(")")
        return found


def _number(text: str) -> Translated:
    if not _NUMBER.fullmatch(text):
        raise Refused
    return Translated(f"{text}::numeric", Kind.NUMBER, text)


def _string(kind: int, text: str) -> Translated:
    """Translate a string in single quotes, as servers show them."""
    if kind != lexer.STRING or not text.startswith("'"):
        raise Refused
    value = lexer.unquote_string(text, 0)
    if "\0" in value:
        raise Refused
    return Translated(quote_literal(value), Kind.TEXT, None if "\\" in value else value)
