"""Commands that only show."""

from __future__ import annotations

from pg_chameleon import report
from pg_chameleon.commands.shared import open_target
from pg_chameleon.context import Context
from pg_chameleon.postgres import sources, status
from pg_chameleon.postgres.left_out import find_left_out
from pg_chameleon.replica.rules import known_rules
from pg_chameleon.replica.settings import replica_settings


def show_config(context: Context) -> None:
    """Show the configuration with all defaults, without its secrets.

    Example: chameleon show_config --config default
    """
    report.show_configuration(context.configuration)


def show_sources(context: Context) -> None:
    """Show the sources of the configuration.

    Example: chameleon show_sources
    """
    report.show_sources(context.configuration)


def show_status(context: Context) -> None:
    """Show the sources and what they do; with --source also mappings, counters and problems.

    Example: chameleon show_status --source mysql
    """
    options = context.options
    name = options.source
    with open_target(context) as connection:
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
                rules = known_rules(replica_settings(context.configuration, context.source), connection, source)
                report.show_left_out([] if rules is None else find_left_out(connection, source, rules))
            report.show_value_changes(status.value_changes(connection, source))
            if options.full:
                wanted = context.tables if options.tables else None
                report.show_changed_values(status.changed_values(connection, source, wanted))


def show_errors(context: Context) -> None:
    """Show the errors of the replicas; one whole with --logid.

    Example: chameleon show_errors --source mysql
    """
    with open_target(context) as connection:
        if context.options.logid is not None:
            report.show_error(status.error(connection, context.options.logid))
            return
        name = context.options.source
        source = None if name is None else sources.find_source(connection, name)
        report.show_errors(status.errors(connection, source))
