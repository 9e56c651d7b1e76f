"""Read the structure of a table, and what happened to it since a position of the binlog.

A session that reads from a table in an open transaction holds a lock on its metadata, which keeps every ALTER, DROP and
RENAME of it waiting; those that came before wrote their statement into the binlog before they released theirs. So the
structure that is read under the lock is exactly that of the position which the server shows meanwhile. It was the same
at an earlier position if no statement between the two concerns the table, which the binlog itself tells.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pg_chameleon.ddl.doubt.concern import Concern, concern
from pg_chameleon.ddl.doubt.programs import Program
from pg_chameleon.ddl.doubt.second_look import Reading
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.errors import SourceError, SourceUnreachable
from pg_chameleon.model.change import (
    Idle,
    PreparedDecided,
    RowsEvent,
    StatementEvent,
    StreamEvent,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.names import TableName, quote_mysql_table
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.connection import SourceConnection, SourceSettings, connect
from pg_chameleon.mysql.server import SourceServer, rows
from pg_chameleon.mysql.snapshot import LockTimeout, TableChanged, reading_errors
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.mysql.structure.inspect import read_table
from pg_chameleon.mysql.structure.programs import read_programs

logger = logging.getLogger(__name__)

_LOCK_SECONDS = 5
"""How long the lock on the metadata is waited for."""
_SCAN_SECONDS = 10.0
"""How long the binlog between the two positions may take to read; a replica that is far behind cannot look."""
_POLL_SECONDS = 0.25
# A replica without a number does not drive away the one that reads, and the server does not wait for news
_NO_SERVER_ID = 0
_WITHIN = (TransactionBegin, StatementEvent, RowsEvent)
_ENDS = (TransactionEnd, TransactionRolledBack, TransactionPrepared, PreparedDecided, Idle)


@dataclass(frozen=True, slots=True)
class StructureReader:
    """Reads structures from a source, each over connections of its own."""

    settings: SourceSettings

    def read(self, name: TableName, since: BinlogPosition) -> Reading:
        """Read the structure that a table has, and what concerned it since a position.

        Raise ``Unfollowable`` if that cannot be told.
        """
        try:
            connection = connect(self.settings)
            try:
                structure, now = _read_under_lock(connection, name)
                mariadb = SourceServer(connection).is_mariadb
            finally:
                connection.close()
            reading = Reading(structure, self._later(name, since, now, mariadb=mariadb))
        except SourceError as error:
            if error.transient:
                raise
            raise Unfollowable(f"the source does not show its structure: {error.message}") from error
        logger.info("%s was read from the source at %s, for a statement at %s", name, now, since)
        return reading

    def is_table(self, name: TableName) -> bool:
        """Tell whether the source has a table of that name, and not a view or a sequence."""
        connection = connect(self.settings)
        try:
            return read_table(connection, name) is not None
        finally:
            connection.close()

    def programs(self) -> tuple[Program, ...]:
        """Read the views, triggers and routines, through which statements change tables that they do not name."""
        connection = connect(self.settings)
        try:
            return read_programs(connection)
        finally:
            connection.close()

    def _later(
        self, name: TableName, since: BinlogPosition, now: BinlogPosition, *, mariadb: bool
    ) -> tuple[StatementEvent, ...]:
        if now < since:
            raise Unfollowable(f"the source writes its binlog at {now}, which is before the statement")
        if now == since:
            return ()
        with BinlogStream(self.settings, server_id=_NO_SERVER_ID, start=Position(since)) as stream:
            return _concerning(name, _events(stream, now), mariadb=mariadb)


def _concerning(name: TableName, events: Iterable[StreamEvent | None], *, mariadb: bool) -> tuple[StatementEvent, ...]:
    """Return the statements that may change the structure of the table."""
    found = []
    has_rows = False
    deadline = time.monotonic() + _SCAN_SECONDS
    for event in events:
        concerned = _concern(event, name, mariadb=mariadb)
        has_rows = has_rows or concerned is Concern.ROWS
        if isinstance(event, StatementEvent) and concerned is Concern.STRUCTURE:
            if has_rows:
                raise Unfollowable(f"its rows, and then its structure, changed again up to {event.position}")
            found.append(event)
        if time.monotonic() > deadline:
            raise Unfollowable("the replica is too far behind the source to look at it")
    return tuple(found)


def _concern(event: StreamEvent | None, name: TableName, *, mariadb: bool) -> Concern:
    """Tell what an event may do to the table."""
    if isinstance(event, StatementEvent):
        return concern(event, name, mariadb=mariadb)
    has_rows = isinstance(event, RowsEvent) and event.table.name.folded == name.folded
    return Concern.ROWS if has_rows else Concern.NONE


def _events(stream: BinlogStream, until: BinlogPosition) -> Iterator[StreamEvent | None]:
    """Yield what the binlog holds up to a position, which is one between two transactions."""
    is_open = False
    while is_open or stream.position.binlog < until:
        try:
            event = stream.next(_POLL_SECONDS)
        except SourceUnreachable:
            # A server does not wait for news on behalf of a replica without a number
            if is_open or stream.position.binlog < until:
                raise
            return
        if event is not None:
            is_open = isinstance(event, _WITHIN) or (is_open and not isinstance(event, _ENDS))
        yield event


def _read_under_lock(connection: SourceConnection, name: TableName) -> tuple[TableSchema | None, BinlogPosition]:
    """Return the structure of a table and the position at which it has it."""
    rows(connection, "SET SESSION lock_wait_timeout = %s", _LOCK_SECONDS)
    # No consistent snapshot: it would be older than the lock
    rows(connection, "START TRANSACTION")
    try:
        with reading_errors(name):
            rows(connection, f"SELECT 1 FROM {quote_mysql_table(name)} LIMIT 0")
    except TableChanged:
        return None, SourceServer(connection).position().binlog
    except LockTimeout as error:
        raise Unfollowable(f"the table stayed locked for {_LOCK_SECONDS} s") from error
    position = SourceServer(connection).position().binlog
    structure = read_table(connection, name)
    rows(connection, "COMMIT")
    return structure, position
