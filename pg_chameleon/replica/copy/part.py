"""Loading one part of a table: fast first, then by single fields or with care where the fast way fails."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from pg_chameleon.convert.values.changes import Change
from pg_chameleon.convert.values.lines import copy_columns, copy_field_expressions, copy_line, copy_line_expression
from pg_chameleon.convert.values.mending import LineMender
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.snapshot import TableChanged
from pg_chameleon.postgres import copies, staging
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.failures import DiscardedRow
from pg_chameleon.postgres.load import (
    Blocks,
    Lines,
    LineTooLarge,
    Moved,
    RefusedRow,
    RowRefused,
    blocks,
    copy_statement,
    field_of_line,
    load,
    load_carefully,
    spool,
    spooled_blocks,
)
from pg_chameleon.replica.copy.messages import LoadPart, PartLoaded, RowsMoved, TableTask, WorkerSettings
from pg_chameleon.replica.notes import RowLabel, ValueNotes

_PROGRESS_INTERVAL = 0.25
_LONGEST_ESCAPED = 4000


@dataclass(slots=True)
class _Meter:
    """Counts what was moved and reports it now and then."""

    tell: Callable[[RowsMoved], None]
    rows: int = 0
    size: int = 0
    told: float = field(default_factory=time.monotonic)

    def moved(self, rows: int, size: int) -> None:
        self.rows += rows
        self.size += size
        if time.monotonic() - self.told >= _PROGRESS_INTERVAL:
            self.flush()

    def flush(self) -> None:
        self.tell(RowsMoved(self.rows, self.size))
        self.rows = self.size = 0
        self.told = time.monotonic()


@dataclass(slots=True)
class _Attempt:
    """One try at a part: what it found. ``carefully``: rows that PostgreSQL refuses are searched for."""

    carefully: bool
    notes: ValueNotes
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PartLoader:
    """Copies one part of a table. ``witness``: a connection outside of the snapshot."""

    settings: WorkerSettings
    connection: Callable[[], SourceConnection]
    witness: Callable[[], SourceConnection]
    locked: bool
    tell: Callable[[object], None]

    def load(self, target: Connection, request: LoadPart) -> PartLoaded:
        """Copy it, by all ways that it takes."""
        expression = copy_line_expression(request.table.schema, self.settings.rules, _LONGEST_ESCAPED)
        meter = _Meter(self.tell)
        by_fields, carefully = expression is None, False
        while True:
            attempt = _Attempt(carefully, ValueNotes(self.settings.changed_values_kept))
            lines = self._lines(request, None if by_fields else expression)
            try:
                rows = self._store(target, request, lines, meter.moved, attempt)
            except LineTooLarge:
                assert not by_fields, "a row read field by field always has a line"
                by_fields = True
                _read_to_the_end(lines)
            except RowRefused:
                if carefully:
                    raise
                carefully = True
                _read_to_the_end(lines)
            else:
                meter.flush()
                return PartLoaded(rows)

    def _lines(self, request: LoadPart, expression: str | None) -> Lines:
        name = request.table.schema.name
        connection = self.connection()
        with self._table_given_back(connection):
            if expression is not None:
                yield from snapshot.read_lines(connection, name, expression, request.part)
            else:
                yield from self._lines_of_fields(connection, request)
            # The table cannot change until it is given back. MySQL shows a snapshot's dictionary in a snapshot,
            # so another connection is asked.
            if snapshot.creation_time(self.witness(), name) != request.table.created:
                raise TableChanged("another table took its name, or its structure changed", table=name)

    def _table_given_back(self, connection: SourceConnection) -> AbstractContextManager[None]:
        return nullcontext() if self.locked else snapshot.table_given_back(connection)

    def _lines_of_fields(self, connection: SourceConnection, request: LoadPart) -> Lines:
        fields = copy_field_expressions(request.table.schema, self.settings.rules)
        selects = [each.select for each in fields]
        lines: list[bytes | None] = []
        size = 0
        for values in snapshot.read_fields(connection, request.table.schema.name, selects, request.part):
            line = copy_line(fields, values)
            lines.append(line)
            size += len(line)
            if size >= self.settings.piece:
                yield lines
                lines, size = [], 0
        if lines:
            yield lines

    def _store(self, target: Connection, request: LoadPart, lines: Lines, moved: Moved, attempt: _Attempt) -> int:
        """Load the lines and mark the part, in one transaction, together with what was found."""
        found = self._mended(request.table, lines, attempt)
        if self.settings.spool_folder is None:
            return self._store_blocks(target, request, found, moved, attempt)
        # The file has no name, so nothing of it is left behind however this process ends.
        with tempfile.TemporaryFile(dir=self.settings.spool_folder) as file:
            rows = spool(file, found)
            before = len(attempt.refused)
            file.seek(0)
            spooled = spooled_blocks(file, self.settings.piece)
            loaded = self._store_blocks(target, request, spooled, moved, attempt)
            assert loaded + len(attempt.refused) - before == rows, "every spooled line is loaded or refused"
            return loaded

    def _mended(self, table: TableTask, lines: Lines, attempt: _Attempt) -> Blocks:
        def note(label: RowLabel, changes: list[Change]) -> None:
            attempt.notes.add(table.table_id, label, None, changes)

        mender = LineMender(table.schema, self.settings.rules, _LONGEST_ESCAPED, note)
        return blocks(lines, mender, attempt.refused.append)

    def _store_blocks(
        self, target: Connection, request: LoadPart, found: Blocks, moved: Moved, attempt: _Attempt
    ) -> int:
        table = request.table
        columns = copy_columns(table.schema, self.settings.rules)
        with transaction(target) as cursor:
            copies.confirm_copying(cursor, table.table_id)
            fresh = self._prepare(cursor, request)
            statement = copy_statement(table.target, columns, freeze=fresh and not attempt.carefully)
            if attempt.carefully:
                rows = load_carefully(cursor, statement, found, moved, attempt.refused.append)
            else:
                rows = load(cursor, statement, found, moved)
            self._discard(cursor, table, attempt.refused)
            attempt.notes.store(cursor)
            copies.add_chunk(cursor, table.table_id, request.number, rows)
        return rows

    def _prepare(self, cursor: Cursor, request: LoadPart) -> bool:
        """Make or empty the table if this is all of it; tell whether it is new to this transaction."""
        table = request.table
        if table.in_place:
            staging.truncate(cursor, table.target)
        elif request.whole:
            staging.drop_table(cursor, table.schema, table.target, self.settings.rules)
            staging.create_table(cursor, table.schema, table.target, self.settings.rules, table.fillfactor)
        return request.whole

    def _discard(self, cursor: Cursor, table: TableTask, refused: list[RefusedRow]) -> None:
        columns = copy_columns(table.schema, self.settings.rules)
        key_places = [columns.index(name) for name in table.schema.key_columns if name in columns]
        if refused:
            reason = f"{len(refused)} row(s) were not copied, the last because of: {refused[-1].reason}"
            copies.set_reason(cursor, table.table_id, reason)
        for row in refused:
            key = row.key or ", ".join(field_of_line(row.line, place) for place in key_places) or None
            discarded = DiscardedRow(table.schema.name, "copy", key, row.line, table.start, row.reason)
            copies.discard_row(cursor, self.settings.source, discarded)


def _read_to_the_end(lines: Lines) -> None:
    """Take what is left of a result: the connection can do nothing else before, and its end would end the snapshot."""
    for _ in lines:
        pass
