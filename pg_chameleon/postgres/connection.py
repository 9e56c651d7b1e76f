"""Connections to the target: settings, transactions, locks and errors in the words of this tool."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from pg_chameleon.errors import TargetError, TargetUnreachable

__all__ = [
    "Connection",
    "Cursor",
    "LockRole",
    "TargetSettings",
    "connect",
    "listen",
    "transaction",
    "try_lock",
    "wait_for_notice",
]

_LOCK_CLASS = 0x6368616D  # "cham": the first key of every advisory lock of this tool
_ADVICE = {
    "28P01": "Check pg_conn.user and pg_conn.password",
    "28000": "Check pg_hba.conf on the target and pg_conn.user",
    "3D000": "Create the database, or check pg_conn.database",
    "42501": "Grant the replica's user the missing privilege on the target",
    "53100": "Free disk space on the target; nothing that was stored is lost",
}


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """How to reach PostgreSQL; the password is kept out of ``repr``."""

    host: str
    port: int
    user: str
    password: str
    database: str
    sslmode: str | None = None
    sslrootcert: str | None = None
    connect_timeout: int = 10

    def __repr__(self) -> str:
        return f"TargetSettings({self.user}@{self.host}:{self.port}/{self.database})"


class LockRole(IntEnum):
    """Who holds an advisory lock on a source; each at most one process at a time."""

    DAEMON = 0
    READ = 1
    REPLAY = 2
    COPY = 3


def connect(settings: TargetSettings, application: str) -> Connection:
    """Open a connection whose values print the same whatever the server's configuration says."""
    options = {
        name: value
        for name, value in (("sslmode", settings.sslmode), ("sslrootcert", settings.sslrootcert))
        if value is not None
    }
    try:
        connection = psycopg2.connect(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password,
            dbname=settings.database,
            connect_timeout=settings.connect_timeout,
            application_name=f"pg_chameleon {application}"[:63],
            client_encoding="UTF8",
            keepalives_idle=30,
            options="-c datestyle=ISO,YMD -c intervalstyle=postgres -c timezone=UTC -c extra_float_digits=3"
            " -c standard_conforming_strings=on -c bytea_output=hex -c search_path=pg_catalog"
            " -c client_min_messages=warning",
            **options,
        )
    except psycopg2.OperationalError as error:
        raise _connect_error(settings, error) from error
    with transaction(connection) as cursor:
        # PostGIS types and operators are found where the extension was created.
        cursor.execute("select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'postgis'")
        found = cursor.fetchone()
        if found is not None:
            cursor.execute("select set_config('search_path', 'pg_catalog, ' || quote_ident(%s), false)", found)
    return connection


def _connect_error(settings: TargetSettings, error: psycopg2.OperationalError) -> TargetError:
    text = str(error).strip().replace("\n", " ")
    state = error.pgcode or ""
    for needle, known in (("password authentication failed", "28P01"), ("pg_hba.conf", "28000"), ("does not exist", "3D000")):
        if needle in text:
            state = known
    message = f"cannot connect to PostgreSQL {settings.host}:{settings.port}/{settings.database} as {settings.user}: {text}"
    if state in _ADVICE:
        return TargetError(message, advice=_ADVICE[state])
    return TargetUnreachable(message, advice="Check pg_conn, and that the server runs and accepts connections")


def translated(error: psycopg2.Error) -> TargetError:
    """Return the error in the words of this tool; lost connections and retries the server asks for are transient."""
    text = str(error).strip() or type(error).__name__
    state = error.pgcode or ""
    lost = isinstance(error, psycopg2.InterfaceError) or (isinstance(error, psycopg2.OperationalError) and not state)
    # 57P: shutdown; 08: connection; 40: serialization and deadlock; 55P03: lock timeout; 53: resources
    if lost or state[:3] == "57P" or state[:2] in ("08", "40", "53") or state == "55P03":
        return TargetUnreachable(f"PostgreSQL: {text}", advice=_ADVICE.get(state))
    return TargetError(f"PostgreSQL: {text}", advice=_ADVICE.get(state))


@contextmanager
def transaction(connection: Connection) -> Iterator[Cursor]:
    """Run the block's statements in one transaction: commit at its end, roll back if it raises."""
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    except psycopg2.Error as error:
        raise translated(error) from error


def try_lock(connection: Connection, source_id: int, role: LockRole) -> bool:
    """Take the role on the source for as long as the connection lives; return False if another process has it."""
    with transaction(connection) as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", (_LOCK_CLASS, source_id * len(LockRole) + role))
        found = cursor.fetchone()
    return bool(found and found[0])


def unlock(connection: Connection, source_id: int, role: LockRole) -> None:
    """Give the role back."""
    with transaction(connection) as cursor:
        cursor.execute("select pg_advisory_unlock(%s, %s)", (_LOCK_CLASS, source_id * len(LockRole) + role))


def held_roles(connection: Connection, source_id: int) -> frozenset[LockRole]:
    """Tell which roles of the source some living process holds, on whatever host it runs."""
    with transaction(connection) as cursor:
        cursor.execute(
            "select objid::integer from pg_locks where locktype = 'advisory' and classid = %s and granted"
            " and database = (select oid from pg_database where datname = current_database())",
            (_LOCK_CLASS,),
        )
        found = {row[0] for row in cursor.fetchall()}
    return frozenset(role for role in LockRole if source_id * len(LockRole) + role in found)


def listen(connection: Connection, channel: str) -> None:
    """Be told of notifications on a channel."""
    with transaction(connection) as cursor:
        cursor.execute(f'listen "{channel}"')


def wait_for_notice(connection: Connection, seconds: float) -> bool:
    """Wait until a notification arrives, at most so many seconds; tell whether one did."""
    try:
        connection.poll()
        if not connection.notifies:
            readable, _, _ = select.select([connection], [], [], seconds)
            if readable:
                connection.poll()
    except psycopg2.Error as error:
        raise translated(error) from error
    arrived = bool(connection.notifies)
    connection.notifies.clear()
    return arrived
