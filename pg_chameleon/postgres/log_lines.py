"""The rows of an open batch in COPY's binary format, and their counts."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pg_chameleon.model.log import LogEntry, Operation

# https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4 (binary format)
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_FIELDS = 9
COLUMNS = "batch_id, sequence, segment, table_id, operation, binlog_file, binlog_offset, key, image"
_HEAD = struct.Struct(">hiqi")
_TAIL = struct.Struct(">iiiiiciiiq")
_LINE_HEAD = struct.Struct(">hiqiqiiiiic")


def _text_field(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    return len(data).to_bytes(4, "big") + data


class _LineHead(NamedTuple):
    """What is read back of a line that was gathered."""

    sequence: int
    segment: int
    table_id: int
    operation: Operation

    @classmethod
    def of(cls, line: bytes) -> _LineHead:
        """Read the head of a line."""
        _, _, _, _, sequence, _, segment, _, table_id, _, letter = _LINE_HEAD.unpack_from(line)
        return cls(sequence, segment, table_id, Operation(letter.decode()))


@dataclass(slots=True)
class OpenBatch:
    """The batch that the read process is filling: rows in COPY's binary format, and their counts.

    Rows count once their transaction is committed; until then ``undo`` removes them.
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
    """The sequence number of the last row that is already in the log table."""
    size: int = 0
    """How many bytes are gathered and not written yet."""
    _head: bytes = field(init=False)
    """Every line of the batch begins with this."""
    _lines: list[bytes] = field(default_factory=list)
    _counts: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._head = _HEAD.pack(_FIELDS, 8, self.batch_id, 8)

    def add(self, table_id: int, entries: Iterable[LogEntry], file_number: int, offset: int) -> None:
        """Append the entries of one row event, which ends at ``offset`` of the numbered binlog file."""
        counts = self._counts.get((self.segment, table_id))
        if counts is None:
            counts = self._counts[self.segment, table_id] = [0] * len(Operation)
        tail, tail_of, slot = b"", None, 0
        sequence, lines, size = self.sequence, self._lines, self.size
        try:
            for operation, key, image in entries:
                if operation is not tail_of:
                    tail = _TAIL.pack(4, self.segment, 4, table_id, 1, operation.letter, 4, file_number, 8, offset)
                    tail_of, slot = operation, operation.slot
                fields = tail + _text_field(key) + _text_field(image)
                sequence += 1
                line = self._head + sequence.to_bytes(8, "big") + fields
                counts[slot] += 1
                size += len(line)
                lines.append(line)
        finally:
            # The entries are decoded as they come, which may end in an error; what came before stays counted.
            self.sequence, self.size = sequence, size

    def commit(self) -> None:
        """Count the rows of the source transaction that ends here."""
        for key, counts in self._counts.items():
            self.rows += sum(counts)
            total = self.summary.setdefault(key, [0] * len(Operation))
            total[:] = map(sum, zip(total, counts, strict=True))
        self._counts.clear()
        self.transactions += 1
        self.committed_sequence = self.sequence

    def undo(self, after: int, kept: Collection[int]) -> None:
        """Forget the gathered rows after a sequence number, except those of the tables ``kept``."""
        remaining: list[bytes] = []
        while self._lines and (head := _LineHead.of(self._lines[-1])).sequence > after:
            line = self._lines.pop()
            if head.table_id in kept:
                remaining.append(line)
            else:
                self.size -= len(line)
                self.uncount(head.segment, head.table_id, head.operation, 1)
        self._lines += reversed(remaining)

    def uncount(self, segment: int, table_id: int, operation: Operation, number: int) -> None:
        """Take rows of the current transaction out of the counts."""
        self._counts[segment, table_id][operation.slot] -= number

    def forget_counts(self) -> None:
        """Forget the counts of the current transaction: its rows were moved elsewhere."""
        self._counts.clear()

    def count_written(self, counts: dict[int, list[int]]) -> None:
        """Count rows of the current transaction, per table, that are already in the log table."""
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
