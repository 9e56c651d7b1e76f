"""The parts of a table as a statement writes them: columns, keys, constraints, options."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pg_chameleon.model.names import TableName


class DefaultKind(Enum):
    """How a default was written, which decides how the server stores it."""

    NULL = "null"
    STRING = "string"
    INTRODUCED = "literal in a character set of its own"
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
    """A foreign key. ``constraint`` and ``index`` are the two names that may be given; rules are None if omitted.

    The schema of ``referenced`` is empty where it is that of the referencing table.
    """

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
    """The table options that touch the structure; the parser knows the others and omits them."""

    engine: str | None = None
    charset: CharsetClause | None = None
    comment: str | None = None
    system_versioning: bool = False
    sequence: bool = False


NO_OPTIONS = TableOptions()
