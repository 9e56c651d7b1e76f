"""Consume what statements are made of: names, literals, lists and expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.ddl.syntax.lexer import BAD, END, NUMBER, QUOTED, STRING, WORD
from pg_chameleon.ddl.syntax.walk import Walk
from pg_chameleon.model.names import TableName, quote_mysql_identifier, unquote_mysql_identifier
from pg_chameleon.model.source.literals import quoted_text
from pg_chameleon.model.source.modes import ANSI_QUOTES, NO_BACKSLASH_ESCAPES

Item = TypeVar("Item")

_MAX_DIGITS = 20
# The modes in which quotes and backslashes mean something else
_MODES_OF_TEXT = ANSI_QUOTES | NO_BACKSLASH_ESCAPES

# Words that no server takes as a bare name: to meet one where a name is due means that a rule went wrong.
_RESERVED = frozenset(
    [
        "ADD",
        "ALL",
        "ALTER",
        "AND",
        "AS",
        "ASC",
        "BETWEEN",
        "BY",
        "CASCADE",
        "CASE",
        "CHANGE",
        "CHARACTER",
        "CHECK",
        "COLLATE",
        "COLUMN",
        "CONSTRAINT",
        "CREATE",
        "CROSS",
        "DEFAULT",
        "DELETE",
        "DESC",
        "DISTINCT",
        "DROP",
        "ELSE",
        "EXISTS",
        "FOR",
        "FOREIGN",
        "FROM",
        "FULLTEXT",
        "GRANT",
        "GROUP",
        "HAVING",
        "IF",
        "IGNORE",
        "IN",
        "INDEX",
        "INSERT",
        "INTO",
        "IS",
        "JOIN",
        "KEY",
        "KEYS",
        "LIKE",
        "LIMIT",
        "MATCH",
        "NOT",
        "NULL",
        "ON",
        "OR",
        "ORDER",
        "PRIMARY",
        "REFERENCES",
        "RENAME",
        "REPLACE",
        "SELECT",
        "SET",
        "SPATIAL",
        "TABLE",
        "THEN",
        "TO",
        "TRIGGER",
        "UNION",
        "UNIQUE",
        "UPDATE",
        "USING",
        "VALUES",
        "WHEN",
        "WHERE",
        "WITH",
    ]
)


class Cursor(Walk):
    """A walk that knows how names, literals and expressions are written."""

    __slots__ = ()

    def identifier(self) -> str:
        """Consume a name."""
        kind = self.kinds[self.index]
        if kind == QUOTED:
            return unquote_mysql_identifier(self.text())
        if kind == WORD and self.words[self.index] not in _RESERVED:
            return self.text()
        raise self.refused("expected a name")

    def identifier_after_dot(self) -> str:
        """Consume the name after a dot, where every keyword and even a number is a name."""
        if self.kinds[self.index] in (WORD, NUMBER):
            return self.text()
        return self.identifier()

    def table_name(self) -> TableName:
        """Consume ``table``, ``schema.table`` or ``.table``."""
        if self.accept("."):
            return TableName(self.default_schema, self.identifier_after_dot())
        first = self.identifier()
        if self.accept("."):
            return TableName(first, self.identifier_after_dot())
        if not self.default_schema:
            raise self.refused("a table without its schema, and no default database")
        return TableName(self.default_schema, first)

    def column_name(self) -> str:
        """Consume ``column``, or ``table.column`` as ALTER TABLE takes it."""
        name = self.identifier()
        while self.accept("."):
            name = self.identifier_after_dot()
        return name

    def string(self) -> str:
        """Consume one string literal and return its value."""
        if self.kinds[self.index] != STRING:
            raise self.refused("expected a string")
        return lexer.unquote_string(self.text(), self.sql_mode)

    def name_or_string(self) -> str:
        """Consume a name that may be written as a string (charsets, engines, parsers)."""
        return self.string() if self.kinds[self.index] == STRING else self.identifier()

    def number(self) -> int:
        """Consume an unsigned integer."""
        text = self.current_text
        if self.kinds[self.index] != NUMBER or not text.isdecimal() or len(text) > _MAX_DIGITS:
            raise self.refused("expected a number")
        self.index += 1
        return int(text)

    def listed(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        """Consume items that are separated by commas."""
        items = [item()]
        while self.accept(","):
            items.append(item())
        return tuple(items)

    def parenthesised(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        """Consume a list of items in parentheses."""
        self.expect("(")
        items = self.listed(item)
        self.expect(")")
        return items

    def balanced(self) -> str:
        """Consume an expression in parentheses and return its text without them."""
        first = self.index
        self.expect("(")
        depth = 1
        while depth:
            if self.kinds[self.index] in (END, BAD):
                raise self.refused("an expression that does not end")
            word = self.words[self.index]
            depth += (word == "(") - (word == ")")
            self.index += 1
        return self.source(first + 1, self.index - 1)

    def source(self, first: int, last: int) -> str:
        """Return the text from token ``first`` up to before token ``last``, freed of comments and of modes."""
        if first == last:
            return ""
        text = self.statement[self.starts[first] : self.ends[last - 1]]
        if "/*" in text or "--" in text or "#" in text or self.sql_mode & _MODES_OF_TEXT:
            return "".join(self._gap(index) + self._spelled(index) for index in range(first, last)).lstrip()
        return text

    def _gap(self, index: int) -> str:
        return "" if self.starts[index] == self.ends[index - 1] else " "

    def _spelled(self, index: int) -> str:
        """Return a token as it is written in a session without modes."""
        text, kind = self.statement[self.starts[index] : self.ends[index]], self.kinds[index]
        if kind == QUOTED and self.sql_mode & ANSI_QUOTES:
            return quote_mysql_identifier(unquote_mysql_identifier(text))
        if kind == STRING and self.sql_mode & NO_BACKSLASH_ESCAPES:
            return quoted_text(lexer.unquote_string(text, self.sql_mode))
        return text
