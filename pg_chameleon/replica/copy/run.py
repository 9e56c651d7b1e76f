"""The copies: first copy, refresh of a schema and synchronisation of tables, all by one engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import datetime
from typing import Any

from pg_chameleon.errors import ChameleonError, TargetError, UsageError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyObserver
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import SourceStatus, TableState
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.postgres import copies, shadow, status, tables, value_changes
from pg_chameleon.postgres.connection import Connection, Cursor, Stop, connect, transaction
from pg_chameleon.postgres.copies import CopiedTable, Copy
from pg_chameleon.postgres.left_out import find_left_out
from pg_chameleon.postgres.roles import KILLED_SECONDS, LockRole, held_roles, take_role
from pg_chameleon.postgres.sources import Source, find_source, read_mappings, set_status
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.messages import WorkerSettings
from pg_chameleon.replica.copy.peer import PeerCopy
from pg_chameleon.replica.copy.pool import CopyStopped, WorkerPool
from pg_chameleon.replica.copy.progress import ProgressTracker
from pg_chameleon.replica.copy.round import CopyRound
from pg_chameleon.replica.copy.settings import CopyKind, CopyProblem, CopyReport, CopyRequest, CopySettings
from pg_chameleon.replica.copy.structure import copy_structures
from pg_chameleon.replica.copy.swap import Swap, SwapOutcome
from pg_chameleon.replica.rules import asked_rules

logger = logging.getLogger(__name__)

_ROUNDS = 3
_REPETITIONS = 3


def copy_tables(settings: CopySettings, request: CopyRequest, observer: CopyObserver, stop: Stop) -> CopyReport:
    """Copy what is asked for, or go on with it where an earlier run ended; return how it went.

    Raise ``ReplicaBusy`` while another process copies, or, for INIT_REPLICA, replicates the source.
    """
    try:
        with closing(connect(settings.replica.target, f"{request.kind.value} {settings.replica.name}")) as target:
            return _copy_with(settings, request, target, ProgressTracker(observer), stop)
    finally:
        observer.finished()


def _copy_with(
    settings: CopySettings, request: CopyRequest, target: Connection, tracker: ProgressTracker, stop: Stop
) -> CopyReport:
    source = find_source(target, settings.replica.name)
    _take_roles(target, source, request.kind, stop)
    if settings.peer is not None:
        table_filter = settings.replica.table_filter(read_mappings(target, source))
        copy = PeerCopy(settings, request, source, table_filter, target, tracker, stop)
        return _with_status(source, target, request.kind, copy.run)
    if request.kind is CopyKind.COPY_SCHEMA:
        return copy_structures(_context(settings, source, target, tracker, stop))

    def copied() -> CopyReport:
        return _CopyRun(_context(settings, source, target, tracker, stop), request).run()

    return _with_status(source, target, request.kind, copied)


def _take_roles(target: Connection, source: Source, kind: CopyKind, stop: Stop) -> None:
    """Make sure that nobody else copies this source, nor replicates it while everything is copied anew."""
    if kind is CopyKind.INIT_REPLICA:
        take_role(target, source, LockRole.DAEMON)
    take_role(target, source, LockRole.COPY, stop, patience=KILLED_SECONDS)


def _context(
    settings: CopySettings, source: Source, target: Connection, tracker: ProgressTracker, stop: Stop
) -> CopyContext:
    mappings = read_mappings(target, source)
    return CopyContext(
        settings=settings,
        source=source,
        filter=settings.replica.table_filter(mappings),
        rules=asked_rules(settings.replica, target, source),
        target=target,
        stop=stop,
        tracker=tracker,
    )


def _with_status(source: Source, target: Connection, kind: CopyKind, copy: Callable[[], CopyReport]) -> CopyReport:
    """Copy, and let the source's status tell so, unless its replica runs: then that is its status."""
    whole = kind is CopyKind.INIT_REPLICA
    if not whole and LockRole.DAEMON in held_roles(target, source.source_id):
        return copy()
    set_status(target, source, SourceStatus.INITIALISING if whole else SourceStatus.SYNCING)
    try:
        report = copy()
    except ChameleonError as error:
        _set_status_after_error(target, source, SourceStatus.ERROR if whole else source.status, error)
        raise
    if report.interrupted:
        set_status(target, source, source.status, f"{kind.value} was interrupted; run it again")
    else:
        set_status(target, source, SourceStatus.INITIALISED if whole else SourceStatus.SYNCED)
    return report


def _set_status_after_error(target: Connection, source: Source, status: SourceStatus, error: ChameleonError) -> None:
    try:
        set_status(target, source, status, str(error))
    except TargetError as unwritten:
        logger.warning("the status of the source could not be written: %s", unwritten)


class _CopyRun:
    """One run of a copy, from what is asked for to the swap."""

    def __init__(self, context: CopyContext, request: CopyRequest) -> None:
        self._context = context
        self._request = request
        self._began = time.monotonic()
        self._resumed: datetime | None = None
        self._names: frozenset[TableName] | None = None
        self._broken: dict[TableName, tuple[TableSchema, str]] = {}
        self._outcome = SwapOutcome()

    def run(self) -> CopyReport:
        """Copy, and swap in; a stop leaves all that is done for the next run."""
        self._check()
        try:
            self._outcome = self._copy_and_swap(self._begin)
            self._repeat()
            return self._report()
        except CopyStopped:
            logger.info("the copy was stopped; the same command goes on with it")
            return self._report(interrupted=True)

    def _copy_and_swap(self, begin: Callable[[], Copy]) -> SwapOutcome:
        # The workers start while the copy is prepared, and let go of the source before the swap
        with WorkerPool(self._worker_settings(), self._context.settings.workers) as pool:
            copy = begin()
            present = self._copy(copy, pool)
        return self._swap_in(copy, present)

    def _repeat(self) -> None:
        """Copy the tables again that the source changed while they were copied, a few times."""
        if self._request.kind is CopyKind.INIT_REPLICA:
            return  # no stream runs beside it
        overtaken = self._overtaken(self._outcome)
        for attempt in range(1, _REPETITIONS + 1):
            if not overtaken:
                return
            named = ", ".join(map(str, sorted(overtaken)))
            logger.warning("%s changed while copied, copied again (%d of %d)", named, attempt, _REPETITIONS)
            self._names = frozenset(overtaken)
            self._broken = {}
            outcome = self._copy_and_swap(self._begin_again)
            self._outcome.take(outcome)
            overtaken = self._overtaken(outcome)

    def _overtaken(self, outcome: SwapOutcome) -> set[TableName]:
        """Return the tables that another copy may bring in: what was asked for may have another name by now."""
        failed = {problem.name for problem in outcome.problems} | self._broken.keys()
        with transaction(self._context.target) as cursor:
            quarantined = set(self._quarantined(cursor))
        return quarantined & (outcome.overtaken | ((self._names or frozenset()) - failed))

    def _swap_in(self, copy: Copy, present: set[TableName]) -> SwapOutcome:
        """End the copy. ``present``: the tables that the source has."""
        with transaction(self._context.target) as cursor:
            registered = {table.name for table in tables.load_tables(cursor, self._context.source)}
        missing = {name for name in registered - present if self._is_meant(name)}
        outcome = Swap(
            context=self._context,
            copy=copy,
            kind=self._request.kind,
            schemas=self._schemas,
            broken=self._broken,
            missing=missing,
            fallback=self._fallback(),
        ).run()
        self._add_unknown(outcome, present | missing)
        # Not in the transaction of the swap: it would wait for the read process, which may wait for the swap
        with transaction(self._context.target) as cursor:
            value_changes.forget_dropped(cursor, self._context.source)
        self._tell_of_changes(outcome)
        return outcome

    def _tell_of_changes(self, outcome: SwapOutcome) -> None:
        """Warn of what is not as on the source in the tables that were copied: values, and parts of their structure."""
        copied = {table.name for table in outcome.copied}
        for lacking in find_left_out(self._context.target, self._context.source, self._context.rules):
            if lacking.table in copied:
                logger.warning("%s: %s", lacking.table, lacking.what)
        for found in status.value_changes(self._context.target, self._context.source):
            if found.table in copied:
                logger.warning("%s.%s: %d values: %s", found.table, found.column, found.occurrences, found.reason)

    # What is asked for

    @property
    def _schemas(self) -> list[str]:
        """The source schemas that the copy is about."""
        mappings = self._context.filter.mappings
        if self._request.kind is CopyKind.INIT_REPLICA:
            return sorted(mappings)
        if self._request.kind is CopyKind.REFRESH_SCHEMA:
            return [self._request.schema or ""]
        return sorted({name.schema for name in self._names or ()})

    def _is_meant(self, name: TableName) -> bool:
        """Tell whether the copy is about a table, if the source has it."""
        return name.schema in self._schemas and (self._names is None or name in self._names)

    def _wants(self, name: TableName) -> bool:
        return self._is_meant(name) and self._context.filter.admits(name)

    def _check(self) -> None:
        """Refuse what the configuration or the registered mappings do not have."""
        known = self._context.filter.mappings
        if self._request.kind is CopyKind.REFRESH_SCHEMA and self._request.schema not in known:
            raise UsageError(
                f"the schema {self._request.schema} is not mapped (mapped: {', '.join(sorted(known)) or 'none'})",
                advice="Name one of these, or add it by update_schema_mappings",
            )
        refused = [str(name) for name in self._request.tables or () if not self._context.filter.admits(name)]
        if refused:
            raise UsageError(
                f"not replicated by this configuration: {', '.join(refused)}",
                advice="Check the names, schema_mappings, limit_tables and skip_tables",
            )

    def _asked(self) -> dict[str, Any]:
        """What must be the same for a copy to be gone on with."""
        asked_tables = self._request.tables
        replica = self._context.settings.replica
        wanted = self._context.filter
        return {
            "schema": self._request.schema,
            "tables": None if asked_tables is None else sorted(map(str, asked_tables)),
            "mappings": wanted.mappings,
            "limit": sorted(map(str, wanted.limit)),
            "skip": sorted(map(str, wanted.skip)),
            "keep_existing": self._context.settings.keep_existing,
            "overrides": [[each.column_type, each.target, sorted(each.tables)] for each in replica.overrides],
            "zero_dates": replica.zero_dates.value,
        }

    # Beginning, and going on

    def _begin(self) -> Copy:
        """Take up the copy that an earlier run left open, if it is the same; give up any other."""
        context = self._context
        asked = self._asked()
        oldest = self._oldest_binlog()
        with transaction(context.target) as cursor:
            found: Copy | None = None
            for copy in copies.open_copies(cursor, context.source):
                done = self._usable(cursor, copy, asked, oldest) if found is None else None
                if done is None:
                    self._give_up(cursor, copy)
                else:
                    found = copy
                    copies.abandon_tables(cursor, copy, done)
            if found is None:
                found = self._begin_new(cursor, asked)
            else:
                self._resumed = found.started_at
                self._names = _names_of(found)
                self._make_shadows(cursor)
        return found

    def _begin_again(self) -> Copy:
        with transaction(self._context.target) as cursor:
            return self._open(cursor, self._asked())

    def _begin_new(self, cursor: Cursor, asked: dict[str, Any]) -> Copy:
        if self._request.kind is CopyKind.SYNC_TABLES:
            self._names = frozenset(self._request.tables or self._quarantined(cursor))
        return self._open(cursor, asked)

    def _open(self, cursor: Cursor, asked: dict[str, Any]) -> Copy:
        """Note that a copy of the tables begins, with nothing left of any other."""
        context = self._context
        for schema in context.filter.mappings.values():
            shadow.drop_schema(cursor, shadow.schema_name(context.source, schema))
        self._make_shadows(cursor)
        named = None if self._names is None else sorted(map(list, self._names))
        return copies.begin(cursor, context.source, self._request.kind.value, {"asked": asked, "names": named})

    def _make_shadows(self, cursor: Cursor) -> None:
        for schema in self._schemas:
            target_schema = self._context.filter.mappings[schema]
            shadow.create_schema(cursor, shadow.schema_name(self._context.source, target_schema))

    def _quarantined(self, cursor: Cursor) -> list[TableName]:
        return [
            table.name
            for table in tables.load_tables(cursor, self._context.source)
            if table.state is TableState.QUARANTINED and self._context.filter.admits(table.name)
        ]

    def _usable(self, cursor: Cursor, copy: Copy, asked: dict[str, Any], oldest: BinlogPosition) -> list[int] | None:
        """Return the tables that an open copy has done; None if it is another one, or too old to go on with."""
        if copy.kind != self._request.kind.value or copy.scope["asked"] != asked:
            return None
        done = copies.copied_tables(cursor, copy)
        if any(table.start.binlog < oldest for table in done):
            logger.warning("the source has purged the binlog since the copy begun at %s", copy.started_at)
            return None
        return [table.table_id for table in done if self._is_there(cursor, table)]

    def _is_there(self, cursor: Cursor, table: CopiedTable) -> bool:
        if not self._context.filter.admits(table.schema.name):
            return True
        loaded = self._context.loading_target(table.schema)
        return loaded.table in shadow.table_names(cursor, loaded.schema)

    def _give_up(self, cursor: Cursor, copy: Copy) -> None:
        logger.info("the %s begun at %s is given up", copy.kind, copy.started_at)
        copies.abandon_tables(cursor, copy)
        copies.finish(cursor, copy)

    def _oldest_binlog(self) -> BinlogPosition:
        with closing(connect_source(self._context.settings.replica.source)) as connection:
            logs = SourceServer(connection).binary_logs()
        return BinlogPosition(logs[0][0], 0) if logs else BinlogPosition("", 0)

    # Copying

    def _copy(self, copy: Copy, pool: WorkerPool) -> set[TableName]:
        """Copy all tables that are missing; return the names of the tables that the source has."""
        done = self._done_before(copy)
        present: set[TableName] = set()
        todo: Collection[TableName] | None = None
        for last in (False,) * (_ROUNDS - 1) + (True,):
            outcome = CopyRound(self._context, copy, pool).run(
                wanted=lambda name, todo=todo: (  # type: ignore[misc]
                    self._wants(name) and name not in done and (todo is None or name in todo)
                ),
                schemas=self._schemas,
                kind=self._request.kind,
            )
            present = outcome.present
            self._broken.update(outcome.broken)
            if last:
                self._broken.update(outcome.again)
            todo = outcome.again.keys()
            if not todo:
                break
        return present

    def _done_before(self, copy: Copy) -> set[TableName]:
        with transaction(self._context.target) as cursor:
            done = [
                table for table in copies.copied_tables(cursor, copy) if self._context.filter.admits(table.schema.name)
            ]
        for table in done:
            self._context.tracker.already_done(table.rows)
        if self._resumed is not None:
            logger.info("going on with the copy begun at %s, %d tables are done", self._resumed, len(done))
        return {table.schema.name for table in done}

    def _worker_settings(self) -> WorkerSettings:
        context = self._context
        settings = context.settings
        return WorkerSettings(
            source=context.source,
            source_settings=settings.replica.source,
            target_settings=settings.replica.target,
            rules=context.rules,
            lock_timeout=settings.lock_timeout,
            follow_gtid=settings.replica.use_gtid,
            max_memory=settings.max_memory // settings.workers,
            spool_folder=settings.spool_folder,
            changed_values_kept=settings.replica.changed_values_kept,
        )

    # The end

    def _fallback(self) -> Position:
        """The position at which a replica without tables begins."""
        with closing(connect_source(self._context.settings.replica.source)) as connection:
            return SourceServer(connection).position(with_gtid=self._context.settings.replica.use_gtid)

    def _add_unknown(self, outcome: SwapOutcome, known: set[TableName]) -> None:
        for name in sorted((self._names or frozenset()) - known):
            outcome.problems.append(CopyProblem(name, "the source has no such table", quarantined=False, missing=True))

    def _report(self, *, interrupted: bool = False) -> CopyReport:
        outcome = self._outcome
        return CopyReport(
            kind=self._request.kind,
            copied=tuple(outcome.copied),
            problems=tuple(outcome.problems),
            removed=tuple(outcome.removed),
            bytes=self._context.tracker.size,
            seconds=time.monotonic() - self._began,
            resumed=self._resumed,
            interrupted=interrupted,
        )


def _names_of(copy: Copy) -> frozenset[TableName] | None:
    named = copy.scope["names"]
    return None if named is None else frozenset(TableName(*name) for name in named)
