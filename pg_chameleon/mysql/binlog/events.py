"""The layout of binlog events: from the bytes of one event to its parts, without regard to earlier ones.

Sources: "Replication, Binlog Event" in MySQL's source documentation (mysql::binlog::event) and "Replication
Protocol" in MariaDB's knowledge base.
"""

from __future__ import annotations

import zlib
from enum import IntEnum
from struct import Struct, unpack_from
from typing import NamedTuple

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import RowKind

HEADER_SIZE = 19
CHECKSUM_SIZE = 4

ARTIFICIAL = 0x20
IGNORABLE = 0x80

Header = tuple[int, int, int, int, int, int]
"""Timestamp, type, server id, size, end position, flags."""
unpack_header = Struct("<IBIIIH").unpack_from


class Event(NamedTuple):
    """The header that every event has, and its body without the checksum."""

    timestamp: int
    type: int
    server_id: int
    size: int
    end: int
    flags: int
    body: bytes


class EventType(IntEnum):
    """The event types that this version knows; the numbers from 160 on are MariaDB's."""

    QUERY = 2
    STOP = 3
    ROTATE = 4
    INTVAR = 5
    APPEND_BLOCK = 9
    DELETE_FILE = 11
    RAND = 13
    USER_VAR = 14
    FORMAT_DESCRIPTION = 15
    XID = 16
    BEGIN_LOAD_QUERY = 17
    EXECUTE_LOAD_QUERY = 18
    TABLE_MAP = 19
    WRITE_ROWS_V1 = 23
    UPDATE_ROWS_V1 = 24
    DELETE_ROWS_V1 = 25
    INCIDENT = 26
    HEARTBEAT = 27
    IGNORABLE = 28
    ROWS_QUERY = 29
    WRITE_ROWS = 30
    UPDATE_ROWS = 31
    DELETE_ROWS = 32
    GTID = 33
    ANONYMOUS_GTID = 34
    PREVIOUS_GTIDS = 35
    TRANSACTION_CONTEXT = 36
    VIEW_CHANGE = 37
    XA_PREPARE = 38
    PARTIAL_UPDATE_ROWS = 39
    TRANSACTION_PAYLOAD = 40
    HEARTBEAT_V2 = 41
    GTID_TAGGED = 42
    ANNOTATE_ROWS = 160
    BINLOG_CHECKPOINT = 161
    MARIADB_GTID = 162
    GTID_LIST = 163
    START_ENCRYPTION = 164
    QUERY_COMPRESSED = 165
    WRITE_ROWS_COMPRESSED_V1 = 166
    UPDATE_ROWS_COMPRESSED_V1 = 167
    DELETE_ROWS_COMPRESSED_V1 = 168
    WRITE_ROWS_COMPRESSED = 169
    UPDATE_ROWS_COMPRESSED = 170
    DELETE_ROWS_COMPRESSED = 171


class RowEventType(NamedTuple):
    """What distinguishes a type of row event from others. ``version`` 2 has extra data in its header."""

    kind: RowKind
    version: int
    compressed: bool = False
    partial: bool = False


ROW_EVENTS: dict[int, RowEventType] = {
    EventType.WRITE_ROWS_V1: RowEventType(RowKind.INSERT, 1),
    EventType.UPDATE_ROWS_V1: RowEventType(RowKind.UPDATE, 1),
    EventType.DELETE_ROWS_V1: RowEventType(RowKind.DELETE, 1),
    EventType.WRITE_ROWS: RowEventType(RowKind.INSERT, 2),
    EventType.UPDATE_ROWS: RowEventType(RowKind.UPDATE, 2),
    EventType.DELETE_ROWS: RowEventType(RowKind.DELETE, 2),
    EventType.PARTIAL_UPDATE_ROWS: RowEventType(RowKind.UPDATE, 2, partial=True),
    EventType.WRITE_ROWS_COMPRESSED_V1: RowEventType(RowKind.INSERT, 1, compressed=True),
    EventType.UPDATE_ROWS_COMPRESSED_V1: RowEventType(RowKind.UPDATE, 1, compressed=True),
    EventType.DELETE_ROWS_COMPRESSED_V1: RowEventType(RowKind.DELETE, 1, compressed=True),
    EventType.WRITE_ROWS_COMPRESSED: RowEventType(RowKind.INSERT, 2, compressed=True),
    EventType.UPDATE_ROWS_COMPRESSED: RowEventType(RowKind.UPDATE, 2, compressed=True),
    EventType.DELETE_ROWS_COMPRESSED: RowEventType(RowKind.DELETE, 2, compressed=True),
}


def length_encoded(data: bytes, position: int) -> tuple[int, int]:
    """Read a length-encoded integer ("Protocol::LengthEncodedInteger"); return it and the position after it."""
    first = data[position]
    if first < 0xFB:
        return first, position + 1
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first)
    if size is None:
        raise StreamError(f"a length begins with the byte {first:#x}")
    end = position + 1 + size
    return int.from_bytes(data[position + 1 : end], "little"), end


# What the CRC-32 of anything is that ends with its own CRC-32
_RESIDUE = zlib.crc32(bytes(CHECKSUM_SIZE))


def has_valid_checksum(event: bytes) -> bool:
    """Tell whether the event ends with the CRC-32 of what is before it."""
    return zlib.crc32(event) == _RESIDUE


class FormatDescription(NamedTuple):
    """What the first event of a binlog file says about the others."""

    checksum: bool
    post_header_sizes: bytes

    def post_header_size(self, event_type: int) -> int:
        """Return the size of the fixed part of an event type, 0 for types that the server does not know."""
        return self.post_header_sizes[event_type - 1] if event_type <= len(self.post_header_sizes) else 0


def parse_format_description(body: bytes) -> FormatDescription:
    """Read a FORMAT_DESCRIPTION event. All servers since MySQL 5.6 and MariaDB 5.3 end it with a checksum."""
    (version,) = unpack_from("<H", body)
    if version != 4 or body[56] != HEADER_SIZE:
        raise StreamError(f"the binlog has the unknown format {version} (header of {body[56]} bytes)")
    algorithm = body[-CHECKSUM_SIZE - 1]
    if algorithm > 1:
        raise StreamError(f"the binlog has checksums of the unknown kind {algorithm}")
    return FormatDescription(algorithm == 1, body[57 : -CHECKSUM_SIZE - 1])


def parse_rotate(body: bytes) -> tuple[str, int]:
    """Read a ROTATE event: the next file, and the position in it."""
    return body[8:].decode(), int.from_bytes(body[:8], "little")


def uncompressed(data: bytes) -> bytes:
    """Undo MariaDB's ``log_bin_compress``: a byte of flags, the size in big-endian bytes, a zlib stream."""
    algorithm, size_bytes = (data[0] & 0x70) >> 4, data[0] & 0x07
    if algorithm != 0:
        raise StreamError(f"an event is compressed with the unknown algorithm {algorithm}")
    size = int.from_bytes(data[1 : 1 + size_bytes], "big")
    content = zlib.decompress(data[1 + size_bytes :], bufsize=max(size, 1))
    if len(content) != size:
        raise StreamError(f"a compressed event has {len(content)} bytes where {size} were announced")
    return content
