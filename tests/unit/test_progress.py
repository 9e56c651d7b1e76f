"""What is shown of a copy while it works, live and in lines."""

import errno
import io
import logging
import re
import subprocess
import sys

import pytest

from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyProgress, TableProgress
from pg_chameleon.progress import (
    Pace,
    ProgressBars,
    ProgressLines,
    Several,
    display,
    log_display,
    table_text,
    whole_text,
)

FILM = TableName("sakila", "film")
LOADED = TableProgress(FILM, 900, 900, loaded=True)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Full(io.StringIO):
    """A stream that has no room."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("state", "rate", "text"),
    [
        (CopyProgress(0, 5, 0, 100), 0.0, "0/5 tables, 0 rows, 0 rows/s"),
        (CopyProgress(1, 5, 1000, 5000), 500.0, "1/5 tables, 1,000 rows, 500 rows/s, 0:00:08 left"),
        (CopyProgress(1, 5, 10, 72010), 10.0, "1/5 tables, 10 rows, 10 rows/s, 2:00:00 left"),
        (CopyProgress(1, 5, 900, 901), 900.0, "1/5 tables, 900 rows, 900 rows/s, 0:00:01 left"),
        (CopyProgress(1, 5, 900, 900), 900.0, "1/5 tables, 900 rows, 900 rows/s"),
        (CopyProgress(1, 2, 900, 900, (LOADED,)), 900.0, "1/2 tables, 900 rows, building indexes"),
        (CopyProgress(5, 5, 900, 1000), 900.0, "5/5 tables, 900 rows, putting them in place"),
    ],
)
def test_the_whole_in_one_line(state: CopyProgress, rate: float, text: str) -> None:
    assert whole_text(state, rate) == text


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (TableProgress(FILM, 10, 1000), "10 of about 1,000 rows"),
        (TableProgress(FILM, 1500, 1000), "1,500 of about 1,500 rows"),
        (LOADED, "900 rows, building indexes"),
    ],
)
def test_a_table_in_one_line(table: TableProgress, text: str) -> None:
    assert table_text(table) == text


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.rate(1_000_000) == 0.0  # done by an earlier run
    for second in range(1, 101):
        clock.now += 1
        rate = pace.rate(1_000_000 + 100 * min(second, 50) + 7 * max(0, second - 50))
    assert rate == pytest.approx(7.0)


def test_a_line_every_few_seconds_per_table() -> None:
    clock = Clock()
    lines: list[str] = []
    shown = ProgressLines(lines.append, clock)
    shown.progress(CopyProgress(1, 3, 500, 2000, (TableProgress(FILM, 500, 1000),)))
    clock.now += 5
    state = CopyProgress(1, 3, 1500, 2000, (TableProgress(FILM, 1500, 1000),))
    shown.progress(state)
    shown.progress(state)
    shown.table_copied(FILM, 1500, 5.04)
    shown.finished()
    assert lines == [
        "copying sakila.film: 1,500 of about 1,500 rows",
        "copy: 1/3 tables, 1,500 rows, 200 rows/s, 0:00:03 left",
        "copied sakila.film: 1,500 rows in 5.0 s",
    ]


def test_the_log_gets_the_lines(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_display().table_copied(FILM, 1500, 5.04)
    assert caplog.messages == ["copied sakila.film: 1,500 rows in 5.0 s"]


def test_a_stream_that_is_no_terminal_gets_plain_lines_and_so_does_the_log(caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    with caplog.at_level(logging.INFO):
        shown = display(stream)
        shown.progress(CopyProgress(0, 1, 0, 10))
        shown.table_copied(FILM, 10, 0.5)
        shown.finished()
    assert stream.getvalue() == "copied sakila.film: 10 rows in 0.5 s\n"
    assert caplog.messages == ["copied sakila.film: 10 rows in 0.5 s"]


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal, clock = Terminal(), Clock()
    shown = ProgressBars(terminal, clock)
    for rows in (100, 150, 200):
        clock.now += 0.3
        shown.progress(CopyProgress(0, 2, rows, 1000, (TableProgress(FILM, rows, 1000),)))
    clock.now += 0.3
    shown.progress(CopyProgress(1, 2, 1000, 1000))
    shown.table_copied(FILM, 1000, 1.2)
    shown.finished()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "copied sakila.film: 1,000 rows in 1.2 s" in text
    assert "1/2 tables, 1,000 rows" in text.splitlines()[-1]
    assert "sakila.film" not in text.splitlines()[-1]


def test_a_narrow_terminal_gets_as_much_as_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()
    shown = ProgressBars(terminal)
    shown.progress(CopyProgress(0, 2, 10, 1000, (TableProgress(TableName("s", "t" * 60), 10, 1000),)))
    shown.finished()
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= 40


def test_names_and_figures_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    shown = ProgressBars(terminal)
    shown.progress(CopyProgress(0, 1, 0, 10, (TableProgress(TableName("s", "[red]t[/red]"), 0, 10),)))
    shown.table_copied(TableName("s", "[red]t[/red]"), 10, 0.1)
    shown.finished()
    assert terminal.getvalue().count("s.[red]t[/red]") >= 2


def test_rich_is_loaded_by_copies_only() -> None:
    code = "import sys, pg_chameleon.commands.copy, pg_chameleon.commands.show; assert 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_several_observers_see_the_same() -> None:
    first: list[str] = []
    second: list[str] = []
    several = Several(ProgressLines(first.append), ProgressLines(second.append))
    several.progress(CopyProgress(0, 1, 0, 10))
    several.table_copied(FILM, 10, 0.5)
    several.finished()
    assert first == second == ["copied sakila.film: 10 rows in 0.5 s"]


def test_a_copy_continues_where_its_display_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    shown = display(Full())
    shown.table_copied(FILM, 1, 1.0)
    shown.table_copied(FILM, 1, 1.0)
    shown.finished()
    assert sum("can no longer be shown" in message for message in caplog.messages) == 1
