"""What a comparison found, and how it is reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lab.compare.policy import Policy

SHOWN_CHARACTERS = 80


class Side(Enum):
    """The side that has a row which the other one lacks."""

    SOURCE = "source"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not the same: the value of a `column`, or the whole row, then `only_on` one side.

    The values are canonical texts; None is NULL.
    """

    table: str
    key: str
    column: str | None = None
    source: str | None = None
    target: str | None = None
    only_on: Side | None = None

    def __str__(self) -> str:
        where = f"{self.table} ({shortened(self.key)})"
        if self.only_on is not None:
            return f"{where}: the row is only on the {self.only_on.value}"
        return f"{where}.{self.column}: source {shown(self.source)}, target {shown(self.target)}"


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value of the source that PostgreSQL cannot hold, so that the target has what the policy says."""

    table: str
    key: str
    column: str
    policy: Policy
    source: str | None


@dataclass(frozen=True, slots=True)
class TableComparison:
    """A table of both sides. `differences` are the first ones only; `problems` are those of the structure.

    `changed` are all values that are, or should be, what a policy says.
    """

    table: str
    source_rows: int
    target_rows: int
    differences: tuple[Difference, ...] = ()
    problems: tuple[str, ...] = ()
    changed: tuple[ChangedValue, ...] = ()

    @property
    def equal(self) -> bool:
        return self.source_rows == self.target_rows and not self.differences and not self.problems

    def lines(self) -> Iterator[str]:
        """Say what is not equal."""
        if self.source_rows != self.target_rows:
            yield f"{self.table}: {self.source_rows} rows on the source, {self.target_rows} on the target"
        yield from self.problems
        yield from map(str, self.differences)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All tables of a schema. `problems` are tables that only one side has."""

    tables: tuple[TableComparison, ...]
    problems: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        return not self.problems and all(table.equal for table in self.tables)

    @property
    def changed(self) -> tuple[ChangedValue, ...]:
        return tuple(value for table in self.tables for value in table.changed)

    @property
    def rows(self) -> int:
        return sum(table.source_rows for table in self.tables)

    def __str__(self) -> str:
        if self.equal:
            return f"{len(self.tables)} tables with {self.rows:,} rows are equal"
        return "\n".join([*self.problems, *(line for table in self.tables for line in table.lines())])


def shown(value: str | None) -> str:
    return "NULL" if value is None else repr(shortened(value))


def shortened(text: str) -> str:
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"
