"""The actions of ALTER TABLE."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pg_chameleon.ddl.syntax.definitions import (
    CharsetClause,
    CheckDefinition,
    ColumnDefinition,
    DefaultClause,
    ForeignKeyDefinition,
    KeyDefinition,
    PeriodDefinition,
    TableOptions,
)
from pg_chameleon.model.names import TableName


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
