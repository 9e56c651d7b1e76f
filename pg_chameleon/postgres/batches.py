"""Batches in the log tables: stored by the read process with its checkpoint, and purged once they are replayed."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg2.extras import Json

from pg_chameleon.convert.expressions.quoting import quote_identifier
from pg_chameleon.convert.values.text import without_nul
from pg_chameleon.model.log import Operation, StoredChange, summary_to_json
from pg_chameleon.model.position import Position
from pg_chameleon.postgres.answers import one_value
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.log_lines import COLUMNS, OpenBatch
from pg_chameleon.postgres.positions import place, whole_position
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Checkpoint, Source


def log_table(source: Source, number: int) -> str:
    """Return the quoted name of one of the two log tables of a source."""
    return f"sch_chameleon.{quote_identifier(f'log_{source.source_id}_{number}')}"


def next_batch_number(cursor: Cursor) -> int:
    """Return the number for a new batch."""
    cursor.execute(query("batches.next_number"))
    return int(one_value(cursor))


def write_rows(cursor: Cursor, source: Source, log_number: int, batch: OpenBatch) -> None:
    """Copy the gathered rows into the log table; they count only once ``store`` and its commit have passed."""
    data = batch.take()
    if data is not None:
        statement = f"copy {log_table(source, log_number)} ({COLUMNS}) from stdin (format binary)"
        cursor.copy_expert(statement, io.BytesIO(data), size=1 << 18)


def undo_rows(
    cursor: Cursor, source: Source, log_number: int, batch: OpenBatch, *, after: int, kept: Collection[int]
) -> None:
    """Undo the rows of the current transaction after a sequence number, except those of the tables ``kept``.

    Tables without transactions keep their changes when a transaction is rolled back, wholly or to a savepoint.
    """
    if batch.written_sequence > after:
        cursor.execute(
            f"with gone as (delete from {log_table(source, log_number)}"
            " where batch_id = %s and sequence > %s and not table_id = any(%s)"
            " returning segment, table_id, operation)"
            " select segment, table_id, operation, count(*) from gone group by segment, table_id, operation",
            (batch.batch_id, after, list(kept)),
        )
        for segment, table_id, letter, number in cursor.fetchall():
            batch.uncount(segment, table_id, Operation(letter), number)
    batch.undo(after, kept)


@dataclass(frozen=True, slots=True)
class ReadState:
    """What the read process knows when it stores: times are seconds since the epoch on the target's clock.

    ``left``: the checkpoint as this process left it; it moves only from there.
    """

    left: Checkpoint
    position: Position
    commit_time: float | None
    caught_up: float | None

    def parameters(self, source: Source) -> dict[str, Any]:
        """The values that ``store`` and ``move`` share."""
        assert self.left.position is not None  # without one there is nothing to read
        came_from = self.left.position.binlog
        return {
            "source_id": source.source_id,
            "generation": self.left.generation,
            "from_file": came_from.file,
            "from_offset": came_from.offset,
            **whole_position(self.position),
            "commit_time": self.commit_time,
            "caught_up": self.caught_up,
        }


def store(cursor: Cursor, source: Source, batch: OpenBatch, state: ReadState, *, registered: bool) -> int | None:
    """Store the batch and move the checkpoint; return the number for the next batch.

    Return None, and store nothing, if tables were registered meanwhile: the caller rolls back and loads them.
    ``registered``: the batch itself changes the registry, which the replay process has to notice.
    """
    cursor.execute(
        query("batches.store"),
        {
            **state.parameters(source),
            "batch_id": batch.batch_id,
            "registered": int(registered),
            "transactions": batch.transactions,
            "rows": batch.rows,
            "summary": Json(summary_to_json(batch.summary)),
            "channel": source.channel,
        },
    )
    row = cursor.fetchone()
    return None if row is None else int(row[1])


def move(cursor: Cursor, source: Source, state: ReadState) -> bool:
    """Move the checkpoint without a batch; return False if tables were registered meanwhile."""
    cursor.execute(query("batches.move"), state.parameters(source))
    return cursor.rowcount == 1


def add_schema_change(cursor: Cursor, batch: OpenBatch, change: StoredChange) -> None:
    """Add a change of structure; the rows that follow it belong to the next segment."""
    cursor.execute(
        query("batches.add_schema_change"),
        {
            "batch_id": batch.batch_id,
            "segment": change.segment,
            "table_id": change.table_id,
            "kind": change.kind.value,
            "structure_id": change.structure_id,
            "change": Json({} if change.alter is None else change.alter.to_json()),
            "statement": without_nul(change.statement),
            **place(change.position),
        },
    )


def switch_log(cursor: Cursor, source: Source, generation: int, age: timedelta) -> int | None:
    """Write to the other log table from now on if it is empty and this one has batches older than ``age``."""
    cursor.execute(query("batches.switch_log"), {"source_id": source.source_id, "generation": generation, "age": age})
    row = cursor.fetchone()
    return None if row is None else int(row[0])


def purge(connection: Connection, source: Source, retention: timedelta) -> bool:
    """Empty the log table that is not being written if everything in it was replayed more than ``retention`` ago."""
    with transaction(connection) as cursor:
        cursor.execute(query("batches.idle_log"), {"source_id": source.source_id, "retention": retention})
        row = cursor.fetchone()
        if row is None:
            return False
        cursor.execute(f"truncate {log_table(source, row[0])}")
        cursor.execute(query("batches.forget"), {"source_id": source.source_id, "log_number": row[0]})
    return True
