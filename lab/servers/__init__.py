"""Private database servers: found or installed, started with a data folder of their own, gone at the end.

with MariaDB("10.11", options={"binlog_row_metadata": "FULL"}) as source, PostgreSQL("15") as target:
    source.execute("create database example")
    target.create_database("db_replica")
"""

from lab.servers.base import REPLICA_PASSWORD, REPLICA_USER, Options, Server
from lab.servers.errors import LabError, ServerFailed, ServerUnavailable
from lab.servers.mysql import MariaDB, MySQL, SourceServer
from lab.servers.postgresql import Database, PostgreSQL
from lab.servers.provision import RECIPES, provision, provision_postgis, provision_program

__all__ = [
    "RECIPES",
    "REPLICA_PASSWORD",
    "REPLICA_USER",
    "Database",
    "LabError",
    "MariaDB",
    "MySQL",
    "Options",
    "PostgreSQL",
    "Server",
    "ServerFailed",
    "ServerUnavailable",
    "SourceServer",
    "provision",
    "provision_postgis",
    "provision_program",
    "source_server",
    "start_together",
    "target_server",
]


def source_server(name: str, *, options: Options | None = None, durable: bool = True) -> SourceServer:
    """Make a source server from a name such as `mysql-9.7` or `mariadb`."""
    product, _, series = name.partition("-")
    for kind in (MySQL, MariaDB):
        if kind.product == product:
            return kind(series or None, options=options, durable=durable)
    raise ServerUnavailable(name, "a source is mysql or mariadb")


def target_server(name: str, *, options: Options | None = None, durable: bool = True) -> PostgreSQL:
    """Make a target server from a name such as `postgresql-15`."""
    product, _, series = name.partition("-")
    if product != PostgreSQL.product:
        raise ServerUnavailable(name, "a target is postgresql")
    return PostgreSQL(series or None, options=options, durable=durable)


def start_together(*servers: Server) -> None:
    """Start servers at the same time and wait until all answer."""
    for server in servers:
        server.launch()
    for server in servers:
        server.wait_until_ready()
