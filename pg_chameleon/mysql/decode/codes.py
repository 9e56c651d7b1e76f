"""The codes by which a TABLE_MAP event tells how a column is stored."""

from __future__ import annotations

from typing import NamedTuple

from pg_chameleon.model.change import TableMap


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
