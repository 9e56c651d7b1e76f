"""The read and the replay process, which the supervisor starts as ``python -m pg_chameleon.replica.worker``.

What they need comes as one pickled value on standard input, which stays open: its end means that the
supervisor died.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
from dataclasses import dataclass
from enum import IntEnum

from pg_chameleon.config import Configuration
from pg_chameleon.daemon import StopEvent
from pg_chameleon.errors import ChameleonError
from pg_chameleon.log import start_logging, stop_logging
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.status import SourceStatus
from pg_chameleon.postgres.connection import (
    ASYNCHRONOUS_COMMIT,
    BY_INDEX,
    NOTICE_LOST_CLIENT,
    Connection,
    Stop,
    close_quietly,
    connect,
    listen,
)
from pg_chameleon.postgres.roles import KILLED_SECONDS, LockRole, take_role
from pg_chameleon.postgres.sources import Source, find_source, read_mappings, set_status
from pg_chameleon.replica.draining import make_replayer
from pg_chameleon.replica.read.reader import Reader
from pg_chameleon.replica.settings import ReplicaSettings, replica_settings

logger = logging.getLogger(__name__)

_STDIN = 0
ROLES = {"read": LockRole.READ, "replay": LockRole.REPLAY}
PARAMETERS = {
    "read": (*ASYNCHRONOUS_COMMIT, *NOTICE_LOST_CLIENT),
    "replay": (*ASYNCHRONOUS_COMMIT, *NOTICE_LOST_CLIENT, *BY_INDEX),
}


class Outcome(IntEnum):
    """The exit statuses by which a process tells the supervisor how it ended."""

    DONE = 0
    TRY_AGAIN = 3
    GIVE_UP = 4


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a process is to do."""

    role: str
    configuration: Configuration
    source: str
    debug: bool
    rollbar_level: str


def main(role: str) -> int:
    """Run one of the processes until it is told to stop; return the outcome."""
    assignment: Assignment = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own supervisor
    stop = StopEvent.on_signals()
    threading.Thread(target=_watch_supervisor, args=(stop,), daemon=True).start()
    start_logging(
        assignment.configuration,
        assignment.source,
        role=role,
        debug=assignment.debug,
        rollbar_level=assignment.rollbar_level,
    )
    try:
        return _work(role, assignment, stop)
    finally:
        stop_logging()


def _watch_supervisor(stop: StopEvent) -> None:
    # Not through the file object: the interpreter takes its lock on exit.
    while os.read(_STDIN, 1024):
        pass
    stop.set()


def _work(role: str, assignment: Assignment, stop: StopEvent) -> Outcome:
    settings = replica_settings(assignment.configuration, assignment.configuration.sources[assignment.source])
    try:
        connection = connect(settings.target, f"{role} {settings.name}", PARAMETERS[role])
        try:
            source = find_source(connection, settings.name)
            take_role(connection, source, ROLES[role], stop, patience=KILLED_SECONDS)
            {"read": read, "replay": replay}[role](settings, connection, source, stop)
        except ChameleonError as error:
            if not error.transient:
                _record(settings, str(error))
            raise
        finally:
            close_quietly(connection)
    except ChameleonError as error:
        if stop.is_set():
            return Outcome.DONE
        if error.transient:
            logger.warning("the %s process ends and will be restarted: %s", role, error)
            return Outcome.TRY_AGAIN
        logger.error("the %s process cannot continue: %s", role, error)
        return Outcome.GIVE_UP
    except Exception:
        logger.exception("the %s process failed with an unexpected error", role)
        return Outcome.TRY_AGAIN
    return Outcome.DONE


def _record(settings: ReplicaSettings, reason: str) -> None:
    """Write the reason into the catalogue, on a connection of its own: the other may be in any state."""
    connection = connect(settings.target, "status")
    try:
        set_status(connection, find_source(connection, settings.name), SourceStatus.ERROR, reason)
    finally:
        close_quietly(connection)


def read(
    settings: ReplicaSettings,
    connection: Connection,
    source: Source,
    stop: Stop,
    until: BinlogPosition | None = None,
) -> None:
    """Read the binlog of a source into its log tables."""
    mappings = read_mappings(connection, source)
    Reader(settings, connection, source, mappings).run(stop, until)


def replay(settings: ReplicaSettings, connection: Connection, source: Source, stop: Stop) -> None:
    """Apply the batches of a source as they come."""
    listen(connection, source.channel)
    make_replayer(settings, connection, source).run(stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
