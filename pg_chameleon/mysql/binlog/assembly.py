"""From raw binlog events to the events of the stream: what spans several raw events is remembered here.

Each idea has a room of its own: the place, the files, the transactions, the statements, the rows. Nothing is read or
waited for here, so that recorded binlogs can be replayed without a server.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import StreamEvent
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.mysql.binlog import events
from pg_chameleon.mysql.binlog.events import CHECKSUM_SIZE, HEADER_SIZE, Event, EventType, Header
from pg_chameleon.mysql.binlog.files import Files, stop_at_incident
from pg_chameleon.mysql.binlog.payload import payload_events
from pg_chameleon.mysql.binlog.place import Place
from pg_chameleon.mysql.binlog.row_events import RowEvents
from pg_chameleon.mysql.binlog.statements import Statements
from pg_chameleon.mysql.binlog.transactions import ANNOUNCEMENTS, NOTHING, Transactions

# As plain numbers, which are compared faster than members of an enum
_TABLE_MAP, _HEARTBEAT = int(EventType.TABLE_MAP), int(EventType.HEARTBEAT)
_ABOUT_FILES = (int(EventType.ROTATE), int(EventType.FORMAT_DESCRIPTION))

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


_ADVICE_FOR_DAMAGE = "Check the source's disk and the network; if the binlog is damaged, start again with init_replica"
_ADVICE_FOR_UNKNOWN = (
    "It may carry rows, so the replica does not skip it: use a release of pg_chameleon that knows it, or turn off on"
    " the source whatever writes such events, and copy the tables again (init_replica)"
)
# PARTIAL_ROW_DATA of MariaDB 12.3
_ADVICE = {
    172: "It is a part of a row event; raise binlog_row_event_fragment_threshold on the source, and copy the tables"
    " again (init_replica)",
}


# What a damaged event makes of its parser
_DAMAGE = (IndexError, ValueError, struct.error, zlib.error)

_Handler = Callable[[Event], Iterable[StreamEvent]]


class Assembler:
    """Takes the raw events of a binlog in order, and gives the events of the stream.

    ``start`` is where the binlog is read from, always between two transactions. GTIDs are followed if ``start`` has
    a GTID set, its file has to be the very one if ``start`` knows its mark. Events that end at or before ``skip_to``,
    an offset in the first file, are omitted.
    """

    def __init__(self, start: Position, *, skip_to: int = 0) -> None:
        self._place = Place(start.binlog, start.file_mark, skip_to)
        self._row_events = RowEvents()
        self._transactions = Transactions(self._place, start.gtid, self._row_events.end_transaction)
        self._files = Files(self._place, self._transactions, self._row_events)
        self._handlers = self._make_handlers()

    def _make_handlers(self) -> dict[int, _Handler]:
        statements = Statements(self._place, self._transactions)
        return {
            EventType.QUERY: statements.read,
            EventType.QUERY_COMPRESSED: statements.read,
            EventType.EXECUTE_LOAD_QUERY: statements.read,
            EventType.ROTATE: self._files.rotate,
            EventType.FORMAT_DESCRIPTION: self._files.describe_format,
            EventType.HEARTBEAT: self._files.heartbeat,
            EventType.HEARTBEAT_V2: self._files.heartbeat_v2,
            EventType.INCIDENT: stop_at_incident,
            EventType.XID: self._transactions.commit,
            EventType.XA_PREPARE: self._transactions.xa_prepare,
            EventType.TRANSACTION_PAYLOAD: self._payload,
            **dict.fromkeys(ANNOUNCEMENTS, self._transactions.begin),
            **dict.fromkeys(PASSED_OVER, _pass_over),
        }

    @property
    def binlog_position(self) -> BinlogPosition:
        """The end of the last event."""
        return self._place.binlog

    @property
    def position(self) -> Position:
        """The end of the last event, with the GTIDs of the transactions that are whole."""
        return self._transactions.position

    def accept(self, raw: bytes) -> Iterable[StreamEvent]:
        """Take the next raw event; what comes of it must be used up before the next one is given."""
        header = events.unpack_header(raw)
        _, event_type, _, size, end, flags = header
        place = self._place
        if size != len(raw):
            raise StreamError(f"an event of {size} bytes came with {len(raw)}", position=place.binlog)
        if end and not flags & events.ARTIFICIAL and event_type != _HEARTBEAT:
            place.advance(end)
        if place.offset <= place.skip_to and event_type not in _ABOUT_FILES:
            return NOTHING
        has_checksum = self._files.format.checksum
        if event_type in _ABOUT_FILES:
            has_checksum = self._files.has_checksum(header, raw)
        if not has_checksum:
            return self._dispatch(header, raw[HEADER_SIZE:])
        if not events.has_valid_checksum(raw):
            raise StreamError(
                f"an event of type {event_type} is damaged: its checksum does not match",
                position=place.binlog,
                advice=_ADVICE_FOR_DAMAGE,
            )
        return self._dispatch(header, raw[HEADER_SIZE:-CHECKSUM_SIZE])

    def _dispatch(self, header: Header, body: bytes) -> Iterable[StreamEvent]:
        """Give an event to whoever knows its type; errors get the position that they lack."""
        event_type = header[1]
        try:
            # Of a backlog of small changes, nearly all events are of these two kinds
            if event_type == _TABLE_MAP:
                self._row_events.take_table_map(body)
                return NOTHING
            if event_type in events.ROW_EVENTS:
                return self._rows(event_type, body)
            return self._handlers.get(event_type, _unknown)(Event(*header, body))
        except StreamError as error:
            error.position = error.position or self._place.binlog
            raise
        except _DAMAGE as error:
            message = f"an event of type {event_type} cannot be read: {error}"
            raise StreamError(message, position=self._place.binlog) from error

    def _rows(self, event_type: int, body: bytes) -> Iterable[StreamEvent]:
        rows = self._row_events.read(event_type, body, self._place.offset)
        if rows is None:
            return NOTHING
        if self._transactions.open:
            return (rows,)
        return (*self._transactions.begin_block(), rows)

    def _payload(self, event: Event) -> Iterator[StreamEvent]:
        try:
            for raw in payload_events(event.body):
                yield from self._dispatch(events.unpack_header(raw), raw[HEADER_SIZE:])
        except StreamError as error:
            error.position = error.position or self._place.binlog
            raise


def _pass_over(_event: Event) -> Iterable[StreamEvent]:
    return NOTHING


def _unknown(event: Event) -> Iterable[StreamEvent]:
    if event.flags & events.IGNORABLE:
        return NOTHING
    raise StreamError(
        f"the binlog holds an event of the unknown type {event.type}",
        advice=_ADVICE.get(event.type, _ADVICE_FOR_UNKNOWN),
    )
