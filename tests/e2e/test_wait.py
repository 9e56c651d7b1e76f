"""Copies that are waited for: what a terminal shows, the exit status, and Ctrl-C."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab.journey import Journey, program
from lab.servers import Database, MariaDB, SourceServer
from tests.conftest import FreshSchema

FAILED, INTERRUPTED = 1, 130
BIG = 300_000
LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class Place:
    """A source with a large table and a small one, and who copies them."""

    server: SourceServer
    database: Database
    schema: str
    journey: Journey

    def counts(self) -> list[tuple[int, int]]:
        return self.database.execute(
            "select (select count(*) from sch_wait.big), (select count(*) from sch_wait.small)"
        )


@pytest.fixture
def place(mariadb_server: MariaDB, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Place]:
    schema = fresh_schema(mariadb_server)
    mariadb_server.execute("create table big (id int primary key, v varchar(40), key (v))", None, schema)
    mariadb_server.execute(f"insert into big select seq, concat('row ', seq) from seq_1_to_{BIG}", None, schema)
    mariadb_server.execute("create table small (id int primary key)", None, schema)
    mariadb_server.execute("insert into small values (1), (2)", None, schema)
    mariadb_server.execute("analyze table big, small", None, schema)
    with Journey(mariadb_server.db_conn(), target_database.pg_conn(), {schema: "sch_wait"}) as journey:
        journey.prepare()
        yield Place(mariadb_server, target_database, schema, journey)


class AtTerminal:
    """A command at a terminal of its own."""

    def __init__(self, journey: Journey, *arguments: str) -> None:
        self.output = ""
        self._terminal, self._theirs = pty.openpty()
        self._process = subprocess.Popen(
            # Opened by the leader of a session, the terminal becomes that session's, so that Ctrl-C works
            ["setsid", "sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(self._theirs), *program(), *arguments],
            env={**journey.environment(), "TERM": "xterm"},
        )

    def type(self, text: bytes) -> None:
        os.write(self._terminal, text)

    def read_until(self, text: str) -> None:
        deadline = time.monotonic() + LIMIT
        while text not in self.output:
            assert time.monotonic() < deadline, self.output
            assert self._process.poll() is None, self.output
            self._read()

    def end(self) -> int:
        """Read to the end; return the exit status."""
        deadline = time.monotonic() + LIMIT
        while self._process.poll() is None:
            assert time.monotonic() < deadline, self.output
            self._read()
        while self._read():
            pass
        os.close(self._terminal)
        os.close(self._theirs)
        return self._process.returncode

    def _read(self) -> bool:
        """Read what there is within a moment; tell whether there was anything."""
        if not select.select([self._terminal], [], [], 0.2)[0]:
            return False
        self.output += os.read(self._terminal, 65536).decode(errors="replace")
        return True


def test_a_terminal_shows_the_copy_while_it_works(place: Place) -> None:
    with place.server.connect(place.schema) as blocker, blocker.cursor() as cursor:
        cursor.execute("lock tables big write")
        command = AtTerminal(place.journey, "init_replica", "--source", "mysql", "--wait")
        command.read_until("1/2 tables, 2 rows, ")
        command.read_until("0 of about ")
    assert command.end() == 0, command.output
    assert "\x1b[" in command.output
    assert f"copied {place.schema}.big: {BIG:,} rows" in command.output
    assert "0:00:00" not in command.output
    assert "Init replica for source mysql is complete: 2 tables" in command.output
    assert place.counts() == [(BIG, 2)]
    assert f"copied {place.schema}.big" in place.journey.log_tail()


def test_plain_lines_where_there_is_no_terminal(place: Place) -> None:
    outcome = place.journey.chameleon("init_replica", "--source", "mysql", "--wait")
    assert "\x1b" not in outcome.output
    assert f"copied {place.schema}.big: {BIG:,} rows" in outcome.output
    assert "is complete: 2 tables" in outcome.output
    assert place.counts() == [(BIG, 2)]
    refreshed = place.journey.chameleon("refresh_schema", "--source", "mysql", "--schema", place.schema, "--wait")
    assert "Refresh schema for source mysql is complete: 2 tables" in refreshed.output


def test_the_status_tells_what_did_not_arrive(place: Place) -> None:
    place.database.execute("create schema sch_wait authorization usr_replica")
    place.database.execute("create table sch_wait.small (mine int)")
    outcome = place.journey.chameleon("init_replica", "--source", "mysql", "--wait", expected=(FAILED,))
    assert f"  {place.schema}.small: " in outcome.output
    assert "Traceback" not in outcome.output
    absent = f"{place.schema}.nosuch"
    outcome = place.journey.chameleon(
        "sync_tables", "--source", "mysql", "--tables", absent, "--wait", expected=(FAILED,)
    )
    assert f"  {absent}: the source has no such table" in outcome.output
    present = f"{place.schema}.big"
    assert place.journey.chameleon("sync_tables", "--source", "mysql", "--tables", present, "--wait").status == 0


def test_ctrl_c_ends_the_copy_and_the_same_command_resumes_it(place: Place) -> None:
    with place.server.connect(place.schema) as blocker, blocker.cursor() as cursor:
        cursor.execute("lock tables big write")
        command = AtTerminal(place.journey, "init_replica", "--source", "mysql", "--wait")
        command.read_until(f"copied {place.schema}.small")
        command.type(b"\x03")
        assert command.end() == INTERRUPTED, command.output
    assert "what is done is kept. The same command resumes it" in command.output
    assert "Traceback" not in command.output
    assert "interrupted" in place.journey.chameleon("show_status", "--source", "mysql").output
    command = AtTerminal(place.journey, "init_replica", "--source", "mysql", "--wait")
    assert command.end() == 0, command.output
    assert f"copied {place.schema}.small" not in command.output
    assert place.counts() == [(BIG, 2)]


def test_ctrl_c_while_the_workers_begin(place: Place) -> None:
    for pause in (0.3, 0.6, 0.9, 1.2):
        command = AtTerminal(place.journey, "init_replica", "--source", "mysql", "--wait")
        command.read_until("Its log is")
        time.sleep(pause)
        command.type(b"\x03")
        assert command.end() in (INTERRUPTED, 0), command.output
        assert "Traceback" not in command.output


def test_a_termination_ends_it_like_ctrl_c(place: Place) -> None:
    with place.server.connect(place.schema) as blocker, blocker.cursor() as cursor:
        cursor.execute("lock tables big write")
        with subprocess.Popen(
            [*program(), "init_replica", "--source", "mysql", "--wait"],
            env=place.journey.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(f"copied {place.schema}.small"):
                    process.send_signal(signal.SIGTERM)
        assert process.returncode == INTERRUPTED


def test_without_it_the_command_tells_how_to_watch(place: Place) -> None:
    outcome = place.journey.chameleon("init_replica", "--source", "mysql")
    place.journey.wait_until_copied()
    assert "in the background" in outcome.output
    assert "chameleon show_status --source mysql" in outcome.output
    assert "--wait" in outcome.output


def test_copy_schema_is_waited_for_too(place: Place) -> None:
    outcome = place.journey.chameleon("copy_schema", "--source", "mysql", "--wait")
    assert "Copy schema for source mysql is complete: 2 tables" in outcome.output
    assert place.counts() == [(0, 0)]
