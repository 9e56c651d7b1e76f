"""The plan of a copy: which tables, in which order, in which parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.source.types import INTEGERS
from pg_chameleon.mysql.snapshot import KeyRange, TableStatistics


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table that is to be copied. ``parts`` is a single None for a table that is copied in one go."""

    schema: TableSchema
    statistics: TableStatistics
    parts: tuple[KeyRange | None, ...] = (None,)

    @property
    def name(self) -> TableName:
        """The name of the table on the source."""
        return self.schema.name

    @property
    def transactional(self) -> bool:
        """Tell whether the table's engine has snapshots."""
        return self.schema.transactional


def in_order(planned: Iterable[PlannedTable]) -> list[PlannedTable]:
    """Order tables so that the largest come first, because the last one must not keep everybody waiting."""
    return sorted(planned, key=lambda table: (-table.statistics.size, table.name))


def splitting_column(schema: TableSchema) -> str | None:
    """Return the integer column by which a table can be read in parts: the first one of its key, if it is one."""
    if not schema.key_columns:
        return None
    column = schema.column(schema.key_columns[0])
    return column.name if column is not None and column.type.base in INTEGERS else None


def key_ranges(column: str, least: int, greatest: int, parts: int) -> tuple[KeyRange, ...]:
    """Cut the range of an integer key into parts; the outer ones are open, so that no row is missed.

    >>> [part.condition for part in key_ranges("id", 1, 100, 2)]
    ['`id` < 51', '`id` >= 51']
    """
    width = greatest - least + 1
    parts = max(1, min(parts, width))
    cuts = [least + width * number // parts for number in range(1, parts)]
    return tuple(KeyRange(column, first, end) for first, end in zip([None, *cuts], [*cuts, None], strict=True))


def number_of_parts(statistics: TableStatistics, chunk_rows: int) -> int:
    """Return in how many parts a table is best copied."""
    return max(1, round(statistics.rows / chunk_rows))
