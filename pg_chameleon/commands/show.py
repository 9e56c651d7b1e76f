"""Commands that only show."""

from __future__ import annotations

from pg_chameleon import report
from pg_chameleon.commands.shared import open_target
from pg_chameleon.context import Context
from pg_chameleon.postgres import sources, status
from pg_chameleon.replica.settings import replica_settings
from pg_chameleon.replica.status import Wanted, read_status


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
    wanted = None
    if options.source is not None:
        settings = replica_settings(context.configuration, context.source)
        wanted = Wanted(settings, options.full, context.tables if options.tables else None)
    with open_target(context) as connection:
        report.show_status(read_status(connection, wanted), context.pasteable)


def show_errors(context: Context) -> None:
    """Show the errors of the replicas; one in full with --logid.

    Example: chameleon show_errors --source mysql
    """
    with open_target(context) as connection:
        if context.options.logid is not None:
            report.show_error(status.error(connection, context.options.logid))
            return
        name = context.options.source
        source = None if name is None else sources.find_source(connection, name)
        report.show_errors(status.errors(connection, source))
