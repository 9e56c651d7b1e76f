"""What the user of the source may do, and has to be able to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pg_chameleon.model.server import ServerVersion
from pg_chameleon.mysql.preflight.problem import Problem, error, warning
from pg_chameleon.mysql.server import SourceServer, rows

_GRANT = re.compile(r"GRANT (.+?) ON \*\.\* TO ")


@dataclass(frozen=True, slots=True)
class Privileges:
    """The privileges that the user has on everything, by itself or by the roles that are active."""

    names: frozenset[str]

    def has(self, *alternatives: str) -> bool:
        """Tell whether the user has any of these privileges."""
        return not self.names.isdisjoint({"ALL PRIVILEGES", "ALL", *alternatives})


def read_privileges(server: SourceServer) -> Privileges:
    """Ask the server for the privileges of its user."""
    matches = filter(None, map(_GRANT.match, _grants(server)))
    return Privileges(frozenset(name.strip().upper() for match in matches for name in match[1].split(",")))


def _grants(server: SourceServer) -> Iterable[str]:
    yield from (str(row[0]) for row in rows(server.connection, "SHOW GRANTS"))
    if server.version.mysql_since(8):
        roles = str(rows(server.connection, "SELECT CURRENT_ROLE()")[0][0])
        if roles != "NONE":
            statement = f"SHOW GRANTS FOR CURRENT_USER() USING {roles}"
            yield from (str(row[0]) for row in rows(server.connection, statement))


def replication_privileges(privileges: Privileges, version: ServerVersion) -> Iterator[Problem]:
    """Find what is missing to read the binlog."""
    if not privileges.has("REPLICATION SLAVE", "REPLICATION REPLICA"):
        yield error(
            "the user may not read the binlog: REPLICATION SLAVE is missing",
            "GRANT REPLICATION SLAVE ON *.* to the user",
        )
    if not privileges.has("REPLICATION CLIENT", "BINLOG MONITOR", "SUPER"):
        name = "BINLOG MONITOR" if version.mariadb_since(10, 5) else "REPLICATION CLIENT"
        yield error(f"the user may not see binlog positions: {name} is missing", f"GRANT {name} ON *.* to the user")


def copy_privileges(privileges: Privileges) -> Iterator[Problem]:
    """Find what is missing to copy all tables as they are at one position."""
    if privileges.has("RELOAD", "FLUSH_TABLES"):
        return
    consequence = "the first copy locks tables one by one, each with a position of its own"
    if privileges.has("LOCK TABLES"):
        yield warning(f"the user has no RELOAD privilege: {consequence}", "GRANT RELOAD ON *.* to avoid that")
    else:
        yield warning(
            f"the user has neither RELOAD nor LOCK TABLES: without RELOAD {consequence}, which needs LOCK TABLES",
            "GRANT RELOAD ON *.*, or LOCK TABLES on the schemas",
        )
