"""Commands that start, stop and maintain the replica of a source."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon import report
from pg_chameleon.commands.shared import begin_log, open_source, pid_file_of, refuse_if_running, stop_and_say
from pg_chameleon.context import Context
from pg_chameleon.daemon import StopEvent, StopOutcome, run_as_daemon
from pg_chameleon.errors import CatalogueError, ReplicaBusy, UsageError
from pg_chameleon.model.status import SourceStatus, SourceType
from pg_chameleon.postgres import maintenance, sources
from pg_chameleon.postgres.roles import LockRole, held_roles
from pg_chameleon.replica.supervisor import Supervisor


def start_replica(context: Context) -> None:
    """Start the daemon that replicates a source.

    The command ends once the daemon is up.

    Example: chameleon start_replica --source mysql
    """
    with open_source(context) as (connection, source):
        if source.type != SourceType.MYSQL:
            raise UsageError(f"{source.name} is of type {source.type}, for which there is only the first copy")
        if source.status is SourceStatus.ERROR:
            raise CatalogueError(
                f"the source {source.name} is in error: {source.status_reason or 'the log has the reason'}",
                advice=f"Correct the cause, then run chameleon enable_replica --source {source.name}",
            )
        if not sources.has_checkpoint(connection, source):
            raise CatalogueError(
                f"the source {source.name} was never copied",
                advice=f"Run chameleon init_replica --source {source.name}",
            )
    options = context.options
    supervisor = Supervisor(
        context.configuration, source.name, debug=options.debug, rollbar_level=options.rollbar_level
    )

    def act(started: Callable[[], None]) -> None:
        begin_log(context, "supervisor")
        supervisor.run(StopEvent.on_signals(), started)

    report.say(f"Starting the replica process for source {source.name}")
    run_as_daemon(pid_file_of(context, source.name), act, foreground=context.foreground)


def stop_replica(context: Context) -> None:
    """Stop the daemon of a source.

    It ends after the current transaction; start_replica resumes from there.

    Example: chameleon stop_replica --source mysql
    """
    name = context.source.name
    if stop_and_say(context, name) is StopOutcome.NOT_RUNNING:
        with open_source(context) as (connection, source):
            if LockRole.DAEMON in held_roles(connection, source.source_id):
                raise ReplicaBusy(
                    f"a daemon on another host, or of another user, works on the source {name}",
                    advice=f"Run chameleon stop_replica --source {name} there",
                )


def stop_all_replicas(context: Context) -> None:
    """Stop the daemons of all sources of the configuration.

    Example: chameleon stop_all_replicas
    """
    for name in context.configuration.sources:
        stop_and_say(context, name)


def enable_replica(context: Context) -> None:
    """Allow a replica to start again after an error.

    Example: chameleon enable_replica --source mysql
    """
    with open_source(context) as (connection, source):
        refuse_if_running(context, connection, source)
        sources.set_status(connection, source, SourceStatus.STOPPED)
    next_step = context.pasteable(f"chameleon start_replica --source {source.name}")
    report.say(f"The replica of {source.name} may start again: {next_step}")


def run_maintenance(context: Context) -> None:
    """Vacuum the log tables of a source, with VACUUM FULL if --full is given.

    Example: chameleon run_maintenance --source mysql
    """
    with open_source(context) as (connection, source):
        done = maintenance.vacuum(connection, source, full=context.options.full)
    report.say_all(f"vacuumed {name}" for name in done)
