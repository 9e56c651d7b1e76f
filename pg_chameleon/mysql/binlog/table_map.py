"""TABLE_MAP events: the codes by which they tell how a table's columns are stored."""

from __future__ import annotations

from typing import NamedTuple

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import TableMap
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.binlog.events import length_encoded


class Code:
    """Type codes of columns in a TABLE_MAP event (``enum_field_types``)."""

    TINY, SHORT, LONG, FLOAT, DOUBLE = 1, 2, 3, 4, 5
    TIMESTAMP, LONGLONG, INT24, DATE, TIME, DATETIME, YEAR, NEWDATE = 7, 8, 9, 10, 11, 12, 13, 14
    VARCHAR, BIT = 15, 16
    TIMESTAMP2, DATETIME2, TIME2 = 17, 18, 19
    BLOB_COMPRESSED, VARCHAR_COMPRESSED = 140, 141
    VECTOR, JSON, NEWDECIMAL, ENUM, SET = 242, 245, 246, 247, 248
    TINY_BLOB, MEDIUM_BLOB, LONG_BLOB, BLOB = 249, 250, 251, 252
    VAR_STRING, STRING, GEOMETRY = 253, 254, 255


BLOBS = frozenset({Code.TINY_BLOB, Code.MEDIUM_BLOB, Code.LONG_BLOB, Code.BLOB})


# Bytes of metadata that a type has (Table_map_event, "m_field_metadata")
_ONE_BYTE = BLOBS | {
    *(Code.FLOAT, Code.DOUBLE, Code.TIMESTAMP2, Code.DATETIME2, Code.TIME2),
    *(Code.BLOB_COMPRESSED, Code.VECTOR, Code.JSON, Code.GEOMETRY),
}
_TWO_BYTES = frozenset(
    {
        *(Code.VARCHAR, Code.VARCHAR_COMPRESSED, Code.VAR_STRING, Code.STRING),
        *(Code.BIT, Code.NEWDECIMAL, Code.ENUM, Code.SET),
    }
)
_METADATA_SIZES = bytes(1 if code in _ONE_BYTE else 2 if code in _TWO_BYTES else 0 for code in range(256))


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


class StoredType(NamedTuple):
    """How a column is stored. ``size``: the length in bytes of a CHAR, an ENUM or a SET; else the metadata."""

    code: int
    size: int


def stored_type(code: int, metadata: int) -> StoredType:
    """Tell what a STRING column really is: CHAR, ENUM and SET share the code, the metadata tell them apart.

    The length of a CHAR has two bits among those of the type, turned over ("Field_string" in the table map's page).
    """
    if code != Code.STRING:
        return StoredType(code, metadata)
    real, length = metadata & 0xFF, metadata >> 8
    if real & 0x30 != 0x30:
        return StoredType(real | 0x30, length | ((real & 0x30) ^ 0x30) << 4)
    return StoredType(real, length)


def stored_types(table: TableMap) -> list[StoredType]:
    """Return how each column of the table map is stored."""
    return [stored_type(code, metadata) for code, metadata in zip(table.types, table.metadata, strict=True)]
