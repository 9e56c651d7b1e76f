"""What one process of a copy does: it reads from the source and loads into the target, task by task."""

from __future__ import annotations

import signal
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from typing import cast

from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.errors import ChameleonError, SourceUnreachable, TargetUnreachable
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.snapshot import LockRefused, LockTimeout, TableChanged
from pg_chameleon.mysql.structure.inspect import read_table
from pg_chameleon.postgres import copies, staging
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.connection import connect as connect_target
from pg_chameleon.postgres.copies import Overtaken
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.tables import set_copied
from pg_chameleon.replica.copy.messages import (
    BuildIndex,
    Failed,
    FinishTable,
    IndexBuilt,
    LoadPart,
    LockTable,
    OpenSnapshot,
    PartLoaded,
    Reply,
    Request,
    SnapshotOpened,
    TableFinished,
    TableLocked,
    TableTask,
    WorkerSettings,
)
from pg_chameleon.replica.copy.part import PartLoader


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
    except (TableChanged, LockTimeout, Overtaken) as error:
        return Failed(error.message, again=True)
    except LockRefused as error:
        return Failed(error.message, lock_refused=True)
    except (SourceUnreachable, TargetUnreachable) as error:
        return Failed(str(error), lost=True)
    except ChameleonError as error:
        return Failed(str(error))
    except OSError as error:
        return Failed(f"rows could not be kept in out_dir: {error}", lost=True)


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
            self._target = connect_target(self._settings.target_settings, label, staging.LOADING)
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
        loader = PartLoader(
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
        spare = target_table(table.schema, self._settings.rules).spare_indexes
        with transaction(self._target_connection) as cursor:
            copies.confirm_copying(cursor, table.table_id)
            missing = staging.create_index(cursor, request.index, table.target, spare)
        if missing is None:
            return IndexBuilt(None)
        with transaction(self._target_connection) as cursor:
            self._report_missing(cursor, table, missing)
        return IndexBuilt(missing.reason)

    def _finish_table(self, request: FinishTable) -> TableFinished:
        table, rules = request.table, self._settings.rules
        with transaction(self._target_connection) as cursor:
            copies.confirm_copying(cursor, table.table_id)
            missing: list[staging.Missing] = []
            if request.indexed:
                staging.add_primary_key(cursor, table.schema, table.target, rules)
            elif not table.in_place:
                missing = staging.create_indexes(cursor, table.schema, table.target, rules)
            for each in missing:
                self._report_missing(cursor, table, each)
            staging.analyze(cursor, table.target)
            set_copied(cursor, table.table_id, copies.chunk_rows(cursor, table.table_id))
        return TableFinished(tuple(each.reason for each in missing))

    def _report_missing(self, cursor: Cursor, table: TableTask, missing: staging.Missing) -> None:
        """Log an index that cannot be made; without one that is needed, changes cannot be applied for sure."""
        failure = Failure(missing.reason, table=table.schema.name, position=table.start)
        log_failure(cursor, self._settings.source, failure)
        if missing.needed:
            copies.set_reason(cursor, table.table_id, missing.reason)
