"""The end of a copy: what was loaded takes its place, and the replica takes it over, all in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pg_chameleon.errors import TargetUnreachable
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import copies, grants, ownership, staging, swap, tables, waiting
from pg_chameleon.postgres.connection import Cursor, transaction
from pg_chameleon.postgres.copies import CopiedTable, Copy
from pg_chameleon.postgres.sources import bump_generation, reset_checkpoint, set_consistent_from
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.replaying import await_replay
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import CopyKind, CopyProblem
from pg_chameleon.replica.copy.takeover import SwapOutcome, TakeOver

logger = logging.getLogger(__name__)

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Swap:
    """Ends one copy. ``broken``: tables that could not be copied.

    ``missing`` tables are registered, but the source no longer has them. ``fallback`` is where an empty replica begins.
    """

    context: CopyContext
    copy: Copy
    scope: Scope
    broken: Mapping[TableName, tuple[TableSchema, str]]
    missing: Collection[TableName]
    fallback: Position

    def run(self) -> SwapOutcome:
        """Do it; readers of the former tables are waited for, a few times as long as ``lock_timeout``."""
        if self.scope.kind is not CopyKind.INIT_REPLICA:
            await_replay(self.context, self.copy)
        for _ in range(_TRIES - 1):
            try:
                return self._run()
            except TargetUnreachable as error:
                if self.context.target.closed or self.context.stop.is_set():
                    raise
                logger.warning("the copied tables could not be swapped in, trying again: %s", error)
        return self._run()

    def _run(self) -> SwapOutcome:
        outcome = SwapOutcome()
        source = self.context.source
        with transaction(self.context.target) as cursor:
            swap.limit_lock_wait(cursor, self.context.settings.lock_timeout)
            # Excludes the replay process until the transaction ends
            waiting.lock(cursor, source)
            ready = copies.copied_tables(cursor, self.copy)
            self._report_unfit(cursor, outcome)
            readers = grants.existing_roles(cursor, self.context.settings.replica.grant_select_to)
            takeover = TakeOver(self.context, cursor, readers, outcome)
            if self.scope.kind is CopyKind.INIT_REPLICA:
                self._forget_former(cursor, takeover)
            self._prepare_schemas(cursor, ready, readers)
            for table in ready:
                takeover.take_over(table)
            for schema, reason in self.broken.values():
                takeover.quarantine_broken(self.copy, schema, reason)
            self._drop_missing(cursor, takeover)
            self._set_positions(cursor, [table.start for table in ready])
            for target_schema in self.scope.target_schemas:
                staging.drop_schema(cursor, staging.schema_name(source, target_schema))
            ownership.forget_dropped(cursor, source)
            copies.finish(cursor, self.copy)
        return outcome

    def _prepare_schemas(self, cursor: Cursor, ready: list[CopiedTable], readers: list[str]) -> None:
        """See to it that the target schemas are there; a new one is the staging schema itself."""
        for schema in self.scope.target_schemas:
            wanted = {table.target.table for table in ready if table.target.schema == schema}
            swap.take_schema(cursor, staging.schema_name(self.context.source, schema), schema, wanted)
            grants.let_read_schema(cursor, schema, readers)

    def _report_unfit(self, cursor: Cursor, outcome: SwapOutcome) -> None:
        for table in copies.unfit_tables(cursor, self.copy):
            if table.name in self.broken:
                continue
            outcome.problems.append(CopyProblem(table.name, table.reason, quarantined=True))
            if not table.ended:
                outcome.overtaken.add(table.name)

    def _forget_former(self, cursor: Cursor, takeover: TakeOver) -> None:
        """Begin again: nothing that was registered or read before counts any more."""
        for former in tables.load_tables(cursor, self.context.source):
            if former.name in self.missing:
                takeover.drop_target(former.name, former.target)
        copies.drop_other_registrations(cursor, self.context.source, self.copy)

    def _drop_missing(self, cursor: Cursor, takeover: TakeOver) -> None:
        for former in tables.load_tables(cursor, self.context.source):
            if former.name in self.missing and former.state not in (TableState.COPYING, TableState.COPIED):
                if self.scope.kind is CopyKind.REFRESH_SCHEMA:
                    takeover.drop_target(former.name, former.target)
                copies.drop_registration(cursor, former.table_id, "the source no longer has it")

    def _set_positions(self, cursor: Cursor, starts: list[Position]) -> None:
        """Let the read process begin at the earliest snapshot, and note the latest."""
        source = self.context.source
        if self.scope.kind is CopyKind.INIT_REPLICA:
            begin = min(starts, key=lambda start: start.binlog, default=self.fallback)
            reset_checkpoint(cursor, source, begin)
            set_consistent_from(cursor, source, max(start.binlog for start in [begin, *starts]))
            return
        for start in starts:
            copies.advance_consistency(cursor, source, start.binlog)
        bump_generation(cursor, source)
