"""Find the one table that a statement is about, and its clauses, where the rest of it is not understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.lexer import BAD, END
from pg_chameleon.ddl.syntax.set_statement import accept_set_statement
from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.names import TableName

Clause = tuple[str, ...]
"""The words and symbols of a clause outside of parentheses, in upper case; an empty text for all other tokens."""


class Act(Enum):
    """What a statement does to the table that it is about."""

    CREATE = "CREATE TABLE"
    ALTER = "ALTER TABLE"
    INDEX = "an index"


@dataclass(frozen=True, slots=True)
class Subject:
    """The table that a statement is about. ``clauses``: what follows its name, split at the outer commas.

    ``words``: every bare word after the name, those in parentheses among them. ``replaces``: OR REPLACE;
    ``if_new``: IF NOT EXISTS; ``new_name``: what it is called afterwards, if it is renamed.
    """

    act: Act
    name: TableName
    clauses: tuple[Clause, ...]
    words: frozenset[str]
    replaces: bool = False
    if_new: bool = False
    new_name: TableName | None = None

    @property
    def names_others(self) -> bool:
        """Tell whether it may change further tables, too: EXCHANGE … WITH TABLE, CONVERT … TO TABLE, RENAME."""
        return self.act is Act.ALTER and bool(self.words & {"TABLE", "RENAME"})


def find_subject(statement: str, *, sql_mode: int = 0, default_schema: str, mariadb: bool = True) -> Subject | None:
    """Return what CREATE TABLE, ALTER TABLE, CREATE INDEX and DROP INDEX are about; None for anything else."""
    cursor = Cursor(statement, sql_mode, default_schema, mariadb)
    if BAD in cursor.kinds:
        return None
    try:
        accept_set_statement(cursor)
        rule = _RULES.get(cursor.word)
        return None if rule is None else rule(cursor)
    except DdlRefused:  # not even its name can be told
        return None


def _create(cursor: Cursor) -> Subject | None:
    cursor.expect("CREATE")
    replaces = cursor.accept_all("OR", "REPLACE")
    if cursor.accept("TABLE"):
        if_new = cursor.accept_all("IF", "NOT", "EXISTS")
        return _subject(cursor, Act.CREATE, cursor.table_name(), replaces=replaces, if_new=if_new)
    cursor.accept_one("ONLINE", "OFFLINE")
    cursor.accept_one("UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR")
    return _index(cursor)


def _alter(cursor: Cursor) -> Subject | None:
    cursor.expect("ALTER")
    cursor.accept_one("ONLINE", "OFFLINE")
    if not cursor.accept("TABLE"):  # ALTER IGNORE TABLE, too, may remove rows
        return None
    cursor.accept_all("IF", "EXISTS")
    name = cursor.table_name()
    if cursor.accept("WAIT"):
        cursor.number()
    cursor.accept("NOWAIT")
    return replace(_subject(cursor, Act.ALTER, name), new_name=_new_name(cursor))


def _drop(cursor: Cursor) -> Subject | None:
    cursor.expect("DROP")
    cursor.accept_one("ONLINE", "OFFLINE")
    return _index(cursor)


def _index(cursor: Cursor) -> Subject | None:
    """Pass over what stands before the ON of an index."""
    if not cursor.accept("INDEX"):
        return None
    while cursor.kind != END:
        if cursor.accept("ON"):
            return _subject(cursor, Act.INDEX, cursor.table_name())
        cursor.index += 1
    return None


def _subject(cursor: Cursor, act: Act, name: TableName, *, replaces: bool = False, if_new: bool = False) -> Subject:
    rest = cursor.words[cursor.index :]
    return Subject(act, name, _clauses(cursor), frozenset(rest) - {""}, replaces, if_new)


def _new_name(cursor: Cursor) -> TableName | None:
    """Find the clause that renames the table; RENAME is a reserved word, so it stands nowhere else."""
    while cursor.kind != END:
        if cursor.accept("RENAME") and not cursor.accept_one("COLUMN", "INDEX", "KEY"):
            cursor.accept_one("TO", "AS", "=")
            return cursor.table_name()
        cursor.index += 1
    return None


def _clauses(cursor: Cursor) -> tuple[Clause, ...]:
    clauses: list[list[str]] = [[]]
    depth = 0
    for word, kind in zip(cursor.words[cursor.index :], cursor.kinds[cursor.index :], strict=True):
        if kind == END:
            break
        depth += (word == "(") - (word == ")")
        if depth == 0 and word == ",":
            clauses.append([])
        elif depth == 0 and word not in (")", ";"):
            clauses[-1].append(word)
    return tuple(map(tuple, clauses))


_RULES: dict[str, Callable[[Cursor], Subject | None]] = {"CREATE": _create, "ALTER": _alter, "DROP": _drop}
