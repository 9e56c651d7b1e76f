"""What is printed: tables in their known form, questions, and nothing that acts on a terminal."""

from __future__ import annotations

import io
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pg_chameleon import report
from pg_chameleon.config.loader import load_file
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import (
    Counters,
    ErrorDetail,
    ErrorRow,
    MappingRow,
    SourceDetails,
    SourceOverview,
    Status,
    TableProblem,
    ValueChangeRow,
)

Printed = pytest.CaptureFixture[str]
NOON = datetime(2026, 1, 2, 12, 0, 5)
FILM = TableName("sakila", "film")


def test_status_has_its_known_form(capsys: Printed) -> None:
    details = SourceDetails((MappingRow("sakila", "sch_sakila"),), Counters(0, 20, 20))
    report.show_status(Status((SourceOverview(1, "mysql", "mysql", "running", consistent=False),), details))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "  Source id  Source name    Type    Status    Consistent"
        "    Read lag    Last read    Replay lag    Last replay",
        "-----------  -------------  ------  --------  ------------"
        "  ----------  -----------  ------------  -------------",
        "          1  mysql          mysql   running   No            N/A                      N/A",
        "",
        "== Schema mappings ==",
        "Origin schema    Destination schema",
        "---------------  --------------------",
        "sakila           sch_sakila",
        "",
        "== Replica status ==",
        "---------------------  ---",
        "Tables not replicated    0",
        "Tables replicated       20",
        "All tables              20",
        "Last maintenance       N/A",
        "Next maintenance       N/A",
        "Replayed rows",
        "Replayed DDL",
        "Skipped rows",
        "---------------------  ---",
    ]


def test_status_with_values(capsys: Printed) -> None:
    report.show_status(
        Status(
            (
                SourceOverview(1, "1e5", "mysql", "running", True, 0.31, NOON, 130.0, NOON),
                SourceOverview(12, "other", "pgsql", "ready", False, reason="it rests"),
            )
        )
    )
    first, second, reason = capsys.readouterr().out.splitlines()[2:]
    assert reason == "other: it rests"
    assert first.split() == (
        [
            "1",
            "1e5",
            "mysql",
            "running",
            "Yes",
            "0.3",
            "s",
            "2026-01-02",
            "12:00:05",
            "2",
            "m",
            "10",
            "s",
            "2026-01-02",
            "12:00:05",
        ]
    )
    assert second.startswith("         12  other ")


def test_status_of_no_source_is_an_empty_table(capsys: Printed) -> None:
    report.show_status(Status(()))
    assert "Source name" in capsys.readouterr().out


def test_details_show_what_is_quarantined_and_what_has_no_key(capsys: Printed) -> None:
    counters = Counters(1, 2, 3, NOON, NOON, replayed_rows=5, replayed_ddl=0, skipped_rows=1)
    problem = TableProblem(FILM, "quarantined", "a column cannot be decoded", "binlog.000003:120")
    details = SourceDetails((), counters, (problem,), (TableName("sakila", "log"),))
    report.show_status(Status((SourceOverview(1, "mysql", "mysql", "running", consistent=True),), details))
    out = capsys.readouterr().out
    assert "Next maintenance       2026-01-02 12:00:05" in out
    assert "Replayed DDL                             0\n" in out
    assert "sakila.film  quarantined  a column cannot be decoded  binlog.000003:120" in out
    assert "chameleon sync_tables --source mysql --tables disabled" in out
    assert "== Tables without a key ==\nTable\n----------\nsakila.log\n" in out


def test_what_the_target_omits_is_never_taken_for_nothing(capsys: Printed) -> None:
    overview = (SourceOverview(1, "mysql", "mysql", "stopped", consistent=True),)
    report.show_status(Status(overview, SourceDetails((), Counters(0, 1, 1), left_out=None)))
    assert "What the target omits is not known yet" in capsys.readouterr().out
    report.show_status(Status(overview, SourceDetails((), Counters(0, 1, 1))))
    assert "omits" not in capsys.readouterr().out


def test_tabs_of_others_become_spaces(capsys: Printed) -> None:
    report.say("refused\n\tIs it running?")
    assert capsys.readouterr().out == "refused\n        Is it running?\n"


def test_errors_as_a_list(capsys: Printed) -> None:
    report.show_errors([ErrorRow(7, "mysql", "sakila.film", NOON, "no such thing\nand more")])
    report.show_errors([ErrorRow(8, "mysql", None, NOON, "lost")])
    out = capsys.readouterr().out
    assert "       7  mysql          sakila.film  2026-01-02 12:00:05  no such thing\n" in out
    assert "and more" not in out


def test_no_errors_is_said(capsys: Printed) -> None:
    report.show_errors([])
    assert capsys.readouterr().out == "There are no errors in the log.\n"


def test_one_error_whole(capsys: Printed) -> None:
    report.show_error(
        ErrorDetail(7, "mysql", "sakila.film", NOON, "binlog.000003:120", "first line\nsecond line", row='{"id": 1}')
    )
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "Log id       7",
        "Source name  mysql",
        "Table        sakila.film",
        "Error time   2026-01-02 12:00:05",
        "Position     binlog.000003:120",
        'Row          {"id": 1}',
        "Error        first line",
        "             second line",
    ]


def test_times_are_local(capsys: Printed) -> None:
    moment = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    report.show_errors([ErrorRow(1, "mysql", None, moment, "x")])
    assert moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") in capsys.readouterr().out


def test_configuration_is_shown_without_secrets(capsys: Printed, tmp_path: Path) -> None:
    path = tmp_path / "test.yml"
    path.write_text(
        """
        pg_conn: {user: pg_user, password: pg-word, database: d}
        sources:
          mysql:
            db_conn: {user: my_user, password: my-word, port: 3307}
            schema_mappings: {a: sch_a, b: sch_b}
            skip_events: {delete: [a, b.c]}
        """
    )
    configuration = load_file(path)
    report.show_configuration(configuration)
    report.show_sources(configuration)
    out = " ".join(capsys.readouterr().out.split())
    assert "-word" not in out
    for shown in (
        "pg_conn.password ********",
        "copy_max_memory 300M",
        "delete: a, b.c",
        "batch_retention 1 day",
    ):
        assert shown in out
    assert out.endswith("mysql mysql localhost 3307 my_user a: sch_a, b: sch_b")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "N/A"),
        (-0.2, "0.0 s"),
        (0.31, "0.3 s"),
        (9.96, "10 s"),
        (59.97, "1 m 0 s"),
        (130, "2 m 10 s"),
        (3900, "1 h 5 m"),
        (183600, "2 d 3 h"),
    ],
)
def test_lag_in_its_two_largest_units(seconds: float | None, text: str) -> None:
    assert report.lag_text(seconds) == text


def test_yes_is_taken_for_an_answer(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("YES\n"))
    report.confirm("Detaching removes the source.", yes=False)
    assert capsys.readouterr().out == "Detaching removes the source.\n Are you sure? YES/No\n"


@pytest.mark.parametrize("answer", ["", "\n", "yes\n", "No\n"])
def test_anything_else_is_no(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with pytest.raises(ChameleonError, match=r"nothing was changed.*--yes"):
        report.confirm("Detaching removes the source.", yes=False)


def test_option_yes_asks_nothing(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    monkeypatch.setattr("sys.stdin", None)
    report.confirm("Detaching removes the source.", yes=True)
    assert capsys.readouterr().out == "Detaching removes the source.\n"


def test_steps_are_printed_as_they_come(capsys: Printed) -> None:
    report.say("one")
    report.say_all(iter(["two", "three"]))
    assert capsys.readouterr().out == "one\ntwo\nthree\n"


def test_text_of_others_does_not_act_on_the_terminal(capsys: Printed) -> None:
    key = 'a\x1b[2Jb\nc\u202ed\x9be "ümläut" 日本 🙂'
    details = SourceDetails((), Counters(0, 0, 0), value_changes=(ValueChangeRow(FILM, "c", "cut", 1, key),))
    report.show_status(Status((SourceOverview(1, "mysql", "mysql", "running", True, reason=key),), details))
    report.say(key)
    report.show_error(ErrorDetail(1, "mysql", None, NOON, None, "no\x07such\nthing\r"))
    out = capsys.readouterr().out
    assert 'a\\x1b[2Jb\\nc\\u202ed\\x9be "ümläut" 日本 🙂' in out
    assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & set(out)
    assert re.search(r"no\\x07such\n +thing\\r", out)
