"""Does a TABLE_MAP event describe the table that we think it does?

Rows carry no names, so reading them with the wrong structure would give wrong values without an error. Everything
that a table map tells is compared before: number and types of columns, sizes, and what the optional metadata hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import TableMap
from pg_chameleon.model.schema import Column, ColumnType, TableSchema
from pg_chameleon.mysql.charsets import charset_of_collation
from pg_chameleon.mysql.events import length_encoded


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


GEOMETRY_TYPES = frozenset(
    {
        "geometry",
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
        "geometrycollection",
        "geomcollection",
    }
)

_BLOBS = frozenset({Code.TINY_BLOB, Code.MEDIUM_BLOB, Code.LONG_BLOB, Code.BLOB})
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
    **dict.fromkeys(("tinytext", "text", "mediumtext", "longtext"), _BLOBS),
    **dict.fromkeys(("tinyblob", "blob", "mediumblob", "longblob"), _BLOBS),
    **dict.fromkeys(GEOMETRY_TYPES, frozenset({Code.GEOMETRY})),
}
_LENGTH_BYTES = {
    "tinytext": 1,
    "tinyblob": 1,
    "text": 2,
    "blob": 2,
    "mediumtext": 3,
    "mediumblob": 3,
    "longtext": 4,
    "longblob": 4,
    "json": 4,
}
_FIXED_LENGTHS = {"uuid": 16, "inet4": 4, "inet6": 16}
_BYTES_PER_CHARACTER = {
    "utf8mb4": 4,
    "utf16": 4,
    "utf16le": 4,
    "utf32": 4,
    "gb18030": 4,
    "utf8mb3": 3,
    "utf8": 3,
    "ujis": 3,
    "eucjpms": 3,
    "ucs2": 2,
    "sjis": 2,
    "cp932": 2,
    "gbk": 2,
    "gb2312": 2,
    "big5": 2,
    "euckr": 2,
}
_NUMERIC_CODES = frozenset(
    {
        Code.TINY,
        Code.SHORT,
        Code.INT24,
        Code.LONG,
        Code.LONGLONG,
        Code.NEWDECIMAL,
        Code.FLOAT,
        Code.DOUBLE,
    }
)


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


def check_table_map(table: TableMap, schema: TableSchema) -> None:
    """Raise DecodeError, naming the first difference, unless the table map fits the structure."""
    difference = next(_differences(table, schema), None)
    if difference is not None:
        raise DecodeError(
            f"the binlog describes another structure than the one that is known: {difference}",
            table=str(schema.name),
            advice="Copy the table again (sync_tables)",
        )


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
    for column, stored in zip(schema.columns, stored_types(table), strict=False):
        if column.generated is not None and column.generated.expression.upper() in ("ROW START", "ROW END"):
            yield f"{column.name} makes it a system-versioned table, whose history cannot be told from its rows"
        difference = _difference(column, stored)
        if difference is not None:
            yield f"column {column.name} ({column.column_type}) {difference}"
    yield from _metadata_differences(table, schema)


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
        is_variable = kind.base in ("varchar", "varbinary")
        return frozenset({Code.VARCHAR_COMPRESSED if is_variable else Code.BLOB_COMPRESSED})
    return _CODES.get(kind.base)


def _expected_size(column: Column, kind: ColumnType, stored: StoredType) -> int | None:
    """Return what the metadata must be; None where they tell nothing, or differ from server to server."""
    if stored.code in (Code.TIMESTAMP2, Code.DATETIME2, Code.TIME2):
        return kind.arguments[0] if kind.arguments else 0
    size = _SIZES.get(kind.base)
    return size(column, kind) if size else _LENGTH_BYTES.get(kind.base, _FIXED_LENGTHS.get(kind.base))


def _string_size(column: Column, kind: ColumnType) -> int:
    length = kind.arguments[0] if kind.arguments else 1
    return length * _BYTES_PER_CHARACTER.get(column.charset or "", 1) + column.compressed


def _decimal_size(_column: Column, kind: ColumnType) -> int:
    precision, scale = (*kind.arguments, *(10, 0)[len(kind.arguments) :])
    return precision | scale << 8


def _enum_size(_column: Column, kind: ColumnType) -> int:
    return 1 if len(kind.members) < 256 else 2


def _set_size(_column: Column, kind: ColumnType) -> int:
    size = (len(kind.members) + 7) // 8
    return size if size <= 4 else 8


def _bit_size(_column: Column, kind: ColumnType) -> int:
    whole, bits = divmod(kind.arguments[0] if kind.arguments else 1, 8)
    return bits | whole << 8


_SIZES: dict[str, Callable[[Column, ColumnType], int]] = {
    **dict.fromkeys(("char", "varchar", "binary", "varbinary"), _string_size),
    **dict.fromkeys(("decimal", "numeric"), _decimal_size),
    "enum": _enum_size,
    "set": _set_size,
    "bit": _bit_size,
}


# The optional metadata (Table_map_event::Optional_metadata_field_type).

_SIGNEDNESS, _DEFAULT_CHARSET, _COLUMN_CHARSETS, _COLUMN_NAMES = 1, 2, 3, 4


def _metadata_differences(table: TableMap, schema: TableSchema) -> Iterator[str]:
    for field, content in _optional_fields(table.optional):
        if field == _SIGNEDNESS:
            yield from _signedness_differences(content, table, schema)
        elif field == _COLUMN_NAMES:
            yield from _name_differences(content, schema)
        elif field in (_DEFAULT_CHARSET, _COLUMN_CHARSETS):
            yield from _charset_differences(field, content, table, schema)


def _optional_fields(optional: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(optional):
        field = optional[position]
        size, position = length_encoded(optional, position + 1)
        yield field, optional[position : position + size]
        position += size


def _signedness_differences(content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    """One bit for each numeric column, the highest first, set where it is unsigned.

    MySQL 9 and MariaDB count YEAR among them, as unsigned; older servers do not.
    """
    with_years, without_years = (
        list(_wrong_signs(content, table, schema, codes)) for codes in (_NUMERIC_CODES | {Code.YEAR}, _NUMERIC_CODES)
    )
    yield from with_years if without_years else ()


def _wrong_signs(content: bytes, table: TableMap, schema: TableSchema, codes: frozenset[int]) -> Iterator[str]:
    numeric = [column for column, code in zip(schema.columns, table.types, strict=False) if code in codes]
    for index, column in enumerate(numeric):
        if index // 8 >= len(content):
            return
        is_unsigned = bool(content[index // 8] & 0x80 >> index % 8)
        if is_unsigned != (column.type.unsigned or column.type.base == "year"):
            yield f"column {column.name} ({column.column_type}) is {'un' if is_unsigned else ''}signed"


def _name_differences(content: bytes, schema: TableSchema) -> Iterator[str]:
    position = 0
    for column in schema.columns:
        size, position = length_encoded(content, position)
        name = content[position : position + size].decode("utf-8", "replace")
        position += size
        if name.casefold() != column.name.casefold():
            yield f"column {column.name} is called {name}"


def _charset_differences(field: int, content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    """One collation for all text columns and the exceptions from it, or one for each.

    MariaDB counts spatial columns among the text columns, MySQL does not.
    """
    numbers = []
    position = 0
    while position < len(content):
        number, position = length_encoded(content, position)
        numbers.append(number)
    found = [
        _charset_difference(field, numbers, _text_columns(table, schema, codes)) for codes in _CODES_WITH_COLLATION
    ]
    if all(found):
        # The count that is right for the server fits up to the column that really differs
        yield max(difference for difference in found if difference)[1]


_MYSQL_CODES_WITH_COLLATION = _BLOBS | {
    Code.STRING,
    Code.VARCHAR,
    Code.VAR_STRING,
    Code.BLOB_COMPRESSED,
    Code.VARCHAR_COMPRESSED,
    Code.VECTOR,
}
_CODES_WITH_COLLATION = (_MYSQL_CODES_WITH_COLLATION, _MYSQL_CODES_WITH_COLLATION | {Code.GEOMETRY})


def _text_columns(table: TableMap, schema: TableSchema, codes: frozenset[int]) -> list[Column]:
    return [column for column, stored in zip(schema.columns, stored_types(table), strict=False) if stored.code in codes]


def _charset_difference(field: int, numbers: list[int], text_columns: list[Column]) -> tuple[int, str] | None:
    """Return the number of the first text column that differs, and how."""
    if field == _DEFAULT_CHARSET:
        collations = dict.fromkeys(range(len(text_columns)), numbers[0])
        collations.update(zip(numbers[1::2], numbers[2::2], strict=True))
    else:
        collations = dict(enumerate(numbers))
    for index, column in enumerate(text_columns):
        charset = charset_of_collation(collations.get(index, 0))
        if charset is not None and column.charset is not None and charset != _canonical(column.charset):
            return index, f"column {column.name} has the character set {charset} where {column.charset} is expected"
    return None


def _canonical(charset: str) -> str:
    return "utf8mb3" if charset == "utf8" else charset
