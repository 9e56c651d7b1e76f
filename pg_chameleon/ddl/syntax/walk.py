"""Walk over the tokens of one statement: every step consumes a token that a rule knows, or refuses."""

from __future__ import annotations

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.ddl.syntax.lexer import BAD, END
from pg_chameleon.errors import DdlRefused


class Walk:
    """The place in a statement up to which it is understood, and the steps by single tokens."""

    __slots__ = (
        "default_schema",
        "ends",
        "index",
        "kinds",
        "mariadb",
        "sql_mode",
        "starts",
        "statement",
        "words",
    )

    def __init__(self, statement: str, sql_mode: int, default_schema: str, mariadb: bool) -> None:
        self.statement = statement
        self.sql_mode = sql_mode
        self.default_schema = default_schema
        self.mariadb = mariadb
        self.words, self.kinds, self.starts, self.ends = lexer.tokenize(statement, sql_mode, mariadb=mariadb)
        self.index = 0

    def refused(self, reason: str) -> DdlRefused:
        """Build the error that says what was not understood, and where."""
        return DdlRefused(reason, self.statement, self.starts[self.index])

    @property
    def word(self) -> str:
        """The next token if it is a bare word (in upper case) or a symbol, else an empty text."""
        return self.words[self.index]

    @property
    def kind(self) -> int:
        """The kind of the next token."""
        return self.kinds[self.index]

    def peek(self, distance: int) -> str:
        """Return the word or symbol that stands ``distance`` tokens further on; ``distance`` is at most 3."""
        return self.words[min(self.index + distance, len(self.words) - 1)]

    def peek_kind(self, distance: int) -> int:
        """Return the kind of the token that stands ``distance`` tokens further on."""
        return self.kinds[min(self.index + distance, len(self.kinds) - 1)]

    def at(self, *words: str) -> bool:
        """Tell whether these words come next."""
        index = self.index
        if self.words[index] != words[0]:  # which is nearly always so
            return False
        return self.words[index : index + len(words)] == list(words)

    def accept(self, word: str) -> bool:
        """Consume the word if it comes next."""
        if self.words[self.index] == word:
            self.index += 1
            return True
        return False

    def accept_all(self, *words: str) -> bool:
        """Consume these words if all of them come next, in this order."""
        if self.at(*words):
            self.index += len(words)
            return True
        return False

    def accept_one(self, *words: str) -> str:
        """Consume the next word if it is one of these, and return it; else return an empty text."""
        word = self.words[self.index]
        if word in words:
            self.index += 1
            return word
        return ""

    def expect(self, *words: str) -> None:
        """Consume these words, or refuse."""
        for word in words:
            if self.words[self.index] != word:
                raise self.refused(f"expected {word}")
            self.index += 1

    def expect_one(self, *words: str) -> str:
        """Consume one of these words and return it, or refuse."""
        word = self.accept_one(*words)
        if not word:
            raise self.refused(f"expected one of {', '.join(words)}")
        return word

    def expect_end(self) -> None:
        """Refuse what is left of the statement, apart from a semicolon."""
        while self.accept(";"):
            pass
        if self.kinds[self.index] != END:
            raise self.refused("cannot be split into tokens" if self.kinds[self.index] == BAD else "not understood")

    @property
    def current_text(self) -> str:
        """The next token as it is written."""
        return self.statement[self.starts[self.index] : self.ends[self.index]]

    def text(self) -> str:
        """Consume the next token and return it as it is written."""
        index = self.index
        self.index += 1
        return self.statement[self.starts[index] : self.ends[index]]
