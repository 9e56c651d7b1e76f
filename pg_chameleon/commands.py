"""One function per command of the command line; the first line of its docstring is its help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pg_chameleon import config, report
from pg_chameleon.context import Context
from pg_chameleon.daemon import StopEvent, StopOutcome, run_as_daemon, running_pid, stop_daemon
from pg_chameleon.errors import CatalogueError, ChameleonError, ReplicaBusy, SourceUnreachable, UsageError
from pg_chameleon.log import announce, start_logging
from pg_chameleon.model.status import SourceStatus
from pg_chameleon.postgres import catalogue, cutover, maintenance, sources, status
from pg_chameleon.postgres.connection import (
    Connection,
    LockRole,
    close_quietly,
    connect,
    has_postgis,
    held_roles,
)
from pg_chameleon.postgres.left_out import find_left_out
from pg_chameleon.postgres.prepared import undecided
from pg_chameleon.postgres.sources import Source
from pg_chameleon.replica import detach
from pg_chameleon.replica.copy.run import copy_tables
from pg_chameleon.replica.copy.settings import CopyKind, CopyReport, CopyRequest, copy_settings
from pg_chameleon.replica.preflight import require_usable_source
from pg_chameleon.replica.settings import ReplicaSettings, replica_settings, target_settings
from pg_chameleon.replica.supervisor import Supervisor

_STOP_SECONDS = 60.0


def set_configuration_files() -> None:
    """Make ~/.pg_chameleon with its folders, and put an example configuration there."""
    report.say_all(config.set_configuration_files())


def show_config(context: Context) -> None:
    """Show the configuration, without its secrets."""
    report.show_configuration(context.configuration)


def show_sources(context: Context) -> None:
    """Show the sources of the configuration."""
    report.show_sources(context.configuration)


def create_replica_schema(context: Context) -> None:
    """Install the catalogue sch_chameleon in the target database."""
    with _bare_target(context) as connection:
        if catalogue.install(connection):
            report.say("The catalogue sch_chameleon is installed. Next: chameleon add_source --source NAME")
        else:
            report.say("The catalogue sch_chameleon is there already, in the newest version.")


def drop_replica_schema(context: Context) -> None:
    """Drop the catalogue with all it knows; the replicated tables stay."""
    report.confirm(
        "Dropping the catalogue removes every source, its log and its errors. The replicated tables stay, and are"
        " yours: a new first copy does not replace them.",
        yes=context.options.yes,
    )
    with _bare_target(context) as connection:
        dropped = catalogue.drop(connection)
    report.say("The catalogue is dropped." if dropped else "There is no catalogue in the target database.")


def upgrade_replica_schema(context: Context) -> None:
    """Bring the catalogue to the version of this release."""
    with _bare_target(context) as connection:
        before, after = catalogue.upgrade(connection)
    if before == after:
        report.say(f"The catalogue has version {after} already, which is that of this release.")
    else:
        report.say(f"The catalogue is upgraded from version {before} to {after}.")


def add_source(context: Context) -> None:
    """Register a source of the configuration and its schema mappings in the catalogue."""
    wanted = context.source
    with _target(context) as connection:
        _check_source(context)
        sources.add_source(connection, wanted.name, wanted.type, wanted.schema_mappings)
    report.say(f"The source {wanted.name} is registered. Next: chameleon init_replica --source {wanted.name}")


def drop_source(context: Context) -> None:
    """Remove a source from the catalogue; its replicated tables stay."""
    with _source(context) as (connection, source):
        _refuse_if_running(context, connection, source)
        report.confirm(
            f"Dropping the source {source.name} removes its log, its errors and its position. The replicated"
            " tables stay, until another first copy into the same schemas replaces them.",
            yes=context.options.yes,
        )
        sources.remove_source(connection, source, detached=False)
    report.say(f"The source {source.name} is removed from the catalogue.")


def init_replica(context: Context) -> None:
    """Make the first copy of a source, as a daemon; in the foreground with --debug."""
    _copy(context, CopyRequest(CopyKind.INIT_REPLICA), "Init replica")


def copy_schema(context: Context) -> None:
    """Make the tables of a source on the target, without their rows."""
    _copy(context, CopyRequest(CopyKind.COPY_SCHEMA), "Copy schema")


def refresh_schema(context: Context) -> None:
    """Copy one schema of a source again."""
    _copy(context, CopyRequest(CopyKind.REFRESH_SCHEMA, schema=context.schema), "Refresh schema")


def sync_tables(context: Context) -> None:
    """Copy some tables again; --tables disabled copies all that are quarantined."""
    tables = None if context.all_disabled else context.tables
    _copy(context, CopyRequest(CopyKind.SYNC_TABLES, tables=tables), "Sync tables")


def start_replica(context: Context) -> None:
    """Start the daemon that replicates a source."""
    with _source(context) as (connection, source):
        if source.type != "mysql":
            raise UsageError(f"{source.name} is of type {source.type}, for which there is only the first copy")
        if source.status is SourceStatus.ERROR:
            raise CatalogueError(
                f"the source {source.name} is in error: {source.status_reason or 'see show_errors'}",
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

    def act(started: object) -> None:
        _begin_log(context)
        assert callable(started)
        supervisor.run(StopEvent.on_signals(), started)

    report.say(f"Starting the replica process for source {source.name}")
    run_as_daemon(_pid_file(context, source.name), act, foreground=context.foreground)


def stop_replica(context: Context) -> None:
    """Stop the daemon of a source."""
    name = context.source.name
    stopped = stop_daemon(_pid_file(context, name), _STOP_SECONDS)
    report.say(f"The replica of {name} {stopped.outcome.value}.")
    if stopped.outcome is StopOutcome.NOT_RUNNING:
        with _source(context) as (connection, source):
            if LockRole.DAEMON in held_roles(connection, source.source_id):
                raise ReplicaBusy(
                    f"a daemon on another host, or of another user, works on the source {name}",
                    advice="Run chameleon stop_replica there",
                )


def stop_all_replicas(context: Context) -> None:
    """Stop the daemons of all sources of the configuration."""
    for name in context.configuration.sources:
        stopped = stop_daemon(_pid_file(context, name), _STOP_SECONDS)
        report.say(f"The replica of {name} {stopped.outcome.value}.")


def enable_replica(context: Context) -> None:
    """Allow a replica to start again after an error."""
    with _source(context) as (connection, source):
        _refuse_if_running(context, connection, source)
        sources.set_status(connection, source, SourceStatus.STOPPED)
    report.say(f"The replica of {source.name} may start again: chameleon start_replica --source {source.name}")


def update_schema_mappings(context: Context) -> None:
    """Bring changed schema_mappings of the configuration into the catalogue."""
    with _source(context) as (connection, source):
        _refuse_if_running(context, connection, source)
        done = sources.update_mappings(connection, source, context.source.schema_mappings)
    report.say_all(done or ["The mappings in the catalogue are those of the configuration already."])


def show_status(context: Context) -> None:
    """Show the sources and what they do; with --source also mappings, counters and problems."""
    options = context.options
    name = options.source
    with _target(context) as connection:
        shown = [(row, reason) for row, reason in status.overview(connection) if name in (None, row.name)]
        source = None if name is None else sources.find_source(connection, name)
        report.show_status([row for row, _ in shown])
        report.say_all(f"{row.name}: {reason}" for row, reason in shown if reason)
        if source is not None:
            report.show_source_details(
                status.mapping_rows(connection, source),
                status.counters(connection, source, context.source.auto_maintenance),
                status.problems(connection, source),
                status.keyless(connection, source),
            )
            report.show_renamed(status.renamed(connection, source))
            if source.type == "mysql":
                rules = replica_settings(context.configuration, context.source).rules(postgis=has_postgis(connection))
                report.show_left_out(find_left_out(connection, source, rules))
            report.show_value_changes(status.value_changes(connection, source))
            if options.full:
                wanted = context.tables if options.tables else None
                report.show_changed_values(status.changed_values(connection, source, wanted))


def show_errors(context: Context) -> None:
    """Show the errors of the replicas; one whole with --logid."""
    with _target(context) as connection:
        if context.options.logid is not None:
            report.show_error(status.error(connection, context.options.logid))
            return
        name = context.options.source
        source = None if name is None else sources.find_source(connection, name)
        report.show_errors(status.errors(connection, source))


def run_maintenance(context: Context) -> None:
    """Vacuum the log tables of a source, with VACUUM FULL if --full is given."""
    with _source(context) as (connection, source):
        done = maintenance.vacuum(connection, source, full=context.options.full)
    report.say_all(f"vacuumed {name}" for name in done)


def detach_replica(context: Context) -> None:
    """Cut over: leave a PostgreSQL database with sequences and foreign keys, and forget the source."""
    with _source(context) as (connection, source):
        told = _confirm_detach(context, connection, source)
    pid_file = _pid_file(context, source.name)
    if running_pid(pid_file) is not None:
        report.say(f"The replica of {source.name} {stop_daemon(pid_file, _STOP_SECONDS).outcome.value}.")
    with _source(context) as (connection, source):
        _detach(context, connection, source, told)


def _confirm_detach(context: Context, connection: Connection, source: Source) -> int:
    """Ask whether the user is sure; return the number of the last error that is known by then."""
    told = max((error.log_id for error in status.errors(connection, source)), default=0)
    stale = status.problems(connection, source)
    if stale:
        report.say(f"{len(stale)} table(s) are quarantined: what the target has of them is not up to date:")
        report.say_all(f"  {problem.name}: {problem.reason}" for problem in stale)
        report.say(f"chameleon sync_tables --source {source.name} --tables disabled brings them back first.")
    report.confirm(
        f"Detaching the replica will remove any reference for the source {source.name}.",
        yes=context.options.yes,
    )
    return told


def _detach(context: Context, connection: Connection, source: Source, told: int) -> None:
    settings = replica_settings(context.configuration, context.source)
    detach.take_over(connection, source)
    if source.type == "mysql":
        _drain(settings, connection, source)
        _confirm_news(connection, source, told)
    rules = settings.rules(postgis=has_postgis(connection))
    result = detach.complete(settings, connection, source, rules)
    report.say(f"{result.sequences} sequence(s) go on after the largest value in their column.")
    _say_constraints("foreign key(s)", result.foreign_keys)
    _say_constraints("check constraint(s)", result.checks)
    _say_stamps(result)
    report.say_all(f"{table}: {what}" for table, what in result.left_out)
    report.say_all(
        f"{name} holds NULL in place of dates that do not exist, so it stays nullable."
        for name in result.still_nullable
    )
    report.say_all(f"{', '.join(roles)} may write in {schema}." for schema, roles in result.writers.items() if roles)
    detach.forget(connection, source)
    report.say(f"The source {source.name} is detached: the database stands on its own.")


def _drain(settings: ReplicaSettings, connection: Connection, source: Source) -> None:
    """Replay all that the source has; without the source only if the user wants that, answered anew."""
    try:
        until = detach.present_position(settings)
    except SourceUnreachable as error:
        until = None
        report.confirm(
            f"{error}\nWithout the source, what was not read from it yet is lost. This asks also with --yes.", yes=False
        )
    detach.drain(settings, connection, source, until, StopEvent.on_signals())
    report.say(
        f"Everything up to {until} of the source is replayed."
        if until is not None
        else "Everything that was read from the source before is replayed."
    )


def _confirm_news(connection: Connection, source: Source, told: int) -> None:
    """Ask anew if something failed since the user was asked, or is undecided: the records go with the source."""
    news = [
        *(
            f"{error.table or 'the source'}: {error.reason}"
            for error in status.errors(connection, source)
            if error.log_id > told
        ),
        *(
            f"the transaction {xid} is prepared by XA, but not committed: what it changed is not in the target"
            for xid in undecided(connection, source)
        ),
    ]
    if news:
        report.say_all(f"  {line}" for line in news)
        report.confirm(
            "What the lines above tell of is lost with the source. This asks also with --yes.",
            yes=False,
            advice="Answer YES in capitals to detach all the same; otherwise start_replica goes on replicating",
        )


def _say_stamps(result: detach.Report) -> None:
    for trigger in result.triggers:
        state = "is set by a trigger when a row changes" if trigger.failure is None else f"fails: {trigger.failure}"
        report.say(f"  ON UPDATE CURRENT_TIMESTAMP of {trigger.name} in {trigger.table} {state}")
    if result.unstamped:
        report.say(
            f"ON UPDATE CURRENT_TIMESTAMP is not carried over to {', '.join(result.unstamped)}"
            " (on_update_timestamps makes triggers for columns of a timestamp type)."
        )


def _say_constraints(what: str, results: list[cutover.ConstraintResult]) -> None:
    valid = [result for result in results if result.failure is None]
    report.say(f"{len(valid)} of {len(results)} {what} created and validated.")
    for result in results:
        if result.failure is not None:
            state = (
                "stands for new rows, but rows that are there violate it" if result.added else "could not be created"
            )
            report.say(f"  {result.name} of {result.table} {state}: {result.failure}")


@contextmanager
def _bare_target(context: Context) -> Iterator[Connection]:
    connection = connect(target_settings(context.configuration), "command")
    try:
        yield connection
    finally:
        close_quietly(connection)


@contextmanager
def _target(context: Context) -> Iterator[Connection]:
    """Open the target, whose catalogue must be there and fit."""
    with _bare_target(context) as connection:
        catalogue.require(connection)
        yield connection


@contextmanager
def _source(context: Context) -> Iterator[tuple[Connection, Source]]:
    with _target(context) as connection:
        yield connection, sources.find_source(connection, context.source.name)


def _pid_file(context: Context, source: str) -> Path:
    return context.configuration.pid_dir / f"{context.configuration.name}_{source}.pid"


def _refuse_if_running(context: Context, connection: Connection, source: Source) -> None:
    roles = held_roles(connection, source.source_id)
    if roles or running_pid(_pid_file(context, source.name)) is not None:
        raise ReplicaBusy(
            f"the replica of {source.name} is running, or a copy is",
            advice=f"Run chameleon stop_replica --source {source.name} first",
        )


def _refuse_if_copying(connection: Connection, source: Source, kind: CopyKind) -> None:
    """Tell at once what would keep a copy from beginning, and not only in its log."""
    roles = held_roles(connection, source.source_id)
    if LockRole.COPY in roles:
        raise ReplicaBusy(f"{source.name} is being copied already", advice="show_status shows when that has ended")
    if kind is CopyKind.INIT_REPLICA and LockRole.DAEMON in roles:
        raise ReplicaBusy(
            f"the replica of {source.name} is running",
            advice=f"Run chameleon stop_replica --source {source.name} first, or sync_tables for single tables",
        )


def _check_source(context: Context, *, replicated: bool = False) -> None:
    """Tell what is in the way of a replica, and what is worth knowing, before anything begins."""
    wanted = context.source
    if wanted.type == "mysql":
        settings = replica_settings(context.configuration, wanted)
        found = require_usable_source(settings, wanted.schema_mappings, replicated=replicated)
        report.say_all(f"note: {warning}" for warning in found)


def _begin_log(context: Context) -> None:
    options = context.options
    start_logging(context.configuration, context.source.name, debug=options.debug, rollbar_level=options.rollbar_level)


def _copy(context: Context, request: CopyRequest, label: str) -> None:
    """Run a copy as a daemon of its own, beside the replica's."""
    with _source(context) as (connection, source):
        _refuse_if_copying(connection, source, request.kind)
    _check_source(context, replicated=request.kind is CopyKind.SYNC_TABLES)
    settings = copy_settings(context.configuration, context.source)
    report.say(f"{label} process for source {source.name} started.")

    def act(started: object) -> None:
        _begin_log(context)
        assert callable(started)
        started()
        finished = copy_tables(
            settings,
            request,
            report.progress_display(log_on_terminal=context.foreground),
            StopEvent.on_signals(),
        )
        _conclude(source, label, finished)

    run_as_daemon(_pid_file(context, f"{source.name}_copy"), act, foreground=context.foreground)


def _conclude(source: Source, label: str, finished: CopyReport) -> None:
    """Tell how a copy ended; one that is not complete is a failure of the command."""
    announce(
        f"{label} for source {source.name} is complete: {len(finished.copied)} tables, {finished.rows} rows"
        f" in {finished.seconds:.1f} s"
        if finished.complete
        else f"{label} for source {source.name} ended with {len(finished.problems)} problem(s)"
    )
    if not finished.complete:
        raise ChameleonError(
            f"the copy of {source.name} is not complete",
            advice="show_status --source lists the tables and the reasons",
        )
