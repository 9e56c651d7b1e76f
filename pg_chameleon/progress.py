"""How far a copy is, shown while it works: live on a terminal, else in lines every few seconds.

It is loaded by copies only, because rich takes as long as most of what a short command does.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyObserver, CopyProgress, TableProgress
from pg_chameleon.terminal import one_line

logger = logging.getLogger(__name__)

_LINE_SECONDS = 5.0
_UPDATES_A_SECOND = 5


def log_display() -> CopyObserver:
    """Show a copy in the log."""
    return ProgressLines(logger.info)


def display(stream: TextIO) -> CopyObserver:
    """Show a copy to whoever waits for it, live if the stream is a terminal, and in the log as always."""
    if stream.isatty():
        return Several(UntilLost(ProgressBars(stream)), log_display())

    def write(line: str) -> None:
        print(one_line(line), file=stream, flush=True)

    return Several(UntilLost(ProgressLines(write)), log_display())


class UntilLost:
    """Hands a copy's progress to an observer until what it writes to is gone; the copy goes on without it."""

    def __init__(self, observer: CopyObserver) -> None:
        self._observer: CopyObserver | None = observer

    def _try(self, show: Callable[[CopyObserver], None]) -> None:
        try:
            if self._observer is not None:
                show(self._observer)
        except OSError as error:
            self._observer = None
            logger.warning("the progress of the copy can no longer be shown, the copy continues: %s", error)

    def progress(self, state: CopyProgress) -> None:
        """Hand the state on."""
        self._try(lambda observer: observer.progress(state))

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        """Hand on that a table is whole."""
        self._try(lambda observer: observer.table_copied(name, rows, seconds))

    def finished(self) -> None:
        """Hand on that the copy has ended."""
        self._try(lambda observer: observer.finished())


class Several:
    """Lets several observers watch a copy."""

    def __init__(self, *observers: CopyObserver) -> None:
        self._observers = observers

    def progress(self, state: CopyProgress) -> None:
        """Hand the state on."""
        for observer in self._observers:
            observer.progress(state)

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        """Hand on that a table is whole."""
        for observer in self._observers:
            observer.table_copied(name, rows, seconds)

    def finished(self) -> None:
        """Hand on that the copy has ended."""
        for observer in self._observers:
            observer.finished()


class Pace:
    """Measures the rows per second of the last half minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        # A task without a total never ends, and so keeps its speed when an estimate of the rows is corrected.
        self._meter = Progress(disable=True, get_time=clock)
        self._task = self._meter.add_task("", total=None)

    def rate(self, rows: int) -> float:
        """Return the rows per second, given how many rows are done by now."""
        self._meter.update(self._task, completed=rows)
        return self._meter.tasks[0].speed or 0.0


class ProgressLines:
    """Writes a line every few seconds for each table that is being copied, and one for the whole."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._written = clock()
        self._pace = Pace(clock)

    def progress(self, state: CopyProgress) -> None:
        """Write how far the copy is, if the last time is long enough ago."""
        rate = self._pace.rate(state.rows_done)
        if self._clock() - self._written < _LINE_SECONDS:
            return
        self._written = self._clock()
        for table in state.active:
            self._write(f"copying {table.name}: {table_text(table)}")
        self._write(f"copy: {whole_text(state, rate)}")

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        """Write that the table is whole."""
        self._write(f"copied {name}: {rows:,} rows in {seconds:.1f} s")

    def finished(self) -> None:
        """Nothing is left open."""


class ProgressBars:
    """Draws a bar for the whole copy, and one for each table that is being copied."""

    def __init__(self, terminal: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._drawn = float("-inf")
        self._pace = Pace(clock)
        console = Console(file=terminal)
        # On a narrow terminal, the figures of the whole matter most
        names = Column(no_wrap=True, overflow="ellipsis", max_width=max(10, console.width // 4))
        self._bars = Progress(
            TextColumn("{task.description}", markup=False, table_column=names),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[text]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=console,
            refresh_per_second=_UPDATES_A_SECOND,
            get_time=clock,
        )
        self._whole = self._bars.add_task("copy", total=None, text="preparing")
        self._tables: dict[TableName, TaskID] = {}
        self._bars.start()

    def progress(self, state: CopyProgress) -> None:
        """Draw the state, a few times a second at most."""
        now = self._clock()
        if now - self._drawn < 1 / _UPDATES_A_SECOND and state.tables_done < state.tables_total:
            return
        self._drawn = now
        rate = self._pace.rate(state.rows_done)
        self._draw(self._whole, state.rows_done, state.rows_expected, whole_text(state, rate))
        for gone in self._tables.keys() - {table.name for table in state.active}:
            self._bars.remove_task(self._tables.pop(gone))
        for table in state.active:
            if table.name not in self._tables:
                self._tables[table.name] = self._bars.add_task(one_line(str(table.name)), total=None, text="")
            self._draw(self._tables[table.name], table.rows_done, table.rows_expected, table_text(table))

    def _draw(self, bar: TaskID, done: int, expected: int, text: str) -> None:
        self._bars.update(bar, completed=done, total=max(expected, done, 1), text=text)

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        """Leave a line for the table above the bars."""
        line = f"copied {name}: {rows:,} rows in {seconds:.1f} s"
        self._bars.console.print(one_line(line), markup=False, highlight=False)

    def finished(self) -> None:
        """Leave the bars as they are."""
        self._bars.stop()


def table_text(table: TableProgress) -> str:
    """Say how far a table is.

    >>> table_text(TableProgress(TableName("shop", "orders"), 1500, 3000))
    '1,500 of about 3,000 rows'
    """
    if table.loaded:
        return f"{table.rows_done:,} rows, building indexes"
    return f"{table.rows_done:,} of about {max(table.rows_expected, table.rows_done):,} rows"


def whole_text(state: CopyProgress, rate: float) -> str:
    """Say in one line how far a copy is.

    >>> whole_text(CopyProgress(12, 20, 1_000_000, 1_042_000), 1000.0)
    '12/20 tables, 1,000,000 rows, 1,000 rows/s, 0:00:42 left'
    """
    text = f"{state.tables_done}/{state.tables_total} tables, {state.rows_done:,} rows"
    if state.tables_done == state.tables_total:
        return f"{text}, putting them in place"
    if state.active and all(table.loaded for table in state.active):
        return f"{text}, building indexes"
    missing = state.rows_expected - state.rows_done
    text = f"{text}, {rate:,.0f} rows/s"
    # Without an estimate of what is missing there is no time left to tell, least of all none.
    return f"{text}, {timedelta(seconds=math.ceil(missing / rate))} left" if missing > 0 and rate else text
