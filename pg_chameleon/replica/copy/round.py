"""One pass over the tables of a copy: snapshots at one position, then rows, then indexes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.snapshot import LockRefused, LockTimeout, TableStatistics
from pg_chameleon.mysql.structure.inspect import database_defaults
from pg_chameleon.postgres import tables
from pg_chameleon.postgres.connection import transaction
from pg_chameleon.postgres.copies import Copy
from pg_chameleon.postgres.sources import bump_generation, read_checkpoint, set_schema_default
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.inspection import Inspection, inspect
from pg_chameleon.replica.copy.messages import (
    Failed,
    IndexBuilt,
    PartLoaded,
    Reply,
    RowsMoved,
    TableFinished,
    TableLocked,
    TableTask,
    Work,
)
from pg_chameleon.replica.copy.plan import PlannedTable
from pg_chameleon.replica.copy.planning import plan
from pg_chameleon.replica.copy.pool import WorkerPool, raise_if_lost
from pg_chameleon.replica.copy.presence import at_snapshot
from pg_chameleon.replica.copy.registration import Registration
from pg_chameleon.replica.copy.schedule import Schedule
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import CopyKind
from pg_chameleon.replica.copy.snapshots import open_snapshots

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class RoundOutcome:
    """``present``: all tables of the source. The others are not whole, with their structures and the reasons."""

    present: set[TableName] = field(default_factory=set)
    again: dict[TableName, tuple[TableSchema, str]] = field(default_factory=dict)
    broken: dict[TableName, tuple[TableSchema, str]] = field(default_factory=dict)


class CopyRound:
    """Copies tables by the workers of a pool; each request is done by one worker, whatever table it is of."""

    def __init__(self, context: CopyContext, copy: Copy, scope: Scope, pool: WorkerPool) -> None:
        self._context = context
        self._scope = scope
        self._pool = pool
        self._registration = Registration(context, copy, scope.kind)
        self._schedule = Schedule()
        self._outcome = RoundOutcome()
        self._given_up: list[TableTask] = []
        self._schemas: dict[TableName, TableSchema] = {}

    def run(self, wanted: Callable[[TableName], bool]) -> RoundOutcome:
        """Copy the wanted tables of the scope, and register those that the filter excludes, too."""
        with closing(connect_source(self._context.settings.replica.source)) as source:
            self._begin(source, wanted)
        while not self._schedule.done:
            self._dispatch()
            for worker, reply in self._pool.answers(self._context.stop):
                self._take(worker, reply)
            self._context.tracker.tell()
        self._drop_given_up()
        return self._outcome

    def _begin(self, source: SourceConnection, wanted: Callable[[TableName], bool]) -> None:
        context = self._context
        snapshot.prepare_session(source, context.settings.lock_timeout)
        found = inspect(source, self._scope.schemas)
        if self._scope.kind is CopyKind.INIT_REPLICA:
            self._note_defaults(source)
        self._outcome.present = set(found.tables)
        self._schemas = {name: schema for name, (schema, _) in found.tables.items()}
        planned, refused = plan(context, source, found, wanted)
        self._outcome.broken = {name: (self._schemas[name], reason) for name, reason in refused.items()}
        for table in planned:
            context.tracker.expect(table.name, table.statistics.rows)
        locked = self._open_snapshots(source, planned, found)
        for table in planned:
            if table.name in locked:
                self._schedule.lock(table.name, hold=not table.transactional)

    def _note_defaults(self, source: SourceConnection) -> None:
        """Store what new tables inherit now, for the read process that will begin here."""
        found = database_defaults(source)
        with transaction(self._context.target) as cursor:
            for schema in self._scope.schemas:
                set_schema_default(cursor, self._context.source, schema, found.get(schema))

    def _open_snapshots(
        self, source: SourceConnection, planned: list[PlannedTable], found: Inspection
    ) -> set[TableName]:
        """Open a snapshot for all tables whose engine has them; return those that must be locked one by one."""
        shared = [table for table in planned if table.transactional]
        bystanders = self._registration.bystanders(found)
        if shared:
            try:
                self._share_snapshot(source, shared, found, bystanders)
            except (LockRefused, LockTimeout) as error:
                logger.warning("no snapshot of all tables at once, they are locked one by one: %s", error.message)
            else:
                return {table.name for table in planned if not table.transactional}
        if bystanders:
            with transaction(self._context.target) as cursor:
                read_checkpoint(cursor, self._context.source, lock=True)
                position = SourceServer(source).position(with_gtid=self._context.settings.replica.use_gtid)
                self._registration.stand_by(cursor, bystanders, position)
                bump_generation(cursor, self._context.source)
        return {table.name for table in planned}

    def _share_snapshot(
        self, source: SourceConnection, planned: list[PlannedTable], before: Inspection, bystanders: list[TableSchema]
    ) -> None:
        """Open the snapshots and register their tables, while the read process stores nothing."""
        context = self._context
        with transaction(context.target) as cursor:
            read_checkpoint(cursor, context.source, lock=True)
            position = open_snapshots(context, source, self._pool)
            after = inspect(source, sorted({name.schema for name in before.tables}))
            begun, changed = at_snapshot(planned, before, after)
            tasks = [self._registration.begin(cursor, table, position) for table in begun]
            self._registration.stand_by(cursor, bystanders, position)
            bump_generation(cursor, context.source)
        for table in changed:
            self._fail(table.name, "its structure changed while the snapshot was opened", again=True)
        for table, task in zip(begun, tasks, strict=True):
            self._schedule.load(task, table.parts)

    def _dispatch(self) -> None:
        for worker in self._pool.free:
            work = self._schedule.next(worker)
            if work is None:
                return
            self._give(worker, work)

    def _give(self, worker: int, work: Work) -> None:
        self._context.tracker.began(work.name)
        self._pool.ask(worker, work)

    def _take(self, worker: int, reply: Reply | RowsMoved) -> None:
        """Draw the conclusions from what a worker says."""
        name = self._schedule.work_of(worker).name
        if isinstance(reply, RowsMoved):
            if self._schedule.is_active(name):
                self._context.tracker.moved(name, reply.rows, reply.size)
            return
        self._schedule.take(worker)
        if isinstance(reply, Failed):
            raise_if_lost(reply)
            self._fail(name, reply.reason, again=reply.again)
        elif isinstance(reply, TableLocked):
            self._begin_locked(worker, reply)
        else:
            self._advance(name, reply)

    def _advance(self, name: TableName, reply: Reply) -> None:
        """Do what follows from a step of a table that went well."""
        if isinstance(reply, PartLoaded):
            rows = self._schedule.part_loaded(name, reply.rows)
            if rows is not None:
                self._context.tracker.loaded(name, rows)
                schema = self._schedule.task_of(name).schema
                self._schedule.index(name, target_table(schema, self._context.rules).indexes)
        elif isinstance(reply, IndexBuilt):
            if self._schedule.is_active(name) and reply.missing is not None:
                logger.warning("%s: %s", name, reply.missing)
            self._schedule.index_built(name)
        elif isinstance(reply, TableFinished):
            self._schedule.drop(name)
            self._context.tracker.finished(name)
            for reason in reply.missing:
                logger.warning("%s: %s", name, reason)

    def _begin_locked(self, worker: int, reply: TableLocked) -> None:
        """Register a table that a worker has locked, and let the same worker load it."""
        with transaction(self._context.target) as cursor:
            read_checkpoint(cursor, self._context.source, lock=True)
            planned = PlannedTable(reply.schema, TableStatistics(0, 0, reply.created))
            task = self._registration.begin(cursor, planned, reply.position)
            bump_generation(cursor, self._context.source)
        self._give(worker, self._schedule.load_locked(worker, task))

    def _fail(self, name: TableName, reason: str, *, again: bool) -> None:
        """Take a table out of the round, with all its parts."""
        task = self._schedule.drop(name)
        if name in self._outcome.again or name in self._outcome.broken:
            return
        outcome = self._outcome.again if again else self._outcome.broken
        outcome[name] = (self._schemas[name], reason)
        self._context.tracker.failed(name)
        logger.warning("%s could not be copied: %s", name, reason)
        if task is not None:
            self._given_up.append(task)

    def _drop_given_up(self) -> None:
        """End the registrations of the tables that failed, when no worker is at a part of them any more."""
        if self._given_up:
            with transaction(self._context.target) as cursor:
                for task in self._given_up:
                    tables.quarantine(cursor, task.table_id, "its copy failed", task.start)
                bump_generation(cursor, self._context.source)
