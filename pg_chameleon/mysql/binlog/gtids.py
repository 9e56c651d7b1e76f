"""GTIDs in bytes: the events that name a transaction, and GTID sets as COM_BINLOG_DUMP_GTID takes them.

Tags came with MySQL 8.3. Their event is written by ``mysql::serialization``, where every number states its own length.
"""

from __future__ import annotations

from struct import pack, unpack_from
from typing import NamedTuple

from pg_chameleon.errors import StreamError
from pg_chameleon.model.position import MysqlGtidSet


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


_UUID, _NUMBER, _TAG, _COMMIT_TIME = 1, 2, 3, 6
_TAGGED_FORMAT = 1


def parse_tagged_gtid(body: bytes) -> MysqlGtid:
    """Read a GTID_TAGGED event. Its fields are numbered, come in this order, and may be absent."""
    position = 0
    for _ in ("version", "size", "last field that must be known"):
        _, position = _number(body, position)
    uuid = tag = ""
    number = 0
    commit_time = 0.0
    while position < len(body):
        field, position = _number(body, position)
        if field > _COMMIT_TIME:
            break
        if field == _UUID:
            octets = bytearray()
            for _ in range(16):
                octet, position = _number(body, position)
                octets.append(octet)
            uuid = uuid_text(bytes(octets))
        elif field == _TAG:
            size, position = _number(body, position)
            tag, position = body[position : position + size].decode("ascii"), position + size
        else:
            value, position = _number(body, position)
            if field == _NUMBER:
                # It is signed: the lowest bit is the sign
                number = value >> 1
            elif field == _COMMIT_TIME:
                commit_time = value / 1e6
    if not uuid or not number:
        raise StreamError("a tagged GTID event names no transaction")
    return MysqlGtid(f"{uuid}:{tag}" if tag else uuid, number, commit_time)


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Read a number of variable length: the ones at the low end of its first byte count the bytes that follow."""
    first = data[position]
    if first == 0xFF:
        return int.from_bytes(data[position + 1 : position + 9], "little"), position + 9
    size = 1
    while first & 1:
        first >>= 1
        size += 1
    return int.from_bytes(data[position : position + size], "little") >> size, position + size


def encode_gtid_set(gtids: MysqlGtidSet) -> bytes:
    """Write a GTID set; sets with tags have a format of their own."""
    count = len(gtids.intervals)
    if gtids.tagged:
        parts = [bytes([_TAGGED_FORMAT]), count.to_bytes(6, "little"), bytes([_TAGGED_FORMAT])]
    else:
        parts = [pack("<Q", count)]
    for source, intervals in sorted(gtids.intervals.items()):
        uuid, _, tag = source.partition(":")
        parts.append(bytes.fromhex(uuid.replace("-", "")))
        if gtids.tagged:
            # A tag is at most 32 characters long, so its length fits one byte of variable length
            parts += [bytes([len(tag) << 1]), tag.encode("ascii")]
        parts.append(pack("<Q", len(intervals)))
        parts += [pack("<QQ", first, last + 1) for first, last in intervals]
    return b"".join(parts)
