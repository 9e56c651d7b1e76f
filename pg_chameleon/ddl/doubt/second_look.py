"""Decide what a statement that is not understood has done, from the structures of its table before and after it.

Both structures are exact: the one before was tracked, the one after was read from the source under a lock. What is
left to decide is what became of the rows. The words that may have changed them in a way which two structures do not
show are a closed list; a statement with one of them is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pg_chameleon.ddl.doubt.subject import Act, Clause, Subject
from pg_chameleon.ddl.effect.engines import refuse_hidden_rows
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.model.change import SchemaChange, StatementEvent, TableAltered, TableCreated, TableDropped
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.source.types import BYTES

# With them a new table may have rows that no event shows: CREATE TABLE … SELECT in statement format, MERGE tables
_FILLING = frozenset(("SELECT", "VALUES", "TABLE", "WITH", "UNION", "CONNECTION"))

# They move values between columns or replace rows, and the structure may be the same as before
_UNSEEN = frozenset(
    (
        "CHANGE",
        "COALESCE",
        "CONVERT",
        "DISCARD",
        "EXCHANGE",
        "IGNORE",
        "IMPORT",
        "PARTITION",
        "PARTITIONING",
        "PARTITIONS",
        "PERIOD",
        "RENAME",
        "REORGANIZE",
        "SELECT",
        "SUBPARTITION",
        "SYSTEM",
        "TABLE",
        "TABLESPACE",
        "TRUNCATE",
        "UNION",
        "VERSIONING",
    )
)

# What a clause of ALTER TABLE may begin with; other clauses are options, which are written with an equals sign
_VERBS = frozenset(("ADD", "ALGORITHM", "ALTER", "COMMENT", "DROP", "FORCE", "LOCK", "MODIFY", "ORDER"))

# What may follow DROP that is no column
_NO_COLUMNS = frozenset(("CHECK", "CONSTRAINT", "FOREIGN", "INDEX", "KEY", "PRIMARY"))


@dataclass(frozen=True, slots=True)
class Reading:
    """The structure of a table now, None if there is no such table, and the statements that concerned it since.

    No rows of the table changed before the last of these statements.
    """

    structure: TableSchema | None
    later: tuple[StatementEvent, ...] = ()


def second_look(
    subject: Subject,
    before: TableSchema | None,
    after: TableSchema | None,
    *,
    known: TableName | None = None,
    later: Sequence[Subject | None] = (),
) -> tuple[SchemaChange, ...]:
    """Return the changes that a statement made; raise ``Unfollowable`` where the rows are in doubt.

    ``before`` is None if the structure was not known, ``after`` if the source has no such table. ``known``: the
    name under which there was such a table, be its structure known or lost. ``later``: what further statements that
    led to ``after`` are about; no rows came between them.
    """
    if after is None:
        raise Unfollowable("the source no longer has the table")
    refuse_hidden_rows(after.engine)
    if subject.act is Act.CREATE:
        return _created(subject, after, known, later)
    if before is None:
        raise Unfollowable("its structure before was not known")
    _check_words(subject.words & _UNSEEN)
    if later and not all(map(_only_adds, (subject, *later))):
        raise Unfollowable("a later statement changed its structure again")
    for each in later:
        _check_words(_words(each) & _UNSEEN)
    origins = _origins(subject, before, after)
    for column, origin in zip(after.columns, origins, strict=True):
        if origin is None and _is_shown_in_part(column):
            raise Unfollowable(f"the source does not show the default of the new column {column.name} whole")
    unchanged = after == before and origins == before.column_names
    return () if unchanged else (TableAltered(before, after, origins),)


def _is_shown_in_part(column: Column) -> bool:
    """Tell whether the default may be another one than is shown: six digits of a FLOAT, bytes up to a zero byte."""
    if column.default is None:
        return False
    rounded = column.type.base == "float" and not column.type.arguments and column.default.text != "0"
    return rounded or column.type.base in BYTES


def _check_words(found: Iterable[str]) -> None:
    for word in sorted(found):
        raise Unfollowable(f"{word} may change rows without row events")


def _words(later: Subject | None) -> frozenset[str]:
    if later is None or later.act is Act.CREATE:
        raise Unfollowable("a later statement also concerns the table")
    return later.words


def _only_adds(subject: Subject | None) -> bool:
    """Tell whether a statement only adds: of several such, the order does not matter."""
    if subject is None or subject.act is Act.CREATE:
        return False
    if subject.act is Act.INDEX:
        return True
    return all(clause[:1] in (("ADD",), ("ALGORITHM",), ("LOCK",)) for clause in subject.clauses)


def _created(
    subject: Subject, after: TableSchema, known: TableName | None, later: Sequence[Subject | None]
) -> tuple[SchemaChange, ...]:
    if known is not None and subject.if_new and not subject.replaces:
        if later:
            raise Unfollowable("a later statement changed its structure")
        return ()
    _check_words(subject.words & _FILLING)
    # The table is still empty, so what happened to its columns since does not matter
    for each in later:
        _check_words((_words(each) & _UNSEEN) - {"CHANGE"})
    # The server has created it: if it is known here, it was replaced, or dropped unseen
    dropped = () if known is None else (TableDropped(known),)
    return (*dropped, TableCreated(after))


def _origins(subject: Subject, before: TableSchema, after: TableSchema) -> tuple[str | None, ...]:
    """Return for each column of ``after`` the one of ``before`` that it was; without renamings, names tell."""
    if subject.act is Act.ALTER:
        _check_clauses(subject.clauses)
    old = {column.name.casefold(): column.name for column in before.columns}
    origins = tuple(old.get(column.name.casefold()) for column in after.columns)
    dropped, added = len(old) - len(set(filter(None, origins))), origins.count(None)
    if dropped and added:
        raise Unfollowable("columns came and went at once: one may have become the other")
    # A column that was dropped and added again is another one of the same name
    if dropped != sum(map(_drops_column, subject.clauses)):
        raise Unfollowable("the columns that it drops are not those that are gone")
    return origins


def _check_clauses(clauses: Iterable[Clause]) -> None:
    for clause in clauses:
        first = clause[0] if clause else ""
        if first not in _VERBS and "=" not in clause[:3]:
            raise Unfollowable(f"unknown clause that begins with {first or 'no word'}")


def _drops_column(clause: Clause) -> bool:
    return clause[:1] == ("DROP",) and clause[1:2] != () and clause[1] not in _NO_COLUMNS
