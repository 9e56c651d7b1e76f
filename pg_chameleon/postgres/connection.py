"""Connections to the target: settings, transactions, and errors translated into this tool's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any, Protocol, TypeAlias

import psycopg2
import psycopg2.extensions

from pg_chameleon.errors import TargetError, TargetUnreachable
from pg_chameleon.postgres.queries import query

Connection: TypeAlias = psycopg2.extensions.connection
Cursor: TypeAlias = psycopg2.extensions.cursor

_SESSION = (
    "datestyle=ISO,YMD",
    "intervalstyle=postgres",
    "timezone=UTC",
    "extra_float_digits=3",
    "standard_conforming_strings=on",
    "bytea_output=hex",
    "search_path=pg_catalog",
    "default_transaction_isolation=read\\ committed",
    "client_min_messages=warning",
)
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


class Stop(Protocol):
    """The event that asks a process to end; it can be waited for together with connections."""

    def is_set(self) -> bool:
        """Tell whether the process was asked to end."""

    def wait(self, seconds: float) -> bool:
        """Wait for at most so long; tell whether the event is set."""

    def fileno(self) -> int:
        """The descriptor that becomes readable when the event is set."""


# What a crash of the server could take back after such a commit are the newest batches together with their
# checkpoint, or changes together with their mark: both are done again, so nothing is lost and nothing
# repeated.
ASYNCHRONOUS_COMMIT = ("synchronous_commit=off",)

# A backend whose process was killed in the middle of a statement ends soon, and gives its locks back.
NOTICE_LOST_CLIENT = ("client_connection_check_interval=2s",)

# A run of changes meets few of the rows of a table, which the planner cannot know of a log table that is
# never analysed.
BY_INDEX = ("enable_hashjoin=off", "enable_mergejoin=off", "enable_seqscan=off", "jit=off")


def connect(settings: TargetSettings, application: str, parameters: Sequence[str] = ()) -> Connection:
    """Open a connection whose values print the same whatever the server's configuration says.

    ``parameters`` are settings of the session, each as ``name=value``.
    """
    options: dict[str, Any] = {
        name: value
        for name, value in (("sslmode", settings.sslmode), ("sslrootcert", settings.sslrootcert))
        if value is not None
    }
    try:
        connection: Connection = psycopg2.connect(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password,
            dbname=settings.database,
            connect_timeout=settings.connect_timeout,
            application_name=f"pg_chameleon {application}"[:63],
            client_encoding="UTF8",
            keepalives_idle=30,
            options=" ".join(f"-c {parameter}" for parameter in (*_SESSION, *parameters)),
            **options,
        )
    except psycopg2.OperationalError as error:
        raise _connect_error(settings, error) from error
    with transaction(connection) as cursor:
        cursor.execute(query("session.lift_time_limits"))
        cursor.execute(query("session.find_types"))
    return connection


def _connect_error(settings: TargetSettings, error: psycopg2.OperationalError) -> TargetError:
    text = str(error).strip().replace("\n", " ")
    state = error.pgcode or ""
    for needle, known in (
        ("password authentication failed", "28P01"),
        ("pg_hba.conf", "28000"),
        ("does not exist", "3D000"),
    ):
        if needle in text:
            state = known
    message = (
        f"cannot connect to PostgreSQL {settings.host}:{settings.port}/{settings.database} as {settings.user}: {text}"
    )
    if state in _ADVICE:
        return TargetError(message, advice=_ADVICE[state], code=state)
    return TargetUnreachable(message, advice="Check pg_conn, and that the server runs and accepts connections")


def translated(error: psycopg2.Error) -> TargetError:
    """Return the error as this tool's own; lost connections, and whatever the server wants retried, are transient."""
    text = str(error).strip() or type(error).__name__
    state = error.pgcode or ""
    # The driver has no class of its own for a connection that is lost in the middle of a COPY
    nameless = isinstance(error, psycopg2.OperationalError) or type(error) is psycopg2.DatabaseError
    lost = isinstance(error, psycopg2.InterfaceError) or (nameless and not state)
    # 57P: shutdown; 08: connection; 40: serialization and deadlock; 55P03: lock timeout; 53: resources
    if lost or state[:3] == "57P" or state[:2] in ("08", "40", "53") or state == "55P03":
        return TargetUnreachable(f"PostgreSQL: {text}", advice=_ADVICE.get(state), code=error.pgcode)
    return TargetError(f"PostgreSQL: {text}", advice=_ADVICE.get(state), code=error.pgcode)


@contextmanager
def target_errors() -> Iterator[None]:
    """Raise the driver's errors as this tool's own."""
    try:
        yield
    except psycopg2.Error as error:
        raise translated(error) from error


@contextmanager
def transaction(connection: Connection) -> Iterator[Cursor]:
    """Run the block's statements in one transaction: commit at its end, roll back if it raises."""
    with target_errors(), connection, connection.cursor() as cursor:
        yield cursor


def listen(connection: Connection, channel: str) -> None:
    """Subscribe to notifications on a channel."""
    with transaction(connection) as cursor:
        cursor.execute(f'listen "{channel}"')


def wait_for_notice(connection: Connection, seconds: float, stop: Stop) -> None:
    """Wait until a notification arrives or the stop event is set, for at most so many seconds."""
    with target_errors():
        connection.poll()
        if not connection.notifies:
            wait([connection.fileno(), stop.fileno()], seconds)
            connection.poll()
    connection.notifies.clear()


def close_quietly(connection: Connection) -> None:
    """Close a connection that may already be lost."""
    with contextlib.suppress(psycopg2.Error):
        connection.close()
