"""The one place where the rules of a source are made: of what the user chose, and of what both servers are.

Whoever copies or reads the binlog asks the source what it is, and records the answer; whoever only works on the target
(replay, status, detach) goes by what is recorded, so that all of them have the same rules.
"""

from __future__ import annotations

from contextlib import closing

from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.postgres.connection import Connection, transaction
from pg_chameleon.postgres.sources import Source, read_server, record_server
from pg_chameleon.postgres.traits import read_traits
from pg_chameleon.replica.settings import ReplicaSettings


def asked_rules(
    settings: ReplicaSettings, connection: Connection, source: Source, server: ServerVersion | None = None
) -> Rules:
    """Return the rules of a source by what it says now, or just said, and record what it is."""
    present = server or _asked(settings)
    with transaction(connection) as cursor:
        record_server(cursor, source, present)
    return _rules(settings, connection, present)


def recorded_rules(settings: ReplicaSettings, connection: Connection, source: Source) -> Rules:
    """Return the rules of a source by what was recorded; ask the source only if nobody has yet."""
    return known_rules(settings, connection, source) or asked_rules(settings, connection, source)


def known_rules(settings: ReplicaSettings, connection: Connection, source: Source) -> Rules | None:
    """Return the rules of a source by what was recorded; None if nobody has asked it yet."""
    with transaction(connection) as cursor:
        recorded = read_server(cursor, source)
    return None if recorded is None else _rules(settings, connection, recorded)


def _asked(settings: ReplicaSettings) -> ServerVersion:
    with closing(connect_source(settings.source)) as control:
        return SourceServer(control).version


def _rules(settings: ReplicaSettings, connection: Connection, server: ServerVersion) -> Rules:
    return Rules(
        server,
        overrides=settings.overrides,
        postgis=read_traits(connection).postgis,
        zero_dates=settings.zero_dates,
    )
