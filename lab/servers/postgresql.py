"""Private PostgreSQL servers."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from lab.servers.base import REPLICA_PASSWORD, REPLICA_USER, Options, Server, system_user
from lab.servers.provision import provision_postgis

SETTINGS: Options = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "max_connections": 200,
}
NOT_DURABLE: Options = {"fsync": "off"}
HOST_BASED_AUTHENTICATION = """\
host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


class PostgreSQL(Server):
    """A private PostgreSQL server; its superuser `postgres` needs no password, `usr_replica` is plain."""

    product = "postgresql"
    stop_signal = signal.SIGINT
    # A postmaster that gets QUIT ends at once and leaves no shared memory behind.
    end_signal = signal.SIGQUIT

    def connect(
        self,
        database: str = "postgres",
        *,
        user: str = "postgres",
        password: str = "",
        autocommit: bool = True,
        **arguments: Any,  # whatever else psycopg2.connect takes
    ) -> Connection:
        """Open a connection over TCP."""
        connection: Connection = psycopg2.connect(
            host=self.host, port=self.port, user=user, password=password, dbname=database, **arguments
        )
        connection.autocommit = autocommit
        return connection

    def execute(
        self,
        statement: str | sql.Composable,
        parameters: Sequence[object] | None = None,
        database: str = "postgres",
    ) -> list[tuple[Any, ...]]:
        """Execute one statement as superuser in a connection of its own and return its rows."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def create_database(self, name: str, owner: str = REPLICA_USER) -> "Database":
        """Make an empty database for the replica user."""
        self.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner)))
        return Database(self, name)

    @property
    def _system_user(self) -> str | None:
        return system_user("postgres")

    def _make_users(self) -> None:
        statement = sql.SQL("create role {} login password {}")
        self.execute(statement.format(sql.Identifier(REPLICA_USER), sql.Literal(REPLICA_PASSWORD)))

    def _initialise(self, data: Path) -> None:
        folder = self.installation.path_inside(data)
        arguments = [
            f"--pgdata={folder}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
        ]
        self._run(self.installation.sibling("initdb"), [*arguments, "--no-sync"])
        (data / "pg_hba.conf").write_text(HOST_BASED_AUTHENTICATION)

    def _is_ready(self) -> bool:
        try:
            self.connect(connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _arguments(self) -> list[str]:
        durability = {} if self.durable else NOT_DURABLE
        settings = {**SETTINGS, "port": self.port, **durability, **self.options}
        written = [f"--{name}={_written(value)}" for name, value in settings.items() if value is not None]
        return ["-D", self.installation.path_inside(self.data_folder), *written]


@dataclass(frozen=True, slots=True)
class Database:
    """One database of a private server."""

    server: PostgreSQL
    name: str

    def connect(
        self, *, user: str = REPLICA_USER, password: str = REPLICA_PASSWORD, autocommit: bool = True
    ) -> Connection:
        """Open a connection, as the replica user if no other is named."""
        return self.server.connect(self.name, user=user, password=password, autocommit=autocommit)

    def execute(
        self, statement: str | sql.Composable, parameters: Sequence[object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Execute one statement as superuser in a connection of its own and return its rows."""
        return self.server.execute(statement, parameters, self.name)

    def pg_conn(self) -> dict[str, str | int]:
        """Return the replica user's connection as the configuration file names it."""
        return {
            "host": self.server.host,
            "port": self.server.port,
            "user": REPLICA_USER,
            "password": REPLICA_PASSWORD,
            "database": self.name,
            "charset": "utf8",
        }

    def add_postgis(self) -> None:
        """Give the database the spatial types, which the lab installs where they are missing."""
        provision_postgis(self.server.installation)
        self.execute("create extension postgis")

    def drop(self) -> None:
        """Drop the database with whoever is connected to it."""
        self.server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(self.name)))


def _written(value: str | int) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
