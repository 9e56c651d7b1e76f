"""The live binlog of a source.

mysql-replication opens the connection and asks for the binlog; the packets that follow are read and understood here.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from struct import pack
from typing import Any, NamedTuple

from pymysql.constants import COMMAND
from pymysqlreplication import BinLogStreamReader

from pg_chameleon.errors import BinlogPurged, SourceError, SourceUnreachable
from pg_chameleon.model.change import StreamEvent
from pg_chameleon.model.position import BinlogPosition, GtidSet, MariadbGtidPosition, MysqlGtidSet, Position
from pg_chameleon.mysql.binlog.assembly import Assembler
from pg_chameleon.mysql.binlog.gtids import encode_gtid_set
from pg_chameleon.mysql.connection import SourceConnection, SourceSettings, connect, numbered, source_errors
from pg_chameleon.mysql.error_numbers import CANNOT_READ_BINLOG, CONNECTION_ENDS, PRIVILEGE_MISSING
from pg_chameleon.mysql.packets import PacketReader, error_parts, is_end, is_error

logger = logging.getLogger(__name__)

_LARGEST_DUMP_OFFSET = 0xFFFFFFFF
_FIRST_OFFSET = 4
_THROUGH_GTID = 0x04


class BinlogStream:
    """Reads a source's binlog from a position on, and waits for new events.

    ``use_gtid``: the source finds the place by ``start.gtid``, so ``start.binlog`` need not be one of its own. The
    GTID set is followed whenever ``start`` has one. ``heartbeat``: after how many idle seconds the source sends one.
    """

    def __init__(
        self,
        settings: SourceSettings,
        *,
        server_id: int,
        start: Position,
        use_gtid: bool = False,
        heartbeat: float = 1.0,
    ) -> None:
        self._start = start
        self._use_gtid = use_gtid
        self._closed = False
        dump = _Dump(settings, server_id, start, use_gtid=use_gtid, heartbeat=heartbeat)
        self._connection = dump.connection
        self._reader = PacketReader(self._connection._sock)  # type: ignore[attr-defined]
        # GTIDs are the same on every server, files are not
        self._assembler = Assembler(replace(start, file_mark=None) if use_gtid else start, skip_to=dump.skip_to)
        self._packets: deque[bytes] = deque()
        self._events: Iterator[StreamEvent] = iter(())

    @property
    def position(self) -> Position:
        """The end of the last raw event that was read; within a transaction it is not a place to resume from."""
        return self._assembler.position

    def next(self, timeout: float | None) -> StreamEvent | None:
        """Return the next event, or None when none came for ``timeout`` seconds."""
        event = next(self._events, None)
        while event is None:
            self._packets.extend(self._reader.next_packets(timeout))
            if not self._packets:
                return None
            self._events = self._assembled()
            event = next(self._events, None)
        return event

    def _assembled(self) -> Iterator[StreamEvent]:
        """Give the events of the packets that have come."""
        packets, accept = self._packets, self._assembler.accept
        while packets:
            packet = packets.popleft()
            if packet[0] != 0:
                raise self._end_of_stream(packet)
            yield from accept(packet[1:])

    def pending(self) -> bool:
        """Tell whether more can be read without waiting."""
        return bool(self._packets) or self._reader.pending()

    def close(self) -> None:
        """End the connection; the source notices by itself."""
        if not self._closed:
            self._closed = True
            self._connection._force_close()  # type: ignore[attr-defined]

    def __enter__(self) -> BinlogStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end_of_stream(self, packet: bytes) -> SourceError:
        if is_error(packet):
            return _dump_error(*error_parts(packet), self._start, self._use_gtid)
        if is_end(packet):
            return SourceUnreachable("the source ended the stream of its binlog; it is probably shutting down")
        return SourceError(f"the source sent a packet that is not a binlog event: {packet[:20].hex()}")


class _Dump:
    """The connection over which a source sends its binlog."""

    def __init__(
        self, settings: SourceSettings, server_id: int, start: Position, *, use_gtid: bool, heartbeat: float
    ) -> None:
        self._settings = settings
        self.skip_to = 0
        if use_gtid and start.gtid is None:
            raise SourceError("the replica is to follow GTIDs, but its position has none", position=start)
        with source_errors("asking for the binlog"):
            if use_gtid and isinstance(start.gtid, MysqlGtidSet) and _is_beyond_library(start.gtid):
                self.connection = self._ask_by_gtid_set(server_id, start.gtid, heartbeat)
            else:
                where = self._by_gtid(start.gtid) if use_gtid else self._by_file(start.binlog)
                self.connection = _LibraryDump(self._connect, server_id, heartbeat, where).open()

    def _connect(self, **_: Any) -> SourceConnection:
        connection = connect(self._settings)
        with connection.cursor() as cursor:
            # Declares that checksums are understood, even if the newest file has none: an older one may
            cursor.execute("SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'")
        return connection

    @staticmethod
    def _by_gtid(gtid: GtidSet | None) -> dict[str, Any]:
        return {"auto_position": str(gtid), "is_mariadb": isinstance(gtid, MariadbGtidPosition)}

    def _by_file(self, binlog: BinlogPosition) -> dict[str, Any]:
        offset = binlog.offset
        if offset > _LARGEST_DUMP_OFFSET:
            # The command has 32 bits for it, so the file is read from its beginning
            self.skip_to, offset = offset, _FIRST_OFFSET
        return {"log_file": binlog.file, "log_pos": offset, "resume_stream": True}

    def _ask_by_gtid_set(self, server_id: int, gtids: MysqlGtidSet, heartbeat: float) -> SourceConnection:
        """Ask as COM_BINLOG_DUMP_GTID does, for sets that mysql-replication cannot encode."""
        connection = self._connect()
        with connection.cursor() as cursor:
            period = int(heartbeat * 1_000_000_000)
            cursor.execute("SET @master_heartbeat_period = %s, @source_heartbeat_period = %s", (period, period))
        encoded = encode_gtid_set(gtids)
        # flags, server id, size and text of the file's name, offset, size of the set
        arguments = pack("<HIIQI", _THROUGH_GTID, server_id, 0, _FIRST_OFFSET, len(encoded)) + encoded
        connection._execute_command(COMMAND.COM_BINLOG_DUMP_GTID, arguments)  # type: ignore[attr-defined]
        return connection


class _LibraryDump(BinLogStreamReader):  # type: ignore[misc]
    """mysql-replication's reader, of which only the way to the first packet is used."""

    def __init__(
        self,
        connector: Any,
        server_id: int,
        heartbeat: float,
        where: dict[str, Any],
    ) -> None:
        super().__init__(
            {"charset": "utf8mb4"},
            server_id,
            blocking=True,
            slave_heartbeat=heartbeat,
            pymysql_wrapper=connector,
            enable_logging=False,
            **where,
        )

    def open(self) -> SourceConnection:
        """Connect and ask for the binlog; the answer remains to be read."""
        self._BinLogStreamReader__connect_to_stream()
        connection: SourceConnection = self._stream_connection
        return connection


def _is_beyond_library(gtids: MysqlGtidSet) -> bool:
    """Tell whether mysql-replication cannot ask for what comes after the set: it is empty, or has tags."""
    return gtids.tagged or not gtids.intervals


class _Hindrance(NamedTuple):
    """Why a source cannot send its binlog. All reasons have one number, so only the ``signs`` in its text tell."""

    signs: tuple[str, ...]
    kind: type[SourceError]
    what: str
    advice: str | None


_CANNOT_SEND = "the source cannot send its binlog"
_HINDRANCES = (
    _Hindrance(
        (
            "purged",
            "could not find first log file",
            "could not find gtid state",
            "could not open log file",
            "no such file",
            "missing the gtid",
            "not in the master's binlog",
        ),
        BinlogPurged,
        "the source no longer has the binlog to continue from",
        "Copy the tables again (init_replica), and let the source keep its binlogs longer",
    ),
    _Hindrance(
        ("same server", "server_uuid/server_id"),
        SourceError,
        _CANNOT_SEND,
        "Give each replica of the source its own my_server_id",
    ),
    _Hindrance(
        ("impossible position", "position > file size"),
        SourceError,
        _CANNOT_SEND,
        "The binlog ends before the replica's position: was the source restored? Copy the tables again",
    ),
)
_UNKNOWN_HINDRANCE = _Hindrance((), SourceError, _CANNOT_SEND, None)


def _dump_error(code: int, text: str, start: Position, use_gtid: bool) -> SourceError:
    """Say what the source means by the error with which it ends, or refuses, the stream."""
    where = start if use_gtid else start.binlog
    if code != CANNOT_READ_BINLOG:
        advice = "Grant the user REPLICATION SLAVE" if code in PRIVILEGE_MISSING else None
        kind = SourceUnreachable if code in CONNECTION_ENDS else SourceError
        return kind(f"the source ended its binlog: {numbered(text, code)}", position=where, advice=advice, code=code)
    lowered = text.lower()
    known = (each for each in _HINDRANCES if any(sign in lowered for sign in each.signs))
    found = next(known, _UNKNOWN_HINDRANCE)
    return found.kind(f"{found.what}: {text}", position=where, advice=found.advice, code=code)
