"""The copies: first copy, refresh of a schema and synchronisation of tables, all by one engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from pg_chameleon.errors import ChameleonError, TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyObserver
from pg_chameleon.model.position import Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import SourceStatus
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.postgres import copies, status, tables, value_changes
from pg_chameleon.postgres.connection import Connection, Stop, connect, transaction
from pg_chameleon.postgres.copies import Copy
from pg_chameleon.postgres.left_out import find_left_out
from pg_chameleon.postgres.roles import KILLED_SECONDS, LockRole, held_roles, take_role
from pg_chameleon.postgres.sources import Source, find_source, read_mappings, set_status
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.messages import WorkerSettings
from pg_chameleon.replica.copy.opening import Opened, open_again, open_copy, quarantined
from pg_chameleon.replica.copy.peer import PeerCopy
from pg_chameleon.replica.copy.pool import CopyStopped, WorkerPool
from pg_chameleon.replica.copy.presence import missing, unknown
from pg_chameleon.replica.copy.progress import ProgressTracker
from pg_chameleon.replica.copy.round import CopyRound
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import CopyKind, CopyReport, CopyRequest, CopySettings
from pg_chameleon.replica.copy.structure import copy_structures
from pg_chameleon.replica.copy.swap import Swap
from pg_chameleon.replica.copy.takeover import SwapOutcome
from pg_chameleon.replica.rules import asked_rules

logger = logging.getLogger(__name__)

_ROUNDS = 3
_REPETITIONS = 3


def copy_tables(settings: CopySettings, request: CopyRequest, observer: CopyObserver, stop: Stop) -> CopyReport:
    """Copy what is asked for, or resume where an earlier run ended; return how it went.

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
        scope = Scope(request, settings.replica.table_filter(read_mappings(target, source))).of(request.tables)
        copy = PeerCopy(settings, scope, source, target, tracker, stop)
        return _with_status(source, target, request.kind, copy.run)
    if request.kind is CopyKind.COPY_SCHEMA:
        return copy_structures(_context(settings, source, target, tracker, stop))

    def copied() -> CopyReport:
        return _CopyRun(_context(settings, source, target, tracker, stop), request).run()

    return _with_status(source, target, request.kind, copied)


def _take_roles(target: Connection, source: Source, kind: CopyKind, stop: Stop) -> None:
    """Make sure that nobody else copies this source, nor replicates it during a first copy."""
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
    """Copy, and let the source's status say so, unless its replica runs: then that is its status."""
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
        self._scope = Scope(request, context.filter)
        self._began = time.monotonic()
        self._resumed: datetime | None = None
        self._broken: dict[TableName, tuple[TableSchema, str]] = {}
        self._outcome = SwapOutcome()

    def run(self) -> CopyReport:
        """Copy, and swap in; a stop leaves all that is done for the next run."""
        self._scope.check()
        try:
            self._outcome = self._copy_and_swap(open_copy)
            self._repeat()
            return self._report()
        except CopyStopped:
            logger.info("the copy was stopped; the same command resumes it")
            return replace(self._report(), interrupted=True)

    def _copy_and_swap(self, begin: Callable[[CopyContext, Scope], Opened]) -> SwapOutcome:
        # The workers start while the copy is prepared, and let go of the source before the swap
        with WorkerPool(_worker_settings(self._context), self._context.settings.workers) as pool:
            copy, self._scope, resumed = begin(self._context, self._scope)
            self._resumed = resumed or self._resumed
            present = self._copy(copy, pool)
        return self._swap_in(copy, present)

    def _copy(self, copy: Copy, pool: WorkerPool) -> set[TableName]:
        """Copy all tables that are missing; return the names of the tables that the source has."""
        done = self._done_before(copy)
        present: set[TableName] = set()
        todo: Collection[TableName] | None = None

        def is_left(name: TableName) -> bool:
            return self._scope.wants(name) and name not in done and (todo is None or name in todo)

        for last in (False,) * (_ROUNDS - 1) + (True,):
            outcome = CopyRound(self._context, copy, self._scope, pool).run(is_left)
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
            logger.info("resuming the copy begun at %s, %d tables are done", self._resumed, len(done))
        return {table.schema.name for table in done}

    def _swap_in(self, copy: Copy, present: set[TableName]) -> SwapOutcome:
        """End the copy. ``present``: the tables that the source has."""
        context = self._context
        with transaction(context.target) as cursor:
            registered = [table.name for table in tables.load_tables(cursor, context.source)]
        gone = missing(self._scope, registered, present)
        outcome = Swap(context, copy, self._scope, self._broken, gone, _present_position(context)).run()
        outcome.problems += unknown(self._scope, present | gone)
        # Not in the transaction of the swap: it would wait for the read process, which may wait for the swap
        with transaction(context.target) as cursor:
            value_changes.forget_dropped(cursor, context.source)
        _warn_of_differences(context, {table.name for table in outcome.copied})
        return outcome

    def _repeat(self) -> None:
        """Copy the tables again that the source changed while they were copied, a few times."""
        if self._scope.kind is CopyKind.INIT_REPLICA:
            return  # no stream runs beside it
        overtaken = self._overtaken(self._outcome)
        for attempt in range(1, _REPETITIONS + 1):
            if not overtaken:
                return
            named = ", ".join(map(str, sorted(overtaken)))
            logger.warning("%s changed while copied, copied again (%d of %d)", named, attempt, _REPETITIONS)
            self._scope = self._scope.of(overtaken)
            self._broken = {}
            outcome = self._copy_and_swap(open_again)
            self._outcome.take(outcome)
            overtaken = self._overtaken(outcome)

    def _overtaken(self, outcome: SwapOutcome) -> set[TableName]:
        """Return the tables that another copy may bring in: what was asked for may have another name by now."""
        failed = {problem.name for problem in outcome.problems} | self._broken.keys()
        with transaction(self._context.target) as cursor:
            out = set(quarantined(self._context, cursor))
        return out & (outcome.overtaken | ((self._scope.names or frozenset()) - failed))

    def _report(self) -> CopyReport:
        outcome = self._outcome
        return CopyReport(
            kind=self._scope.kind,
            copied=tuple(outcome.copied),
            problems=tuple(outcome.problems),
            removed=tuple(outcome.removed),
            bytes=self._context.tracker.size,
            seconds=time.monotonic() - self._began,
            resumed=self._resumed,
        )


def _worker_settings(context: CopyContext) -> WorkerSettings:
    """Return what the workers of a copy need to know."""
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


def _present_position(context: CopyContext) -> Position:
    """Return where the source is now: a replica without tables begins there."""
    with closing(connect_source(context.settings.replica.source)) as connection:
        return SourceServer(connection).position(with_gtid=context.settings.replica.use_gtid)


def _warn_of_differences(context: CopyContext, copied: Collection[TableName]) -> None:
    """Warn of what is not as on the source in the tables that were copied: values, and parts of their structure."""
    for lacking in find_left_out(context.target, context.source, context.rules):
        if lacking.table in copied:
            logger.warning("%s: %s", lacking.table, lacking.what)
    for found in status.value_changes(context.target, context.source):
        if found.table in copied:
            logger.warning("%s.%s: %d values: %s", found.table, found.column, found.occurrences, found.reason)
