"""What several commands do: open the target, find a source and its daemon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pg_chameleon import report
from pg_chameleon.context import Context
from pg_chameleon.daemon import StopOutcome, running_pid, stop_daemon
from pg_chameleon.errors import ReplicaBusy
from pg_chameleon.log import start_logging
from pg_chameleon.model.status import SourceType
from pg_chameleon.postgres import catalogue, sources
from pg_chameleon.postgres.connection import Connection, close_quietly, connect
from pg_chameleon.postgres.roles import held_roles
from pg_chameleon.postgres.sources import Source
from pg_chameleon.replica.preflight import require_usable_source
from pg_chameleon.replica.settings import replica_settings, target_settings

_STOP_SECONDS = 60.0


@contextmanager
def open_bare_target(context: Context) -> Iterator[Connection]:
    """Open the target, with or without a catalogue."""
    connection = connect(target_settings(context.configuration), "command")
    try:
        yield connection
    finally:
        close_quietly(connection)


@contextmanager
def open_target(context: Context) -> Iterator[Connection]:
    """Open the target, which must have a catalogue of this release."""
    with open_bare_target(context) as connection:
        catalogue.require(connection)
        yield connection


@contextmanager
def open_source(context: Context) -> Iterator[tuple[Connection, Source]]:
    """Open the target, and find the source that the command line names in its catalogue."""
    with open_target(context) as connection:
        yield connection, sources.find_source(connection, context.source.name)


def pid_file_of(context: Context, source: str) -> Path:
    """Return the pid file of the daemon of a source."""
    return context.configuration.pid_dir / f"{context.configuration.name}_{source}.pid"


def refuse_if_running(context: Context, connection: Connection, source: Source) -> None:
    """Raise ``ReplicaBusy`` if any process works on the source, on this host or on another."""
    roles = held_roles(connection, source.source_id)
    if roles or running_pid(pid_file_of(context, source.name)) is not None:
        raise ReplicaBusy(
            f"the replica of {source.name} is running, or a copy is",
            advice=f"Run chameleon stop_replica --source {source.name} first",
        )


def check_source(context: Context, *, replicated: bool = False) -> None:
    """Report what is in the way of a replica, and what is worth knowing, before anything begins."""
    wanted = context.source
    if wanted.type == SourceType.MYSQL:
        settings = replica_settings(context.configuration, wanted)
        found = require_usable_source(settings, wanted.schema_mappings, replicated=replicated)
        report.say_all(f"note: {warning}" for warning in found)


def begin_log(context: Context, role: str) -> None:
    """Begin the log again, in the process of a daemon."""
    options = context.options
    start_logging(
        context.configuration,
        context.source.name,
        role=role,
        debug=options.debug,
        rollbar_level=options.rollbar_level,
    )


def stop_and_say(context: Context, source: str) -> StopOutcome:
    """Stop the daemon of a source, and say what that took."""
    outcome = stop_daemon(pid_file_of(context, source), _STOP_SECONDS).outcome
    report.say(f"The replica of {source} {outcome.value}.")
    return outcome
