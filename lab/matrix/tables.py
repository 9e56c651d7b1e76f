"""The tables of a kind, and the statements that bring its values into them in every way.

The row ``group + n`` holds the value ``n`` in the end, whatever its group; the value after the last is NULL, where
the table can hold it. So each value has come by every way, and all of them must be the same. Where the values alone are
the key, each that the source takes for another one is there once: those with even numbers are copied, the others
inserted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lab.matrix.kinds import Kind, Value

GROUP = 10_000
# Copied, and then left alone, deleted, updated from the next value, or updated in another column.
KEPT, DELETED, UPDATED, TOUCHED = 0, GROUP, 2 * GROUP, 6 * GROUP
# Inserted while the replica runs, and then left alone, updated from the next value, or deleted.
INSERTED, CHANGED, REMOVED = 3 * GROUP, 4 * GROUP, 5 * GROUP
GONE = frozenset({DELETED, REMOVED})


class Shape(Enum):
    """How a table holds the values: as a plain column, in the primary key, as the whole of it, without any key, or made
    while it runs.
    """

    PLAIN = "plain"
    KEY = "key"
    ALONE = "alone"
    BARE = "bare"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class KindTable:
    """One table of a kind."""

    kind: Kind
    shape: Shape
    name: str

    @property
    def nullable(self) -> bool:
        return not self.has_values_in_key

    @property
    def has_values_in_key(self) -> bool:
        return self.shape in (Shape.KEY, Shape.ALONE)

    @property
    def values(self) -> tuple[Value, ...]:
        found_by = self.has_values_in_key and self.kind.key == "v"
        return tuple(value for value in self.kind.values if value.fits_key or not found_by)

    @property
    def numbers(self) -> range:
        """The numbers of the values, that of NULL being the last."""
        return range(len(self.values) + self.nullable)

    def create(self) -> str:
        kind = self.kind
        generated = kind.filled is not None
        rule = kind.required if self.has_values_in_key else ("" if generated else "null")
        columns = ["id int not null", f"v {kind.definition} {rule}"]
        columns += [" ".join(kind.filled)] if kind.filled else []
        columns += ["touched int not null default 0"]
        if self.shape is Shape.KEY:
            columns += [f"primary key ({kind.key}, id)"]
        elif self.shape is Shape.ALONE:
            columns += ["primary key (v)"]
        elif self.shape is not Shape.BARE:
            columns += ["primary key (id)"]
        return f"create table {self.name} ({', '.join(columns)})"

    def fill(self) -> Iterator[str]:
        """Insert each value by its own statement, into the group ``KEPT`` or, while the replica runs, ``INSERTED``."""
        return self._filling(INSERTED if self.shape is Shape.LIVE else KEPT)

    def _filling(self, group: int) -> Iterator[str]:
        insert = "insert ignore" if self.shape is Shape.ALONE else "insert"
        literals = [*(value.sql for value in self.values), "null"][: len(self.numbers)]
        for number, literal in enumerate(literals):
            yield f"{insert} into {self.name} (id, {self.kind.filled_name}) values ({group + number}, {literal})"

    def before_the_copy(self) -> Iterator[str]:
        yield from self.fill()
        if self.shape is Shape.ALONE:
            return
        yield self._insert(KEPT, DELETED)
        yield self._insert(KEPT, UPDATED, shift=1)
        yield self._insert(KEPT, TOUCHED)

    def while_it_runs(self) -> Iterator[str]:
        """Bring the values by inserts, updates (from another value, and away to another one) and deletes."""
        if self.shape is Shape.ALONE:
            yield f"update {self.name} set touched = 1"
            yield f"delete from {self.name} where id % 2 = 1"
            yield from self._filling(INSERTED)
            return
        kept = INSERTED if self.shape is Shape.LIVE else KEPT
        if self.shape is not Shape.LIVE:
            yield self._delete(DELETED)
            yield self._update(kept, UPDATED)
            yield f"update {self.name} set touched = 1 where {_within(TOUCHED)}"
            yield self._insert(kept, INSERTED)
        yield self._insert(kept, CHANGED, shift=1)
        yield self._update(kept, CHANGED)
        yield self._insert(kept, REMOVED)
        yield self._delete(REMOVED)

    def _insert(self, origin: int, group: int, shift: int = 0) -> str:
        """Insert the values of a group into another one, each at the place before its own if they are shifted."""
        count, filled = len(self.numbers), self.kind.filled_name
        place = f"{group} + (id - {origin} + {count - shift}) % {count}"
        return (
            f"insert into {self.name} (id, {filled}) select {place}, {filled} from {self.name} where {_within(origin)}"
        )

    def _update(self, origin: int, group: int) -> str:
        filled = self.kind.filled_name
        return (
            f"update {self.name} as changed join {self.name} as wanted on wanted.id = changed.id - {group - origin} "
            f"set changed.{filled} = wanted.{filled} where {_within(group, 'changed.id')}"
        )

    def _delete(self, group: int) -> str:
        return f"delete from {self.name} where {_within(group)}"


def _within(group: int, column: str = "id") -> str:
    return f"{column} between {group} and {group + GROUP - 1}"


def tables_of(kind: Kind, number: int) -> list[KindTable]:
    """Return the tables of a kind; its number keeps their names apart."""
    tables = [KindTable(kind, shape, f"k{number:03d}_{shape.value}") for shape in Shape]
    keys = {Shape.KEY: bool(kind.key), Shape.ALONE: kind.key == "v"}
    return [table for table in tables if keys.get(table.shape, True) and (table.values or table.shape not in keys)]
