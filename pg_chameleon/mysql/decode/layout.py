"""Whether a TABLE_MAP event describes the table that we think it does.

Rows carry no names, so reading them with the wrong structure would give wrong values without an error. Everything
that a table map tells is compared first: number and types of columns, sizes, and what the optional metadata hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import TableMap
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.source.charsets import width
from pg_chameleon.model.source.types import (
    ADDRESS_BYTES,
    BLOB_BYTES,
    BLOBS,
    BYTE_STRINGS,
    CHARACTER_STRINGS,
    GEOMETRIES,
    TEXT_BYTES,
    TEXTS,
    UUID_BYTES,
    ColumnType,
)
from pg_chameleon.mysql.binlog.table_map import BLOBS as BLOB_CODES
from pg_chameleon.mysql.binlog.table_map import Code, StoredType, stored_types
from pg_chameleon.mysql.decode.metadata import metadata_differences

_CODES: dict[str, frozenset[int]] = {
    "tinyint": frozenset({Code.TINY}),
    "boolean": frozenset({Code.TINY}),
    "bool": frozenset({Code.TINY}),
    "smallint": frozenset({Code.SHORT}),
    "mediumint": frozenset({Code.INT24}),
    "int": frozenset({Code.LONG}),
    "integer": frozenset({Code.LONG}),
    "bigint": frozenset({Code.LONGLONG}),
    "float": frozenset({Code.FLOAT}),
    "double": frozenset({Code.DOUBLE}),
    "double precision": frozenset({Code.DOUBLE}),
    "real": frozenset({Code.DOUBLE, Code.FLOAT}),
    "decimal": frozenset({Code.NEWDECIMAL}),
    "numeric": frozenset({Code.NEWDECIMAL}),
    "bit": frozenset({Code.BIT}),
    "year": frozenset({Code.YEAR}),
    "date": frozenset({Code.DATE, Code.NEWDATE}),
    "time": frozenset({Code.TIME, Code.TIME2}),
    "datetime": frozenset({Code.DATETIME, Code.DATETIME2}),
    "timestamp": frozenset({Code.TIMESTAMP, Code.TIMESTAMP2}),
    "char": frozenset({Code.STRING}),
    "binary": frozenset({Code.STRING}),
    "uuid": frozenset({Code.STRING}),
    "inet4": frozenset({Code.STRING}),
    "inet6": frozenset({Code.STRING}),
    "enum": frozenset({Code.ENUM}),
    "set": frozenset({Code.SET}),
    "varchar": frozenset({Code.VARCHAR, Code.VAR_STRING}),
    "varbinary": frozenset({Code.VARCHAR, Code.VAR_STRING}),
    "json": frozenset({Code.JSON, Code.BLOB, Code.LONG_BLOB}),
    # MySQL's own type; MariaDB stores vectors as VARBINARY
    "vector": frozenset({Code.VECTOR, Code.VARCHAR}),
    **dict.fromkeys(TEXTS | BLOBS, BLOB_CODES),
    **dict.fromkeys(GEOMETRIES, frozenset({Code.GEOMETRY})),
}
# Bytes that tell the length of a value
_LENGTH_BYTES = {base: (most.bit_length() + 7) // 8 for base, most in (TEXT_BYTES | BLOB_BYTES).items()} | {"json": 4}
_FIXED_LENGTHS = {"uuid": UUID_BYTES, **ADDRESS_BYTES}


def check_table_map(table: TableMap, schema: TableSchema) -> None:
    """Raise DecodeError, naming the first difference, unless the table map fits the structure."""
    difference = next(_differences(table, schema), None)
    if difference is not None:
        raise DecodeError(
            f"the binlog describes a structure other than the tracked one: {difference}",
            table=schema.name,
            advice="Copy the table again (sync_tables)",
        )


_INTEGERS = frozenset({Code.TINY, Code.SHORT, Code.INT24, Code.LONG, Code.LONGLONG})
_SEQUENCE_COLUMNS = 8


def is_like_sequence(table: TableMap) -> bool:
    """Tell whether a table map may be that of a sequence of MariaDB, whose rows are in the binlog, too.

    Seven integers and a flag: https://mariadb.com/kb/en/create-sequence/
    """
    types = table.types
    return len(types) == _SEQUENCE_COLUMNS and _INTEGERS.issuperset(types) and types[6] == Code.TINY


def hidden_columns(schema: TableSchema) -> int:
    """Return how many columns of MariaDB that nobody sees may come last.

    A unique key over long values is kept by a hash in a hidden column, which is in the binlog.
    """
    return sum(index.unique and _is_hash_key(schema, index.kind, index.parts) for index in schema.indexes)


def _is_hash_key(schema: TableSchema, kind: str, parts: tuple[object, ...]) -> bool:
    if kind == "hash":
        return True
    for part in parts:
        name, prefix = getattr(part, "column", None), getattr(part, "prefix", None)
        column = schema.column(name) if name else None
        if column is not None and prefix is None and column.type.base in _LENGTH_BYTES:
            return True
    return False


def _differences(table: TableMap, schema: TableSchema) -> Iterator[str]:
    hidden = len(table.types) - len(schema.columns)
    if hidden and not (0 < hidden <= hidden_columns(schema) and set(table.types[-hidden:]) == {Code.LONGLONG}):
        yield f"{len(table.types)} columns where {len(schema.columns)} are expected"
        return
    for index, (column, stored) in enumerate(zip(schema.columns, stored_types(table), strict=False)):
        if column.generated is not None and column.generated.expression.upper() in ("ROW START", "ROW END"):
            yield f"{column.name} makes it a system-versioned table, whose history cannot be told from its rows"
        difference = _difference(column, stored)
        if difference is not None:
            yield f"column {column.name} ({column.column_type}) {difference}"
        if _is_nullable(table, index) != column.nullable:
            yield f"column {column.name} {'can' if _is_nullable(table, index) else 'cannot'} be NULL"
    yield from metadata_differences(table, schema)


def _is_nullable(table: TableMap, index: int) -> bool:
    return bool(table.nullable[index // 8] >> index % 8 & 1)


def _difference(column: Column, stored: StoredType) -> str | None:
    kind = column.type
    codes = _expected_codes(column, kind)
    if codes is None:
        return "has a type that is not known"
    if stored.code not in codes:
        return f"is stored as type {stored.code}"
    size = _expected_size(column, kind, stored)
    if size is not None and size != stored.size:
        return f"is stored with the size {stored.size:#x} where {size:#x} is expected"
    return None


def _expected_codes(column: Column, kind: ColumnType) -> frozenset[int] | None:
    if column.compressed:
        is_variable = kind.base not in TEXTS | BLOBS
        return frozenset({Code.VARCHAR_COMPRESSED if is_variable else Code.BLOB_COMPRESSED})
    return _CODES.get(kind.base)


def _expected_size(column: Column, kind: ColumnType, stored: StoredType) -> int | None:
    """Return what the metadata must be; None where they do not say, or differ from server to server."""
    if stored.code in (Code.TIMESTAMP2, Code.DATETIME2, Code.TIME2):
        return kind.fraction
    size = _SIZES.get(kind.base)
    return size(column, kind) if size else _LENGTH_BYTES.get(kind.base, _FIXED_LENGTHS.get(kind.base))


def _string_size(column: Column, kind: ColumnType) -> int:
    return kind.length * width(column.charset) + column.compressed


def _decimal_size(_column: Column, kind: ColumnType) -> int:
    precision, scale = kind.precision
    return precision | scale << 8


def _enum_size(_column: Column, kind: ColumnType) -> int:
    return 1 if len(kind.members) < 256 else 2


def _set_size(_column: Column, kind: ColumnType) -> int:
    size = (len(kind.members) + 7) // 8
    return size if size <= 4 else 8


def _bit_size(_column: Column, kind: ColumnType) -> int:
    whole, bits = divmod(kind.length, 8)
    return bits | whole << 8


_SIZES: dict[str, Callable[[Column, ColumnType], int]] = {
    **dict.fromkeys(CHARACTER_STRINGS | BYTE_STRINGS, _string_size),
    **dict.fromkeys(("decimal", "numeric"), _decimal_size),
    "enum": _enum_size,
    "set": _set_size,
    "bit": _bit_size,
}
