"""What one process of a copy does: it reads from the source and loads into the target, task by task."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import cast

from pg_chameleon.convert.indexes import TargetIndex
from pg_chameleon.convert.lines import (
    LongValues,
    copy_columns,
    copy_field_expressions,
    copy_line,
    copy_line_expression,
)
from pg_chameleon.convert.rules import Rules
from pg_chameleon.errors import ChameleonError, SourceUnreachable, TargetUnreachable
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection, SourceSettings
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.inspect import read_table
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.snapshot import KeyRange, LockRefused, LockTimeout, TableChanged
from pg_chameleon.postgres import copies, shadow
from pg_chameleon.postgres.connection import Connection, Cursor, TargetSettings, transaction
from pg_chameleon.postgres.connection import connect as connect_target
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.load import (
    Lines,
    LineTooLarge,
    Moved,
    RefusedRow,
    RowRefused,
    copy_statement,
    field_of_line,
    load,
    load_carefully,
    spool,
    spooled_lines,
)
from pg_chameleon.postgres.sources import Source
from pg_chameleon.postgres.tables import set_copied

_PROGRESS_INTERVAL = 0.25
_PIECE = 512 * 1024
_LEAST_PIECE = 16 * 1024
_COPIES_OF_PIECE = 8
_LONGEST_ESCAPED = 4000


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

    @property
    def piece(self) -> int:
        """The bytes of rows that are taken at once; of a piece there are a few copies on its way."""
        return max(_LEAST_PIECE, min(_PIECE, self.max_memory // _COPIES_OF_PIECE))


@dataclass(frozen=True, slots=True)
class TableTask:
    """A table to be copied. ``target`` is the table that is filled, in the shadow schema or in place.

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


@dataclass(frozen=True, slots=True)
class BuildIndex:
    """Make one index of a large table that has its rows, while others make the other ones.

    ``last_read``: no rows are to be read any more, so the snapshot can go.
    """

    table: TableTask
    index: TargetIndex
    last_read: bool = False


@dataclass(frozen=True, slots=True)
class FinishTable:
    """Give a table that has its rows its keys, and its indexes unless they are ``indexed`` already."""

    table: TableTask
    indexed: bool
    last_read: bool = False


Request = OpenSnapshot | LockTable | LoadPart | BuildIndex | FinishTable


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


def run_worker(pipe: Pipe, settings: WorkerSettings) -> None:
    """Do what the pipe asks for until it is closed."""
    # Ctrl-C goes to the whole group of processes; the coordinator decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    worker = _Worker(settings, pipe.send)
    while True:
        try:
            request = cast("Request", pipe.recv())
        except EOFError:
            return
        pipe.send(_reply(worker, request))


def _reply(worker: _Worker, request: Request) -> Reply:
    try:
        return worker.handle(request)
    except (TableChanged, LockTimeout) as error:
        return Failed(error.message, again=True)
    except LockRefused as error:
        return Failed(error.message, lock_refused=True)
    except (SourceUnreachable, TargetUnreachable) as error:
        return Failed(str(error), lost=True)
    except ChameleonError as error:
        return Failed(str(error))
    except OSError as error:
        return Failed(f"rows could not be kept in out_dir: {error}", lost=True)


@dataclass(slots=True)
class _Meter:
    """Counts what was moved and tells it now and then."""

    tell: Callable[[RowsMoved], None]
    rows: int = 0
    size: int = 0
    told: float = field(default_factory=time.monotonic)

    def moved(self, rows: int, size: int) -> None:
        self.rows += rows
        self.size += size
        if time.monotonic() - self.told >= _PROGRESS_INTERVAL:
            self.flush()

    def flush(self) -> None:
        self.tell(RowsMoved(self.rows, self.size))
        self.rows = self.size = 0
        self.told = time.monotonic()


class _Worker:
    """The connections of a worker, and its way through a task."""

    def __init__(self, settings: WorkerSettings, tell: Callable[[object], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._snapshot: SourceConnection | None = None
        self._lock: SourceConnection | None = None
        self._target: Connection | None = None
        self._held = False

    def handle(self, request: Request) -> Reply:
        """Do what a request asks for."""
        if isinstance(request, OpenSnapshot):
            return self._open_snapshot()
        if isinstance(request, LockTable):
            return self._lock_table(request)
        if isinstance(request, LoadPart):
            return self._load_part(request)
        if request.last_read and self._snapshot is not None:
            snapshot.end_snapshot(self._snapshot)
        if isinstance(request, BuildIndex):
            return self._build_index(request)
        return self._finish_table(request)

    @property
    def _target_connection(self) -> Connection:
        if self._target is None:
            label = f"copy {self._settings.source.name}"
            self._target = connect_target(self._settings.target_settings, label, shadow.LOADING)
        return self._target

    @property
    def _snapshot_connection(self) -> SourceConnection:
        if self._snapshot is None:
            self._snapshot = self._connect()
        return self._snapshot

    @property
    def _lock_connection(self) -> SourceConnection:
        if self._lock is None:
            self._lock = self._connect()
        return self._lock

    def _connect(self) -> SourceConnection:
        connection = connect_source(self._settings.source_settings)
        snapshot.prepare_session(connection, self._settings.lock_timeout)
        return connection

    def _open_snapshot(self) -> SnapshotOpened:
        _ = self._target_connection  # opened now, so that the first rows do not wait for it
        snapshot.begin_snapshot(self._snapshot_connection)
        return SnapshotOpened(snapshot.snapshot_position(self._snapshot_connection))

    def _lock_table(self, request: LockTable) -> TableLocked:
        connection = self._lock_connection
        snapshot.lock_table(connection, request.name)
        schema = read_table(connection, request.name)
        if schema is None:
            snapshot.unlock_tables(connection)
            raise TableChanged("it is gone")
        if not request.hold:
            snapshot.begin_snapshot(self._snapshot_connection)
        self._held = request.hold
        position = SourceServer(connection).position(with_gtid=self._settings.follow_gtid)
        return TableLocked(schema, snapshot.creation_time(connection, request.name), position)

    def _load_part(self, request: LoadPart) -> PartLoaded:
        if self._lock is not None and not self._held:
            snapshot.unlock_tables(self._lock)
        loader = _PartLoader(
            self._settings, self._reading_connection, lambda: self._lock_connection, self._held, self._tell
        )
        try:
            return loader.load(self._target_connection, request)
        finally:
            if self._held and self._lock is not None and self._lock.open:
                snapshot.unlock_tables(self._lock)
            self._held = False

    def _reading_connection(self) -> SourceConnection:
        return self._lock_connection if self._held else self._snapshot_connection

    def _build_index(self, request: BuildIndex) -> IndexBuilt:
        table = request.table
        with transaction(self._target_connection) as cursor:
            copies.confirm_copying(cursor, table.table_id)
            missing = shadow.create_index(cursor, request.index, table.target)
        if missing is None:
            return IndexBuilt(None)
        with transaction(self._target_connection) as cursor:
            self._report_missing(cursor, table, missing)
        return IndexBuilt(missing.reason)

    def _finish_table(self, request: FinishTable) -> TableFinished:
        table, rules = request.table, self._settings.rules
        with transaction(self._target_connection) as cursor:
            copies.confirm_copying(cursor, table.table_id)
            missing: list[shadow.Missing] = []
            if request.indexed:
                shadow.add_primary_key(cursor, table.schema, table.target, rules)
            elif not table.in_place:
                missing = shadow.create_indexes(cursor, table.schema, table.target, rules)
            for each in missing:
                self._report_missing(cursor, table, each)
            shadow.analyze(cursor, table.target)
            set_copied(cursor, table.table_id, copies.chunk_rows(cursor, table.table_id))
        return TableFinished(tuple(each.reason for each in missing))

    def _report_missing(self, cursor: Cursor, table: TableTask, missing: shadow.Missing) -> None:
        """Log an index that cannot be made; without a unique one, changes cannot be applied for sure."""
        failure = Failure(missing.reason, table=table.schema.name, position=table.start)
        log_failure(cursor, self._settings.source, failure)
        if missing.unique:
            copies.set_reason(cursor, table.table_id, missing.reason)


@dataclass(frozen=True, slots=True)
class _PartLoader:
    """Copies one part of a table: fast first, then by single fields or with care where the fast way fails."""

    settings: WorkerSettings
    connection: Callable[[], SourceConnection]
    witness: Callable[[], SourceConnection]
    locked: bool
    tell: Callable[[object], None]

    def load(self, target: Connection, request: LoadPart) -> PartLoaded:
        expression = copy_line_expression(request.table.schema, self.settings.rules, _LONGEST_ESCAPED)
        meter = _Meter(self.tell)
        by_fields, carefully = expression is None, False
        while True:
            refused: list[RefusedRow] = []
            lines = self._lines(request, None if by_fields else expression)
            try:
                rows = self._store(target, request, lines, meter.moved, refused if carefully else None)
            except LineTooLarge:
                assert not by_fields, "a row read field by field always has a line"
                by_fields = True
                _read_to_the_end(lines)
            except RowRefused:
                if carefully:
                    raise
                carefully = True
                _read_to_the_end(lines)
            else:
                meter.flush()
                return PartLoaded(rows)

    def _lines(self, request: LoadPart, expression: str | None) -> Lines:
        name = request.table.schema.name
        connection = self.connection()
        with self._table_given_back(connection):
            if expression is not None:
                yield from self._lines_of_expression(connection, request, expression)
            else:
                yield from self._lines_of_fields(connection, request)
            # The table cannot change until it is given back. MySQL shows a snapshot's dictionary in a snapshot,
            # so another connection is asked.
            if snapshot.creation_time(self.witness(), name) != request.table.created:
                raise TableChanged("another table took its name, or its structure changed", table=str(name))

    def _table_given_back(self, connection: SourceConnection) -> AbstractContextManager[None]:
        return nullcontext() if self.locked else snapshot.table_given_back(connection)

    def _lines_of_expression(self, connection: SourceConnection, request: LoadPart, expression: str) -> Lines:
        table = request.table.schema
        found = snapshot.read_lines(connection, table.name, expression, request.part)
        long_values = LongValues(table, self.settings.rules, _LONGEST_ESCAPED)
        if not long_values:
            return found
        escaped = long_values.escaped
        return ([None if line is None else escaped(line) for line in lines] for lines in found)

    def _lines_of_fields(self, connection: SourceConnection, request: LoadPart) -> Lines:
        fields = copy_field_expressions(request.table.schema, self.settings.rules)
        selects = [each.select for each in fields]
        lines: list[bytes | None] = []
        size = 0
        for values in snapshot.read_fields(connection, request.table.schema.name, selects, request.part):
            line = copy_line(fields, values)
            lines.append(line)
            size += len(line)
            if size >= self.settings.piece:
                yield lines
                lines, size = [], 0
        if lines:
            yield lines

    def _store(
        self, target: Connection, request: LoadPart, lines: Lines, moved: Moved, refused: list[RefusedRow] | None
    ) -> int:
        """Load the lines and mark the part, in one transaction. ``refused`` takes the rows that are not taken."""
        if self.settings.spool_folder is None:
            return self._store_lines(target, request, lines, moved, refused)
        # The file has no name, so nothing of it is left behind however this process ends.
        with tempfile.TemporaryFile(dir=self.settings.spool_folder) as file:
            rows = spool(file, lines)
            file.seek(0)
            loaded = self._store_lines(target, request, spooled_lines(file, self.settings.piece), moved, refused)
            assert loaded + len(refused or ()) == rows, "every spooled line is loaded or refused"
            return loaded

    def _store_lines(
        self, target: Connection, request: LoadPart, lines: Lines, moved: Moved, refused: list[RefusedRow] | None
    ) -> int:
        table = request.table
        columns = copy_columns(table.schema, self.settings.rules)
        with transaction(target) as cursor:
            copies.confirm_copying(cursor, table.table_id)
            fresh = self._prepare(cursor, request)
            statement = copy_statement(table.target, columns, freeze=fresh and refused is None)
            if refused is None:
                rows = load(cursor, statement, lines, moved)
            else:
                rows = load_carefully(cursor, statement, lines, moved, refused.append)
                self._discard(cursor, table, refused)
            copies.add_chunk(cursor, table.table_id, request.number, rows)
        return rows

    def _prepare(self, cursor: Cursor, request: LoadPart) -> bool:
        """Make or empty the table if this is all of it; tell whether it is new to this transaction."""
        table = request.table
        if table.in_place:
            shadow.truncate(cursor, table.target)
        elif request.whole:
            shadow.drop_table(cursor, table.schema, table.target, self.settings.rules)
            shadow.create_table(cursor, table.schema, table.target, self.settings.rules, table.fillfactor)
        return request.whole

    def _discard(self, cursor: Cursor, table: TableTask, refused: list[RefusedRow]) -> None:
        columns = copy_columns(table.schema, self.settings.rules)
        key_places = [columns.index(name) for name in table.schema.key_columns if name in columns]
        if refused:
            reason = f"{len(refused)} row(s) were not copied, the last because of: {refused[-1].reason}"
            copies.set_reason(cursor, table.table_id, reason)
        for row in refused:
            key = ", ".join(field_of_line(row.line, place) for place in key_places) or None
            copies.discard_row(
                cursor,
                self.settings.source,
                table.schema.name,
                key=key,
                image=row.line,
                reason=row.reason,
                position=table.start,
            )


def _read_to_the_end(lines: Lines) -> None:
    """Take what is left of a result: the connection can do nothing else before, and its end would end the snapshot."""
    for _ in lines:
        pass
