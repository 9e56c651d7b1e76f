"""The end of a copy: what was loaded takes its place, and the replica takes it over, all in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from pg_chameleon.convert.expressions.quoting import quote_qualified
from pg_chameleon.errors import TargetUnreachable
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import copies, grants, ownership, shadow, swap, tables, waiting
from pg_chameleon.postgres.apply_table import apply_table
from pg_chameleon.postgres.careful import apply_carefully
from pg_chameleon.postgres.connection import BY_INDEX, Cursor, connect, transaction
from pg_chameleon.postgres.copies import CopiedTable, Copy
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.held_rows import forget_held, held_slice
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.roles import LockRole, held_roles, try_lock
from pg_chameleon.postgres.sources import bump_generation, reset_checkpoint, set_consistent_from
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.pool import CopyStopped
from pg_chameleon.replica.copy.settings import CopiedRows, CopyKind, CopyProblem
from pg_chameleon.replica.draining import replay_waiting

logger = logging.getLogger(__name__)

_TRIES = 3
_REPLAY_POLL_SECONDS = 0.1


@dataclass(slots=True)
class SwapOutcome:
    """What came of the swap. ``removed``: tables that the source no longer has.

    ``overtaken``: the stream took them out while they were copied, because the source changed them.
    """

    copied: list[CopiedRows] = field(default_factory=list)
    problems: list[CopyProblem] = field(default_factory=list)
    removed: list[TableName] = field(default_factory=list)
    overtaken: set[TableName] = field(default_factory=set)

    def take(self, later: SwapOutcome) -> None:
        """Add what came of a copy of some of the tables that was made after this one."""
        settled = {table.name for table in later.copied} | {problem.name for problem in later.problems}
        self.problems = [problem for problem in self.problems if problem.name not in settled] + later.problems
        self.copied += later.copied
        self.removed += later.removed


@dataclass(frozen=True, slots=True)
class Swap:
    """Ends one copy. ``schemas``: the source schemas it is about. ``broken``: tables that could not be copied.

    ``missing`` tables are registered, but the source no longer has them. ``fallback`` is where an empty replica begins.
    """

    context: CopyContext
    copy: Copy
    kind: CopyKind
    schemas: Collection[str]
    broken: Mapping[TableName, tuple[TableSchema, str]]
    missing: Collection[TableName]
    fallback: Position | None

    def run(self) -> SwapOutcome:
        """Do it; readers of the former tables are waited for, a few times as long as ``lock_timeout``."""
        self._await_replay()
        for _ in range(_TRIES - 1):
            try:
                return self._run()
            except TargetUnreachable as error:
                if self.context.target.closed or self.context.stop.is_set():
                    raise
                logger.warning("the copied tables could not be swapped in, trying again: %s", error)
        return self._run()

    def _await_replay(self) -> None:
        """Let the replay pass the snapshots: a renaming that waits there goes by the names of the target.

        If no replay process runs, what waits is replayed here.
        """
        if self.kind is CopyKind.INIT_REPLICA:
            return
        context = self.context
        while self._waits_before_snapshots():
            if context.stop.is_set():
                raise CopyStopped("the copy was stopped")
            if LockRole.REPLAY not in held_roles(context.target, context.source.source_id):
                self._replay_here()
            context.stop.wait(_REPLAY_POLL_SECONDS)

    def _waits_before_snapshots(self) -> bool:
        with transaction(self.context.target) as cursor:
            cursor.execute(query("copies.waits_before_snapshots"), {"copy_id": self.copy.copy_id})
            return cursor.fetchone() is not None

    def _replay_here(self) -> None:
        context = self.context
        with closing(connect(context.settings.replica.target, "replay for a copy", BY_INDEX)) as connection:
            if try_lock(connection, context.source.source_id, LockRole.REPLAY):
                replay_waiting(context.settings.replica, connection, context.source, context.stop)

    def _run(self) -> SwapOutcome:
        outcome = SwapOutcome()
        source = self.context.source
        with transaction(self.context.target) as cursor:
            swap.limit_lock_wait(cursor, self.context.settings.lock_timeout)
            # Excludes the replay process until the transaction ends
            waiting.lock(cursor, source)
            ready = copies.copied_tables(cursor, self.copy)
            self._report_unfit(cursor, outcome)
            if self.kind is CopyKind.INIT_REPLICA:
                self._forget_former(cursor, outcome)
            readers = self._prepare_schemas(cursor, ready)
            for table in ready:
                self._take_over(cursor, table, readers, outcome)
            for name, (schema, reason) in self.broken.items():
                self._quarantine_broken(cursor, schema, reason, outcome)
                outcome.problems.append(CopyProblem(name, reason, quarantined=True))
            self._drop_missing(cursor, outcome)
            self._set_positions(cursor, [table.start for table in ready])
            for target_schema in self._target_schemas:
                shadow.drop_schema(cursor, shadow.schema_name(source, target_schema))
            ownership.forget_dropped(cursor, source)
            copies.finish(cursor, self.copy)
        return outcome

    @property
    def _target_schemas(self) -> list[str]:
        return [self.context.filter.mappings[schema] for schema in self.schemas]

    def _prepare_schemas(self, cursor: Cursor, ready: list[CopiedTable]) -> list[str]:
        """See to it that the target schemas are there; a new one is the shadow itself."""
        readers = grants.existing_roles(cursor, self.context.settings.replica.grant_select_to)
        for schema in self._target_schemas:
            wanted = {table.target.table for table in ready if table.target.schema == schema}
            swap.take_schema(cursor, shadow.schema_name(self.context.source, schema), schema, wanted)
            grants.let_read_schema(cursor, schema, readers)
        return readers

    def _report_unfit(self, cursor: Cursor, outcome: SwapOutcome) -> None:
        for table in copies.unfit_tables(cursor, self.copy):
            if table.name in self.broken:
                continue
            outcome.problems.append(CopyProblem(table.name, table.reason, quarantined=True))
            if not table.ended:
                outcome.overtaken.add(table.name)

    def _take_over(self, cursor: Cursor, table: CopiedTable, readers: list[str], outcome: SwapOutcome) -> None:
        """Swap one table in, and let the replica go on with it."""
        name = table.schema.name
        if not self.context.filter.admits(name):
            tables.set_state(cursor, table.table_id, TableState.FILTERED)
            return
        tables.set_state(cursor, table.table_id, TableState.REPLICATED)
        self._drop_left(cursor, table.table_id, name, outcome)
        reason = self._swap_in(cursor, table, readers) or table.reason or self._catch_up(cursor, table)
        if reason is None:
            outcome.copied.append(CopiedRows(name, table.rows))
        else:
            self._take_out(cursor, table.table_id, name, reason, table.start)
            outcome.problems.append(CopyProblem(name, reason, quarantined=True))

    def _drop_left(self, cursor: Cursor, table_id: int, name: TableName, outcome: SwapOutcome) -> None:
        """Drop what the former registrations of a table left under other names."""
        for left in copies.left_targets(cursor, table_id):
            self._drop_target(cursor, name, left, outcome)

    def _swap_in(self, cursor: Cursor, table: CopiedTable, readers: list[str]) -> str | None:
        loaded = TableName(shadow.schema_name(self.context.source, table.target.schema), table.target.table)
        if self.context.settings.keep_existing or not swap.is_there(cursor, loaded.schema):
            quoted = quote_qualified(table.target.schema, table.target.table)
            grants.let_read_table(cursor, quoted, readers)
            ownership.claim(cursor, self.context.source, table.target)
            return None
        return swap.swap_table(cursor, self.context.source, loaded, table.target, readers)

    def _catch_up(self, cursor: Cursor, table: CopiedTable) -> str | None:
        """Apply the changes that were held while the table was copied; return the reason if one fails."""
        held = held_slice(cursor, table.table_id)
        if held is None:
            return None
        described = apply_table(cursor, table.table_id, table.target, table.schema, self.context.rules)
        failures = apply_carefully(cursor, self.context.source, table.schema.name, described, held)
        for failure in failures:
            log_failure(cursor, self.context.source, failure)
        forget_held(cursor, table.table_id)
        return failures[0].message if failures else None

    def _take_out(self, cursor: Cursor, table_id: int, name: TableName, reason: str, start: Position | None) -> None:
        position = None if start is None else start.binlog
        tables.quarantine(cursor, table_id, reason, position)
        forget_held(cursor, table_id)
        log_failure(cursor, self.context.source, Failure(reason, table=name, position=position))

    def _quarantine_broken(self, cursor: Cursor, schema: TableSchema, reason: str, outcome: SwapOutcome) -> None:
        """Register a table that could not be copied, so that it is seen and can be asked for again."""
        table_id = tables.register(
            cursor,
            self.context.source,
            schema,
            self.context.target_of(schema),
            TableState.COPYING,
            start=None,
            copy_id=self.copy.copy_id,
        )
        copies.supersede(cursor, table_id)
        self._drop_left(cursor, table_id, schema.name, outcome)
        self._take_out(cursor, table_id, schema.name, reason, None)

    def _forget_former(self, cursor: Cursor, outcome: SwapOutcome) -> None:
        """Begin anew: nothing that was registered or read before counts any more."""
        for former in tables.load_tables(cursor, self.context.source):
            if former.name in self.missing:
                self._drop_target(cursor, former.name, former.target, outcome)
        copies.drop_other_registrations(cursor, self.context.source, self.copy)

    def _drop_missing(self, cursor: Cursor, outcome: SwapOutcome) -> None:
        for former in tables.load_tables(cursor, self.context.source):
            if former.name in self.missing and former.state not in (TableState.COPYING, TableState.COPIED):
                if self.kind is CopyKind.REFRESH_SCHEMA:
                    self._drop_target(cursor, former.name, former.target, outcome)
                copies.drop_registration(cursor, former.table_id, "the source no longer has it")

    def _drop_target(self, cursor: Cursor, name: TableName, target: TableName, outcome: SwapOutcome) -> None:
        reason = swap.drop_former(cursor, self.context.source, target)
        outcome.removed.append(name)
        if reason is not None:
            outcome.problems.append(CopyProblem(name, reason, quarantined=False))

    def _set_positions(self, cursor: Cursor, starts: list[Position]) -> None:
        """Let the read process begin at the earliest snapshot, and note the latest."""
        source = self.context.source
        if self.kind is CopyKind.INIT_REPLICA:
            begin = min(starts, key=lambda start: start.binlog, default=self.fallback)
            assert begin is not None, "without tables there is a fallback"
            reset_checkpoint(cursor, source, begin)
            set_consistent_from(cursor, source, max(start.binlog for start in [begin, *starts]))
            return
        for start in starts:
            copies.advance_consistency(cursor, source, start.binlog)
        bump_generation(cursor, source)
