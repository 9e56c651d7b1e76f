"""What a statement says, as typed values: the result of the parser and the input of the tracker."""

from __future__ import annotations

from dataclasses import dataclass

from pg_chameleon.ddl.syntax.actions import Action, RenameTo
from pg_chameleon.ddl.syntax.definitions import NO_OPTIONS, CharsetClause, Element, TableOptions
from pg_chameleon.model.names import TableName


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE TABLE: its elements in the order of the text, or the table that it is LIKE."""

    name: TableName
    elements: tuple[Element, ...] = ()
    options: TableOptions = NO_OPTIONS
    like: TableName | None = None
    if_not_exists: bool = False
    or_replace: bool = False
    sql_mode: int = 0


@dataclass(frozen=True, slots=True)
class AlterTable:
    """ALTER TABLE, CREATE INDEX and DROP INDEX. ``ignore``: rows that do not fit are dropped without events."""

    name: TableName
    actions: tuple[Action, ...]
    if_exists: bool = False
    ignore: bool = False
    sql_mode: int = 0


@dataclass(frozen=True, slots=True)
class DropTable:
    """DROP TABLE of one or several."""

    names: tuple[TableName, ...]
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameTable:
    """RENAME TABLE: pairs of old and new names, done one after the other."""

    renames: tuple[tuple[TableName, TableName], ...]
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class TruncateTable:
    """TRUNCATE TABLE."""

    name: TableName


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    """CREATE DATABASE."""

    name: str
    charset: CharsetClause | None = None
    if_not_exists: bool = False
    or_replace: bool = False


@dataclass(frozen=True, slots=True)
class AlterDatabase:
    """ALTER DATABASE."""

    name: str
    charset: CharsetClause | None = None


@dataclass(frozen=True, slots=True)
class DropDatabase:
    """DROP DATABASE: all of its tables are gone with it."""

    name: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class StatementFormatChange:
    """Rows changed by a statement in statement format. ``tables`` is empty where they cannot be told with certainty.

    What triggers and stored functions did besides is not in the statement, nor is it anywhere else in the binlog.
    """

    kind: str
    tables: tuple[TableName, ...] = ()


@dataclass(frozen=True, slots=True)
class TemporaryTable:
    """CREATE TEMPORARY TABLE, which is only in a binlog that holds statements.

    Until it is dropped its name means this table in one session, and another one in all others.
    """

    name: TableName


@dataclass(frozen=True, slots=True)
class Ignored:
    """A statement that does not concern tables; ``kind`` says which."""

    kind: str


Statement = (
    CreateTable
    | AlterTable
    | DropTable
    | RenameTable
    | TruncateTable
    | CreateDatabase
    | AlterDatabase
    | DropDatabase
    | StatementFormatChange
    | TemporaryTable
    | Ignored
)


def named_tables(statement: Statement) -> tuple[TableName, ...]:
    """Return the tables that a statement names as those that it changes."""
    if isinstance(statement, DropTable):
        return statement.names
    if isinstance(statement, RenameTable):
        return tuple(name for pair in statement.renames for name in pair)
    if isinstance(statement, CreateTable | AlterTable | TruncateTable):
        return (statement.name,)
    return statement.tables if isinstance(statement, StatementFormatChange) else ()


def new_name(statement: AlterTable) -> TableName | None:
    """Return the name that the table is given, if it is renamed."""
    return next((action.name for action in reversed(statement.actions) if isinstance(action, RenameTo)), None)
