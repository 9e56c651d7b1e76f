"""The catalogue as a whole: installed, upgraded, dropped, and checked before any command uses it."""

from __future__ import annotations

from pathlib import PurePath

from pg_chameleon.errors import CatalogueError, ReplicaBusy
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.roles import any_held
from pg_chameleon.postgres.traits import read_traits
from pg_chameleon.resources import sql_files, sql_text

VERSION = 4
"""The version of the catalogue that this code works with, which ``catalogue.sql`` installs."""


def installed_version(cursor: Cursor) -> int | None:
    """Return the version of the catalogue, or None if there is none."""
    cursor.execute(query("catalogue.exists"))
    ours, any_schema = cursor.fetchone() or (False, False)
    if not ours:
        if any_schema:
            raise CatalogueError(
                "the schema sch_chameleon exists, but it is not a catalogue of this release",
                advice="It may belong to pg_chameleon 2: rename or drop it, then run create_replica_schema",
            )
        return None
    cursor.execute(query("catalogue.version"))
    row = cursor.fetchone()
    return None if row is None else row[0]


def install(connection: Connection) -> bool:
    """Install the catalogue; return False if it is there already."""
    _require_all_characters(connection)
    with transaction(connection) as cursor:
        version = installed_version(cursor)
        if version is not None:
            _require_current(version)
            return False
        cursor.execute(sql_text("catalogue.sql"))
    return True


def _require_all_characters(connection: Connection) -> None:
    """Refuse a database that cannot hold every text: one character would stop the whole replica again and again."""
    encoding = read_traits(connection).encoding
    if encoding != "UTF8":
        raise CatalogueError(
            f"the target database has the encoding {encoding}, which cannot hold every character of the source",
            advice="Use a database created with: create database … encoding 'UTF8' template template0",
        )


def upgrade(connection: Connection) -> tuple[int, int]:
    """Bring the catalogue to the newest version, each step in the same transaction; return both versions."""
    with transaction(connection) as cursor:
        before = installed_version(cursor)
        if before is None:
            raise _missing()
        _refuse_if_busy(cursor)
        for name in sorted(sql_files("upgrades"), key=_step):
            if before < _step(name) <= VERSION:
                cursor.execute(sql_text(name))
                cursor.execute(query("catalogue.set_version"), (_step(name),))
    return before, max(before, VERSION)


def _step(name: str) -> int:
    return int(PurePath(name).stem)


def drop(connection: Connection) -> bool:
    """Drop the catalogue with all it knows; return False if there is none. Replicated tables stay."""
    with transaction(connection) as cursor:
        if installed_version(cursor) is None:
            return False
        _refuse_if_busy(cursor)
        cursor.execute("drop schema sch_chameleon cascade")
    return True


def require(connection: Connection) -> None:
    """Raise ``CatalogueError`` unless the catalogue is there in the version that this code works with."""
    with transaction(connection) as cursor:
        version = installed_version(cursor)
    if version is None:
        raise _missing()
    _require_current(version)


def _require_current(version: int) -> None:
    if version < VERSION:
        raise CatalogueError(
            f"the catalogue has version {version}, but this release needs {VERSION}",
            advice="Stop the replicas, then run chameleon upgrade_replica_schema",
        )
    if version > VERSION:
        raise CatalogueError(
            f"the catalogue has version {version}, which is newer than this release knows ({VERSION})",
            advice="Install the release of pg_chameleon that created it, or a newer one",
        )


def _missing() -> CatalogueError:
    return CatalogueError(
        "the catalogue sch_chameleon is not installed in the target database",
        advice="Run chameleon create_replica_schema",
    )


def _refuse_if_busy(cursor: Cursor) -> None:
    if any_held(cursor):
        raise ReplicaBusy(
            "replicas are running that use this catalogue", advice="Stop them with chameleon stop_all_replicas"
        )
