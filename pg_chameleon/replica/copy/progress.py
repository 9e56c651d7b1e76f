"""How far a copy is, counted from what the workers report, for whoever shows it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyObserver, CopyProgress, TableProgress


@dataclass(slots=True)
class _Table:
    expected: int
    done: int = 0
    began: float | None = None
    loaded: bool = False


@dataclass(slots=True)
class ProgressTracker:
    """Counts tables and rows. A table that has to be copied again starts from zero."""

    observer: CopyObserver
    tables_done: int = 0
    rows_of_done: int = 0
    size: int = 0
    _tables: dict[TableName, _Table] = field(default_factory=dict)

    def expect(self, name: TableName, rows: int) -> None:
        """Take note of a table that is to be copied, with the estimate of its rows."""
        self._tables[name] = _Table(rows)

    def began(self, name: TableName) -> None:
        """Take note that a worker is at the table."""
        table = self._tables[name]
        table.began = table.began or time.monotonic()

    def moved(self, name: TableName, rows: int, size: int) -> None:
        """Count rows that went to PostgreSQL."""
        self._tables[name].done += rows
        self.size += size
        self.tell()

    def loaded(self, name: TableName, rows: int) -> None:
        """Take note that a table has its rows: what a worker had to read twice was counted twice until now."""
        table = self._tables[name]
        table.done = table.expected = rows
        table.loaded = True

    def failed(self, name: TableName) -> None:
        """Forget what was copied of a table."""
        table = self._tables[name]
        table.done, table.began, table.loaded = 0, None, False

    def gave_up(self, name: TableName) -> None:
        """Forget a table that is not copied."""
        self._tables.pop(name, None)

    def settled(self, name: TableName) -> None:
        """Count a table of which no rows are copied."""
        self._tables.pop(name)
        self.already_done(0)
        self.tell()

    def finished(self, name: TableName) -> None:
        """Take note that a table is whole."""
        table = self._tables.pop(name)
        self.already_done(table.done)
        seconds = 0.0 if table.began is None else time.monotonic() - table.began
        self.observer.table_copied(name, table.done, seconds)
        self.tell()

    def already_done(self, rows: int) -> None:
        """Count a table that is whole, maybe since an earlier run."""
        self.tables_done += 1
        self.rows_of_done += rows

    def tell(self) -> None:
        """Hand the state to the observer."""
        rows = self.rows_of_done + sum(table.done for table in self._tables.values())
        expected = self.rows_of_done + sum(max(table.done, table.expected) for table in self._tables.values())
        active = tuple(
            TableProgress(name, table.done, table.expected, table.loaded)
            for name, table in self._tables.items()
            if table.began is not None
        )
        total = self.tables_done + len(self._tables)
        self.observer.progress(CopyProgress(self.tables_done, total, rows, expected, active))
