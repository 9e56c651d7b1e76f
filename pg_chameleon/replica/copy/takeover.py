"""One table at the end of a copy: what was loaded takes its place, and the replica takes it over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pg_chameleon.convert.expressions.quoting import quote_qualified
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import copies, grants, ownership, staging, swap, tables
from pg_chameleon.postgres.apply_table import apply_table
from pg_chameleon.postgres.careful import apply_carefully
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.copies import CopiedTable, Copy
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.held_rows import forget_held, held_slice
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.settings import CopiedRows, CopyProblem


@dataclass(slots=True)
class SwapOutcome:
    """What came of the swap. ``removed``: tables that the source no longer has.

    ``overtaken``: the stream quarantined them while they were copied, because the source changed them.
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
class TakeOver:
    """Takes tables over, in the transaction of the swap. ``readers``: roles that may read them."""

    context: CopyContext
    cursor: Cursor
    readers: Sequence[str]
    outcome: SwapOutcome

    def take_over(self, table: CopiedTable) -> None:
        """Swap one table in, and let the replica resume with it."""
        name = table.schema.name
        if not self.context.filter.admits(name):
            tables.set_state(self.cursor, table.table_id, TableState.FILTERED)
            return
        tables.set_state(self.cursor, table.table_id, TableState.REPLICATED)
        self._drop_left(table.table_id, name)
        reason = self._swap_in(table) or table.reason or self._catch_up(table)
        if reason is None:
            self.outcome.copied.append(CopiedRows(name, table.rows))
        else:
            self._quarantine(table.table_id, name, reason, table.start)

    def quarantine_broken(self, copy: Copy, schema: TableSchema, reason: str) -> None:
        """Register a table that could not be copied, so that it is seen and can be asked for again."""
        table_id = tables.register(
            self.cursor,
            self.context.source,
            schema,
            self.context.target_of(schema),
            TableState.COPYING,
            start=None,
            copy_id=copy.copy_id,
        )
        copies.supersede(self.cursor, table_id)
        self._drop_left(table_id, schema.name)
        self._quarantine(table_id, schema.name, reason, None)

    def drop_target(self, name: TableName, target: TableName) -> None:
        """Drop the target table of a table that the source no longer has under that name."""
        reason = swap.drop_former(self.cursor, self.context.source, target)
        self.outcome.removed.append(name)
        if reason is not None:
            self.outcome.problems.append(CopyProblem(name, reason, quarantined=False))

    def _drop_left(self, table_id: int, name: TableName) -> None:
        """Drop what the former registrations of a table left under other names."""
        for left in copies.left_targets(self.cursor, table_id):
            self.drop_target(name, left)

    def _swap_in(self, table: CopiedTable) -> str | None:
        source, target = self.context.source, table.target
        loaded = TableName(staging.schema_name(source, target.schema), target.table)
        if self.context.settings.keep_existing or not swap.is_there(self.cursor, loaded.schema):
            grants.let_read_table(self.cursor, quote_qualified(target.schema, target.table), self.readers)
            ownership.claim(self.cursor, source, target)
            return None
        return swap.swap_table(self.cursor, source, loaded, target, self.readers)

    def _catch_up(self, table: CopiedTable) -> str | None:
        """Apply the changes that were held while the table was copied; return the reason if one fails."""
        cursor, source = self.cursor, self.context.source
        held = held_slice(cursor, table.table_id)
        if held is None:
            return None
        described = apply_table(cursor, table.table_id, table.target, table.schema, self.context.rules)
        failures = apply_carefully(cursor, source, table.schema.name, described, held)
        for failure in failures:
            log_failure(cursor, source, failure)
        forget_held(cursor, table.table_id)
        return failures[0].message if failures else None

    def _quarantine(self, table_id: int, name: TableName, reason: str, start: Position | None) -> None:
        position = None if start is None else start.binlog
        tables.quarantine(self.cursor, table_id, reason, position)
        forget_held(self.cursor, table_id)
        log_failure(self.cursor, self.context.source, Failure(reason, table=name, position=position))
        self.outcome.problems.append(CopyProblem(name, reason, quarantined=True))
