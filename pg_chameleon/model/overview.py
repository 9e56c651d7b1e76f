"""What the tool shows of its work: plain rows for ``report``, filled in by whoever knows them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from pg_chameleon.model.names import TableName


class SourceOverview(NamedTuple):
    """One line of ``show_status``. Lags are in seconds; None means that nothing was read or replayed yet.

    ``reason``: why the source has this status, if there is something to say.
    """

    source_id: int
    name: str
    type: str
    status: str
    consistent: bool
    read_lag: float | None = None
    last_read: datetime | None = None
    replay_lag: float | None = None
    last_replay: datetime | None = None
    reason: str | None = None


class MappingRow(NamedTuple):
    """A source schema and the target schema that it goes to."""

    source: str
    target: str


class Counters(NamedTuple):
    """The numbers of a source. None means that there is nothing to count yet."""

    tables_not_replicated: int
    tables_replicated: int
    all_tables: int
    last_maintenance: datetime | None = None
    next_maintenance: datetime | None = None
    replayed_rows: int | None = None
    replayed_ddl: int | None = None
    skipped_rows: int | None = None


class TableProblem(NamedTuple):
    """A table that is quarantined, and why."""

    name: TableName
    state: str
    reason: str
    position: str | None = None


class ValueChangeRow(NamedTuple):
    """Values of a column that the target cannot hold, and what was done about them."""

    table: TableName
    column: str
    reason: str
    occurrences: int
    last_key: str | None


class ChangedValueRow(NamedTuple):
    """One value that was changed; ``value`` is what the source has. Without a position, the copy found it."""

    table: TableName
    row_key: str
    column: str
    reason: str
    value: str
    position: str | None


class RenamedRow(NamedTuple):
    """A table, or a column of it, whose name on the target is not that of the source."""

    table: TableName
    column: str | None
    target: str


class LeftOutRow(NamedTuple):
    """Something of a table's structure that the target does not have, and why."""

    table: TableName
    what: str


class SourceDetails(NamedTuple):
    """What is worth knowing of one source, beside its line of the overview.

    ``left_out`` is None as long as nobody has asked the source what it is, for it depends on that.
    """

    mappings: tuple[MappingRow, ...]
    counters: Counters
    problems: tuple[TableProblem, ...] = ()
    keyless: tuple[TableName, ...] = ()
    renamed: tuple[RenamedRow, ...] = ()
    left_out: tuple[LeftOutRow, ...] | None = ()
    value_changes: tuple[ValueChangeRow, ...] = ()
    changed_values: tuple[ChangedValueRow, ...] = ()


class Status(NamedTuple):
    """How the replicas are: each source in a line, or one source with its details."""

    sources: tuple[SourceOverview, ...]
    details: SourceDetails | None = None


class ErrorRow(NamedTuple):
    """An entry of the error log, in short."""

    log_id: int
    source: str
    table: str | None
    time: datetime
    reason: str


class ErrorDetail(NamedTuple):
    """An entry of the error log, whole. ``row`` is the row's key or values, ``statement`` the SQL."""

    log_id: int
    source: str
    table: str | None
    time: datetime
    position: str | None
    reason: str
    statement: str | None = None
    row: str | None = None


class TableProgress(NamedTuple):
    """How far the copy of one table is. ``rows_expected`` is an estimate of the source.

    ``loaded``: it has its rows, and lacks its indexes.
    """

    name: TableName
    rows_done: int
    rows_expected: int
    loaded: bool = False


class CopyProgress(NamedTuple):
    """How far a copy is, and the tables that are being copied right now."""

    tables_done: int
    tables_total: int
    rows_done: int
    rows_expected: int
    active: tuple[TableProgress, ...] = ()


class CopyObserver(Protocol):
    """Is notified of the progress of a copy, as often as the copy likes, always by the same thread."""

    def progress(self, state: CopyProgress) -> None:
        """Take the state of the copy."""

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        """Take note that a table is whole."""

    def finished(self) -> None:
        """Take note that the copy has ended, well or not."""
