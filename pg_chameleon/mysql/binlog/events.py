"""The layout of binlog events: from the bytes of one event to its parts, without regard to earlier ones.

Sources: "Replication, Binlog Event" in MySQL's source documentation (mysql::binlog::event) and "Replication
Protocol" in MariaDB's knowledge base.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct, unpack_from
from typing import NamedTuple

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import RowKind, TableMap
from pg_chameleon.model.names import TableName
from pg_chameleon.model.source.modes import NO_BACKSLASH_ESCAPES
from pg_chameleon.mysql.charsets import charset_of_collation, text_decoder

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


_NAME = rb"(?:`(?:[^`]|``)+`|\"(?:[^\"]|\"\")+\")"
_AS_SERVERS_WRITE = re.compile(
    rb"CREATE (?:OR REPLACE )?TABLE (?:IF NOT EXISTS )?" + _NAME + rb"(?:\." + _NAME + rb")? \(\n  [`\"]"
)


@dataclass(frozen=True, slots=True)
class Query:
    """A QUERY event. ``statement`` is in the bytes of the client's character set."""

    statement: bytes
    schema: str
    error_code: int
    sql_mode: int = 0
    client_collation: int | None = None
    connection_collation: int | None = None
    time_zone: str | None = None
    microseconds: int | None = None

    @property
    def may_be_rewritten(self) -> bool:
        """Tell whether this may be the server's own text, in UTF-8 and not in the client's character set.

        So it writes a CREATE TABLE that was made from a SELECT, or LIKE a temporary table.
        """
        if self.statement.isascii() or not self._is_written_so:
            return False
        return _is_utf8(self.statement) and self.text() != self.text(rewritten=True)

    @property
    def may_be_escaped(self) -> bool:
        """Tell whether backslashes may escape in spite of the session's mode, as they do in the server's own text."""
        return bool(self.sql_mode & NO_BACKSLASH_ESCAPES) and b"\\" in self.statement and self._is_written_so

    @property
    def _is_written_so(self) -> bool:
        return _AS_SERVERS_WRITE.match(self.statement) is not None

    @property
    def is_text(self) -> bool:
        """Tell whether the statement says what it says: its bytes are text in the client's character set.

        After ``SET NAMES binary`` its literals are bytes, and become text by the character set of their column.
        """
        return self.statement.isascii() or self._decoded() is not None

    def text(self, *, rewritten: bool = False) -> str:
        """Decode the statement; where it is not text in the client's character set, its odd bytes stay visible."""
        decoded = None if rewritten else self._decoded()
        return self.statement.decode("utf-8", "backslashreplace") if decoded is None else decoded

    def _decoded(self) -> str | None:
        charset = charset_of_collation(self.client_collation or 0)
        decode = None if charset is None else text_decoder(charset)
        if decode is None:
            return None
        try:
            return decode(self.statement)
        except UnicodeDecodeError:
            return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def parse_query(body: bytes, *, post_header_size: int, compressed: bool = False) -> Query:
    """Read a QUERY or EXECUTE_LOAD_QUERY event."""
    _, _, schema_size, error_code, variables_size = unpack_from("<IIBHH", body)
    schema_at = post_header_size + variables_size
    statement = body[schema_at + schema_size + 1 :]
    variables = parse_status_variables(body[post_header_size:schema_at])
    return Query(
        statement=uncompressed(statement) if compressed else statement,
        schema=body[schema_at : schema_at + schema_size].decode("utf-8", "replace"),
        error_code=error_code,
        sql_mode=variables.sql_mode,
        client_collation=variables.client_collation,
        connection_collation=variables.connection_collation,
        time_zone=variables.time_zone,
        microseconds=variables.microseconds,
    )


class StatusVariables(NamedTuple):
    """What the status variables of a QUERY event tell about the session that ran it."""

    sql_mode: int = 0
    client_collation: int | None = None
    connection_collation: int | None = None
    time_zone: str | None = None
    microseconds: int | None = None


_SQL_MODE, _CHARSET, _TIME_ZONE = 1, 4, 5
_MICROSECONDS = (13, 128)  # MySQL's, and MariaDB's
# Sizes of the status variables whose size is fixed
_FIXED_SIZES = {0: 4, 1: 8, 3: 4, 4: 6, 7: 2, 8: 2, 9: 8, 10: 4, 13: 3, 16: 1, 17: 8, 18: 2, 19: 1, 20: 1}
_FIXED_SIZES |= {128: 3, 129: 8}
_TOO_MANY_SCHEMAS = 254


def parse_status_variables(data: bytes) -> StatusVariables:
    """Read the status variables up to the first unknown one; those that matter come first."""
    found = StatusVariables()
    position = 0
    while position < len(data):
        key = data[position]
        position += 1
        size = _status_variable_size(key, data, position)
        if size is None:
            break
        if key == _SQL_MODE:
            found = found._replace(sql_mode=int.from_bytes(data[position : position + 8], "little"))
        elif key == _CHARSET:
            client, connection = unpack_from("<HH", data, position)
            found = found._replace(client_collation=client, connection_collation=connection)
        elif key == _TIME_ZONE:
            found = found._replace(time_zone=data[position + 1 : position + size].decode("ascii", "replace"))
        elif key in _MICROSECONDS:
            found = found._replace(microseconds=int.from_bytes(data[position : position + size], "little"))
        position += size
    return found


def _status_variable_size(key: int, data: bytes, position: int) -> int | None:
    """Return how many bytes a variable takes behind its key; None if the key is not known."""
    fixed, counted = _FIXED_SIZES.get(key), _SIZES.get(key)
    return fixed if counted is None or position >= len(data) else counted(data, position)


def _two_strings_size(data: bytes, position: int) -> int:
    return 2 + data[position] + data[position + 1 + data[position]]


def _updated_schemas_size(data: bytes, position: int) -> int:
    end = position + 1
    if data[position] != _TOO_MANY_SCHEMAS:
        for _ in range(data[position]):
            end = data.index(0, end) + 1
    return end - position


_SIZES: dict[int, Callable[[bytes, int], int]] = {
    # Catalogues and time zones: a byte of size, then the text, and a NUL behind the older one
    **dict.fromkeys((5, 6), lambda data, position: 1 + data[position]),
    2: lambda data, position: 2 + data[position],
    11: _two_strings_size,
    12: _updated_schemas_size,
    # MariaDB 11 and newer: the collations that the session chose for character sets, four bytes for each
    131: lambda data, position: 1 + 4 * data[position],
}


def uncompressed(data: bytes) -> bytes:
    """Undo MariaDB's ``log_bin_compress``: a byte of flags, the size in big-endian bytes, a zlib stream."""
    algorithm, size_bytes = (data[0] & 0x70) >> 4, data[0] & 0x07
    if algorithm != 0:
        raise StreamError(f"an event is compressed by the unknown algorithm {algorithm}")
    size = int.from_bytes(data[1 : 1 + size_bytes], "big")
    content = zlib.decompress(data[1 + size_bytes :], bufsize=max(size, 1))
    if len(content) != size:
        raise StreamError(f"a compressed event has {len(content)} bytes where {size} were announced")
    return content


class MysqlGtid(NamedTuple):
    """A GTID event of MySQL. ``source`` is the uuid, or uuid:tag; ``commit_time`` is 0 before MySQL 8."""

    source: str
    number: int
    commit_time: float


_IMMEDIATE_COMMIT_TIME = 42
_ORIGINAL_TIME_FOLLOWS = 1 << 55


def parse_gtid(body: bytes) -> MysqlGtid:
    """Read a GTID or ANONYMOUS_GTID event; commit times, in microseconds, are there since MySQL 8.0.1."""
    _, uuid, number = unpack_from("<B16sQ", body)
    commit_time = 0.0
    if len(body) >= _IMMEDIATE_COMMIT_TIME + 7:
        time = int.from_bytes(body[_IMMEDIATE_COMMIT_TIME : _IMMEDIATE_COMMIT_TIME + 7], "little")
        commit_time = (time & (_ORIGINAL_TIME_FOLLOWS - 1)) / 1e6
    return MysqlGtid(uuid_text(uuid), number, commit_time)


def uuid_text(data: bytes) -> str:
    """Write the 16 bytes of a uuid in the usual form."""
    text = data.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class MariadbGtid(NamedTuple):
    """A GTID event of MariaDB."""

    domain: int
    sequence: int
    standalone: bool
    alter_phase: int


ALTER_STARTS, ALTER_COMMITS, ALTER_ROLLS_BACK = 2, 4, 8
_STANDALONE, _GROUP_COMMIT, _PREPARED_XA, _COMPLETED_XA = 0x01, 0x02, 0x40, 0x80


def parse_mariadb_gtid(body: bytes) -> MariadbGtid:
    """Read a GTID event of MariaDB; ``alter_phase`` is not 0 where ``binlog_alter_two_phase`` is on."""
    sequence, domain, flags = unpack_from("<QIB", body)
    position = 13
    if flags & _GROUP_COMMIT:
        position += 8
    if flags & (_PREPARED_XA | _COMPLETED_XA):
        position += 6 + body[position + 4] + body[position + 5]
    extra = body[position] if position < len(body) else 0
    return MariadbGtid(
        domain,
        sequence,
        standalone=bool(flags & _STANDALONE),
        alter_phase=extra & (ALTER_STARTS | ALTER_COMMITS | ALTER_ROLLS_BACK),
    )


def parse_xa_prepare(body: bytes) -> tuple[str, bool]:
    """Read an XA_PREPARE event: the xid as XA statements write it, and whether it commits in one phase."""
    one_phase, format_id, global_size, branch_size = unpack_from("<BIII", body)
    middle = 13 + global_size
    xid = f"X'{body[13:middle].hex()}',X'{body[middle : middle + branch_size].hex()}',{format_id}"
    return xid, bool(one_phase)


# Bytes of metadata that a type has in a TABLE_MAP event (Table_map_event, "m_field_metadata")
_METADATA_SIZES = bytes(
    {
        **dict.fromkeys((4, 5, 17, 18, 19, 140, 242, 245, 249, 250, 251, 252, 255), 1),
        **dict.fromkeys((15, 16, 141, 246, 247, 248, 253, 254), 2),
    }.get(code, 0)
    for code in range(256)
)


def parse_table_map(body: bytes, table_id_size: int) -> TableMap:
    """Read a TABLE_MAP event. Metadata of two bytes are read as a little-endian number, whatever they mean."""
    table_id = int.from_bytes(body[:table_id_size], "little")
    position = table_id_size + 2
    schema, position = _name(body, position)
    table, position = _name(body, position)
    columns, position = length_encoded(body, position)
    types = body[position : position + columns]
    size, position = length_encoded(body, position + columns)
    metadata = _table_metadata(types, body[position : position + size])
    position += size
    optional = position + (columns + 7) // 8
    return TableMap(table_id, TableName(schema, table), types, metadata, body[position:optional], body[optional:])


def _name(body: bytes, position: int) -> tuple[str, int]:
    end = position + 1 + body[position]
    return body[position + 1 : end].decode("utf-8", "replace"), end + 1


def _table_metadata(types: bytes, block: bytes) -> tuple[int, ...]:
    metadata = []
    position = 0
    for code in types:
        size = _METADATA_SIZES[code]
        metadata.append(int.from_bytes(block[position : position + size], "little"))
        position += size
    if position != len(block):
        raise StreamError(f"the metadata of a table map have {len(block)} bytes, its types need {position}")
    return tuple(metadata)
