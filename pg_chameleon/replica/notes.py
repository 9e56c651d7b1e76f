"""Changed values, gathered until the batch, or the part of a copy, that holds them is stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pg_chameleon.convert.rules import ChangeReason
from pg_chameleon.convert.values.changes import Change, readable
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.postgres import value_changes
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.value_changes import ChangedValue, ChangeGroup

RowLabel = Callable[[], str]
"""Names a row; called only where the name is needed, because some tables have a change in every row."""


class _Found(NamedTuple):
    """One value that was changed, as long as nobody needs its text."""

    label: RowLabel
    value: str | bytes
    position: BinlogPosition | None

    def shown(self) -> ChangedValue:
        return ChangedValue(self.label(), readable(self.value), self.position)


@dataclass(slots=True)
class _Noted:
    """What was found of one group. ``listed``: the first of them, not more than there is ``room`` for."""

    room: int
    count: int = 0
    listed: list[ChangedValue] = field(default_factory=list)
    last: _Found | None = None

    @property
    def state(self) -> _State:
        return _State(self.count, len(self.listed), self.last)

    def return_to(self, state: _State) -> None:
        self.count, self.last = state.number, state.last
        del self.listed[state.listed :]


class _State(NamedTuple):
    """How much of a group was found at some moment."""

    number: int = 0
    listed: int = 0
    last: _Found | None = None


Mark = dict[ChangeGroup, _State]
"""What was gathered at some moment, to return to."""


class ValueNotes:
    """Counts changed values per table, column and reason, and keeps the first of them, ``kept`` for each."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._noted: dict[ChangeGroup, _Noted] = {}
        self._committed: Mark = {}
        self._on_record: dict[ChangeGroup, int] = {}
        self._dirty = False

    def add(self, table_id: int, label: RowLabel, position: BinlogPosition | None, changes: Iterable[Change]) -> None:
        """Note the changes of one row."""
        self._dirty = True
        for column, reason, value in changes:
            noted = self._of(ChangeGroup(table_id, column, reason))
            noted.count += 1
            noted.last = found = _Found(label, value, position)
            if noted.count <= noted.room:
                noted.listed.append(found.shown())

    def _of(self, group: ChangeGroup) -> _Noted:
        noted = self._noted.get(group)
        if noted is None:
            noted = self._noted[group] = _Noted(self._kept - self._on_record.get(group, 0))
        return noted

    def store(self, cursor: Cursor) -> None:
        """Record what was gathered, in the transaction of the rows that it is about, and start over."""
        found: list[tuple[ChangeGroup, ChangedValue]] = []
        for group, noted in sorted(self._noted.items(), key=lambda item: item[0].order):
            if noted.last is not None:
                total = value_changes.count(cursor, group, noted.count, noted.last.shown())
                # Others count for the same table: the workers of a copy, and the read process beside them
                room = max(0, self._kept - (total - noted.count))
                found += [(group, changed) for changed in noted.listed[:room]]
                self._on_record[group] = total
        value_changes.put_on_record(cursor, found)
        self._noted.clear()
        self._committed, self._dirty = {}, False

    # A transaction of the source may be taken back, as a whole or in part

    def mark(self) -> Mark:
        """Return how much is gathered now."""
        return {group: noted.state for group, noted in self._noted.items()}

    def commit(self) -> None:
        """Keep what was gathered in the transaction that ends here."""
        if self._dirty:
            self._committed, self._dirty = self.mark(), False

    def roll_back(self, kept: Collection[int] = ()) -> None:
        """Forget what was gathered in the current transaction, except for the tables ``kept``."""
        if self._dirty:
            self.return_to(self._committed, kept)

    def return_to(self, mark: Mark, kept: Collection[int]) -> None:
        """Forget what was gathered since a mark, except for the tables ``kept``."""
        for group, noted in self._noted.items():
            if group.table_id not in kept:
                noted.return_to(mark.get(group, _State()))

    def take_away(self) -> list[Any]:
        """Forget what was gathered in the current transaction, and return it as plain JSON."""
        taken = []
        for group, noted in self._noted.items():
            before = self._committed.get(group, _State())
            if noted.count > before.number and noted.last is not None:
                listed = [_plain(changed) for changed in noted.listed[before.listed :]]
                place = [group.table_id, group.column, group.reason.name]
                taken.append([*place, noted.count - before.number, _plain(noted.last.shown()), listed])
        self.roll_back()
        return taken

    def give_back(self, taken: Iterable[Any]) -> None:
        """Gather again what was taken away."""
        for table_id, column, reason, count, last, listed in taken:
            noted = self._of(ChangeGroup(table_id, column, ChangeReason[reason]))
            noted.count += count
            noted.listed += map(_changed, listed)
            noted.last = _found(_changed(last))
            self._dirty = True


def _found(changed: ChangedValue) -> _Found:
    return _Found(lambda: changed.row_key, changed.value, changed.position)


def _plain(changed: ChangedValue) -> list[Any]:
    position = changed.position
    return [changed.row_key, changed.value, *([] if position is None else [position.file, position.offset])]


def _changed(plain: list[Any]) -> ChangedValue:
    row_key, value, *position = plain
    return ChangedValue(row_key, value, BinlogPosition(*position) if position else None)
