"""Row events and the table maps that they refer to.

Most transactions have a table map and a row event for each row that they change, and what these say is nearly always
what they said before. So it is read once, and recognised by its bytes afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import RowKind, RowLayout, RowsEvent, TableMap
from pg_chameleon.mysql.binlog import events
from pg_chameleon.mysql.binlog.events import ROW_EVENTS, RowEventType
from pg_chameleon.mysql.binlog.table_map import parse_table_map

_MOST_TABLE_MAPS = 10_000
# Of one table; with binlog_row_image=MINIMAL there may be one for each set of columns that an UPDATE changes
_MOST_LAYOUTS = 1_000
# Ends a statement whose last rows were filtered out; it refers to no table (dummy table map)
_DUMMY_TABLE_ID = 0xFFFFFF


class _Head(NamedTuple):
    """What stands in a row event between its flags and its rows, and what it means."""

    prefix: bytes
    layout: RowLayout
    rows_start: int
    compressed: bool


@dataclass(slots=True)
class _Table:
    """A table map, and what is known of the row events that refer to it."""

    map: TableMap
    heads: dict[int, _Head] = field(default_factory=dict)
    """The newest head of each type of row event."""
    _layouts: dict[tuple[RowEventType, bytes, bytes], RowLayout] = field(default_factory=dict)

    def layout(self, row_event: RowEventType, before: bytes, after: bytes) -> RowLayout:
        """Return the one layout of row events that are laid out so."""
        key = (row_event, before, after)
        layout = self._layouts.get(key)
        if layout is None:
            layout = RowLayout(row_event.kind, self.map, before, after, row_event.partial)
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[key] = layout
        return layout


class RowEvents:
    """Takes table maps and row events in the order of the binlog."""

    def __init__(self) -> None:
        self._table_id_size = 6
        self._tables: dict[bytes, _Table] = {}
        self._known: dict[bytes, _Table] = {}

    def begin_file(self) -> None:
        """Forget which table has which number."""
        self._tables.clear()

    def end_transaction(self) -> None:
        """Forget which table has which number once that is a lot: each statement states it before its rows."""
        if len(self._tables) >= _MOST_TABLE_MAPS:
            self._tables.clear()

    def set_table_id_size(self, size: int) -> None:
        """Take the numbers of tables to have so many bytes."""
        if size != self._table_id_size:
            self._table_id_size = size
            self._known.clear()

    def take_table_map(self, body: bytes) -> None:
        """Remember the layout of a table for the row events that follow."""
        table = self._known.get(body)
        if table is None:
            table = _Table(parse_table_map(body, self._table_id_size))
            if len(self._known) >= _MOST_TABLE_MAPS:
                self._known.clear()
            self._known[body] = table
        self._tables[body[: self._table_id_size]] = table

    def read(self, event_type: int, body: bytes, offset: int) -> RowsEvent | None:
        """Read a row event, which ends at ``offset``; None if it is the empty one that only ends a statement."""
        size = self._table_id_size
        table = self._tables.get(body[:size])
        if table is None:
            table_id = int.from_bytes(body[:size], "little")
            if table_id == _DUMMY_TABLE_ID:
                return None
            raise StreamError(f"rows refer to the table number {table_id}, which was not described before")
        head = table.heads.get(event_type)
        # Behind the table's number and two bytes of flags, which differ from event to event
        if head is None or not body.startswith(head.prefix, size + 2):
            head = table.heads[event_type] = _read_head(table, event_type, body, size + 2)
        start = head.rows_start
        if head.compressed:
            body, start = events.uncompressed(body[start:]), 0
        return RowsEvent(head.layout, body, start, offset)


def _read_head(table: _Table, event_type: int, body: bytes, start: int) -> _Head:
    """Read what stands from ``start`` on, up to the rows."""
    row_event = ROW_EVENTS[event_type]
    position = start
    if row_event.version == 2:
        position += int.from_bytes(body[position : position + 2], "little")
    columns, position = events.length_encoded(body, position)
    if columns != len(table.map.types):
        raise StreamError(f"rows of {table.map.name} have {columns} columns, its table map {len(table.map.types)}")
    size = (columns + 7) // 8
    before = after = body[position : position + size]
    position += size
    if row_event.kind is RowKind.UPDATE:
        after = body[position : position + size]
        position += size
    elif row_event.kind is RowKind.INSERT:
        before = b""
    else:
        after = b""
    layout = table.layout(row_event, before, after)
    return _Head(body[start:position], layout, position, row_event.compressed)
