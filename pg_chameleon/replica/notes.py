"""Values that were changed on their way, gathered until the batch that holds them is stored."""

from __future__ import annotations

from pg_chameleon.convert.encoder import Change
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import ValueChange, count_value_change
from pg_chameleon.postgres.sources import Source


class ValueNotes:
    """Counts changed values per table, column and reason; keeps the key and the place of the last one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._noted: dict[tuple[TableName, str, str], tuple[int, str | None, BinlogPosition]] = {}

    def add(self, table: TableName, key: str | None, position: BinlogPosition, changes: list[Change]) -> None:
        """Count the changes of one row."""
        for change in changes:
            place = (table, change.column, change.reason.value)
            count = self._noted[place][0] if place in self._noted else 0
            self._noted[place] = (count + 1, key, position)

    def store(self, cursor: Cursor) -> None:
        """Put what was counted on record, and begin anew."""
        for (table, column, reason), (count, key, position) in self._noted.items():
            count_value_change(cursor, self._source, ValueChange(table, column, reason, count, key, position))
        self._noted.clear()
