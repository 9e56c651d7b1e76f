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

from pg_chameleon.errors import BinlogPurged, StreamError
from pg_chameleon.model.change import (
    Circumstances,
    Idle,
    PreparedDecided,
    SavepointRolledBack,
    SavepointSet,
    StatementEvent,
    StreamEvent,
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
from pg_chameleon.mysql.row_events import RowEvents

_OFFSET_MASK = 0xFFFFFFFF
_HALF = 1 << 31

_QUERY_POST_HEADER = 13
_LOAD_QUERY_POST_HEADER = 26

_NOTHING: tuple[StreamEvent, ...] = ()

# As plain numbers, which are compared faster than members of an enum
_TABLE_MAP, _HEARTBEAT = int(EventType.TABLE_MAP), int(EventType.HEARTBEAT)
_ROTATE, _FORMAT_DESCRIPTION = int(EventType.ROTATE), int(EventType.FORMAT_DESCRIPTION)
_ABOUT_FILES = (_ROTATE, _FORMAT_DESCRIPTION)

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

_Header = tuple[int, int, int, int, int, int]
"""The fields of an ``_Event`` without its body."""
_Handler = Callable[[_Event], Iterable[StreamEvent]]
_Gtid = tuple[str, int] | tuple[int, int, int]


class Assembler:
    """Takes the raw events of a binlog in order, and gives the events of the stream.

    ``start`` is where the binlog is read from, always between two transactions. GTIDs are followed if ``start`` has
    a GTID set, its file has to be the very one if ``start`` knows its mark. Events that end at or before ``skip_to``,
    an offset in the first file, are left out.
    """

    def __init__(self, start: Position, *, skip_to: int = 0) -> None:
        self._file = start.binlog.file
        self._offset = start.binlog.offset
        self._file_mark = start.file_mark
        self._gtids: GtidSet | None = start.gtid
        self._skip_to = skip_to
        self._is_first_rotate = True
        self._format = events.FormatDescription(checksum=False, post_header_sizes=b"")
        self._row_events = RowEvents()
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
        handlers.update(dict.fromkeys(PASSED_OVER, _pass_over))
        return handlers

    @property
    def binlog_position(self) -> BinlogPosition:
        """The end of the last event."""
        return BinlogPosition(self._file, self._offset)

    @property
    def position(self) -> Position:
        """The end of the last event, with the GTIDs of the transactions that are whole."""
        return Position(self.binlog_position, self._gtids, self._file_mark)

    def accept(self, raw: bytes) -> Iterable[StreamEvent]:
        """Take the next raw event; what comes of it must be used up before the next one is given."""
        header = events.unpack_header(raw)
        _, event_type, _, size, end, flags = header
        if size != len(raw):
            raise self._error(f"an event of {size} bytes came with {len(raw)}")
        if end and not flags & events.ARTIFICIAL and event_type != _HEARTBEAT:
            self._advance(end)
        if self._offset <= self._skip_to and event_type not in _ABOUT_FILES:
            return _NOTHING
        has_checksum = self._format.checksum
        if event_type in _ABOUT_FILES:
            has_checksum = self._has_checksum(header, raw)
        if not has_checksum:
            return self._dispatch(header, raw[HEADER_SIZE:])
        if not events.has_valid_checksum(raw):
            raise self._damaged(event_type)
        return self._dispatch(header, raw[HEADER_SIZE:-CHECKSUM_SIZE])

    def _has_checksum(self, header: _Header, raw: bytes) -> bool:
        _, event_type, _, _, _, flags = header
        if event_type == _FORMAT_DESCRIPTION:
            # It always has the field for one, which the parser knows
            return False
        if event_type == _ROTATE and flags & events.ARTIFICIAL:
            # Sent before the format is known, or about another file than the one that is known
            return events.has_valid_checksum(raw)
        return self._format.checksum

    def _dispatch(self, header: _Header, body: bytes) -> Iterable[StreamEvent]:
        event_type = header[1]
        try:
            # Of a backlog of small changes, nearly all events are of these two kinds
            if event_type == _TABLE_MAP:
                self._row_events.take_table_map(body)
                return _NOTHING
            if event_type in events.ROW_EVENTS:
                return self._rows(event_type, body)
            handler = self._handlers.get(event_type, self._unknown)
            return handler(_Event(*header, body))
        except StreamError as error:
            error.position = error.position or self.binlog_position
            raise
        except _DAMAGE as error:
            raise self._error(f"an event of type {event_type} cannot be read: {error}") from error

    def _damaged(self, event_type: int) -> StreamError:
        return StreamError(
            f"an event of type {event_type} is damaged: its checksum does not fit",
            position=self.binlog_position,
            advice="Check the source's disk and the network; if the binlog is damaged, start again with init_replica",
        )

    def _unknown(self, event: _Event) -> Iterable[StreamEvent]:
        if event.flags & events.IGNORABLE:
            return _NOTHING
        raise StreamError(
            f"the binlog holds an event of the unknown type {event.type}",
            position=self.binlog_position,
            advice=_ADVICE.get(event.type, _ADVICE_FOR_UNKNOWN),
        )

    def _advance(self, end: int) -> None:
        """Move on to the end of an event; headers hold only the lower 32 bits of it."""
        distance = (end - self._offset) & _OFFSET_MASK
        if distance < _HALF:
            self._offset += distance

    def _error(self, message: str) -> StreamError:
        return StreamError(message, position=self.binlog_position)

    # The binlog's files.

    def _rotate(self, event: _Event) -> Iterable[StreamEvent]:
        """Go to another file. The server sends an artificial event, too, before it sends from a file."""
        file, offset = events.parse_rotate(event.body)
        is_first = self._is_first_rotate and bool(event.flags & events.ARTIFICIAL)
        self._is_first_rotate = False
        is_news = file != self._file
        if is_news:
            self._skip_to = 0
            self._file_mark = None
        if is_news or is_first:
            self._file, self._offset = file, offset
            self._row_events.begin_file()
        # Asked by GTID, the server may begin in another file than that of the position we came with
        return (Idle(self.position, caught_up=False),) if is_news and not self._open else _NOTHING

    def _format_description(self, event: _Event) -> Iterable[StreamEvent]:
        self._format = events.parse_format_description(event.body)
        if event.timestamp:
            self._recognise_file(f"server {event.server_id}, {event.timestamp}")
        self._row_events.set_table_id_size(4 if self._format.post_header_size(EventType.TABLE_MAP) == 6 else 6)
        if not self._open:
            return _NOTHING
        # A file begins only between transactions: the server died while it wrote this one
        return self._roll_back(event)

    def _recognise_file(self, mark: str) -> None:
        """Refuse a file that took the name of the one that was read before."""
        if self._file_mark not in (None, mark):
            raise BinlogPurged(
                f"{self._file} is another file than before: the binlog began anew, or this is another server",
                advice="Copy the tables again (init_replica)",
            )
        self._file_mark = mark

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
            position=self.binlog_position,
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
        self._row_events.end_transaction()
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
        by_server = rewritten and self._block
        statement = StatementEvent(
            statement=query.text(rewritten=by_server),
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
            ambiguous=(rewritten != by_server) or query.may_be_escaped or not (by_server or query.is_text),
        )
        if self._block:
            return (statement,)
        if self._alter_phase in (events.ALTER_STARTS, events.ALTER_ROLLS_BACK):
            # The table changes when the ALTER commits, which names the statement again
            return (*begun, *self._commit(event))
        return (*begun, statement, *self._commit(event))

    # Rows.

    def _rows(self, event_type: int, body: bytes) -> Iterable[StreamEvent]:
        rows = self._row_events.read(event_type, body, self._offset)
        if rows is None:
            return _NOTHING
        if self._open:
            return (rows,)
        self._open = self._block = True
        return (TransactionBegin(None), rows)

    def _payload(self, event: _Event) -> Iterator[StreamEvent]:
        try:
            for raw in payload_events(event.body):
                yield from self._dispatch(events.unpack_header(raw), raw[HEADER_SIZE:])
        except StreamError as error:
            error.position = error.position or self.binlog_position
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
