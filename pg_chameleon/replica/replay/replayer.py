"""The replay process: takes stored batches and applies them, whole batches in one transaction with their mark."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pg_chameleon.convert.rules import Rules
from pg_chameleon.errors import ChameleonError, ReplicaStopped, TargetError
from pg_chameleon.model.log import Counts, SchemaChangeKind, StoredChange
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import ownership, tables, waiting
from pg_chameleon.postgres.apply import LogSlice, apply_rows
from pg_chameleon.postgres.apply_table import ApplyTable, apply_table
from pg_chameleon.postgres.batches import log_table
from pg_chameleon.postgres.careful import apply_carefully
from pg_chameleon.postgres.connection import Connection, Cursor, Stop, transaction, wait_for_notice
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.held_rows import hold_rows
from pg_chameleon.postgres.sources import Source
from pg_chameleon.postgres.tables import TrackedTable
from pg_chameleon.postgres.waiting import WaitingBatch
from pg_chameleon.replica.replay.structure import SchemaReplay
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_LOCK_LIMIT = "5s"
"""How long a change of structure waits for its lock; readers queue behind it meanwhile."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring batches without changes of structure, or one segment of a batch that has some."""

    log_number: int
    first_batch: int
    last_batch: int
    segment: int
    file: str
    counts: dict[int, Counts]


@dataclass(slots=True)
class Tally:
    """What one transaction of the replay process did."""

    rows: int = 0
    ddl: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)


class Replayer:
    """Applies the batches of one source. One pass is one transaction; only the newest state of the registry is kept."""

    def __init__(
        self,
        settings: ReplicaSettings,
        connection: Connection,
        source: Source,
        mappings: dict[str, str],
        rules: Rules,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._source = source
        self._rules = rules
        self._schema_replay = SchemaReplay(source, mappings, rules, settings)
        self._generation: int | None = None
        self._tracked: dict[int, TrackedTable] = {}
        self._described: dict[int, ApplyTable] = {}

    def run(self, stop: Stop) -> None:
        """Replay until the stop event is set."""
        while not stop.is_set():
            try:
                done = self.replay_waiting()
            except TargetError as error:
                if not error.transient or self._connection.closed:
                    raise
                # For example, somebody holds a lock on a table that is to be altered.
                logger.warning("the replay cannot proceed yet and will try again: %s", error)
                stop.wait(_PAUSE_SECONDS)
            else:
                if done == 0:
                    wait_for_notice(self._connection, self._settings.sleep, stop)

    def replay_waiting(self) -> int:
        """Replay the next batches, as many as ``replay_max_rows`` allows; return how many batches were done."""
        try:
            return self._pass(careful=False)
        except TargetError as error:
            if error.transient:
                raise
            logger.warning("PostgreSQL refused a set of changes; searching for the rows to blame: %s", error)
        return self._pass(careful=True)

    def _pass(self, *, careful: bool) -> int:
        try:
            return self._transact(careful=careful)
        except ChameleonError as error:
            # The transaction was rolled back, so what is known of the tables may be ahead of the target
            self._generation = None
            if isinstance(error, ReplicaStopped):
                self._log_stop(error)
            raise

    def _transact(self, *, careful: bool) -> int:
        tally = Tally()
        with transaction(self._connection) as cursor:
            waiting.lock(cursor, self._source)
            found = self._next_batches(cursor, careful=careful)
            if not found:
                return 0
            self._load(cursor)
            for batch_run in _runs(cursor, found):
                if isinstance(batch_run, StoredChange):
                    self._change_structure(cursor, batch_run, tally, careful=careful)
                else:
                    self._apply_run(cursor, batch_run, tally, careful=careful)
            waiting.mark_replayed(
                cursor,
                self._source,
                found[0].batch_id,
                found[-1].batch_id,
                rows=tally.rows,
                ddl=tally.ddl,
                skipped=tally.skipped,
            )
        for failure in tally.failures:
            logger.error("%s: %s (position %s)", failure.table, failure.message, failure.position)
        logger.debug("replayed %d batches with %d rows up to %s", len(found), tally.rows, found[-1].position)
        return len(found)

    def _next_batches(self, cursor: Cursor, *, careful: bool) -> list[WaitingBatch]:
        found = waiting.waiting_batches(cursor, self._source)
        if careful:
            return found[:1]
        rows = 0
        for count, batch in enumerate(found):
            rows += batch.rows
            if count and rows > self._settings.replay_rows:
                return found[:count]
        return found

    def _load(self, cursor: Cursor) -> None:
        """Load the registry again if another process changed it."""
        generation = waiting.generation(cursor, self._source)
        if generation != self._generation:
            self._tracked = {table.table_id: table for table in tables.load_tables(cursor, self._source, replayed=True)}
            self._described.clear()
            self._generation = generation

    def _apply_run(self, cursor: Cursor, run: Run, tally: Tally, *, careful: bool) -> None:
        for table_id, counts in run.counts.items():
            log = log_table(self._source, run.log_number)
            rows = LogSlice(log, run.first_batch, run.last_batch, run.segment, table_id, counts, run.file)
            tracked = self._tracked.get(table_id)
            if tracked is not None and tracked.state in (TableState.COPYING, TableState.COPIED):
                hold_rows(cursor, rows)
            elif tracked is None or tracked.state is not TableState.REPLICATED:
                tally.skipped += sum(counts)
            elif careful:
                self._apply_carefully(cursor, tracked, rows, tally)
            else:
                apply_rows(cursor, self._apply_table(cursor, tracked), rows.part)
                tally.rows += sum(counts)

    def _apply_table(self, cursor: Cursor, tracked: TrackedTable) -> ApplyTable:
        # Checked each time: the user may put a table of their own in place of ours at any moment
        ownership.find_own(cursor, self._source, tracked.target)
        found = self._described.get(tracked.table_id)
        if found is None:
            found = apply_table(cursor, tracked.table_id, tracked.target, tracked.schema, self._rules)
            self._described[tracked.table_id] = found
        return found

    def _apply_carefully(self, cursor: Cursor, tracked: TrackedTable, rows: LogSlice, tally: Tally) -> None:
        try:
            table = self._apply_table(cursor, tracked)
            failures = apply_carefully(cursor, self._source, tracked.name, table, rows)
        except TargetError as error:
            if error.transient:
                raise
            failures = [Failure(str(error), table=tracked.name, batch_id=rows.last_batch)]
        tally.rows += sum(rows.counts) - len(failures)
        tally.skipped += len(failures)
        if failures:
            self._quarantine(cursor, tracked, failures, tally)

    def _quarantine(self, cursor: Cursor, tracked: TrackedTable, failures: list[Failure], tally: Tally) -> None:
        """Log the failures and quarantine their table, or stop the replica, as the user wants."""
        first = failures[0]
        if self._settings.stop_on_replay_error:
            raise ReplicaStopped(
                first.message,
                table=tracked.name,
                position=first.position,
                advice="Correct the cause, then run enable_replica and start_replica; nothing of the batch was applied",
            )
        for failure in failures:
            log_failure(cursor, self._source, failure)
        tally.failures += failures
        tables.quarantine(cursor, tracked.table_id, first.message, first.position)
        # Its target stays known: it may conflict with another table that takes its name.
        self._tracked[tracked.table_id] = replace(tracked, state=TableState.QUARANTINED)

    def _change_structure(self, cursor: Cursor, change: StoredChange, tally: Tally, *, careful: bool) -> None:
        tracked = self._tracked.get(change.table_id)
        self._described.pop(change.table_id, None)
        being_copied = tracked is not None and tracked.state in (TableState.COPYING, TableState.COPIED)
        if tracked is not None and being_copied and change.kind is not SchemaChangeKind.DROP:
            failure = Failure(
                f"the table was changed while it was being copied: {change.statement}",
                table=tracked.name,
                position=change.position,
                statement=change.statement,
            )
            self._quarantine(cursor, tracked, [failure], tally)
            return
        cursor.execute(f"set local lock_timeout = '{_LOCK_LIMIT}'")
        outcome = self._schema_replay.replay(cursor, change, tracked, careful=careful)
        cursor.execute("set local lock_timeout = default")
        tally.ddl += outcome.replayed
        if outcome.failure is not None and outcome.table is not None:
            self._quarantine(cursor, outcome.table, [outcome.failure], tally)
        elif outcome.failure is not None:
            log_failure(cursor, self._source, outcome.failure)
            tally.failures.append(outcome.failure)
        elif outcome.table is None:
            self._tracked.pop(change.table_id, None)
        else:
            self._tracked[change.table_id] = outcome.table

    def _log_stop(self, stopped: ReplicaStopped) -> None:
        with transaction(self._connection) as cursor:
            failure = Failure(str(stopped), table=stopped.table, position=stopped.binlog_position)
            log_failure(cursor, self._source, failure)


def _runs(cursor: Cursor, found: list[WaitingBatch]) -> Iterator[Run | StoredChange]:
    """Put the contents of the batches in order: rows in runs as long as possible, changes of structure in between."""
    pending: list[WaitingBatch] = []
    for batch in found:
        if pending and (batch.changes_structure or batch.log_number != pending[0].log_number):
            yield _joined(pending)
            pending = []
        if batch.changes_structure:
            yield from _segments(cursor, batch)
        else:
            pending.append(batch)
    if pending:
        yield _joined(pending)


def _joined(joined: list[WaitingBatch]) -> Run:
    counts: dict[int, Counts] = {}
    for batch in joined:
        for (_, table_id), found in batch.summary.items():
            counts[table_id] = counts.get(table_id, Counts()).plus(found)
    first, last = joined[0], joined[-1]
    return Run(first.log_number, first.batch_id, last.batch_id, 0, last.position.file, counts)


def _segments(cursor: Cursor, batch: WaitingBatch) -> Iterator[Run | StoredChange]:
    changes = waiting.schema_changes(cursor, batch.batch_id)
    last = max([change.segment for change in changes] + [segment for segment, _ in batch.summary])
    for segment in range(last + 1):
        counts = {table_id: found for (part, table_id), found in batch.summary.items() if part == segment}
        if counts:
            yield Run(batch.log_number, batch.batch_id, batch.batch_id, segment, batch.position.file, counts)
        yield from (change for change in changes if change.segment == segment)
