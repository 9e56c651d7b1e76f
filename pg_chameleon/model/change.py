"""What flows from the source to the target: the events of the stream, and changes of a table's structure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import TableSchema


class RowKind(Enum):
    """What a row event did to its rows."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class Undecodable(NamedTuple):
    """Text of which some bytes are none in its character set: with substitutes for them, and as it is stored."""

    text: str
    stored: bytes


@dataclass(frozen=True, slots=True)
class TableMap:
    """A TABLE_MAP event: how the rows that refer to it are laid out.

    ``table_id`` is another one each time that the server opens the table, so table maps are compared without it.
    ``types``: one type code per column. ``metadata``: one number per column (0 where its type has none).
    ``nullable``: a bitmap, least significant bit first. ``optional``: the optional metadata block, raw.
    """

    table_id: int = field(compare=False)
    name: TableName
    types: bytes
    metadata: tuple[int, ...]
    nullable: bytes
    optional: bytes


@dataclass(frozen=True, slots=True, eq=False)
class RowLayout:
    """How rows lie in row events. Events that are laid out alike share one, so that it can be a key of what is known.

    ``before`` and ``after`` are the bitmaps of the columns that are present in the images (``before`` of
    updates and deletes, ``after`` of inserts and updates; the other one is empty). ``partial_json``: the
    after images are those of PARTIAL_UPDATE_ROWS.
    """

    kind: RowKind
    table: TableMap
    before: bytes
    after: bytes
    partial_json: bool

    @property
    def has_whole_rows(self) -> bool:
        """Tell whether the images after hold all columns of the table."""
        columns = (1 << len(self.table.types)) - 1
        return not self.partial_json and int.from_bytes(self.after, "little") & columns == columns


class RowsEvent(NamedTuple):
    """A row event, not yet decoded: the images lie in ``body`` from ``start`` on.

    ``offset`` is the end of the event in the binlog file.
    """

    layout: RowLayout
    body: bytes
    start: int
    offset: int

    @property
    def kind(self) -> RowKind:
        """What was done to the rows."""
        return self.layout.kind

    @property
    def table(self) -> TableMap:
        """The table map that the rows refer to."""
        return self.layout.table


class JsonChange(NamedTuple):
    """One change of a JSON document: replace, insert or remove what is at ``path``. ``value`` is JSON text."""

    operation: str
    path: tuple[str | int, ...]
    value: str | None


class JsonChanges(tuple[JsonChange, ...]):
    """The value of a JSON column of which the binlog holds neither the document before nor the one after."""

    __slots__ = ()


class Circumstances(NamedTuple):
    """What a statement did to rows depends on more than its text; this is as much of it as the source tells.

    ``seconds``: its time, since the epoch. ``microseconds`` and ``time_zone`` are None where it did not ask for them.
    ``local_seconds`` is what a clock of the time zone showed, counted in the same way, and ``offset`` how far that
    clock is ahead of UTC, if it is so all the year; None where they are not known. ``connection_collation`` is the
    number of the collation in which its literals were read.
    """

    seconds: int
    microseconds: int | None = None
    time_zone: str | None = None
    sql_mode: int = 0
    mariadb: bool = False
    local_seconds: int | None = None
    offset: int | None = None
    connection_collation: int | None = None


class StatementEvent(NamedTuple):
    """A QUERY event other than BEGIN, COMMIT, ROLLBACK, SAVEPOINT and XA.

    ``statement`` is decoded with the character set of the client that sent it; ``schema`` is the default
    database. ``ambiguous``: its text may be in another character set, so that its names and literals may be others.
    """

    statement: str
    schema: str
    sql_mode: int
    error_code: int
    position: BinlogPosition
    circumstances: Circumstances | None = None
    ambiguous: bool = False


class TransactionBegin(NamedTuple):
    """The source began to write a transaction. ``gtid`` is its name, if it has one."""

    gtid: str | None


class TransactionEnd(NamedTuple):
    """The transaction is whole. ``commit_time``: seconds since the epoch on the source's clock."""

    position: Position
    commit_time: float


class TransactionRolledBack(NamedTuple):
    """The source undid the transaction's changes in transactional tables; the stream continues at ``position``."""

    position: Position
    commit_time: float


class TransactionPrepared(NamedTuple):
    """XA PREPARE: the changes so far become visible only when ``xid`` is committed, or never."""

    xid: str
    position: Position
    commit_time: float


class SavepointSet(NamedTuple):
    """The transaction set a savepoint; one of the same name before it is gone."""

    name: str


class SavepointRolledBack(NamedTuple):
    """The transaction's changes in transactional tables since the savepoint are undone; the savepoint stays.

    Servers leave such changes out of the binlog where they can. MariaDB cannot if the transaction also changed a
    table without transactions: then the rows, and this, are there.
    """

    name: str


class PreparedDecided(NamedTuple):
    """XA COMMIT or XA ROLLBACK of a transaction that was prepared before."""

    xid: str
    committed: bool
    position: Position
    commit_time: float


class Idle(NamedTuple):
    """A heartbeat or a rotation: the source has nothing further before ``position``.

    ``caught_up``: it was a heartbeat, so all that the source has was read.
    """

    position: Position
    caught_up: bool


StreamEvent = (
    RowsEvent
    | StatementEvent
    | TransactionBegin
    | TransactionEnd
    | TransactionRolledBack
    | SavepointSet
    | SavepointRolledBack
    | TransactionPrepared
    | PreparedDecided
    | Idle
)


@dataclass(frozen=True, slots=True)
class TableCreated:
    """A table came to be; it is empty."""

    after: TableSchema


@dataclass(frozen=True, slots=True)
class TableAltered:
    """A table changed its structure, its name, or both.

    ``origins`` names, for each column of ``after`` in order, the column of ``before`` that it was; None if
    new.
    """

    before: TableSchema
    after: TableSchema
    origins: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class TableDropped:
    """A table is gone."""

    name: TableName


@dataclass(frozen=True, slots=True)
class TableTruncated:
    """All rows of a table were removed at once."""

    name: TableName


@dataclass(frozen=True, slots=True)
class TableUncertain:
    """What happened to a table cannot be told from the binlog; it has to be copied again.

    ``readable``: only its structure cannot be told, which the source may still show.
    """

    name: TableName
    reason: str
    readable: bool = False


SchemaChange = TableCreated | TableAltered | TableDropped | TableTruncated | TableUncertain
