"""What is to be said of a source before it is replicated: what would keep the replica from working, or surprise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pg_chameleon.errors import SourceError, SourceUnreachable
from pg_chameleon.model.names import quote_mysql_identifier
from pg_chameleon.model.schema import TRANSACTIONAL_ENGINES
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.foreign_keys import read_foreign_keys
from pg_chameleon.mysql.server import SourceServer, rows

_SHORTEST_EXPIRY = 24 * 3600
_OLDEST_MYSQL, _OLDEST_MARIADB = (5, 6), (10, 0)
_CASCADING = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
_MOST_NAMES = 10


class Problem(NamedTuple):
    """Something about a source. An error keeps the replica from working; a warning does not."""

    is_error: bool
    text: str
    advice: str
    may_come_later: bool = False

    @property
    def severity(self) -> str:
        """The problem's kind as a word."""
        return "error" if self.is_error else "warning"


def check_source(
    connection: SourceConnection, schemas: Sequence[str], use_gtid: bool, server_id: int, *, replicated: bool = False
) -> list[Problem]:
    """Return everything that is worth knowing before these schemas are replicated, the errors first.

    ``replicated``: they are already, so one that is missing was dropped, which is no error.
    """
    inquiry = _Inquiry(connection, schemas, use_gtid, server_id)
    found = [
        problem._replace(is_error=False) if replicated and problem.may_come_later else problem
        for problem in inquiry.problems()
    ]
    return sorted(found, key=lambda problem: not problem.is_error)


def _error(text: str, advice: str) -> Problem:
    return Problem(True, text, advice)


def _warning(text: str, advice: str) -> Problem:
    return Problem(False, text, advice)


class _Inquiry:
    """The checks, which share the connection and what it tells."""

    def __init__(self, connection: SourceConnection, schemas: Sequence[str], use_gtid: bool, server_id: int) -> None:
        self._connection = connection
        self._schemas = schemas
        self._use_gtid = use_gtid
        self._server_id = server_id
        self._server = SourceServer(connection)
        self._privileges = _global_privileges(connection)

    def problems(self) -> Iterator[Problem]:
        yield from self._version()
        yield from self._binlog()
        yield from self._row_image()
        yield from self._expiry()
        yield from self._binlog_filters()
        yield from self._server_ids()
        yield from self._gtid()
        yield from self._relayed_changes()
        yield from self._replication_privileges()
        yield from self._copy_privileges()
        yield from self._existing_schemas()

    # The server.

    def _variable(self, name: str) -> str:
        return (self._server.variable(name) or "").upper()

    def _version(self) -> Iterator[Problem]:
        version = self._server.version
        oldest = _OLDEST_MARIADB if version.is_mariadb else _OLDEST_MYSQL
        if version.numbers < oldest:
            yield _error(
                f"{version} is too old for a replica", f"{'.'.join(map(str, oldest))} is the oldest that works"
            )

    def _binlog(self) -> Iterator[Problem]:
        if self._variable("log_bin") != "ON":
            yield _error("the source writes no binlog", "Set log_bin, binlog_format=ROW and server_id, and restart it")
            return
        # Newer versions may come without the variable, when no other format is left
        if self._variable("binlog_format") not in ("ROW", ""):
            yield _error(
                f"binlog_format is {self._variable('binlog_format')}: the binlog has statements instead of rows",
                "SET GLOBAL binlog_format = 'ROW', in the server's configuration too, and reconnect its clients",
            )

    def _row_image(self) -> Iterator[Problem]:
        image = self._variable("binlog_row_image")
        # FULL_NODUP leaves out of the image after what the one before has
        if image not in ("FULL", "FULL_NODUP", ""):
            text = f"binlog_row_image is {image}: rows come without the columns that did not change"
            if self._server.version.is_mariadb:
                text += ", and those of REPLACE without what goes back to its default, so that replicas differ"
            yield _warning(
                text, "Set binlog_row_image = 'FULL'; docs/events.md names what cannot be followed otherwise"
            )

    def _expiry(self) -> Iterator[Problem]:
        seconds = float(self._server.variable("binlog_expire_logs_seconds") or 0)
        days = float(self._server.variable("expire_logs_days") or 0)
        expiry = seconds or days * 24 * 3600
        if 0 < expiry < _SHORTEST_EXPIRY:
            yield _warning(
                f"the source removes its binlogs after {expiry / 3600:.1f} hours;"
                " a copy that takes longer, or a stopped replica, would lose its place",
                "Keep them for several days (binlog_expire_logs_seconds)",
            )

    def _binlog_filters(self) -> Iterator[Problem]:
        included, excluded = self._filters()
        for schema in self._schemas:
            if (included and schema not in included) or schema in excluded:
                yield _error(
                    f"binlog_do_db or binlog_ignore_db keeps the changes of schema {schema} out of the binlog",
                    "Take the schema out of these settings and restart the source",
                )

    def _filters(self) -> tuple[set[str], set[str]]:
        statement = "SHOW BINARY LOG STATUS" if self._server.version.mysql_since(8, 2) else "SHOW MASTER STATUS"
        try:
            status = rows(self._connection, statement)
        except SourceUnreachable:
            raise
        except SourceError:
            return set(), set()  # told by the check of the privileges
        names = [set(filter(None, str(value).split(","))) for value in status[0][2:4]] if status else [set(), set()]
        return names[0], names[1]

    def _server_ids(self) -> Iterator[Problem]:
        if not 0 < self._server_id < 1 << 32:
            yield _error(f"my_server_id is {self._server_id}", "Choose a number from 1 to 4294967295")
            return
        if self._server_id == int(self._server.variable("server_id") or 0):
            yield _error(
                f"my_server_id is {self._server_id}, which is the server_id of the source itself",
                "Choose another my_server_id",
            )
        elif self._server_id in self._replica_ids():
            yield _error(
                f"my_server_id is {self._server_id}, which another replica of the source uses",
                "Choose another my_server_id",
            )

    def _replica_ids(self) -> set[int]:
        statement = "SHOW REPLICAS" if self._server.version.mysql_since(8, 0, 22) else "SHOW SLAVE HOSTS"
        try:
            return {int(row[0]) for row in rows(self._connection, statement)}
        except SourceUnreachable:
            raise
        except SourceError:
            return set()

    def _gtid(self) -> Iterator[Problem]:
        if self._use_gtid and not self._server.gtid_enabled():
            yield _error(
                "gtid_enable is set, but the source has gtid_mode OFF",
                "Set gtid_mode and enforce_gtid_consistency to ON on the source, or gtid_enable to false",
            )

    def _relayed_changes(self) -> Iterator[Problem]:
        """A source that is itself a replica writes what it receives only if it is told to."""
        statement = "SHOW REPLICA STATUS" if self._server.version.mysql_since(8, 0, 22) else "SHOW SLAVE STATUS"
        try:
            is_replica = bool(rows(self._connection, statement))
        except SourceUnreachable:
            raise
        except SourceError:
            return
        if is_replica and "ON" not in (self._variable("log_replica_updates"), self._variable("log_slave_updates")):
            yield _error(
                "the source is a replica itself, and does not write what it receives into its binlog",
                "Set log_replica_updates (log_slave_updates) on it and restart it, or replicate from its source",
            )

    # Privileges.

    def _has(self, *alternatives: str) -> bool:
        return not self._privileges.isdisjoint({"ALL PRIVILEGES", "ALL", *alternatives})

    def _replication_privileges(self) -> Iterator[Problem]:
        if not self._has("REPLICATION SLAVE", "REPLICATION REPLICA"):
            yield _error(
                "the user may not read the binlog: REPLICATION SLAVE is missing",
                "GRANT REPLICATION SLAVE ON *.* to the user",
            )
        if not self._has("REPLICATION CLIENT", "BINLOG MONITOR", "SUPER"):
            name = "BINLOG MONITOR" if self._server.version.mariadb_since(10, 5) else "REPLICATION CLIENT"
            yield _error(
                f"the user may not see binlog positions: {name} is missing", f"GRANT {name} ON *.* to the user"
            )

    def _copy_privileges(self) -> Iterator[Problem]:
        if self._has("RELOAD", "FLUSH_TABLES"):
            return
        consequence = "the first copy locks tables one by one, each with a position of its own"
        if self._has("LOCK TABLES"):
            yield _warning(f"the user has no RELOAD privilege: {consequence}", "GRANT RELOAD ON *.* to avoid that")
        else:
            yield _warning(
                f"the user has neither RELOAD nor LOCK TABLES: without RELOAD {consequence}, which needs LOCK TABLES",
                "GRANT RELOAD ON *.*, or LOCK TABLES on the schemas",
            )

    # Schemas and tables.

    def _existing_schemas(self) -> Iterator[Problem]:
        known = {str(row[0]) for row in rows(self._connection, "SELECT schema_name FROM information_schema.schemata")}
        for schema in self._schemas:
            if schema not in known:
                yield Problem(
                    True,
                    f"the source has no schema {schema}, or the user may not see it",
                    "Check schema_mappings, and that the user has SELECT on it",
                    may_come_later=True,
                )
                continue
            yield from self._unreadable_tables(schema)
            yield from self._cascades(schema)
            yield from self._engines(schema)
            yield from self._versioned_tables(schema)
            yield from self._generated_columns(schema)

    def _tables(self, schema: str, column: str) -> list[tuple[str, str]]:
        statement = f"""
            SELECT table_name, {column} FROM information_schema.tables
            WHERE table_schema = %s AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name"""
        return [(str(name), str(value)) for name, value in rows(self._connection, statement, schema)]

    def _unreadable_tables(self, schema: str) -> Iterator[Problem]:
        if self._has("SELECT"):
            return
        refused = [name for name, _ in self._tables(schema, "engine") if not self._can_read(schema, name)]
        if refused:
            yield _error(
                f"the user may not read {_listed(schema, refused)}",
                f"GRANT SELECT ON {quote_mysql_identifier(schema)}.* to the user",
            )

    def _can_read(self, schema: str, table: str) -> bool:
        try:
            rows(
                self._connection,
                f"SELECT * FROM {quote_mysql_identifier(schema)}.{quote_mysql_identifier(table)} LIMIT 0",
            )
        except SourceUnreachable:
            raise
        except SourceError:
            return False
        return True

    def _cascades(self, schema: str) -> Iterator[Problem]:
        """MySQL 9.6 and newer carry cascades out in the SQL layer, and write the rows into the binlog."""
        if self._variable("innodb_native_foreign_keys") == "OFF":
            return
        tables = sorted(
            name
            for name, keys in read_foreign_keys(self._connection, schema).items()
            if any({key.on_delete, key.on_update} & _CASCADING for key in keys)
        )
        if tables:
            yield _warning(
                f"foreign keys change rows of {_listed(schema, tables)} by CASCADE or SET NULL,"
                " and the source does not write such changes into its binlog",
                "Change the referencing rows in the application, or compare these tables before relying on them",
            )

    def _engines(self, schema: str) -> Iterator[Problem]:
        found = [name for name, engine in self._tables(schema, "engine") if engine.lower() not in TRANSACTIONAL_ENGINES]
        if found:
            yield _warning(
                f"{_listed(schema, found)} have an engine without transactions:"
                " they are locked while they are copied, and their changes stand outside of transactions",
                "ALTER TABLE … ENGINE=InnoDB where possible",
            )

    def _versioned_tables(self, schema: str) -> Iterator[Problem]:
        found = [name for name, kind in self._tables(schema, "table_type") if kind == "SYSTEM VERSIONED"]
        if found:
            yield _warning(
                f"{_listed(schema, found)} keep their history (SYSTEM VERSIONING), which the binlog mixes with"
                " the present rows: they will be quarantined at their first change",
                "Put them into skip_tables, or ALTER TABLE … DROP SYSTEM VERSIONING",
            )

    def _generated_columns(self, schema: str) -> Iterator[Problem]:
        """MariaDB 11.8 leaves generated columns out of the images of updates; 10.11 does not."""
        if not self._server.version.mariadb_since(11):
            return
        statement = """
            SELECT DISTINCT table_name FROM information_schema.columns
            WHERE table_schema = %s AND is_generated = 'ALWAYS' ORDER BY table_name"""
        found = [str(name) for (name,) in rows(self._connection, statement, schema)]
        if found:
            yield _warning(
                f"{_listed(schema, found)} have generated columns, which the source leaves out of its binlog when rows"
                " are updated: tables with one that PostgreSQL cannot generate will be quarantined then",
                "docs/types.md tells which PostgreSQL can generate; put the others into skip_tables",
            )


def _listed(schema: str, tables: list[str]) -> str:
    shown = [f"{schema}.{table}" for table in tables[:_MOST_NAMES]]
    more = len(tables) - len(shown)
    return ", ".join(shown) + (f" and {more} more tables" if more else "")


_GRANT = re.compile(r"GRANT (.+?) ON \*\.\* TO ")


def _global_privileges(connection: SourceConnection) -> set[str]:
    """Return the privileges that the user has on everything, by itself or by the roles that are active."""
    return {
        privilege.strip().upper()
        for line in _grants(connection)
        for match in [_GRANT.match(line)]
        if match
        for privilege in match[1].split(",")
    }


def _grants(connection: SourceConnection) -> Iterable[str]:
    yield from (str(row[0]) for row in rows(connection, "SHOW GRANTS"))
    if SourceServer(connection).version.mysql_since(8):
        roles = str(rows(connection, "SELECT CURRENT_ROLE()")[0][0])
        if roles != "NONE":
            yield from (str(row[0]) for row in rows(connection, f"SHOW GRANTS FOR CURRENT_USER() USING {roles}"))
