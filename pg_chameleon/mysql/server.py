"""What a source server is, and the small differences between MySQL and MariaDB."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.errors import SourceError
from pg_chameleon.model.position import BinlogPosition, MariadbGtidPosition, MysqlGtidSet, Position
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.mysql.connection import SourceConnection, source_errors


def rows(connection: SourceConnection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement and return all its rows; errors of the driver become SourceErrors."""
    with source_errors(f"running {statement.split(None, 1)[0].upper()}"), connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def rows_if_permitted(connection: SourceConnection, statement: str) -> list[tuple[Any, ...]] | None:
    """Run a statement for which the user may lack the privilege, and return all its rows; None if it is refused."""
    try:
        return rows(connection, statement)
    except SourceError as error:
        if error.transient:
            raise
        return None


class BinlogStatus(NamedTuple):
    """Where a server writes its binlog now, what it keeps out of it, and the executed GTID set of a MySQL."""

    position: BinlogPosition
    included: frozenset[str]
    excluded: frozenset[str]
    gtid_set: str

    @classmethod
    def of_row(cls, file: str, offset: int, included: str, excluded: str, gtid_set: str = "") -> BinlogStatus:
        """Read what SHOW BINARY LOG STATUS shows; the schemas of binlog_do_db and binlog_ignore_db are in lists."""
        return cls(BinlogPosition(str(file), int(offset)), _listed(included), _listed(excluded), str(gtid_set))


class SourceServer:
    """Answers questions about a server that MySQL and MariaDB, and their versions, answer differently."""

    def __init__(self, connection: SourceConnection) -> None:
        self.connection = connection
        self.version = _version(connection)

    @property
    def is_mariadb(self) -> bool:
        """Tell whether the server is a MariaDB."""
        return self.version.is_mariadb

    def variable(self, name: str) -> str | None:
        """Return a global variable as text, or None where the server does not know it."""
        found = rows(self.connection, "SHOW GLOBAL VARIABLES WHERE Variable_name = %s", name)
        return str(found[0][1]) if found else None

    def position(self, *, with_gtid: bool = False) -> Position:
        """Return where the server writes its binlog now."""
        status = self._binlog_status()
        if not with_gtid:
            return Position(status.position)
        if self.is_mariadb:
            return self._mariadb_position(status.position)
        # MySQL shows the executed set in the same row, so both belong together
        return Position(status.position, MysqlGtidSet.parse(status.gtid_set))

    def _mariadb_position(self, binlog: BinlogPosition) -> Position:
        """Add the GTID position: that of now, if nothing was written meanwhile, or else that of the place."""
        gtid = MariadbGtidPosition.parse(_text(rows(self.connection, "SELECT @@global.gtid_binlog_pos")[0][0]))
        if self._binlog_status().position == binlog:
            return Position(binlog, gtid)
        return Position(binlog, self.gtid_of(binlog))

    def _binlog_status(self) -> BinlogStatus:
        shown = rows(self.connection, self._show_binlog_status)
        if not shown:
            raise SourceError("the source writes no binlog", advice="Set log_bin and restart the source")
        return BinlogStatus.of_row(*shown[0])

    def binlog_status_if_permitted(self) -> BinlogStatus | None:
        """Return what the server says of its binlog, or None if it has none or does not tell."""
        shown = rows_if_permitted(self.connection, self._show_binlog_status)
        return BinlogStatus.of_row(*shown[0]) if shown else None

    @property
    def _show_binlog_status(self) -> str:
        return "SHOW BINARY LOG STATUS" if self.version.mysql_since(8, 2) else "SHOW MASTER STATUS"

    def gtid_of(self, binlog: BinlogPosition) -> MariadbGtidPosition:
        """Return the GTID position that MariaDB knows for a place in its binlog."""
        found = rows(self.connection, "SELECT BINLOG_GTID_POS(%s, %s)", binlog.file, binlog.offset)[0][0]
        if found is None:
            raise SourceError("the source knows no GTID position for this place", position=binlog)
        return MariadbGtidPosition.parse(_text(found))

    def binary_logs(self) -> list[tuple[str, int]]:
        """Return the binlog files that the server still has, with their sizes, oldest first."""
        return [(str(row[0]), int(row[1])) for row in rows(self.connection, "SHOW BINARY LOGS")]

    def gtid_enabled(self) -> bool:
        """Tell whether transactions have GTIDs; on MariaDB they always do."""
        return self.is_mariadb or (self.variable("gtid_mode") or "").upper() == "ON"

    def traits(self) -> ServerTraits:
        """Return what decides how the server reads DDL."""
        charset, collation = rows(self.connection, "SELECT @@character_set_server, @@collation_server")[0]
        explicit = self.variable("explicit_defaults_for_timestamp")
        return ServerTraits(
            self.version,
            charset=str(charset),
            collation=str(collation),
            lower_case_table_names=int(self.variable("lower_case_table_names") or 0),
            explicit_defaults_for_timestamp=None if explicit is None else explicit.upper() == "ON",
            default_engine=self.variable("default_storage_engine") or "InnoDB",
        )

    def clock_offset(self) -> float:
        """Return by how many seconds the server's clock is ahead of ours."""
        before = time.time()
        answer = float(rows(self.connection, "SELECT UNIX_TIMESTAMP(NOW(6))")[0][0])
        return answer - (before + time.time()) / 2


def _listed(names: str) -> frozenset[str]:
    return frozenset(filter(None, str(names).split(",")))


def _version(connection: SourceConnection) -> ServerVersion:
    shown = str(rows(connection, "SELECT @@version")[0][0])
    try:
        return ServerVersion.parse(shown)
    except ValueError as error:
        raise SourceError(f"the source has a version that cannot be read: {shown!r}") from error


def _text(value: Any) -> str:
    """Return text; BINLOG_GTID_POS gives binary text on some versions."""
    return value.decode("ascii") if isinstance(value, bytes) else str(value)
