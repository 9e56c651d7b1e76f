"""Private MySQL and MariaDB servers that write a binlog."""

import getpass
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from lab.servers.base import REPLICA_PASSWORD, REPLICA_USER, Options, Server
from lab.servers.installation import HOST as HOST_ROOT

COMMON_SETTINGS: Options = {
    "bind_address": "127.0.0.1",
    "secure_file_priv": "",
    "log_bin": "binlog",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "character_set_server": "utf8mb4",
    "innodb_buffer_pool_size": "256M",
}
NOT_DURABLE: Options = {"sync_binlog": 0, "innodb_flush_log_at_trx_commit": 2}
REPLICA_PRIVILEGES = "select, reload, lock tables, replication client, replication slave"


class SourceServer(Server):
    """What MySQL and MariaDB have in common.

    `root` has no password; `usr_replica` has the minimum privileges that a replica needs.
    """

    stop_signal = signal.SIGTERM
    end_signal = signal.SIGKILL
    product_settings: ClassVar[Options] = {}

    def connect(
        self,
        database: str | None = None,
        *,
        user: str = "root",
        password: str = "",
        autocommit: bool = True,
        **arguments: Any,  # whatever else pymysql.connect takes
    ) -> "Connection[Cursor]":
        """Open a connection over TCP."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=user,
            password=password,
            database=database,
            autocommit=autocommit,
            **{"charset": "utf8mb4", **arguments},
        )

    def execute(
        self, statement: str, parameters: Sequence[object] | None = None, database: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Execute one statement as root in a connection of its own and return its rows."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    def create_replica_user(self, name: str = REPLICA_USER, password: str = REPLICA_PASSWORD) -> None:
        """Make a user with the minimum privileges that a replica needs, without a trace in the binlog."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("set session sql_log_bin = 0")
            cursor.execute("create user %s@'%%' identified by %s", (name, password))
            cursor.execute(f"grant {REPLICA_PRIVILEGES} on *.* to %s@'%%'", (name,))

    def db_conn(self) -> dict[str, str | int]:
        """Return the replica user's connection as the configuration file names it."""
        return {"host": self.host, "port": self.port, "user": REPLICA_USER, "password": REPLICA_PASSWORD}

    def _make_users(self) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("set session sql_log_bin = 0")
            # Anonymous users shadow usr_replica@'%' on localhost.
            cursor.execute("select host from mysql.user where user = ''")
            for (host,) in cursor.fetchall():
                cursor.execute("drop user ''@%s", (host,))
        self.create_replica_user()

    def _is_ready(self) -> bool:
        try:
            self.connect(connect_timeout=2).close()
        except pymysql.err.OperationalError:
            return False
        return True

    def _arguments(self) -> list[str]:
        where: Options = {
            "datadir": self.installation.path_inside(self.data_folder),
            "tmpdir": self.installation.path_inside(self.folder / "tmp"),
            "socket": self.installation.path_inside(self.folder / "socket"),
            "pid_file": self.installation.path_inside(self.folder / "server.pid"),
            "port": self.port,
            "server_id": self.port,
        }
        durability = {} if self.durable else NOT_DURABLE
        settings = {**where, **COMMON_SETTINGS, **self.product_settings, **durability, **self.options}
        return [*self._first_arguments(), *command_line_options(settings)]

    def _first_arguments(self) -> list[str]:
        return ["--no-defaults", f"--user={getpass.getuser()}"]


class MariaDB(SourceServer):
    """A private MariaDB server."""

    product = "mariadb"

    def _initialise(self, data: Path) -> None:
        self._run(
            self.installation.sibling("mariadb-install-db"),
            [
                *self._first_arguments(),
                f"--datadir={self.installation.path_inside(data)}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
        )


class MySQL(SourceServer):
    """A private MySQL server."""

    product = "mysql"

    @property
    def is_old(self) -> bool:
        """Tell whether this is a version before 5.7, which initialises, and makes users, in its own ways."""
        return self.version < (5, 7)

    @property
    def product_settings(self) -> Options:  # type: ignore[override]
        gtid: Options = {"gtid_mode": "ON", "enforce_gtid_consistency": "ON"}
        if self.is_old:
            return {**gtid, "log_slave_updates": "ON", "innodb_use_native_aio": 0}
        return {**gtid, "mysqlx": "OFF"}

    def _initialise(self, data: Path) -> None:
        folder = f"--datadir={self.installation.path_inside(data)}"
        if self.is_old:
            self._initialise_old(folder)
        else:
            self._run(self.installation.program, [*self._first_arguments(), folder, "--initialize-insecure"])
        # Every server shall make its own UUID.
        (data / "auto.cnf").unlink(missing_ok=True)

    def _initialise_old(self, folder: str) -> None:
        """Feed the scripts that make the system tables to a server without them."""
        scripts = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")
        tables = b"".join((self._share_folder / script).read_bytes() for script in scripts)
        (self.folder / "fresh/mysql").mkdir()
        arguments = [*self._first_arguments(), folder, "--bootstrap", "--innodb-use-native-aio=0"]
        self._run(self.installation.program, arguments, b"use mysql;\n" + tables)

    def _first_arguments(self) -> list[str]:
        first = super()._first_arguments()
        if self.installation.root == HOST_ROOT and self._share_folder.is_dir():
            return [
                *first,
                f"--lc-messages-dir={self._share_folder}",
                f"--character-sets-dir={self._share_folder}/charsets",
            ]
        return first

    @property
    def _share_folder(self) -> Path:
        """The folder of messages and scripts beside an unpacked server program."""
        return Path(self.installation.program).parent / "share"


def command_line_options(settings: Options) -> list[str]:
    """Write settings as options of the server program."""
    options = []
    for name, value in settings.items():
        option = f"--{name.replace('_', '-')}"
        if value is not None:
            options.append(option if value is True else f"{option}={'OFF' if value is False else value}")
    return options
