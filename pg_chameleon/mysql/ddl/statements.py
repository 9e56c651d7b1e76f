"""What a DDL statement says, as typed values: the result of the parser and the input of the tracker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pg_chameleon.model.names import TableName


class DefaultKind(Enum):
    """How a default was written, which decides how the server stores it."""

    NULL = "null"
    STRING = "string"
    NUMBER = "number"
    HEX = "hex"
    BIT = "bit"
    NOW = "now"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class DefaultClause:
    """DEFAULT of a column. ``text``: the value; for NOW the digits of its precision, for an expression its text."""

    kind: DefaultKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class DataType:
    """A column's type as written, synonyms resolved. ``binary``: with the BINARY attribute of text types."""

    base: str
    length: int | None = None
    decimals: int | None = None
    unsigned: bool = False
    zerofill: bool = False
    members: tuple[str, ...] = ()
    charset: str | None = None
    collation: str | None = None
    binary: bool = False
    compressed: bool = False
    srid: int | None = None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A column of an index, with the length of its prefix, or an expression."""

    column: str | None
    length: int | None = None
    descending: bool = False
    expression: str | None = None
    without_overlaps: bool = False


class KeyKind(Enum):
    """What an index is for."""

    PRIMARY = "primary"
    UNIQUE = "unique"
    INDEX = "index"
    FULLTEXT = "fulltext"
    SPATIAL = "spatial"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class KeyDefinition:
    """An index or key. ``algorithm`` is BTREE, HASH or RTREE if one was asked for."""

    kind: KeyKind
    name: str | None
    parts: tuple[KeyPart, ...]
    algorithm: str | None = None
    comment: str = ""
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKeyDefinition:
    """A foreign key. ``constraint`` and ``index`` are the two names that may be given; rules are None if left out."""

    constraint: str | None
    index: str | None
    columns: tuple[str, ...]
    referenced: TableName
    referenced_columns: tuple[str, ...]
    on_delete: str | None = None
    on_update: str | None = None
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class CheckDefinition:
    """A CHECK constraint of the table."""

    name: str | None
    expression: str
    enforced: bool = True
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class PeriodDefinition:
    """PERIOD FOR of MariaDB: SYSTEM_TIME or one of the application."""

    name: str
    start: str
    end: str
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class GeneratedClause:
    """A generated column's expression; ``stored`` also for MariaDB's PERSISTENT."""

    expression: str
    stored: bool


class RowPeriod(Enum):
    """Which end of a system-versioned row's period a column holds."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """A column as written. ``nullable`` is None if neither NULL nor NOT NULL was given."""

    name: str
    type: DataType
    nullable: bool | None = None
    default: DefaultClause | None = None
    on_update: DefaultClause | None = None
    auto_increment: bool = False
    generated: GeneratedClause | None = None
    row_period: RowPeriod | None = None
    invisible: bool = False
    comment: str = ""
    primary: bool = False
    unique: bool = False
    references: ForeignKeyDefinition | None = None
    checks: tuple[CheckDefinition, ...] = ()


Element = ColumnDefinition | KeyDefinition | ForeignKeyDefinition | CheckDefinition | PeriodDefinition


@dataclass(frozen=True, slots=True)
class CharsetClause:
    """CHARACTER SET and COLLATE as written; either may be missing, and either may be DEFAULT."""

    charset: str | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class TableOptions:
    """The table options that touch the structure; the others are known to the parser and left out."""

    engine: str | None = None
    charset: CharsetClause | None = None
    comment: str | None = None
    system_versioning: bool = False
    sequence: bool = False


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE TABLE: its elements in the order of the text, or the table that it is LIKE."""

    name: TableName
    elements: tuple[Element, ...] = ()
    options: TableOptions = TableOptions()
    like: TableName | None = None
    if_not_exists: bool = False
    or_replace: bool = False
    sql_mode: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """FIRST (``after`` is None) or AFTER a column."""

    after: str | None = None


@dataclass(frozen=True, slots=True)
class AddColumn:
    """ADD COLUMN."""

    column: ColumnDefinition
    place: Place | None = None
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class ChangeColumn:
    """CHANGE COLUMN; MODIFY COLUMN is a change that keeps the name."""

    old: str
    column: ColumnDefinition
    place: Place | None = None
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameColumn:
    """RENAME COLUMN."""

    old: str
    new: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropColumn:
    """DROP COLUMN."""

    name: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class SetDefault:
    """ALTER COLUMN … SET DEFAULT, or DROP DEFAULT if ``default`` is None."""

    column: str
    default: DefaultClause | None
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class SetVisibility:
    """ALTER COLUMN … SET VISIBLE or INVISIBLE."""

    column: str
    invisible: bool


@dataclass(frozen=True, slots=True)
class AddElement:
    """ADD of a key, a foreign key, a check or a period."""

    element: KeyDefinition | ForeignKeyDefinition | CheckDefinition | PeriodDefinition


class ConstraintKind(Enum):
    """What a DROP names; ANY is DROP CONSTRAINT."""

    KEY = "key"
    FOREIGN_KEY = "foreign key"
    CHECK = "check"
    ANY = "constraint"


@dataclass(frozen=True, slots=True)
class DropConstraint:
    """DROP of an index, a foreign key, a check or whichever has the name. The primary key is named PRIMARY."""

    kind: ConstraintKind
    name: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class SetEnforced:
    """ALTER CHECK or ALTER CONSTRAINT … [NOT] ENFORCED."""

    name: str
    enforced: bool


@dataclass(frozen=True, slots=True)
class RenameKey:
    """RENAME INDEX."""

    old: str
    new: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameTo:
    """RENAME of the table by ALTER TABLE."""

    name: TableName


@dataclass(frozen=True, slots=True)
class ConvertCharset:
    """CONVERT TO CHARACTER SET."""

    charset: CharsetClause


@dataclass(frozen=True, slots=True)
class SetOptions:
    """Table options in ALTER TABLE."""

    options: TableOptions


@dataclass(frozen=True, slots=True)
class RowsUnseen:
    """An action that changes rows without row events, here and in ``others``."""

    action: str
    others: tuple[TableName, ...] = ()


@dataclass(frozen=True, slots=True)
class DropPeriod:
    """DROP PERIOD FOR."""

    name: str


@dataclass(frozen=True, slots=True)
class NoChange:
    """An action that is known and leaves structure and rows alone: ALGORITHM, FORCE, ORDER BY, REBUILD PARTITION …"""

    action: str


Action = (
    AddColumn
    | ChangeColumn
    | RenameColumn
    | DropColumn
    | SetDefault
    | SetVisibility
    | AddElement
    | DropConstraint
    | SetEnforced
    | RenameKey
    | RenameTo
    | ConvertCharset
    | SetOptions
    | RowsUnseen
    | DropPeriod
    | NoChange
)


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
class Ignored:
    """A statement that is none of ours; ``kind`` says which."""

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
    | Ignored
)
