"""The command that ends a replica for good."""

from __future__ import annotations

from pg_chameleon import report
from pg_chameleon.commands.shared import open_source, pid_file_of, stop_and_say
from pg_chameleon.context import Context
from pg_chameleon.daemon import StopEvent, running_pid
from pg_chameleon.errors import SourceUnreachable
from pg_chameleon.model.status import SourceType
from pg_chameleon.postgres import cutover, status
from pg_chameleon.postgres.connection import Connection
from pg_chameleon.postgres.prepared import undecided
from pg_chameleon.postgres.sources import Source
from pg_chameleon.replica import detach
from pg_chameleon.replica.settings import ReplicaSettings, replica_settings


def detach_replica(context: Context) -> None:
    """Cut over: leave a PostgreSQL database with sequences and foreign keys, and forget the source.

    Stop the writes on the source first. Interrupted, it can be run again.

    Example: chameleon detach_replica --source mysql
    """
    with open_source(context) as (connection, source):
        known = _confirm_detach(context, connection, source)
    if running_pid(pid_file_of(context, source.name)) is not None:
        stop_and_say(context, source.name)
    with open_source(context) as (connection, source):
        _detach(context, connection, source, known)


def _confirm_detach(context: Context, connection: Connection, source: Source) -> int:
    """Ask whether the user is sure; return the number of the last error that was recorded by then."""
    known = max((error.log_id for error in status.errors(connection, source)), default=0)
    stale = status.problems(connection, source)
    if stale:
        report.say(f"{len(stale)} table(s) are quarantined: what the target has of them is not up to date:")
        report.say_all(f"  {problem.name}: {problem.reason}" for problem in stale)
        command = context.pasteable(f"chameleon sync_tables --source {source.name} --tables disabled")
        report.say(f"{command} copies them again; do that first if you need them.")
    report.confirm(
        f"Detaching the replica will remove any reference for the source {source.name}.",
        yes=context.options.yes,
    )
    return known


def _detach(context: Context, connection: Connection, source: Source, known: int) -> None:
    settings = replica_settings(context.configuration, context.source)
    detach.take_over(connection, source)
    if source.type == SourceType.MYSQL:
        _drain(settings, connection, source)
        _confirm_news(connection, source, known)
    result = detach.complete(settings, connection, source)
    report.say(f"{result.sequences} sequence(s) continue after the largest value in their column.")
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
    """Replay all that the source has; without the source only if the user confirms that again."""
    try:
        until = detach.present_position(settings)
    except SourceUnreachable as error:
        until = None
        report.confirm(
            f"{error}\nWithout the source, whatever was not read from it yet is lost. This is asked even with --yes.",
            yes=False,
        )
    detach.drain(settings, connection, source, until, StopEvent.on_signals())
    report.say(
        f"Everything up to {until} of the source is replayed."
        if until is not None
        else "Everything that was read from the source before is replayed."
    )


def _confirm_news(connection: Connection, source: Source, known: int) -> None:
    """Ask again if something failed since the user was asked, or is undecided: the records go with the source."""
    news = [
        *(
            f"{error.table or 'the source'}: {error.reason}"
            for error in status.errors(connection, source)
            if error.log_id > known
        ),
        *(
            f"the transaction {xid} is prepared by XA, but not committed: what it changed is not in the target"
            for xid in undecided(connection, source)
        ),
    ]
    if news:
        report.say_all(f"  {line}" for line in news)
        report.confirm(
            "What the lines above report is lost with the source. This is asked even with --yes.",
            yes=False,
            advice=f"Answer YES in capitals to detach all the same; chameleon start_replica --source {source.name}"
            " continues to replicate",
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
            state = "holds for new rows, but existing rows violate it" if result.added else "could not be created"
            report.say(f"  {result.name} of {result.table} {state}: {result.failure}")
