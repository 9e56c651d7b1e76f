"""The daemon of a source: starts the read and the replay process, starts them again when they fail, and tidies up."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pg_chameleon
from pg_chameleon.config import Configuration
from pg_chameleon.daemon import StopEvent
from pg_chameleon.errors import ChameleonError, ReplicaStopped
from pg_chameleon.model.status import SourceStatus
from pg_chameleon.postgres import maintenance
from pg_chameleon.postgres.batches import purge
from pg_chameleon.postgres.connection import Connection, close_quietly, connect
from pg_chameleon.postgres.roles import LockRole, take_role
from pg_chameleon.postgres.sources import Source, find_source, set_status
from pg_chameleon.replica.settings import ReplicaSettings, replica_settings
from pg_chameleon.replica.worker import Assignment, Outcome

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 60.0
_HEALTHY_SECONDS = 60.0
"""The failure of a process that lived so long has a new reason, so its pauses start over."""
_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.1
_TIDY_SECONDS = 10.0
_OFFLINE_SECONDS = 2.0


@dataclass(slots=True)
class Child:
    """A process of the replica, and when it may be started again."""

    assignment: Assignment
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    not_before: float = 0.0

    def start(self) -> None:
        """Start the process and hand it its assignment."""
        package = str(Path(pg_chameleon.__file__).resolve().parent.parent)
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pg_chameleon.replica.worker",
                self.assignment.role,
                self.assignment.source,
            ],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self.started = time.monotonic()
        assert self.process.stdin is not None
        try:
            pickle.dump(self.assignment, self.process.stdin)
            self.process.stdin.flush()
        except BrokenPipeError:
            logger.warning("the %s process ended as soon as it had started", self.assignment.role)

    def look(self) -> int | None:
        """Return the exit status of the process if it has just ended; start it when its time has come."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.not_before:
                self.start()
            return None
        status = self.process.poll()
        if status is None:
            return None
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it died before it read its assignment
                self.process.stdin.close()
        self.process = None
        healthy = now - self.started > _HEALTHY_SECONDS
        self.pause = _FIRST_PAUSE if healthy or not self.pause else min(self.pause * 2, _LONGEST_PAUSE)
        self.not_before = now + self.pause
        return status

    def end(self, deadline: float) -> None:
        """Wait for the process, which was asked to stop, and kill it after the deadline."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("the %s process did not stop in time and is killed; nothing is lost", self.assignment.role)
            self.process.kill()
            self.process.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)


class Supervisor:
    """Keeps one source's replica running until it is told to stop, or until it cannot continue."""

    def __init__(self, configuration: Configuration, source: str, *, debug: bool, rollbar_level: str) -> None:
        self._settings: ReplicaSettings = replica_settings(configuration, configuration.sources[source])
        self._children = [
            Child(Assignment(role, configuration, source, debug, rollbar_level)) for role in ("read", "replay")
        ]
        self._tidied = 0.0

    def run(self, stop: StopEvent, ready: Callable[[], None]) -> None:
        """Supervise until the stop event is set; raise ``ReplicaStopped`` if a process cannot continue."""
        connection = self._connect()
        source = find_source(connection, self._settings.name)
        set_status(connection, source, SourceStatus.RUNNING)
        ready()
        logger.info("the replica of %s is running", source.name)
        try:
            connection = self._watch(stop, connection, source)
        finally:
            self._stop_children()
        set_status(connection, source, SourceStatus.STOPPED)
        close_quietly(connection)
        logger.info("the replica of %s has stopped", source.name)

    def _connect(self) -> Connection:
        connection = connect(self._settings.target, f"daemon {self._settings.name}")
        source = find_source(connection, self._settings.name)
        try:
            take_role(connection, source, LockRole.DAEMON)
        except ChameleonError:
            close_quietly(connection)
            raise
        return connection

    def _watch(self, stop: StopEvent, connection: Connection | None, source: Source) -> Connection:
        while not stop.is_set():
            for child in self._children:
                self._judge(child, child.look())
            try:
                if connection is None:
                    connection = self._connect()
                    set_status(connection, source, SourceStatus.RUNNING)
                self._tidy(connection, source)
            except ChameleonError as error:
                if not error.transient:
                    raise
                logger.warning("the daemon has lost its connection to the target and will try again: %s", error)
                if connection is not None:
                    close_quietly(connection)
                connection = None
                stop.wait(_OFFLINE_SECONDS)
            stop.wait(_LOOK_SECONDS)
        return connection or self._connect()

    def _judge(self, child: Child, status: int | None) -> None:
        if status is None:
            return
        role, name = child.assignment.role, child.assignment.source
        if status == Outcome.GIVE_UP:
            raise ReplicaStopped(
                f"the {role} process of {name} cannot continue",
                advice=f"chameleon show_status --source {name} shows the reason; correct it, then run"
                f" chameleon enable_replica --source {name} and chameleon start_replica --source {name}",
            )
        if status != Outcome.DONE:
            logger.warning(
                "the %s process ended with status %d and will be restarted in %.1f s",
                role,
                status,
                child.pause,
            )

    def _tidy(self, connection: Connection, source: Source) -> None:
        """Empty log tables that are no longer needed, and maintain them when it is due."""
        if time.monotonic() - self._tidied < _TIDY_SECONDS:
            return
        self._tidied = time.monotonic()
        if purge(connection, source, self._settings.retention):
            logger.info(
                "emptied a log table of %s: everything in it was replayed more than batch_retention ago",
                source.name,
            )
        if self._settings.maintenance is not None and maintenance.is_due(
            connection, source, self._settings.maintenance
        ):
            logger.info("maintaining the log tables of %s", source.name)
            maintenance.vacuum(connection, source, full=False)

    def _stop_children(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.end(deadline)
