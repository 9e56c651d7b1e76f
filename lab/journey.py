"""Run chameleon as a user does: with a home of its own, a configuration file and commands in a shell.

with Journey(server.db_conn(), database.pg_conn(), {"boat_hire": "sch_boat_hire"}) as journey:
    journey.chameleon("create_replica_schema")
    journey.chameleon("add_source", "--source", "mysql")
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
import pymysql
import yaml

if TYPE_CHECKING:
    from typing_extensions import Self

REPOSITORY = Path(__file__).resolve().parents[1]
COMMAND_TIMEOUT = 180.0
POLL_INTERVAL = 0.05
UNKNOWN_STATEMENT = 1064

# The reader is past the position, and nothing that it stored waits.
REPLAYED = """
select (
    string_to_array(checkpoint.binlog_file, '.')
) [array_length(string_to_array(checkpoint.binlog_file, '.'), 1)]::integer,
    checkpoint.binlog_offset,
    not exists (
        select
        from sch_chameleon.batches as batch
        where batch.source_id = source.source_id
        and batch.replayed_at is null
    )
from sch_chameleon.sources as source
join sch_chameleon.checkpoints as checkpoint on checkpoint.source_id = source.source_id
where source.name = %s
"""


class JourneyFailed(Exception):
    """A command or a wait of the journey did not end as it should."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command said, and how it ended."""

    command: str
    status: int
    output: str
    seconds: float


class Journey:
    """A user of chameleon.

    `settings` go into the configuration of the source, `global_settings` to its top. One that is not `configured`
    has no configuration file before `write_configuration`.
    """

    def __init__(
        self,
        source: Mapping[str, Any],
        target: Mapping[str, Any],
        mappings: Mapping[str, str],
        *,
        settings: Mapping[str, Any] | None = None,
        global_settings: Mapping[str, Any] | None = None,
        name: str = "mysql",
        configured: bool = True,
    ) -> None:
        self.name = name
        self.target = dict(target)
        self.home = Path(tempfile.mkdtemp(prefix="pgc-home-"))
        self.sources: dict[str, dict[str, Any]] = {
            name: {"type": "mysql", "db_conn": dict(source), "schema_mappings": dict(mappings), **(settings or {})}
        }
        self.global_settings = dict(global_settings or {})
        if configured:
            self.write_configuration()

    @property
    def folder(self) -> Path:
        return self.home / ".pg_chameleon"

    @property
    def configuration(self) -> Path:
        return self.folder / "configuration/default.yml"

    def write_configuration(self) -> None:
        """Write the configuration file as it should be now."""
        document = {**self.global_settings, "pg_conn": self.target, "sources": self.sources}
        self.configuration.parent.mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
        self.configuration.chmod(0o600)

    def chameleon(
        self,
        *arguments: str,
        answer: str | None = None,
        expected: Sequence[int] = (0,),
        timeout: float = COMMAND_TIMEOUT,
    ) -> Outcome:
        """Run a command with an answer to its question; raise if its exit status is not an expected one."""
        began = time.monotonic()
        result = subprocess.run(
            [*program(), *arguments],
            input=f"{answer}\n" if answer is not None else "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(),
            text=True,
            check=False,
            timeout=timeout,
        )
        command = shlex.join(["chameleon", *arguments])
        outcome = Outcome(command, result.returncode, result.stdout, time.monotonic() - began)
        if expected and outcome.status not in expected:
            raise JourneyFailed(f"{command} ended with status {outcome.status}:\n{outcome.output}\n{self.log_tail()}")
        return outcome

    def environment(self) -> dict[str, str]:
        ours = {"HOME": str(self.home), "PG_CHAMELEON_HOME": "", "PYTHONPATH": str(REPOSITORY), "COLUMNS": "120"}
        return {**os.environ, **ours}

    def prepare(self) -> None:
        """Install the catalogue and register the source."""
        self.chameleon("create_replica_schema")
        self.chameleon("add_source", "--source", self.name)

    def initialise(self, timeout: float = COMMAND_TIMEOUT) -> None:
        """Make the first copy and wait for its end."""
        self.chameleon("init_replica", "--source", self.name)
        self.wait_until_copied(timeout)

    def start(self) -> None:
        self.chameleon("start_replica", "--source", self.name)

    def stop(self) -> None:
        self.chameleon("stop_replica", "--source", self.name)

    def wait_until_copied(self, timeout: float = COMMAND_TIMEOUT) -> None:
        """Wait for the end of a copy that runs in the background."""
        self._wait(lambda: self._pid_of(f"{self.name}_copy") is None, timeout, "the copy to end")
        rows = self.query_target(
            "select finished_at is not null from sch_chameleon.copies order by copy_id desc limit 1"
        )
        if rows != [(True,)]:
            raise JourneyFailed(f"the copy is not complete:\n{self.log_tail()}")

    def wait_until_replayed(self, timeout: float = COMMAND_TIMEOUT) -> None:
        """Wait until everything that the source has written by now is applied in the target."""
        wanted = self.source_position()
        self._wait(lambda: self._has_replayed(wanted), timeout, f"the replay of everything up to {wanted}")

    def source_position(self) -> tuple[int, int]:
        """Return the end of the source's binlog: the number of the file, and the offset in it."""
        connection = self.sources[self.name]["db_conn"]
        options = {key: connection[key] for key in ("host", "port", "user") if key in connection}
        # PyMySQL would encode text as latin1.
        password = str(connection.get("password", "")).encode()
        with closing(pymysql.connect(password=password, **options)) as source, source.cursor() as cursor:
            try:
                cursor.execute("show binary log status")
            except pymysql.err.ProgrammingError as error:
                if error.args[0] != UNKNOWN_STATEMENT:
                    raise
                cursor.execute("show master status")
            row = cursor.fetchone()
        assert row is not None
        return int(str(row[0]).rpartition(".")[2]), int(row[1])

    def _has_replayed(self, wanted: tuple[int, int]) -> bool:
        try:
            rows = self.query_target(REPLAYED, (self.name,))
        except psycopg2.OperationalError:  # the target is being restarted
            return False
        return bool(rows) and rows[0][:2] >= wanted and rows[0][2]

    def query_target(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Ask the target as the replica's user."""
        with closing(self.connect_target()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    def connect_target(self) -> psycopg2.extensions.connection:
        options = {key: self.target[key] for key in ("host", "port", "user", "password") if key in self.target}
        connection: psycopg2.extensions.connection = psycopg2.connect(dbname=self.target["database"], **options)
        return connection

    def errors(self) -> list[tuple[Any, ...]]:
        """Return what show_errors would show."""
        return self.query_target(
            "select source_schema, source_table, row_key, statement, message from sch_chameleon.errors order by log_id"
        )

    def quarantined(self) -> list[tuple[str, str]]:
        """Return the quarantined tables, with their reasons."""
        return self.query_target("select source_table, reason from sch_chameleon.tables where state = 'quarantined'")

    @property
    def daemon_pid(self) -> int | None:
        """The pid of the replica's daemon, if it runs."""
        return self._pid_of(self.name)

    def worker_pid(self, role: str) -> int | None:
        """Return the pid of the `read` or the `replay` process, if it runs."""
        daemon = self.daemon_pid
        wanted = ["pg_chameleon.replica.worker", role, self.name]
        for pid in children_of(daemon) if daemon else []:
            if command_line(pid)[-3:] == wanted:
                return pid
        return None

    def kill_worker(self, role: str, timeout: float = 30.0) -> int:
        """Send SIGKILL to the `read` or the `replay` process as soon as there is one."""
        self._wait(lambda: self.worker_pid(role) is not None, timeout, f"a {role} process")
        pid = self.worker_pid(role)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def log_tail(self, lines: int = 40) -> str:
        """Return the last lines of all log files."""
        files = sorted((self.folder / "logs").glob("*"), key=lambda file: file.stat().st_mtime)
        text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file())
        return "\n".join(text.splitlines()[-lines:])

    def close(self) -> None:
        """Stop whatever still runs and remove the home."""
        with suppress(OSError, subprocess.SubprocessError):
            self.chameleon("stop_all_replicas", expected=(), timeout=60)
        for pid in processes_of_home(self.home):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pid_of(self, name: str) -> int | None:
        """Return the pid in a pid file, if such a process runs."""
        file = self.folder / f"pid/default_{name}.pid"
        try:
            pid = int(file.read_text().strip() or 0)
        except FileNotFoundError:
            return None
        return pid if pid and command_line(pid) else None

    def _wait(self, holds: Callable[[], bool], timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > deadline:
                raise JourneyFailed(f"waited in vain {timeout:.0f} s for {what}:\n{self.log_tail()}")
            time.sleep(POLL_INTERVAL)


def program() -> list[str]:
    """Return the start of a command line: the installed command, or that of the checkout."""
    installed = Path(sys.executable).with_name("chameleon")
    return [str(installed)] if installed.exists() else [sys.executable, str(REPOSITORY / "scripts/chameleon")]


def children_of(pid: int) -> list[int]:
    """List the child processes of a process, whichever of its threads started them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError):
            found += [int(child) for child in task.read_text().split()]
    return found


def command_line(pid: int) -> list[str]:
    """Return the arguments of a process; none if it is gone, or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def processes_of_home(home: Path) -> list[int]:
    """Find the processes that live in a home, wherever they came from."""
    marker = f"HOME={home}".encode()
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if marker in environment.read_bytes().split(b"\0"):
                found.append(int(environment.parent.name))
    return found
