"""Snapshots of the source: tables as they all were at one position of the binlog, and the rows in them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

from pymysql.cursors import SSCursor

from pg_chameleon.errors import SourceError
from pg_chameleon.model.names import TableName, quote_mysql_identifier, quote_mysql_table
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.mysql.connection import SourceConnection, source_errors
from pg_chameleon.mysql.error_numbers import LOCK_WAIT_TIMEOUT, NOT_PERMITTED, TABLE_CHANGED
from pg_chameleon.mysql.packets import read_column_rows
from pg_chameleon.mysql.queries import query
from pg_chameleon.mysql.server import SourceServer, rows, rows_if_permitted

logger = logging.getLogger(__name__)

# The longest that lock_wait_timeout can be: a year.
_FOR_EVER = 31536000


class TableChanged(SourceError):
    """A table's structure changed after its snapshot; it has to be copied with a new one."""


class LockTimeout(SourceError):
    """A lock on the source was not granted in time."""


class LockRefused(SourceError):
    """The user of the source may not take the lock."""


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """What the server knows of a table without reading it. ``created`` changes with its definition or its file."""

    rows: int
    size: int
    created: str


def statistics(connection: SourceConnection, schemas: Collection[str]) -> dict[TableName, TableStatistics]:
    """Return estimates of all tables of the schemas."""
    if not schemas:
        return {}
    found = rows(connection, query("tables.statistics"), tuple(schemas))
    return {
        TableName(str(schema), str(table)): TableStatistics(int(count), int(size), str(created))
        for schema, table, count, size, created in found
    }


def prepare_session(connection: SourceConnection, lock_timeout: int) -> None:
    """Set up a session that reads snapshots: it may be idle for long, and waits ``lock_timeout`` ms for tables.

    A ``lock_timeout`` of 0 means no limit.
    """
    seconds = min(ceil(lock_timeout / 1000), _FOR_EVER) or _FOR_EVER
    rows(connection, "SET SESSION lock_wait_timeout = %s, wait_timeout = %s", seconds, _FOR_EVER)
    if SourceServer(connection).is_mariadb and not _let_go_early(connection):
        logger.debug("without BINLOG ADMIN on the source, ALTER TABLE there waits until all rows are read")


def _let_go_early(connection: SourceConnection) -> bool:
    """Make a rollback to a savepoint release metadata locks; MariaDB keeps them in sessions that write the binlog."""
    return rows_if_permitted(connection, "SET SESSION sql_log_bin = 0") is not None


def creation_time(connection: SourceConnection, name: TableName) -> str:
    """Return a value that changes when the table is recreated, or another one takes its name."""
    found = rows(connection, query("tables.creation_time"), *name)
    return str(found[0][0]) if found else "gone"


def begin_snapshot(connection: SourceConnection) -> None:
    """Let the session see from now on only what is committed by now."""
    rows(connection, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    rows(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def end_snapshot(connection: SourceConnection) -> None:
    """Release the session's snapshot."""
    rows(connection, "ROLLBACK")


def snapshot_position(connection: SourceConnection) -> BinlogPosition | None:
    """Return the position of the session's snapshot, or None if the server does not record it (MariaDB, Percona do)."""
    status = dict(rows(connection, "SHOW STATUS LIKE 'binlog_snapshot_%%'"))
    file, offset = status.get("Binlog_snapshot_file"), status.get("Binlog_snapshot_position")
    return BinlogPosition(str(file), int(offset)) if file and offset else None


def prepared_transactions(connection: SourceConnection) -> list[str]:
    """Return the XA transactions that are prepared and undecided: snapshots do not see them. Empty if unknown."""
    # MySQL wants XA_RECOVER_ADMIN, a privilege that a replica does not need otherwise
    return [str(row[-1]) for row in rows_if_permitted(connection, "XA RECOVER") or ()]


@contextmanager
def all_tables_locked(connection: SourceConnection) -> Iterator[None]:
    """Keep every table of the server from changing during the block."""
    with _lock_errors("FLUSH TABLES WITH READ LOCK"):
        rows(connection, "FLUSH TABLES WITH READ LOCK")
    try:
        yield
    finally:
        unlock_tables(connection)


def lock_table(connection: SourceConnection, name: TableName) -> None:
    """Keep a table from changing until ``unlock_tables``; its open transactions end before."""
    with _lock_errors(f"the lock on {name}"):
        rows(connection, f"LOCK TABLES {quote_mysql_table(name)} READ")


def unlock_tables(connection: SourceConnection) -> None:
    """Release the session's locks on tables."""
    rows(connection, "UNLOCK TABLES")


@contextmanager
def _lock_errors(what: str) -> Iterator[None]:
    try:
        yield
    except SourceError as error:
        if error.code == LOCK_WAIT_TIMEOUT:
            raise LockTimeout(f"{what} was not granted within lock_timeout", code=error.code) from error
        if error.code in NOT_PERMITTED:
            raise LockRefused(f"the source does not permit {what}: {error.message}", code=error.code) from error
        if error.code in TABLE_CHANGED:
            raise TableChanged(f"{what} found no such table: {error.message}", code=error.code) from error
        raise


@contextmanager
def reading_errors(name: TableName) -> Iterator[None]:
    """Single out the errors that a new snapshot will resolve."""
    try:
        yield
    except SourceError as error:
        if error.code in TABLE_CHANGED:
            raise TableChanged(error.message, table=name, code=error.code) from error
        if error.code == LOCK_WAIT_TIMEOUT:
            message = f"{name} was locked for longer than lock_timeout"
            raise LockTimeout(message, table=name, code=error.code) from error
        raise


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A part of a table: rows whose integer ``column`` is at least ``first`` and below ``end``; None means no bound."""

    column: str
    first: int | None
    end: int | None

    @property
    def condition(self) -> str:
        """The range as SQL of MySQL."""
        column = quote_mysql_identifier(self.column)
        lower = [] if self.first is None else [f"{column} >= {self.first:d}"]
        upper = [] if self.end is None else [f"{column} < {self.end:d}"]
        return " AND ".join(lower + upper) or "TRUE"


def key_bounds(connection: SourceConnection, name: TableName, column: str) -> tuple[int, int] | None:
    """Return the smallest and the largest value of an integer column, or None for an empty table."""
    quoted_column = quote_mysql_identifier(column)
    with reading_errors(name):
        least, greatest = rows(
            connection, f"SELECT MIN({quoted_column}), MAX({quoted_column}) FROM {quote_mysql_table(name)}"
        )[0]
    return None if least is None else (int(least), int(greatest))


def read_lines(
    connection: SourceConnection, name: TableName, expression: str, part: KeyRange | None
) -> Iterator[list[bytes | None]]:
    """Yield what the expression gives for each row of a table or a part of it, in lists of many."""
    with reading_errors(name):
        yield from read_column_rows(connection, _select(name, [expression], part))


def read_fields(
    connection: SourceConnection, name: TableName, expressions: Sequence[str], part: KeyRange | None
) -> Iterator[tuple[bytes | None, ...]]:
    """Yield the rows of a table as raw bytes, one value for each expression."""
    with (
        reading_errors(name),
        source_errors(f"reading {name}"),
        _bytes_only(connection),
        connection.cursor(SSCursor) as cursor,
    ):
        cursor.execute(_select(name, expressions, part))
        yield from cursor


@contextmanager
def _bytes_only(connection: SourceConnection) -> Iterator[None]:
    """Let the driver return values as raw bytes."""
    decoders = connection.decoders
    connection.decoders, connection.use_unicode = {}, False
    try:
        yield
    finally:
        connection.decoders, connection.use_unicode = decoders, True


def _select(name: TableName, expressions: Sequence[str], part: KeyRange | None) -> str:
    where = "" if part is None else f" WHERE {part.condition}"
    return f"SELECT {', '.join(expressions)} FROM {quote_mysql_table(name)}{where}"


@contextmanager
def table_given_back(connection: SourceConnection) -> Iterator[None]:
    """Give the table read in the block back: the snapshot would keep its ALTER waiting until the last table is copied.

    Rolling back to a savepoint releases the metadata locks that were taken after it, as mysqldump does too.
    """
    rows(connection, "SAVEPOINT reading")
    try:
        yield
    finally:
        # A result that was not read to its end has closed the connection
        if connection.open:
            rows(connection, "ROLLBACK TO SAVEPOINT reading")
