"""The batch that the read process fills, and the one transaction on the target in which it is stored."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import Position
from pg_chameleon.postgres import batches, prepared
from pg_chameleon.postgres.batches import ReadState
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.failures import DiscardedRow, Failure, keep_discarded, log_failure
from pg_chameleon.postgres.log_lines import OpenBatch
from pg_chameleon.postgres.prepared import Prepared
from pg_chameleon.postgres.sources import Checkpoint, Source
from pg_chameleon.replica import notes
from pg_chameleon.replica.notes import ValueNotes

logger = logging.getLogger(__name__)

_SPILL_BYTES = 8 << 20
"""How much of a batch is kept in memory before it is written to the log table."""
_MOVE_SECONDS = 1.0
"""How often the checkpoint moves while there is nothing to store."""
_SWITCH_SECONDS = 60.0
"""How often, at most, to ask whether to switch to the other log table."""


class RegistryChanged(Exception):
    """Somebody else changed the registry or the checkpoint; what is not stored yet has to be read again."""


class Mark(NamedTuple):
    """How much was gathered at some moment: rows up to a sequence number, and notes."""

    sequence: int
    notes: notes.Mark


class _LogTurn:
    """Switches to the other log table now and then, so that this one can be emptied as a whole."""

    def __init__(self, source: Source, retention: timedelta) -> None:
        self._source = source
        self._age = retention / 4
        self._every = min(_SWITCH_SECONDS, retention.total_seconds() / 10)
        self._looked_at = 0.0

    def number_after(self, cursor: Cursor, checkpoint: Checkpoint) -> int:
        """Return the number of the log table to write to from now on."""
        if time.monotonic() - self._looked_at < self._every:
            return checkpoint.log_number
        self._looked_at = time.monotonic()
        number = batches.switch_log(cursor, self._source, checkpoint.generation, self._age)
        return checkpoint.log_number if number is None else number


class BatchStore:
    """Gathers rows in memory, writes them out when there are too many, and stores the batch with its checkpoint."""

    def __init__(
        self,
        connection: Connection,
        source: Source,
        checkpoint: Checkpoint,
        number: int,
        *,
        retention: timedelta,
        values_kept: int,
    ) -> None:
        self.batch = OpenBatch(number)
        self.notes = ValueNotes(values_kept)
        self._connection = connection
        self._source = source
        self._checkpoint = checkpoint
        self._turn = _LogTurn(source, retention)
        self._cursor: Cursor | None = None
        self._moved_at = 0.0

    @property
    def cursor(self) -> Cursor:
        """The cursor of the transaction on the target in which this batch will be stored."""
        if self._cursor is None:
            self._cursor = self._connection.cursor()
        return self._cursor

    def keep_bounded(self) -> None:
        """Write what is gathered if it is too much; it can still be undone."""
        if self.batch.size > _SPILL_BYTES:
            self._write()

    def _write(self) -> None:
        batches.write_rows(self.cursor, self._source, self._checkpoint.log_number, self.batch)

    def commit(self) -> None:
        """Count what was gathered in the source's transaction that ends here."""
        self.batch.commit()
        self.notes.commit()

    def mark(self) -> Mark:
        """Return how much is gathered, to return to it if the source does."""
        return Mark(self.batch.sequence, self.notes.mark())

    def return_to(self, mark: Mark, *, kept: Collection[int]) -> None:
        """Undo what was gathered of the current transaction since a mark, except for the tables ``kept``."""
        self._undo(mark.sequence, kept)
        self.notes.return_to(mark.notes, kept)

    def roll_back(self, *, kept: Collection[int]) -> None:
        """Undo what was gathered of the current transaction, except for the tables ``kept``."""
        self._undo(self.batch.committed_sequence, kept)
        self.notes.roll_back(kept)

    def _undo(self, after: int, kept: Collection[int]) -> None:
        log_number = self._checkpoint.log_number
        batches.undo_rows(self.cursor, self._source, log_number, self.batch, after=after, kept=kept)

    def put_aside(self, xid: str, touched: Collection[TableName]) -> None:
        """Keep the rows of a prepared transaction until it is decided, perhaps much later."""
        self._write()
        aside = Prepared(xid, self.notes.take_away(), touched)
        prepared.put_aside(self.cursor, self._source, self._checkpoint.log_number, self.batch, aside)

    def touched_tables(self, xid: str) -> tuple[list[TableName], frozenset[int]]:
        """Return the tables that a prepared transaction changed, and the ids of those whose rows are kept."""
        return prepared.touched_tables(self.cursor, self._source, xid)

    def decide(self, xid: str, position: Position, *, committed: bool) -> None:
        """Take the rows of a prepared transaction into the batch, or forget them."""
        self._write()
        log_number = self._checkpoint.log_number
        known = prepared.decide(self.cursor, self._source, log_number, self.batch, xid, committed=committed)
        if committed and known is None:
            message = (
                f"the transaction {xid} was prepared by XA before the replica began to read, and is committed now:"
                " what it changed in tables that were copied in between is missing; copy them with sync_tables"
            )
            logger.error("%s (position %s)", message, position)
            log_failure(self.cursor, self._source, Failure(message, position=position.binlog))
        self.notes.give_back(known or ())
        self.commit()

    def discard(self, row: DiscardedRow) -> None:
        """Record a row that is not stored with the others, because the target cannot hold it."""
        keep_discarded(self.cursor, self._source, row)

    def store(
        self, position: Position, commit_time: float | None, caught_up: float | None, *, registered: bool
    ) -> None:
        """Store the batch and move the checkpoint, in one transaction; the next batch begins.

        Raise ``RegistryChanged``, and store nothing, if tables were registered meanwhile. ``registered``: the batch
        itself changes the registry. Times are seconds since the epoch on the target's clock.
        """
        state = ReadState(self._checkpoint, position, commit_time, caught_up)
        reached = replace(self._checkpoint, generation=self._checkpoint.generation + int(registered), position=position)
        with transaction(self._connection):
            self._write()
            self.notes.store(self.cursor)
            number = batches.store(self.cursor, self._source, self.batch, state, registered=registered)
            if number is None:
                raise RegistryChanged
            reached = replace(reached, log_number=self._turn.number_after(self.cursor, reached))
        self.batch, self._cursor = OpenBatch(number), None
        self._checkpoint, self._moved_at = reached, time.monotonic()

    def move(self, position: Position, commit_time: float | None, caught_up: float | None) -> None:
        """Move only the checkpoint, now and then: the source had nothing for this replica."""
        stays = caught_up is None and position == self._checkpoint.position
        if stays or time.monotonic() - self._moved_at < _MOVE_SECONDS:
            return
        state = ReadState(self._checkpoint, position, commit_time, caught_up)
        with transaction(self._connection) as cursor:
            if not batches.move(cursor, self._source, state):
                raise RegistryChanged
        self._checkpoint, self._moved_at = replace(self._checkpoint, position=position), time.monotonic()
