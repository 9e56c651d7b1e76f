"""What the processes of a copy send each other: settings and requests for the workers, and their replies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.connection import SourceSettings
from pg_chameleon.mysql.snapshot import KeyRange
from pg_chameleon.postgres.connection import TargetSettings
from pg_chameleon.postgres.sources import Source

_PIECE = 512 * 1024
_LEAST_PIECE = 16 * 1024
_COPIES_OF_PIECE = 8


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know beside its tasks. ``spool_folder``: rows go through files there."""

    source: Source
    source_settings: SourceSettings
    target_settings: TargetSettings
    rules: Rules
    lock_timeout: int
    follow_gtid: bool
    max_memory: int
    spool_folder: Path | None
    changed_values_kept: int

    @property
    def piece(self) -> int:
        """The bytes of rows that are taken at once; of a piece there are a few copies on its way."""
        return max(_LEAST_PIECE, min(_PIECE, self.max_memory // _COPIES_OF_PIECE))


@dataclass(frozen=True, slots=True)
class TableTask:
    """A table to be copied. ``target`` is the table that is filled, in the staging schema or in place.

    ``created``: when the source made it, to see that it is still the same one.
    """

    table_id: int
    schema: TableSchema
    target: TableName
    start: BinlogPosition
    created: str
    in_place: bool
    fillfactor: int | None


@dataclass(frozen=True, slots=True)
class OpenSnapshot:
    """Open a snapshot, in place of one that may be open."""


@dataclass(frozen=True, slots=True)
class LockTable:
    """Lock a table and find out its position. ``hold``: its engine has no snapshots, so it stays locked while read."""

    name: TableName
    hold: bool


@dataclass(frozen=True, slots=True)
class LoadPart:
    """Copy a table, or a part of it. ``whole``: it is all of the table, which is made with it."""

    table: TableTask
    number: int
    part: KeyRange | None
    whole: bool

    @property
    def name(self) -> TableName:
        """The table on the source."""
        return self.table.schema.name


@dataclass(frozen=True, slots=True)
class BuildIndex:
    """Make one index of a large table that has its rows, while others make the other ones.

    ``last_read``: no rows are to be read any more, so the snapshot can go.
    """

    table: TableTask
    index: TargetIndex
    last_read: bool = False

    @property
    def name(self) -> TableName:
        """The table on the source."""
        return self.table.schema.name


@dataclass(frozen=True, slots=True)
class FinishTable:
    """Give a table that has its rows its keys, and its indexes unless they are ``indexed`` already."""

    table: TableTask
    indexed: bool
    last_read: bool = False

    @property
    def name(self) -> TableName:
        """The table on the source."""
        return self.table.schema.name


Work = LockTable | LoadPart | BuildIndex | FinishTable
"""What a worker does for one table."""
Request = OpenSnapshot | Work


@dataclass(frozen=True, slots=True)
class SnapshotOpened:
    """``position``: that of the snapshot, where the server notes it."""

    position: BinlogPosition | None


@dataclass(frozen=True, slots=True)
class TableLocked:
    """The table stays locked until it is loaded, or, if it has a snapshot, until the loading begins."""

    schema: TableSchema
    created: str
    position: Position


@dataclass(frozen=True, slots=True)
class PartLoaded:
    """``rows``: how many are in the table now."""

    rows: int


@dataclass(frozen=True, slots=True)
class IndexBuilt:
    """``missing``: why the index could not be made."""

    missing: str | None


@dataclass(frozen=True, slots=True)
class TableFinished:
    """``missing``: the indexes that could not be made, with the reasons."""

    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """``again``: a new snapshot or another try may do. ``lost``: a connection is gone, so the worker is of no use."""

    reason: str
    again: bool = False
    lost: bool = False
    lock_refused: bool = False


@dataclass(frozen=True, slots=True)
class RowsMoved:
    """Rows and bytes that went to PostgreSQL since the last such message."""

    rows: int
    size: int


Reply = SnapshotOpened | TableLocked | PartLoaded | IndexBuilt | TableFinished | Failed
