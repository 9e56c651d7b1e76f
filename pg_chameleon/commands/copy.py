"""Commands that copy tables."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Iterator

from pg_chameleon import report
from pg_chameleon.commands.shared import begin_log, check_source, open_source, pid_file_of
from pg_chameleon.context import Context
from pg_chameleon.daemon import StopEvent, run_as_daemon
from pg_chameleon.errors import ChameleonError, Interrupted, ReplicaBusy
from pg_chameleon.log import announce, log_path
from pg_chameleon.model.overview import CopyObserver
from pg_chameleon.postgres.connection import Connection
from pg_chameleon.postgres.roles import LockRole, held_roles
from pg_chameleon.postgres.sources import Source
from pg_chameleon.replica.copy.run import copy_tables
from pg_chameleon.replica.copy.settings import CopyKind, CopyReport, CopyRequest, copy_settings

logger = logging.getLogger(__name__)


def init_replica(context: Context) -> None:
    """Make the first copy of a source, in the background; --wait stays and shows its progress.

    Run again, it finishes a copy that was interrupted.

    Example: chameleon init_replica --source mysql --wait
    """
    _copy(context, CopyRequest(CopyKind.INIT_REPLICA), "Init replica")


def copy_schema(context: Context) -> None:
    """Make the tables of a source on the target, without their rows; --wait stays until they are made.

    Example: chameleon copy_schema --source mysql
    """
    _copy(context, CopyRequest(CopyKind.COPY_SCHEMA), "Copy schema")


def refresh_schema(context: Context) -> None:
    """Copy one schema of a source again, in the background; --wait stays and shows its progress.

    Example: chameleon refresh_schema --source mysql --schema sakila
    """
    _copy(context, CopyRequest(CopyKind.REFRESH_SCHEMA, schema=context.schema), "Refresh schema")


def sync_tables(context: Context) -> None:
    """Copy some tables again; --tables disabled copies all that are quarantined.

    It runs in the background; --wait stays and shows its progress. The replica of the other tables may run meanwhile.

    Example: chameleon sync_tables --source mysql --tables sakila.film,sakila.actor
    """
    tables = None if context.all_disabled else context.tables
    _copy(context, CopyRequest(CopyKind.SYNC_TABLES, tables=tables), "Sync tables")


def _copy(context: Context, request: CopyRequest, label: str) -> None:
    """Run a copy as a daemon of its own, beside the replica's."""
    with open_source(context) as (connection, source):
        _refuse_if_copying(connection, source, request.kind)
    check_source(context, replicated=request.kind is CopyKind.SYNC_TABLES)
    settings = copy_settings(context.configuration, context.source)
    report.say(f"{label} process for source {source.name} started.")
    report.say_all(map(context.pasteable, _how_to_watch(context)))

    def act(started: Callable[[], None]) -> None:
        begin_log(context, "copy")
        stop = StopEvent.on_signals()
        started()
        finished = copy_tables(settings, request, _observer(context), stop)
        _conclude(context, label, finished)

    foreground = context.foreground or context.options.wait
    run_as_daemon(pid_file_of(context, f"{source.name}_copy"), act, foreground=foreground)


def _how_to_watch(context: Context) -> Iterator[str]:
    if context.foreground:  # the log is there
        return
    source = context.source.name
    log = log_path(context.configuration, source)
    if context.options.wait:
        yield f"Its log is {log}."
        return
    yield f"It runs in the background; its progress is in {log}."
    yield f"chameleon show_status --source {source} shows how it ended. With --wait, a copy is shown here."


def _observer(context: Context) -> CopyObserver:
    # Loaded here, because rich takes as long as the whole rest, and only copies use it
    progress = importlib.import_module("pg_chameleon.progress")
    shown = context.options.wait and not context.foreground
    observer: CopyObserver = progress.display(sys.stderr) if shown else progress.log_display()
    return observer


def _refuse_if_copying(connection: Connection, source: Source, kind: CopyKind) -> None:
    """Report at once what would keep a copy from beginning, and not only in its log."""
    roles = held_roles(connection, source.source_id)
    if LockRole.COPY in roles:
        raise ReplicaBusy(
            f"{source.name} is already being copied",
            advice=f"chameleon show_status --source {source.name} shows when that has ended",
        )
    if kind is CopyKind.INIT_REPLICA and LockRole.DAEMON in roles:
        raise ReplicaBusy(
            f"the replica of {source.name} is running",
            advice=f"Run chameleon stop_replica --source {source.name} first, or use sync_tables for single tables",
        )


def _conclude(context: Context, label: str, finished: CopyReport) -> None:
    """Report how a copy ended; one that is not complete is a failure of the command."""
    source = context.source.name
    for problem in finished.problems:
        logger.warning("%s: %s", problem.name, problem.reason)
    if finished.interrupted:
        raise Interrupted(
            f"the copy of {source} was interrupted; what is done is kept",
            advice="The same command resumes it",
        )
    outcome = (
        f"is complete: {len(finished.copied)} tables, {finished.rows:,} rows in {finished.seconds:.1f} s"
        if finished.complete
        else f"ended with {len(finished.problems)} problem(s)"
    )
    announce(f"{label} for source {source} {outcome}")
    if context.options.wait and not context.foreground:
        report.say(f"{label} for source {source} {outcome}")
        report.say_all(f"  {problem.name}: {problem.reason}" for problem in finished.problems)
    if not finished.complete:
        raise ChameleonError(
            f"the copy of {source} is not complete",
            advice=f"chameleon show_status --source {source} lists the tables and the reasons",
        )
