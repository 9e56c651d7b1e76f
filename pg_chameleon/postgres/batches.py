"""Batches in the log tables: stored by the read process with its checkpoint, taken up by the replay process."""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from psycopg2.extras import Json

from pg_chameleon.convert.expressions.quoting import quote_identifier
from pg_chameleon.convert.values.text import without_nul
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source

# https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4 (binary format)
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_FIELDS = 9
_COLUMNS = "batch_id, sequence, segment, table_id, operation, binlog_file, binlog_offset, key, image"
_HEAD = struct.Struct(">hiqi")
_TAIL = struct.Struct(">iiiiiciiiq")
_LINE_HEAD = struct.Struct(">hiqiqiiiiic")

INSERT, UPDATE, DELETE, PARTIAL, ORDERED = b"i", b"u", b"d", b"p", b"o"
_SUMMARY_SLOT = {INSERT: 0, UPDATE: 1, DELETE: 2, PARTIAL: 3, ORDERED: 4}


class LogEntry(NamedTuple):
    """One row of the log: the operation, the row's key and its image as composite literals (or None).

    The image of PARTIAL and ORDERED is a JSON object of the columns that changed. ORDERED builds on the row as it
    was just before, because the key moves or a document is changed in place, so it is applied in its turn.
    """

    operation: bytes
    key: str | None
    image: str | None


def log_table(source: Source, number: int) -> str:
    """Return the quoted name of one of the two log tables of a source."""
    return f"sch_chameleon.{quote_identifier(f'log_{source.source_id}_{number}')}"


def _text_field(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    return len(data).to_bytes(4, "big") + data


class _LineHead(NamedTuple):
    """What is read again of a line that was gathered."""

    sequence: int
    segment: int
    table_id: int
    operation: bytes

    @classmethod
    def of(cls, line: bytes) -> _LineHead:
        """Read the head of a line."""
        _, _, _, _, sequence, _, segment, _, table_id, _, operation = _LINE_HEAD.unpack_from(line)
        return cls(sequence, segment, table_id, operation)


@dataclass(slots=True)
class OpenBatch:
    """The batch that the read process is filling: rows in the binary form of COPY, and what they are.

    Rows count once their transaction is committed; until then ``undo`` takes them back.
    """

    batch_id: int
    segment: int = 0
    sequence: int = 0
    rows: int = 0
    transactions: int = 0
    summary: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    committed_sequence: int = 0
    """The sequence number of the last row of a finished transaction."""
    written_sequence: int = 0
    """The sequence number of the last row that is in the log table already."""
    size: int = 0
    """The bytes that are gathered and not written yet."""
    _head: bytes = field(init=False)
    """With this every line of the batch begins."""
    _lines: list[bytes] = field(default_factory=list)
    _counts: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._head = _HEAD.pack(_FIELDS, 8, self.batch_id, 8)

    def add(self, table_id: int, entries: Iterable[LogEntry], file_number: int, offset: int) -> None:
        """Append the entries of one row event, which ends at ``offset`` of the numbered binlog file."""
        counts = self._counts.get((self.segment, table_id))
        if counts is None:
            counts = self._counts[self.segment, table_id] = [0] * len(_SUMMARY_SLOT)
        tail = tail_of = b""
        sequence, lines, size = self.sequence, self._lines, self.size
        try:
            for operation, key, image in entries:
                if operation is not tail_of:
                    tail = _TAIL.pack(4, self.segment, 4, table_id, 1, operation, 4, file_number, 8, offset)
                    tail_of = operation
                fields = tail + _text_field(key) + _text_field(image)
                sequence += 1
                line = self._head + sequence.to_bytes(8, "big") + fields
                counts[_SUMMARY_SLOT[operation]] += 1
                size += len(line)
                lines.append(line)
        finally:
            # The entries are decoded as they come, which may end in an error; what came before stays counted.
            self.sequence, self.size = sequence, size

    def commit(self) -> None:
        """Count the rows of the source transaction that ends here."""
        for key, counts in self._counts.items():
            self.rows += sum(counts)
            total = self.summary.setdefault(key, [0] * len(_SUMMARY_SLOT))
            total[:] = map(sum, zip(total, counts, strict=True))
        self._counts.clear()
        self.transactions += 1
        self.committed_sequence = self.sequence

    def undo(self, after: int, kept: Collection[int]) -> None:
        """Forget the rows that are still gathered after a sequence number, but for those of the tables ``kept``."""
        remaining: list[bytes] = []
        while self._lines and (head := _LineHead.of(self._lines[-1])).sequence > after:
            line = self._lines.pop()
            if head.table_id in kept:
                remaining.append(line)
            else:
                self.size -= len(line)
                self.uncount(head.segment, head.table_id, head.operation, 1)
        self._lines += reversed(remaining)

    def uncount(self, segment: int, table_id: int, operation: bytes, number: int) -> None:
        """Count rows of the current transaction no more."""
        self._counts[segment, table_id][_SUMMARY_SLOT[operation]] -= number

    def forget_counts(self) -> None:
        """Count nothing of the current transaction: its rows were put elsewhere."""
        self._counts.clear()

    def count_written(self, counts: dict[int, list[int]]) -> None:
        """Count rows of the current transaction, per table, that are in the log table already."""
        for table_id, found in counts.items():
            self._counts[self.segment, table_id] = found
            self.sequence += sum(found)
        self.written_sequence = self.sequence

    def take(self) -> bytes | None:
        """Return what is gathered as the data of one COPY."""
        if not self._lines:
            return None
        data = b"".join((_SIGNATURE, *self._lines, _TRAILER))
        self._lines.clear()
        self.size = 0
        self.written_sequence = self.sequence
        return data

    @property
    def empty(self) -> bool:
        """Tell whether nothing was added, neither rows nor changes of structure."""
        return not self.rows and not self.segment


def next_batch_number(cursor: Cursor) -> int:
    """Return the number for a new batch."""
    cursor.execute(query("batches.next_number"))
    row = cursor.fetchone()
    assert row is not None  # nextval always answers
    number: int = row[0]
    return number


def write_rows(cursor: Cursor, source: Source, log_number: int, batch: OpenBatch) -> None:
    """Copy the gathered rows into the log table; they count only once ``store`` and its commit have passed."""
    data = batch.take()
    if data is not None:
        statement = f"copy {log_table(source, log_number)} ({_COLUMNS}) from stdin (format binary)"
        cursor.copy_expert(statement, io.BytesIO(data), size=1 << 18)


def undo_rows(
    cursor: Cursor, source: Source, log_number: int, batch: OpenBatch, *, after: int, kept: Collection[int]
) -> None:
    """Take back the rows of the current transaction after a sequence number, but for those of the tables ``kept``.

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
        for segment, table_id, operation, number in cursor.fetchall():
            batch.uncount(segment, table_id, operation.encode(), number)
    batch.undo(after, kept)


@dataclass(frozen=True, slots=True)
class ReadState:
    """What the read process knows when it stores: times are seconds since the epoch on the target's clock."""

    generation: int
    came_from: Position
    position: Position
    commit_time: float | None
    caught_up: float | None

    def parameters(self, source: Source) -> dict[str, Any]:
        """The values that ``store`` and ``move`` share."""
        return {
            "source_id": source.source_id,
            "generation": self.generation,
            "from_file": self.came_from.binlog.file,
            "from_offset": self.came_from.binlog.offset,
            "file": self.position.binlog.file,
            "offset": self.position.binlog.offset,
            "file_mark": self.position.file_mark,
            "gtid": None if self.position.gtid is None else str(self.position.gtid),
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
            "summary": Json([[*key, *counts] for key, counts in batch.summary.items()]),
            "channel": source.channel,
        },
    )
    row = cursor.fetchone()
    return None if row is None else int(row[1])


def move(cursor: Cursor, source: Source, state: ReadState) -> bool:
    """Move the checkpoint without a batch; return False if tables were registered meanwhile."""
    cursor.execute(query("batches.move"), state.parameters(source))
    return cursor.rowcount == 1


def add_schema_change(
    cursor: Cursor,
    batch: OpenBatch,
    table_id: int,
    kind: str,
    *,
    structure_id: int | None,
    change: dict[str, Any],
    statement: str,
    position: BinlogPosition,
) -> None:
    """Add a change of structure; the rows that follow it belong to the next segment."""
    cursor.execute(
        query("batches.add_schema_change"),
        {
            "batch_id": batch.batch_id,
            "segment": batch.segment,
            "table_id": table_id,
            "kind": kind,
            "structure_id": structure_id,
            "change": Json(change),
            "statement": without_nul(statement),
            "file": position.file,
            "offset": position.offset,
        },
    )


def switch_log(cursor: Cursor, source: Source, generation: int, age: timedelta) -> int | None:
    """Write to the other log table from now on if it is empty and this one has batches older than ``age``."""
    cursor.execute(query("batches.switch_log"), {"source_id": source.source_id, "generation": generation, "age": age})
    row = cursor.fetchone()
    return None if row is None else int(row[0])


def purge(connection: Connection, source: Source, retention: timedelta) -> bool:
    """Empty the log table that is not written to, if all it holds was replayed longer than ``retention`` ago."""
    with transaction(connection) as cursor:
        cursor.execute(query("batches.idle_log"), {"source_id": source.source_id, "retention": retention})
        row = cursor.fetchone()
        if row is None:
            return False
        cursor.execute(f"truncate {log_table(source, row[0])}")
        cursor.execute(query("batches.forget"), {"source_id": source.source_id, "log_number": row[0]})
    return True


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """A stored batch that is not replayed yet. ``summary``: (segment, table id) to counts of i, u, d, p, o."""

    batch_id: int
    log_number: int
    position: BinlogPosition
    rows: int
    summary: dict[tuple[int, int], tuple[int, ...]]
    changes_structure: bool


def waiting_batches(cursor: Cursor, source: Source, limit: int = 2000) -> list[WaitingBatch]:
    """Return the next batches to replay in order."""
    cursor.execute(query("batches.waiting"), {"source_id": source.source_id, "limit": limit})
    return [
        WaitingBatch(
            batch_id=batch_id,
            log_number=log_number,
            position=BinlogPosition(file, offset),
            rows=rows,
            summary={(part[0], part[1]): tuple(part[2:]) for part in summary},
            changes_structure=changes or any(part[0] for part in summary),
        )
        for batch_id, log_number, file, offset, rows, summary, changes in cursor.fetchall()
    ]


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change of structure as it was stored with its batch."""

    segment: int
    table_id: int
    kind: str
    structure_id: int | None
    change: dict[str, Any]
    statement: str
    position: BinlogPosition


def schema_changes(cursor: Cursor, batch_id: int) -> list[StoredChange]:
    """Return the changes of structure of a batch in order."""
    cursor.execute(query("batches.schema_changes"), (batch_id,))
    return [
        StoredChange(segment, table_id, kind, structure_id, change, statement or "", BinlogPosition(file, offset))
        for segment, table_id, kind, structure_id, change, statement, file, offset in cursor.fetchall()
    ]


def mark_replayed(cursor: Cursor, source: Source, first: int, last: int, *, rows: int, ddl: int, skipped: int) -> None:
    """Mark batches as replayed and count what was done, in the transaction that applied them."""
    cursor.execute(
        query("batches.mark_replayed"),
        {
            "source_id": source.source_id,
            "first": first,
            "last": last,
            "rows": rows,
            "ddl": ddl,
            "skipped": skipped,
        },
    )
