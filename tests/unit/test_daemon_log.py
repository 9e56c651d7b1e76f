"""The log: where it goes, how it changes its file each day, and what Rollbar gets."""

from __future__ import annotations

import logging
import os
import re
import stat
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rollbar

from pg_chameleon.config import Configuration
from pg_chameleon.config.loader import load_file
from pg_chameleon.errors import ChameleonError
from pg_chameleon.log import (
    announce,
    log_destination,
    log_path,
    start_logging,
    stop_logging,
    to_rollbar,
)
from pg_chameleon.log.daily import DailyFileHandler

logger = logging.getLogger("pg_chameleon.test")


@pytest.fixture(autouse=True)
def _clean_logging() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    stop_logging()
    logging.getLogger().setLevel(level)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the logs; it is not there yet."""
    return tmp_path / "logs"


def configuration(folder: Path, *lines: str) -> Configuration:
    """Make a configuration that logs into the folder."""
    path = folder.parent / "test.yml"
    path.write_text("\n".join([f"log_dir: {folder}", "pg_conn: {user: u, database: d}", *lines]))
    return load_file(path)


def test_log_file_is_that_of_the_source_and_private(folder: Path) -> None:
    start_logging(configuration(folder), "mysql")
    logger.info("something %s", "happened")
    logger.debug("why")
    path = folder / "test_mysql.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert log_destination() == f"in {path}"
    (line,) = path.read_text().splitlines()
    assert line.endswith(": something happened")


def test_each_line_says_when_and_who(folder: Path) -> None:
    start_logging(configuration(folder), "my%(x)ssql", role="replay")
    logger.info("seen")
    (line,) = (folder / "test_my%(x)ssql.log").read_text().splitlines()
    moment, rest = line[:29], line[29:]
    assert abs(datetime.fromisoformat(moment).timestamp() - time.time()) < 60
    assert datetime.fromisoformat(moment).tzinfo is not None
    assert re.fullmatch(rf" \[{os.getpid()}\] my%\(x\)ssql replay INFO test_daemon_log.py \(\d+\): seen", rest)


def test_log_that_is_a_symbolic_link_is_refused(folder: Path) -> None:
    folder.mkdir()
    precious = folder / "precious"
    precious.write_text("mine\n")
    log_path(configuration(folder), None).symlink_to(precious)
    with pytest.raises(ChameleonError, match="cannot be written: it is a symbolic link"):
        start_logging(configuration(folder))
    assert precious.read_text() == "mine\n"


def test_commands_for_no_source_have_their_own_log(folder: Path) -> None:
    assert log_path(configuration(folder), None) == folder / "test_general.log"


def test_starting_again_does_not_log_twice(folder: Path) -> None:
    for _ in range(2):
        start_logging(configuration(folder))
    logger.info("once")
    assert len((folder / "test_general.log").read_text().splitlines()) == 1


@pytest.mark.parametrize("debug", [False, True])
def test_log_goes_to_stdout(folder: Path, capsys: pytest.CaptureFixture[str], debug: bool) -> None:
    start_logging(configuration(folder, *([] if debug else ["log_dest: stdout"])), debug=debug)
    logger.info("seen")
    logger.debug("why")
    out = capsys.readouterr().out
    assert "seen" in out
    assert ("why" in out) == debug
    assert log_destination() == "above"
    assert not folder.exists()


def test_level_is_that_of_the_configuration(folder: Path) -> None:
    start_logging(configuration(folder, "log_level: warning"))
    logger.info("not seen")
    logger.warning("seen")
    assert len((folder / "test_general.log").read_text().splitlines()) == 1


def test_folder_that_cannot_be_made_is_a_clear_error(folder: Path) -> None:
    folder.touch()
    with pytest.raises(ChameleonError, match=r"cannot be written.*Change log_dir"):
        start_logging(configuration(folder))


def record(message: str, when: datetime) -> logging.LogRecord:
    """Make a log record of some day."""
    made = logging.LogRecord("test", logging.INFO, __file__, 1, message, None, None)
    made.created = when.timestamp()
    return made


def age(path: Path, days: int) -> str:
    """Make a file look as if it was last written some days ago; return that day."""
    moment = datetime.now() - timedelta(days=days)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    return moment.date().isoformat()


def test_new_day_begins_a_new_file_and_ends_the_oldest(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    day = age(path, 1)
    kept, dropped = age(path, 2), age(path, 4)
    age(path, 1)
    for other in (kept, dropped):
        (tmp_path / f"a.log.{other}").touch()
    (tmp_path / f"ab.log.{dropped}").touch()
    handler = DailyFileHandler(path, days_keep=2)
    handler.emit(record("new", datetime.now()))
    handler.close()
    assert (tmp_path / f"a.log.{day}").read_text() == "old\n"
    assert path.read_text() == "new\n"
    assert {file.name for file in tmp_path.iterdir()} == {
        "a.log",
        f"a.log.{day}",
        f"a.log.{kept}",
        f"ab.log.{dropped}",
    }


def test_processes_that_share_a_file_lose_nothing_at_the_change_of_day(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    day = age(path, 1)
    first, second = DailyFileHandler(path, 5), DailyFileHandler(path, 5)
    first.emit(record("first", datetime.now()))
    second.emit(record("second", datetime.now()))
    first.emit(record("third", datetime.now()))
    for handler in (first, second):
        handler.close()
    assert path.read_text() == "first\nsecond\nthird\n"
    assert (tmp_path / f"a.log.{day}").read_text() == "old\n"


ROLLBAR = ("rollbar_key: roll-word", "rollbar_env: test")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What Rollbar would get: level and message."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(rollbar, "init", lambda *_, **__: None)
    monkeypatch.setattr(rollbar, "report_message", lambda text, level, **_: messages.append((level, text)))
    monkeypatch.setattr(
        rollbar, "report_exc_info", lambda info, level, **_: messages.append((level, f"traceback of {info[1]!r}"))
    )
    return messages


def test_rollbar_gets_errors_and_announcements(folder: Path, sent: list[tuple[str, str]]) -> None:
    start_logging(configuration(folder, *ROLLBAR))
    logger.info("not sent")
    logger.warning("not sent")
    logger.error("broken")
    announce("the first copy is done")
    logging.getLogger("urllib3.pool").error("never sent")
    stop_logging()
    assert sent == [("error", "broken"), ("info", "the first copy is done")]


def test_rollbar_level_is_that_of_the_command_line(folder: Path, sent: list[tuple[str, str]]) -> None:
    start_logging(configuration(folder, *ROLLBAR), rollbar_level="warning")
    logger.warning("odd")
    stop_logging()
    assert sent == [("warning", "odd")]


@pytest.mark.parametrize("line", ROLLBAR)
def test_nothing_is_sent_without_both_settings(folder: Path, sent: list[tuple[str, str]], line: str) -> None:
    start_logging(configuration(folder, line))
    logger.error("broken")
    announce("done")
    stop_logging()
    assert sent == []


def test_slow_rollbar_makes_nobody_wait(
    folder: Path, sent: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    entered: list[str] = []

    def block(text: str, **_: object) -> None:
        entered.append(text)
        release.wait(10)

    monkeypatch.setattr(rollbar, "report_message", block)
    start_logging(configuration(folder, *ROLLBAR))
    for number in range(20):
        logger.error("broken %s", number)
    assert len((folder / "test_general.log").read_text().splitlines()) == 20
    release.set()
    stop_logging()
    assert len(entered) == 10


def test_failure_to_reach_rollbar_is_in_the_log_and_not_on_the_terminal(
    folder: Path, sent: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        time.sleep(0.1)
        logging.getLogger("rollbar").error("cannot be reached")

    monkeypatch.setattr(rollbar, "report_message", fail)
    start_logging(configuration(folder, *ROLLBAR))
    logger.error("broken")
    stop_logging()
    assert "cannot be reached" in (folder / "test_general.log").read_text()
    assert capsys.readouterr().err == ""


def test_rollbar_gets_no_local_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(rollbar, "init", lambda *_, **options: given.update(options))
    start_logging(configuration(folder, *ROLLBAR))
    assert given["locals"] == {"enabled": False}


def test_rollbar_gets_tracebacks_of_exceptions(folder: Path, sent: list[tuple[str, str]]) -> None:
    start_logging(configuration(folder, *ROLLBAR))
    try:
        raise ZeroDivisionError("oh")
    except ZeroDivisionError:
        logger.exception("the command failed unexpectedly")
    stop_logging()
    assert sent == [("error", "traceback of ZeroDivisionError('oh')")]


def test_rollbar_keeps_nobody_from_the_end_for_long(
    folder: Path, sent: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_rollbar, "_TIMEOUT", 0.2)
    release = threading.Event()
    monkeypatch.setattr(rollbar, "report_message", lambda *_, **__: release.wait(10))
    start_logging(configuration(folder, *ROLLBAR))
    for number in range(5):
        logger.error("broken %s", number)
    begin = time.monotonic()
    stop_logging()
    assert time.monotonic() - begin < 0.2 * 5
    release.set()


def test_a_log_that_is_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "default_general.log")
    with pytest.raises(OSError, match=r"not a regular file|No such device"):
        DailyFileHandler(tmp_path / "default_general.log", 1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_told_once_and_ends_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    handler = DailyFileHandler(tmp_path / "full.log", 1)
    assert handler.stream is not None
    handler.stream.close()
    handler.stream = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115 - the handler closes it
    for number in range(3):
        handler.emit(logging.makeLogRecord({"msg": "line %s", "args": (number,)}))
    handler.close()
    assert capfd.readouterr().err.count("cannot be written") == 1
