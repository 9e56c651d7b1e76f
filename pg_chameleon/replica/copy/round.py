"""One pass over the tables of a copy: snapshots at one position, then rows, then indexes."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Container, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from pg_chameleon.convert.rules import UnknownType
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.errors import SourceError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.snapshot import KeyRange, LockRefused, LockTimeout, TableStatistics
from pg_chameleon.mysql.structure.inspect import database_defaults
from pg_chameleon.postgres import copies, ownership, shadow, tables
from pg_chameleon.postgres.connection import Cursor, transaction
from pg_chameleon.postgres.copies import Copy
from pg_chameleon.postgres.ownership import ForeignTable
from pg_chameleon.postgres.sources import bump_generation, read_checkpoint, set_schema_default
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.inspection import Inspection, inspect
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
    RowsMoved,
    SnapshotOpened,
    TableFinished,
    TableLocked,
    TableTask,
)
from pg_chameleon.replica.copy.plan import (
    PlannedTable,
    in_order,
    key_ranges,
    number_of_parts,
    splitting_column,
)
from pg_chameleon.replica.copy.pool import WorkerPool, raise_if_lost
from pg_chameleon.replica.copy.settings import CopyKind

logger = logging.getLogger(__name__)

_LOCKLESS_TRIES = 20
_MANY_ROWS = 50_000


@dataclass(slots=True)
class RoundOutcome:
    """``present``: all tables of the source. The others are not whole, with their structures and the reasons."""

    present: set[TableName] = field(default_factory=set)
    again: dict[TableName, tuple[TableSchema, str]] = field(default_factory=dict)
    broken: dict[TableName, tuple[TableSchema, str]] = field(default_factory=dict)


@dataclass(slots=True)
class _ActiveTable:
    """``steps_left``: parts that are not loaded, or then indexes that are not built."""

    task: TableTask
    steps_left: int
    rows: int = 0


class CopyRound:
    """Copies tables by the workers of a pool; each request is done by one worker, whatever table it is of."""

    def __init__(self, context: CopyContext, copy: Copy, pool: WorkerPool) -> None:
        self._context = context
        self._copy = copy
        self._pool = pool
        self._pending: deque[Request] = deque()
        self._jobs: dict[int, Request] = {}
        self._active: dict[TableName, _ActiveTable] = {}
        self._outcome = RoundOutcome()
        self._given_up: list[TableTask] = []
        self._schemas: dict[TableName, TableSchema] = {}

    def run(self, wanted: Callable[[TableName], bool], schemas: Sequence[str], kind: CopyKind) -> RoundOutcome:
        """Copy the wanted tables of the schemas, and register those that the filter leaves out, too."""
        context = self._context
        with closing(connect_source(context.settings.replica.source)) as source:
            snapshot.prepare_session(source, context.settings.lock_timeout)
            before = inspect(source, schemas)
            if kind is CopyKind.INIT_REPLICA:
                self._note_defaults(source, schemas)
            self._outcome.present = set(before.tables)
            self._schemas = {name: schema for name, (schema, _) in before.tables.items()}
            planned = self._plan(source, before, wanted)
            locked = self._open_snapshots(source, planned, before, kind)
        self._pending.extend(
            LockTable(table.name, hold=not table.transactional) for table in planned if table.name in locked
        )
        while self._pending or self._jobs:
            self._dispatch()
            for worker, reply in self._pool.answers(context.stop):
                self._take(worker, reply)
            context.tracker.tell()
        self._drop_given_up()
        return self._outcome

    def _note_defaults(self, source: SourceConnection, schemas: Sequence[str]) -> None:
        """Store what new tables inherit now, for the read process that will begin here."""
        found = database_defaults(source)
        with transaction(self._context.target) as cursor:
            for schema in schemas:
                set_schema_default(cursor, self._context.source, schema, found.get(schema))

    def _plan(
        self, source: SourceConnection, found: Inspection, wanted: Callable[[TableName], bool]
    ) -> list[PlannedTable]:
        planned = []
        foreign = self._foreign_tables()
        for name, (schema, known) in found.tables.items():
            if wanted(name):
                try:
                    target_table(schema, self._context.rules)
                    _refuse_foreign(self._context.target_of(schema), foreign)
                except (UnknownType, ForeignTable) as error:
                    self._outcome.broken[name] = (schema, str(error))
                else:
                    planned.append(PlannedTable(schema, known, self._parts(source, schema, known)))
                    self._context.tracker.expect(name, known.rows)
        return in_order(planned)

    def _foreign_tables(self) -> set[TableName]:
        """Return what is in the way of copies; with ``keep_existing_schema`` the user gives his tables away."""
        context = self._context
        if context.settings.keep_existing:
            return set()
        with transaction(context.target) as cursor:
            return ownership.find_foreign(cursor, context.source, context.filter.mappings.values())

    def _parts(
        self, source: SourceConnection, schema: TableSchema, known: TableStatistics
    ) -> tuple[KeyRange | None, ...]:
        column = splitting_column(schema)
        number = number_of_parts(known, self._context.settings.chunk_rows)
        if number == 1 or column is None or self._context.settings.keep_existing:
            return (None,)
        bounds = snapshot.key_bounds(source, schema.name, column)
        return (None,) if bounds is None else key_ranges(column, *bounds, number)

    def _open_snapshots(
        self, source: SourceConnection, planned: list[PlannedTable], before: Inspection, kind: CopyKind
    ) -> set[TableName]:
        """Open a snapshot for all tables whose engine has them; return those that must be locked one by one."""
        shared = [table for table in planned if table.transactional]
        bystanders = self._bystanders(before, kind)
        if shared:
            try:
                self._share_snapshot(source, shared, before, bystanders, kind)
            except (LockRefused, LockTimeout) as error:
                logger.warning("no snapshot of all tables at once, they are locked one by one: %s", error.message)
            else:
                return {table.name for table in planned if not table.transactional}
        if bystanders:
            with transaction(self._context.target) as cursor:
                read_checkpoint(cursor, self._context.source, lock=True)
                position = SourceServer(source).position(with_gtid=self._follow_gtid)
                self._register_bystanders(cursor, bystanders, position, kind)
                bump_generation(cursor, self._context.source)
        return {table.name for table in planned}

    def _share_snapshot(
        self,
        source: SourceConnection,
        planned: list[PlannedTable],
        before: Inspection,
        bystanders: list[TableSchema],
        kind: CopyKind,
    ) -> None:
        """Open the snapshots and register their tables, while the read process stores nothing."""
        context = self._context
        with transaction(context.target) as cursor:
            read_checkpoint(cursor, context.source, lock=True)
            position = self._snapshot_everywhere(source)
            logger.info("snapshot of the source at %s", position)
            _warn_of_prepared(source)
            after = inspect(source, sorted({name.schema for name in before.tables}))
            for table in planned:
                if after.unchanged(table.name, before):
                    self._activate(cursor, table, position)
                else:
                    self._fail(table.name, "its structure changed while the snapshot was opened", again=True)
            self._register_bystanders(cursor, bystanders, position, kind)
            bump_generation(cursor, context.source)
        for table in planned:
            self._queue_parts(table)

    @property
    def _follow_gtid(self) -> bool:
        return self._context.settings.replica.use_gtid

    def _snapshot_everywhere(self, source: SourceConnection) -> Position:
        """Open a snapshot in every worker, all at one position: without a lock where the server allows that."""
        server = SourceServer(source)
        follow_gtid = self._follow_gtid
        for _ in range(_LOCKLESS_TRIES):
            positions = {reply.position for reply in self._open_everywhere()}
            if None in positions:
                break
            if len(positions) == 1:
                binlog = next(position for position in positions if position is not None)
                try:
                    return Position(binlog, server.gtid_of(binlog) if follow_gtid else None)
                except SourceError as error:
                    if error.transient:
                        raise
                    # MariaDB searches its binlog for it, in vain where an event is too large for it.
                    logger.warning("%s; asking again under a lock", error)
                    break
        with snapshot.all_tables_locked(source):
            position = server.position(with_gtid=follow_gtid)
            self._open_everywhere()
        return position

    def _open_everywhere(self) -> list[SnapshotOpened]:
        opened = []
        for reply in self._pool.ask_all(OpenSnapshot(), self._context.stop):
            raise_if_failed(reply)
            assert isinstance(reply, SnapshotOpened), reply
            opened.append(reply)
        return opened

    def _activate(self, cursor: Cursor, table: PlannedTable, position: Position) -> TableTask:
        """Register a table whose copy begins at the position."""
        context = self._context
        schema = table.schema
        table_id = tables.register(
            cursor,
            context.source,
            schema,
            context.target_of(schema),
            TableState.COPYING,
            start=position.binlog,
            copy_id=self._copy.copy_id,
        )
        copies.set_gtid(cursor, table_id, position)
        # The read process stores changes for the newest registration only, so the former one ends here
        copies.supersede(cursor, table_id)
        loading = context.loading_target(schema)
        fillfactor = context.settings.replica.fillfactor.get(str(schema.name))
        task = TableTask(
            table_id=table_id,
            schema=schema,
            target=loading,
            start=position.binlog,
            created=table.statistics.created,
            in_place=context.settings.keep_existing,
            fillfactor=fillfactor,
        )
        if len(table.parts) > 1:
            shadow.drop_table(cursor, schema, loading, context.rules)
            shadow.create_table(cursor, schema, loading, context.rules, fillfactor)
        self._active[schema.name] = _ActiveTable(task, len(table.parts))
        return task

    def _queue_parts(self, table: PlannedTable) -> None:
        active = self._active.get(table.name)
        if active is not None:
            whole = len(table.parts) == 1
            self._pending.extend(LoadPart(active.task, number, part, whole) for number, part in enumerate(table.parts))

    def _bystanders(self, found: Inspection, kind: CopyKind) -> list[TableSchema]:
        """Return the tables whose rows nobody wants, and that are not registered yet."""
        if kind is CopyKind.SYNC_TABLES:
            return []
        with transaction(self._context.target) as cursor:
            known = {
                table.name
                for table in tables.load_tables(cursor, self._context.source)
                if kind is not CopyKind.INIT_REPLICA or table.state is TableState.COPIED
            }
        return [
            schema
            for name, (schema, _) in found.tables.items()
            if not self._context.filter.admits(name) and name not in known
        ]

    def _register_bystanders(
        self, cursor: Cursor, schemas: list[TableSchema], position: Position, kind: CopyKind
    ) -> None:
        """Register tables for their structure only; the stream follows it.

        In a whole first copy they wait as copied tables do, because until the swap the former registrations hold.
        """
        context = self._context
        state = TableState.COPIED if kind is CopyKind.INIT_REPLICA else TableState.FILTERED
        for schema in schemas:
            table_id = tables.register(
                cursor,
                context.source,
                schema,
                context.target_of(schema),
                state,
                start=position.binlog,
                copy_id=self._copy.copy_id,
            )
            copies.set_gtid(cursor, table_id, position)
            if state is TableState.COPIED:
                copies.set_reason(cursor, table_id, copies.LEFT_OUT)

    def _dispatch(self) -> None:
        for worker in self._pool.free:
            if not self._pending:
                return
            request = self._pending.popleft()
            if isinstance(request, (BuildIndex, FinishTable)) and not self._is_reading:
                request = replace(request, last_read=True)
            self._give(worker, request)

    @property
    def _is_reading(self) -> bool:
        """Tell whether any rows are still to be read."""
        return any(isinstance(request, (LockTable, LoadPart)) for request in (*self._pending, *self._jobs.values()))

    def _give(self, worker: int, request: Request) -> None:
        self._jobs[worker] = request
        if not isinstance(request, OpenSnapshot):
            self._context.tracker.began(_name_of(request))
        self._pool.ask(worker, request)

    def _take(self, worker: int, reply: Reply | RowsMoved) -> None:
        """Draw the conclusions from what a worker says."""
        request = self._jobs[worker]
        name = _name_of(request)
        if isinstance(reply, RowsMoved):
            if name in self._active:
                self._context.tracker.moved(name, reply.rows, reply.size)
            return
        del self._jobs[worker]
        if isinstance(reply, Failed):
            raise_if_lost(reply)
            self._fail(name, reply.reason, again=reply.again)
        elif isinstance(reply, TableLocked):
            self._begin_locked(worker, reply)
        elif isinstance(reply, PartLoaded):
            self._part_loaded(name, reply)
        elif isinstance(reply, IndexBuilt):
            self._index_built(name, reply)
        elif isinstance(reply, TableFinished):
            self._table_finished(name, reply)

    def _begin_locked(self, worker: int, reply: TableLocked) -> None:
        """Register a table that a worker has locked, and let the same worker load it."""
        with transaction(self._context.target) as cursor:
            read_checkpoint(cursor, self._context.source, lock=True)
            planned = PlannedTable(reply.schema, TableStatistics(0, 0, reply.created))
            task = self._activate(cursor, planned, reply.position)
            bump_generation(cursor, self._context.source)
        self._give(worker, LoadPart(task, 0, None, whole=True))

    def _part_loaded(self, name: TableName, reply: PartLoaded) -> None:
        active = self._active.get(name)
        if active is None:  # another part of the table failed meanwhile
            return
        active.rows += reply.rows
        active.steps_left -= 1
        if active.steps_left == 0:
            self._context.tracker.loaded(name, active.rows)
            self._begin_indexes(active)

    def _begin_indexes(self, active: _ActiveTable) -> None:
        """Queue what follows the rows; the indexes of a large table are built by several workers at the same time."""
        task = active.task
        indexes = target_table(task.schema, self._context.rules).indexes
        if task.in_place or active.rows < _MANY_ROWS or len(indexes) < 2:
            self._pending.appendleft(FinishTable(task, indexed=False))
            return
        active.steps_left = len(indexes)
        self._pending.extendleft(BuildIndex(task, index) for index in indexes)

    def _index_built(self, name: TableName, reply: IndexBuilt) -> None:
        active = self._active.get(name)
        if active is None:  # another index of the table failed meanwhile
            return
        if reply.missing is not None:
            logger.warning("%s: %s", name, reply.missing)
        active.steps_left -= 1
        if active.steps_left == 0:
            self._pending.appendleft(FinishTable(active.task, indexed=True))

    def _table_finished(self, name: TableName, reply: TableFinished) -> None:
        del self._active[name]
        self._context.tracker.finished(name)
        for reason in reply.missing:
            logger.warning("%s: %s", name, reason)

    def _fail(self, name: TableName, reason: str, *, again: bool) -> None:
        """Take a table out of the round, with all its parts."""
        active = self._active.pop(name, None)
        self._pending = deque(request for request in self._pending if _name_of(request) != name)
        if name in self._outcome.again or name in self._outcome.broken:
            return
        outcome = self._outcome.again if again else self._outcome.broken
        outcome[name] = (self._schemas[name], reason)
        self._context.tracker.failed(name)
        logger.warning("%s could not be copied: %s", name, reason)
        if active is not None:
            self._given_up.append(active.task)

    def _drop_given_up(self) -> None:
        """End the registrations of the tables that failed, when no worker is at a part of them any more."""
        if self._given_up:
            with transaction(self._context.target) as cursor:
                for task in self._given_up:
                    tables.quarantine(cursor, task.table_id, "its copy failed", task.start)
                bump_generation(cursor, self._context.source)


def _refuse_foreign(target: TableName, foreign: Container[TableName]) -> None:
    if target in foreign:
        raise ForeignTable(target)


def _warn_of_prepared(source: SourceConnection) -> None:
    """Tell of transactions whose changes are neither in the snapshot nor in the binlog after it."""
    prepared = snapshot.prepared_transactions(source)
    if prepared:
        logger.warning(
            "the source has prepared XA transactions (%s): what they changed will be missing if they are committed;"
            " decide them, then run sync_tables for their tables",
            ", ".join(prepared),
        )


def raise_if_failed(reply: Reply) -> None:
    """Raise the error of a worker that could not open its snapshot."""
    if isinstance(reply, Failed):
        raise_if_lost(reply)
        raise snapshot.LockRefused(reply.reason) if reply.lock_refused else SourceError(reply.reason)


def _name_of(request: Request) -> TableName:
    if isinstance(request, LockTable):
        return request.name
    assert not isinstance(request, OpenSnapshot), "a snapshot is of no table"
    return request.table.schema.name
