"""What the registry works with: tables as they are read, statements as they come, and whom to ask about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pg_chameleon.ddl.doubt.programs import Program
from pg_chameleon.ddl.doubt.second_look import Reading
from pg_chameleon.model.change import StatementEvent
from pg_chameleon.model.log import AlterDetails, SchemaChangeKind, StoredChange
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql.charsets import charset_of_collation
from pg_chameleon.postgres import batches
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.log_lines import OpenBatch

_CAPTURED = frozenset({TableState.REPLICATED, TableState.COPYING, TableState.COPIED})
# In these, a binary default or member has other bytes than its text in the binlog.
_WIDE_CHARSETS = frozenset({"ucs2", "utf16", "utf16le", "utf32"})


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as the read process sees it: only the source's side. ``start``: file number and offset, to compare."""

    table_id: int
    state: TableState
    start: tuple[int, int]
    schema: TableSchema

    def covers(self, file_number: int, offset: int) -> bool:
        """Tell whether the table's copy already holds what happened up to there."""
        return (file_number, offset) <= self.start

    @property
    def captured(self) -> bool:
        """Tell whether changes of the table's rows are stored."""
        return self.state in _CAPTURED

    @property
    def tracked(self) -> bool:
        """Tell whether the structure is known; one that was lost has no columns."""
        return self.state is not TableState.QUARANTINED and bool(self.schema.columns)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A statement of the binlog, the batch into which it falls, and the transaction on the target."""

    cursor: Cursor
    batch: OpenBatch
    event: StatementEvent

    @property
    def position(self) -> BinlogPosition:
        """Where the statement stands in the binlog."""
        return self.event.position

    @property
    def has_wide_literals(self) -> bool:
        """Tell whether the session's literals were of a character set with wide characters."""
        told = self.event.circumstances
        return told is not None and charset_of_collation(told.connection_collation or 0) in _WIDE_CHARSETS

    def is_before(self, table: ReadTable) -> bool:
        """Tell whether the table's copy is later than the statement."""
        return table.covers(self.position.file_number, self.position.offset)

    def store(
        self, table: int, kind: SchemaChangeKind, structure_id: int | None = None, alter: AlterDetails | None = None
    ) -> bool:
        """Store what the target has to do; the answer is that there is something."""
        segment, statement = self.batch.segment, self.event.statement
        change = StoredChange(segment, table, kind, structure_id, alter, statement, self.position)
        batches.add_schema_change(self.cursor, self.batch, change)
        return True


class StructureSource(Protocol):
    """Where the structure of a table can be asked for that is not understood from the binlog."""

    def read(self, name: TableName, since: BinlogPosition) -> Reading:
        """Read the structure, and what concerned it since a position; raise ``Unfollowable`` if it cannot be told."""

    def is_table(self, name: TableName) -> bool:
        """Tell whether the source has a table of that name, and not a view or a sequence."""

    def programs(self) -> tuple[Program, ...]:
        """Return the views, triggers and routines of the source."""
