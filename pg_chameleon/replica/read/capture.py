"""From the row events of one table to the rows of the log, and to what has to be said about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from pg_chameleon.convert.rules import Rules, UnknownType
from pg_chameleon.convert.values.careful import EncodeError
from pg_chameleon.convert.values.carried import carried_columns
from pg_chameleon.convert.values.changes import Change, composite_fields, row_label, unfit_for_key
from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import RowKind, RowLayout, RowsEvent, TableMap
from pg_chameleon.model.log import LogEntry
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.decode.decoder import check_table_map
from pg_chameleon.replica.read.entries import Entries, EntryMaker, KeyRefused

_MOST_LAYOUTS = 100
"""A table has few, but each of them may be read again and again."""
_MOST_COMPILED = 500
"""With ``binlog_row_image=MINIMAL`` there may be one for each set of columns that an UPDATE changes."""

Refusal = DecodeError | EncodeError | UnknownType


class ChangedRow(NamedTuple):
    """A row of which values were changed. ``label`` names it, which is only asked where the name is needed."""

    label: Callable[[], str]
    changes: list[Change]


class Captured(NamedTuple):
    """What a row event became: rows of the log, and those of them whose values were changed.

    ``refusal``: why the event cannot be followed further; ``entries`` are then of the rows before.
    """

    entries: list[LogEntry]
    changed: list[ChangedRow]
    refusal: Refusal | None


@dataclass(slots=True)
class TableCapture:
    """Captures the row events of a table with one structure; one function per layout of events."""

    schema: TableSchema
    rules: Rules
    _maker: EntryMaker = field(init=False)
    _changes: list[Change] = field(default_factory=list)
    """What was changed in the row that is being encoded."""
    _map: TableMap | None = None
    _compiled: dict[tuple[RowKind, bytes, bytes, bool], Entries] = field(default_factory=dict)
    _entries: dict[RowLayout, Entries] = field(default_factory=dict)
    """What is compiled, by the very layouts that were met; equal ones may have been read more than once."""

    def __post_init__(self) -> None:
        self._maker = EntryMaker(self.schema, self.rules, self._changes.append)

    def take(self, event: RowsEvent) -> Captured:
        """Decode and encode the rows of an event.

        All of them are held at once: ``binlog_row_event_max_size`` of the source (8 KiB by default) bounds an event,
        unless a single row is larger.
        """
        entries: list[LogEntry] = []
        changed: list[ChangedRow] = []
        try:
            make = self._entries.get(event.layout) or self._prepared(event.layout)
            for entry in make(event.body, event.start):
                if self._changes:
                    changed.append(self._changed(entry))
                entries.append(entry)
        except (DecodeError, EncodeError, UnknownType) as error:
            self._changes.clear()
            return Captured(entries, changed, error)
        return Captured(entries, changed, None)

    def _prepared(self, layout: RowLayout) -> Entries:
        """Find the function for a layout that was not met before; the table map has to fit the structure."""
        if layout.table != self._map:
            check_table_map(layout.table, self.schema)
            self._map = layout.table
            self._compiled.clear()
            self._entries.clear()
        if len(self._entries) >= _MOST_LAYOUTS:
            self._entries.clear()
        key = (layout.kind, layout.before, layout.after, layout.partial_json)
        make = self._compiled.get(key)
        if make is None:
            if len(self._compiled) >= _MOST_COMPILED:
                self._compiled.clear()
            make = self._compiled[key] = self._maker.entries_of(layout)
        self._entries[layout] = make
        return make

    def _changed(self, entry: LogEntry) -> ChangedRow:
        changes = self._changes.copy()
        self._changes.clear()
        # An image of the changed columns only may hold a new key
        reason = unfit_for_key(changes, self._maker.key_columns)
        if reason is not None:
            raise KeyRefused(reason, self.schema.name, self._label(entry, changes))
        return ChangedRow(partial(self._label, entry, changes), changes)

    def _label(self, entry: LogEntry, changes: list[Change]) -> str:
        """Name a row, whose values were changed, as the source has it."""
        columns = self._maker.key_columns
        if not columns:
            columns = tuple(each.source.name for each in carried_columns(self.schema, self.rules))
        written = entry.image if entry.key is None else entry.key
        return row_label(columns, composite_fields(written or ""), changes)
