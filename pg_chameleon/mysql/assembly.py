"""From raw binlog events to the events of the stream: what spans several raw events is remembered here.

That is the file and the offset in it, the GTIDs seen, the layout of the tables, and where a transaction begins and
ends. Nothing is read or waited for here, so that recorded binlogs can be replayed without a server.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from struct import unpack_from
from typing import NamedTuple

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import (
    Circumstances,
    Idle,
    PreparedDecided,
    RowKind,
    RowsEvent,
    SavepointRolledBack,
    SavepointSet,
    StatementEvent,
    StreamEvent,
    TableMap,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.position import BinlogPosition, GtidSet, MariadbGtidPosition, MysqlGtidSet, Position
from pg_chameleon.mysql import events
from pg_chameleon.mysql.events import CHECKSUM_SIZE, HEADER_SIZE, EventType
from pg_chameleon.mysql.gtids import parse_tagged_gtid
from pg_chameleon.mysql.payload import payload_events

_OFFSET_MASK = 0xFFFFFFFF
_HALF = 1 << 31
_MOST_TABLE_MAPS = 10_000
# Ends a statement whose last rows were filtered out; it refers to no table (dummy table map)
_DUMMY_TABLE_ID = 0xFFFFFF

_QUERY_POST_HEADER = 13
_LOAD_QUERY_POST_HEADER = 26

_NOTHING: tuple[StreamEvent, ...] = ()

# They tell nothing about rows, or only accompany events that do
PASSED_OVER = (
    EventType.STOP,
    EventType.INTVAR,
    EventType.RAND,
    EventType.USER_VAR,
    EventType.APPEND_BLOCK,
    EventType.DELETE_FILE,
    EventType.BEGIN_LOAD_QUERY,
    EventType.IGNORABLE,
    EventType.ROWS_QUERY,
    EventType.PREVIOUS_GTIDS,
    EventType.TRANSACTION_CONTEXT,
    EventType.VIEW_CHANGE,
    EventType.ANNOTATE_ROWS,
    EventType.BINLOG_CHECKPOINT,
    EventType.GTID_LIST,
    # MariaDB decrypts what it sends
    EventType.START_ENCRYPTION,
)


_ADVICE_FOR_UNKNOWN = (
    "It may carry rows, so the replica does not go past it: take a release of pg_chameleon that knows it, or turn off"
    " on the source what writes such events and copy the tables again (init_replica)"
)
# PARTIAL_ROW_DATA of MariaDB 12.3
_ADVICE = {
    172: "It is a part of a row event; raise binlog_row_event_fragment_threshold on the source, and copy the tables"
    " again (init_replica)",
}


class _Event(NamedTuple):
    """The header that every event has, and its body without the checksum."""

    timestamp: int
    type: int
    server_id: int
    size: int
    end: int
    flags: int
    body: bytes


# What a damaged event makes of its parser
_DAMAGE = (IndexError, ValueError, struct.error, zlib.error)

_Handler = Callable[[_Event], Iterable[StreamEvent]]
_Gtid = tuple[str, int] | tuple[int, int, int]


class Assembler:
    """Takes the raw events of a binlog in order, and gives the events of the stream.

    ``start`` is where the binlog is read from, always between two transactions. GTIDs are followed if ``start`` has
    a GTID set. Events that end at or before ``skip_to``, an offset in the first file, are left out.
    """

    def __init__(self, start: Position, *, skip_to: int = 0) -> None:
        self._file = start.binlog.file
        self._offset = start.binlog.offset
        self._gtids: GtidSet | None = start.gtid
        self._skip_to = skip_to
        self._is_first_rotate = True
        self._format = events.FormatDescription(checksum=False, post_header_sizes=b"")
        self._table_id_size = 6
        self._tables: dict[int, TableMap] = {}
        self._known_tables: dict[bytes, TableMap] = {}
        # The transaction being read: _block if it ends by a commit, else it is one statement
        self._open = False
        self._block = False
        self._gtid: _Gtid | None = None
        self._commit_time = 0.0
        self._alter_phase = 0
        self._handlers = self._make_handlers()

    def _make_handlers(self) -> dict[int, _Handler]:
        handlers: dict[int, _Handler] = {
            EventType.QUERY: self._query,
            EventType.QUERY_COMPRESSED: self._query,
            EventType.EXECUTE_LOAD_QUERY: self._query,
            EventType.ROTATE: self._rotate,
            EventType.FORMAT_DESCRIPTION: self._format_description,
            EventType.XID: self._commit,
            EventType.TABLE_MAP: self._table_map,
            EventType.INCIDENT: self._incident,
            EventType.HEARTBEAT: self._heartbeat,
            EventType.HEARTBEAT_V2: self._heartbeat_v2,
            EventType.GTID: self._mysql_gtid,
            EventType.ANONYMOUS_GTID: self._anonymous_gtid,
            EventType.GTID_TAGGED: self._tagged_gtid,
            EventType.MARIADB_GTID: self._mariadb_gtid,
            EventType.XA_PREPARE: self._xa_prepare,
            EventType.TRANSACTION_PAYLOAD: self._payload,
        }
        handlers.update(dict.fromkeys(events.ROW_EVENTS, self._rows))
        handlers.update(dict.fromkeys(PASSED_OVER, _pass_over))
        return handlers

    @property
    def binlog_position(self) -> BinlogPosition:
        """The end of the last event."""
        return BinlogPosition(self._file, self._offset)

    @property
    def position(self) -> Position:
        """The end of the last event, with the GTIDs of the transactions that are whole."""
        return Position(self.binlog_position, self._gtids)

    def accept(self, raw: bytes) -> Iterable[StreamEvent]:
        """Take the next raw event; what comes of it must be used up before the next one is given."""
        event = _Event._make((*events.unpack_header(raw), b""))
        if event.size != len(raw):
            raise self._error(f"an event of {event.size} bytes came with {len(raw)}")
        if event.end and not event.flags & events.ARTIFICIAL and event.type != EventType.HEARTBEAT:
            self._advance(event.end)
        if self._offset <= self._skip_to and event.type not in (
            EventType.ROTATE,
            EventType.FORMAT_DESCRIPTION,
        ):
            return _NOTHING
        end = event.size
        if self._has_checksum(event, raw):
            end -= CHECKSUM_SIZE
            if not events.has_valid_checksum(raw):
                raise self._damaged(event)
        return self._dispatch(event._replace(body=raw[HEADER_SIZE:end]))

    def _has_checksum(self, event: _Event, raw: bytes) -> bool:
        if event.type == EventType.FORMAT_DESCRIPTION:
            # It always has the field for one, which the parser knows
            return False
        if event.type == EventType.ROTATE and event.flags & events.ARTIFICIAL:
            # Sent before the format is known, or about another file than the one that is known
            return events.has_valid_checksum(raw)
        return self._format.checksum

    def _dispatch(self, event: _Event) -> Iterable[StreamEvent]:
        handler = self._handlers.get(event.type)
        if handler is None:
            return self._unknown(event)
        try:
            return handler(event)
        except StreamError as error:
            error.position = error.position or str(self.binlog_position)
            raise
        except _DAMAGE as error:
            raise self._error(f"an event of type {event.type} cannot be read: {error}") from error

    def _damaged(self, event: _Event) -> StreamError:
        return StreamError(
            f"an event of type {event.type} is damaged: its checksum does not fit",
            position=str(self.binlog_position),
            advice="Check the source's disk and the network; if the binlog is damaged, start again with init_replica",
        )

    def _unknown(self, event: _Event) -> Iterable[StreamEvent]:
        if event.flags & events.IGNORABLE:
            return _NOTHING
        raise StreamError(
            f"the binlog holds an event of the unknown type {event.type}",
            position=str(self.binlog_position),
            advice=_ADVICE.get(event.type, _ADVICE_FOR_UNKNOWN),
        )

    def _advance(self, end: int) -> None:
        """Move on to the end of an event; headers hold only the lower 32 bits of it."""
        distance = (end - self._offset) & _OFFSET_MASK
        if distance < _HALF:
            self._offset += distance

    def _error(self, message: str) -> StreamError:
        return StreamError(message, position=str(self.binlog_position))

    # The binlog's files.

    def _rotate(self, event: _Event) -> Iterable[StreamEvent]:
        """Go to another file. The server sends an artificial event, too, before it sends from a file."""
        file, offset = events.parse_rotate(event.body)
        is_first = self._is_first_rotate and bool(event.flags & events.ARTIFICIAL)
        self._is_first_rotate = False
        is_news = file != self._file
        if is_news:
            self._skip_to = 0
        if is_news or is_first:
            self._file, self._offset = file, offset
            self._tables.clear()
        # Asked by GTID, the server may begin in another file than that of the position we came with
        return (Idle(self.position, caught_up=False),) if is_news and not self._open else _NOTHING

    def _format_description(self, event: _Event) -> Iterable[StreamEvent]:
        self._format = events.parse_format_description(event.body)
        self._table_id_size = 4 if self._format.post_header_size(EventType.TABLE_MAP) == 6 else 6
        if not self._open:
            return _NOTHING
        # A file begins only between transactions: the server died while it wrote this one
        return self._roll_back(event)

    def _heartbeat(self, event: _Event) -> Iterable[StreamEvent]:
        """Hear that the source has nothing to send.

        MySQL says so, too, while it passes over transactions of the GTID set; then the heartbeat is further on than
        what was read, and the next one further still.
        """
        if self._open:
            return _NOTHING
        before = self._offset
        if event.body.decode() == self._file:
            self._advance(event.end)
        return (Idle(self.position, caught_up=self._offset == before),)

    def _heartbeat_v2(self, _event: _Event) -> Iterable[StreamEvent]:
        return _NOTHING if self._open else (Idle(self.position, caught_up=True),)

    def _incident(self, event: _Event) -> Iterable[StreamEvent]:
        number, size = unpack_from("<HB", event.body)
        text = event.body[3 : 3 + size].decode("utf-8", "replace")
        raise StreamError(
            f"the source lost changes and wrote the incident {number} into its binlog: {text}",
            position=str(self.binlog_position),
            advice="Copy the tables again (init_replica or sync_tables)",
        )

    # Transactions.

    def _mysql_gtid(self, event: _Event) -> Iterable[StreamEvent]:
        return self._begin_mysql(events.parse_gtid(event.body))

    def _tagged_gtid(self, event: _Event) -> Iterable[StreamEvent]:
        return self._begin_mysql(parse_tagged_gtid(event.body))

    def _begin_mysql(self, gtid: events.MysqlGtid) -> Iterable[StreamEvent]:
        self._gtid = (gtid.source, gtid.number)
        self._commit_time = gtid.commit_time
        return self._begin(f"{gtid.source}:{gtid.number}", block=False)

    def _anonymous_gtid(self, event: _Event) -> Iterable[StreamEvent]:
        self._commit_time = events.parse_gtid(event.body).commit_time
        return self._begin(None, block=False)

    def _mariadb_gtid(self, event: _Event) -> Iterable[StreamEvent]:
        gtid = events.parse_mariadb_gtid(event.body)
        self._gtid = (gtid.domain, event.server_id, gtid.sequence)
        self._alter_phase = gtid.alter_phase
        return self._begin(f"{gtid.domain}-{event.server_id}-{gtid.sequence}", block=not gtid.standalone)

    def _begin(self, gtid: str | None, *, block: bool) -> Iterable[StreamEvent]:
        if self._open:
            raise self._error("a transaction begins within another one")
        self._open = True
        self._block = block
        return (TransactionBegin(gtid),)

    def _commit(self, event: _Event) -> Iterable[StreamEvent]:
        commit_time = self._time(event)
        return (TransactionEnd(self._close(), commit_time),)

    def _roll_back(self, event: _Event) -> Iterable[StreamEvent]:
        commit_time = self._time(event)
        return (TransactionRolledBack(self._close(), commit_time),)

    def _xa_prepare(self, event: _Event) -> Iterable[StreamEvent]:
        xid, one_phase = events.parse_xa_prepare(event.body)
        if one_phase:
            return self._commit(event)
        commit_time = self._time(event)
        return (TransactionPrepared(xid, self._close(), commit_time),)

    def _time(self, event: _Event) -> float:
        return self._commit_time or float(event.timestamp)

    def _close(self) -> Position:
        """Forget the transaction, and return the position after it."""
        if self._gtids is not None and self._gtid is not None:
            self._gtids = _with_gtid(self._gtids, self._gtid)
        self._open = self._block = False
        self._gtid = None
        self._commit_time = 0.0
        self._alter_phase = 0
        return self.position

    # Statements.

    def _query(self, event: _Event) -> Iterable[StreamEvent]:
        if _is_begin(event.body):
            return self._begin_block()
        is_load = event.type == EventType.EXECUTE_LOAD_QUERY
        query = events.parse_query(
            event.body,
            post_header_size=_LOAD_QUERY_POST_HEADER if is_load else _QUERY_POST_HEADER,
            compressed=event.type == EventType.QUERY_COMPRESSED,
        )
        control = self._transaction_control(event, query.statement)
        return self._statement(event, query) if control is None else control

    def _begin_block(self) -> Iterable[StreamEvent]:
        was_open, self._open, self._block = self._open, True, True
        return _NOTHING if was_open else (TransactionBegin(None),)

    def _transaction_control(self, event: _Event, statement: bytes) -> Iterable[StreamEvent] | None:
        """Handle the statements that servers write themselves to bound transactions; None for others."""
        if statement == b"COMMIT":
            return self._commit(event)
        if statement == b"ROLLBACK":
            return self._roll_back(event)
        if statement.startswith(b"XA "):
            return self._xa_statement(event, statement.decode())
        for verb, made in _SAVEPOINT_STATEMENTS.items():
            if statement.startswith(verb):
                return (made(_savepoint_name(statement[len(verb) :])),)
        return _NOTHING if statement.startswith(_MEANINGLESS_STATEMENTS) else None

    def _xa_statement(self, event: _Event, statement: str) -> Iterable[StreamEvent]:
        _, verb, xid = statement.split(" ", 2)
        if verb in ("START", "BEGIN"):
            return self._begin_block()
        if verb not in ("COMMIT", "ROLLBACK"):
            return _NOTHING
        if xid.upper().endswith("ONE PHASE"):
            return self._commit(event)
        begun = _NOTHING if self._open else (TransactionBegin(None),)
        commit_time = self._time(event)
        return (
            *begun,
            PreparedDecided(xid.lower().replace("x'", "X'"), verb == "COMMIT", self._close(), commit_time),
        )

    def _statement(self, event: _Event, query: events.Query) -> Iterable[StreamEvent]:
        begun = _NOTHING if self._open else (TransactionBegin(None),)
        # What comes with its rows in one transaction was made from a SELECT
        rewritten = query.may_be_rewritten
        statement = StatementEvent(
            statement=query.text(rewritten=rewritten and self._block),
            schema=query.schema,
            sql_mode=query.sql_mode,
            error_code=query.error_code,
            database_collation=query.database_collation,
            in_transaction=self._block,
            position=self.binlog_position,
            circumstances=Circumstances(
                event.timestamp,
                query.microseconds,
                query.time_zone,
                query.sql_mode,
                connection_collation=query.connection_collation,
            ),
            ambiguous=(rewritten and not self._block) or query.may_be_escaped,
        )
        if self._block:
            return (statement,)
        if self._alter_phase in (events.ALTER_STARTS, events.ALTER_ROLLS_BACK):
            # The table changes when the ALTER commits, which names the statement again
            return (*begun, *self._commit(event))
        return (*begun, statement, *self._commit(event))

    # Rows.

    def _table_map(self, event: _Event) -> Iterable[StreamEvent]:
        body = event.body
        table = self._known_tables.get(body)
        if table is None:
            table = events.parse_table_map(body, self._table_id_size)
            if len(self._known_tables) >= _MOST_TABLE_MAPS:
                self._known_tables.clear()
            self._known_tables[body] = table
        self._tables[table.table_id] = table
        return _NOTHING

    def _rows(self, event: _Event) -> Iterable[StreamEvent]:
        layout = events.ROW_EVENTS[event.type]
        body = event.body
        table_id = int.from_bytes(body[: self._table_id_size], "little")
        start = self._table_id_size + 2
        if layout.version == 2:
            start += int.from_bytes(body[start : start + 2], "little")
        columns, start = events.length_encoded(body, start)
        bitmap_end = start + (columns + 7) // 8
        before = after = body[start:bitmap_end]
        start = bitmap_end
        if layout.kind is RowKind.UPDATE:
            bitmap_end = start + len(before)
            after = body[start:bitmap_end]
            start = bitmap_end
        elif layout.kind is RowKind.INSERT:
            before = b""
        else:
            after = b""
        table = self._tables.get(table_id)
        if table is None:
            if table_id == _DUMMY_TABLE_ID:
                return _NOTHING
            raise self._error(f"rows refer to the table number {table_id}, which was not described before")
        if columns != len(table.types):
            raise self._error(f"rows of {table.name} have {columns} columns, its table map {len(table.types)}")
        if layout.compressed:
            body, start = events.uncompressed(body[start:]), 0
        rows = RowsEvent(layout.kind, table, body, start, before, after, layout.partial, self._offset)
        if self._open:
            return (rows,)
        self._open = self._block = True
        return (TransactionBegin(None), rows)

    def _payload(self, event: _Event) -> Iterator[StreamEvent]:
        try:
            for raw in payload_events(event.body):
                yield from self._dispatch(_Event._make((*events.unpack_header(raw), raw[HEADER_SIZE:])))
        except StreamError as error:
            error.position = error.position or str(self.binlog_position)
            raise


def _pass_over(_event: _Event) -> Iterable[StreamEvent]:
    return _NOTHING


def _is_begin(body: bytes) -> bool:
    """Tell whether a QUERY event is the BEGIN that stands before most transactions, without reading all of it."""
    if not body.endswith(b"\0BEGIN"):
        return False
    schema_size, _, variables_size = unpack_from("<BHH", body, 8)
    return bool(len(body) == _QUERY_POST_HEADER + variables_size + schema_size + len(b"\0BEGIN"))


def _with_gtid(gtids: GtidSet, gtid: _Gtid) -> GtidSet:
    if isinstance(gtids, MysqlGtidSet) and len(gtid) == 2:
        return gtids.add(*gtid)
    if isinstance(gtids, MariadbGtidPosition) and len(gtid) == 3:
        return gtids.add(*gtid)
    raise StreamError("the binlog has GTIDs of another kind than the position that was asked for")


# MariaDB sends dummies in place of events that it takes us not to know
_MEANINGLESS_STATEMENTS = (b"RELEASE SAVEPOINT ", b"# Dummy event replacing event type")
_SAVEPOINT_STATEMENTS: dict[bytes, type[SavepointSet] | type[SavepointRolledBack]] = {
    b"SAVEPOINT ": SavepointSet,
    b"ROLLBACK TO ": SavepointRolledBack,
}


def _savepoint_name(quoted: bytes) -> str:
    """Servers quote the name; it is compared without case."""
    name = quoted.decode("utf-8", "replace").strip()
    return name.strip("`").replace("``", "`").casefold()
