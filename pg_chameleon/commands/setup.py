"""Commands that set up the configuration, the catalogue and the sources."""

from __future__ import annotations

from pg_chameleon import config, report
from pg_chameleon.commands.shared import check_source, open_bare_target, open_source, open_target, refuse_if_running
from pg_chameleon.context import Context
from pg_chameleon.postgres import catalogue, sources


def set_configuration_files() -> None:
    """Create ~/.pg_chameleon with its folders, and put an example configuration there.

    If the environment variable PG_CHAMELEON_HOME is set, the folder that it names is used instead.
    Existing files are kept.

    Example: chameleon set_configuration_files
    """
    report.say_all(config.set_configuration_files())


def create_replica_schema(context: Context) -> None:
    """Install the catalogue sch_chameleon in the target database.

    Example: chameleon create_replica_schema
    """
    with open_bare_target(context) as connection:
        if catalogue.install(connection):
            names = list(context.configuration.sources)
            source = names[0] if len(names) == 1 else "NAME"
            next_step = context.pasteable(f"chameleon add_source --source {source}")
            report.say(f"The catalogue sch_chameleon is installed. Next: {next_step}")
        else:
            report.say("The catalogue sch_chameleon already exists, in the version of this release.")


def drop_replica_schema(context: Context) -> None:
    """Drop the catalogue with everything in it; the replicated tables stay.

    The tables are yours from then on: a new first copy does not replace them.

    Example: chameleon drop_replica_schema
    """
    report.confirm(
        "Dropping the catalogue removes every source, its log and its errors. The replicated tables stay, and are"
        " yours: a new first copy does not replace them.",
        yes=context.options.yes,
    )
    with open_bare_target(context) as connection:
        dropped = catalogue.drop(connection)
    report.say("The catalogue was dropped." if dropped else "There is no catalogue in the target database.")


def upgrade_replica_schema(context: Context) -> None:
    """Bring the catalogue to the version of this release.

    Stop all replicas first.

    Example: chameleon upgrade_replica_schema
    """
    with open_bare_target(context) as connection:
        before, after = catalogue.upgrade(connection)
    if before == after:
        report.say(f"The catalogue already has version {after}, that of this release.")
    else:
        report.say(f"The catalogue was upgraded from version {before} to {after}.")


def add_source(context: Context) -> None:
    """Register a source of the configuration and its schema mappings in the catalogue.

    Example: chameleon add_source --source mysql
    """
    wanted = context.source
    with open_target(context) as connection:
        check_source(context)
        sources.add_source(connection, wanted.name, wanted.type, wanted.schema_mappings)
    next_step = context.pasteable(f"chameleon init_replica --source {wanted.name}")
    report.say(f"The source {wanted.name} is registered. Next: {next_step}")


def drop_source(context: Context) -> None:
    """Remove a source from the catalogue; its replicated tables stay.

    A new first copy into the same schemas replaces them.

    Example: chameleon drop_source --source mysql
    """
    with open_source(context) as (connection, source):
        refuse_if_running(context, connection, source)
        report.confirm(
            f"Dropping the source {source.name} removes its log, its errors and its position. The replicated"
            " tables stay, until another first copy into the same schemas replaces them.",
            yes=context.options.yes,
        )
        sources.remove_source(connection, source, detached=False)
    report.say(f"The source {source.name} was removed from the catalogue.")


def update_schema_mappings(context: Context) -> None:
    """Bring changed schema_mappings of the configuration into the catalogue.

    Target schemas whose names have changed are renamed. Stop the replica first.

    Example: chameleon update_schema_mappings --source mysql
    """
    with open_source(context) as (connection, source):
        refuse_if_running(context, connection, source)
        done = sources.update_mappings(connection, source, context.source.schema_mappings)
    report.say_all(done or ["The mappings in the catalogue already match the configuration."])
