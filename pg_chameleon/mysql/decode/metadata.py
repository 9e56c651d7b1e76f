"""What the optional metadata of a TABLE_MAP event tell, against the structure that is known.

With ``binlog_row_metadata=MINIMAL`` they are signs, character sets and the kinds of geometry; names, members and the
primary key come with FULL only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from pg_chameleon.model.change import TableMap
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.source.charsets import modern_name
from pg_chameleon.model.source.types import GEOMETRY_KINDS, SHORT_COLLECTION
from pg_chameleon.mysql.binlog.events import length_encoded
from pg_chameleon.mysql.binlog.table_map import BLOBS, Code, stored_types
from pg_chameleon.mysql.charsets import charset_of_collation, text_decoder

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

# The optional metadata (Table_map_event::Optional_metadata_field_type).

_SIGNEDNESS, _DEFAULT_CHARSET, _COLUMN_CHARSETS, _COLUMN_NAMES, _SET_MEMBERS, _ENUM_MEMBERS = 1, 2, 3, 4, 5, 6
_GEOMETRY_KINDS, _PRIMARY_KEY, _PRIMARY_KEY_WITH_PREFIXES, _VECTOR_SIZES = 7, 8, 9, 13


def metadata_differences(table: TableMap, schema: TableSchema) -> Iterator[str]:
    """Yield what the optional metadata tell that the structure does not."""
    fields = dict(_optional_fields(table.optional))
    for field, content in fields.items():
        rule = _RULES.get(field)
        if rule is not None:
            yield from rule(content, table, schema)
    if _COLUMN_NAMES in fields and not fields.keys() & {_PRIMARY_KEY, _PRIMARY_KEY_WITH_PREFIXES}:
        yield from _key_differences([], schema)


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


def _name_differences(content: bytes, _table: TableMap, schema: TableSchema) -> Iterator[str]:
    position = 0
    for column in schema.columns:
        size, position = length_encoded(content, position)
        name = content[position : position + size].decode("utf-8", "replace")
        position += size
        if name.casefold() != column.name.casefold():
            yield f"column {column.name} is called {name}"


def _default_charset_differences(content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    """One collation for all text columns, and the exceptions from it."""
    default, *exceptions = _numbers(content)
    collations = defaultdict(lambda: default, zip(exceptions[::2], exceptions[1::2], strict=True))
    yield from _charset_differences(collations.__getitem__, table, schema)


def _column_charset_differences(content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    """One collation for each text column."""
    collations = dict(enumerate(_numbers(content)))
    yield from _charset_differences(lambda index: collations.get(index, 0), table, schema)


def _numbers(content: bytes) -> list[int]:
    numbers = []
    position = 0
    while position < len(content):
        number, position = length_encoded(content, position)
        numbers.append(number)
    return numbers


def _charset_differences(collation_of: Callable[[int], int], table: TableMap, schema: TableSchema) -> Iterator[str]:
    """MariaDB counts spatial columns among the text columns, MySQL does not."""
    found = [_charset_difference(collation_of, _columns(table, schema, codes)) for codes in _CODES_WITH_COLLATION]
    if all(found):
        # The count that is right for the server fits up to the column that really differs
        yield max(difference for difference in found if difference)[1]


_MYSQL_CODES_WITH_COLLATION = BLOBS | {
    Code.STRING,
    Code.VARCHAR,
    Code.VAR_STRING,
    Code.BLOB_COMPRESSED,
    Code.VARCHAR_COMPRESSED,
    Code.VECTOR,
}
_CODES_WITH_COLLATION = (_MYSQL_CODES_WITH_COLLATION, _MYSQL_CODES_WITH_COLLATION | {Code.GEOMETRY})


def _columns(table: TableMap, schema: TableSchema, codes: frozenset[int]) -> list[Column]:
    return [column for column, stored in zip(schema.columns, stored_types(table), strict=False) if stored.code in codes]


def _charset_difference(collation_of: Callable[[int], int], text_columns: list[Column]) -> tuple[int, str] | None:
    """Return the number of the first text column that differs, and how."""
    for index, column in enumerate(text_columns):
        charset = charset_of_collation(collation_of(index))
        if charset is not None and column.charset is not None and charset != modern_name(column.charset):
            return index, f"column {column.name} has the character set {charset} where {column.charset} is expected"
    return None


def _set_differences(content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    yield from _member_differences(content, _columns(table, schema, frozenset({Code.SET})))


def _enum_differences(content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    yield from _member_differences(content, _columns(table, schema, frozenset({Code.ENUM})))


def _member_differences(content: bytes, columns: list[Column]) -> Iterator[str]:
    """For each column the number of its members, and these in the column's character set."""
    position = 0
    for column in columns:
        decode = text_decoder(modern_name(column.charset or "utf8mb4"))
        count, position = length_encoded(content, position)
        members = []
        for _ in range(count):
            size, position = length_encoded(content, position)
            members.append(content[position : position + size])
            position += size
        if decode is not None and tuple(map(decode, members)) != column.type.members:
            yield f"column {column.name} ({column.column_type}) has the members {[*map(decode, members)]}"


def _geometry_differences(content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    columns = _columns(table, schema, frozenset({Code.GEOMETRY}))
    for column, number in zip(columns, _numbers(content), strict=False):
        expected = column.type.base.replace(SHORT_COLLECTION, GEOMETRY_KINDS[-1])
        if number < len(GEOMETRY_KINDS) and GEOMETRY_KINDS[number] != expected:
            yield f"column {column.name} ({column.column_type}) is a {GEOMETRY_KINDS[number]}"


def _vector_differences(content: bytes, table: TableMap, schema: TableSchema) -> Iterator[str]:
    columns = _columns(table, schema, frozenset({Code.VECTOR}))
    for column, number in zip(columns, _numbers(content), strict=False):
        if column.type.arguments[:1] not in ((), (number,)):
            yield f"column {column.name} ({column.column_type}) has {number} entries"


def _primary_key_differences(content: bytes, _table: TableMap, schema: TableSchema) -> Iterator[str]:
    yield from _key_differences([(number, None) for number in _numbers(content)], schema)


def _prefixed_key_differences(content: bytes, _table: TableMap, schema: TableSchema) -> Iterator[str]:
    numbers = _numbers(content)
    parts = [(number, size or None) for number, size in zip(numbers[::2], numbers[1::2], strict=True)]
    yield from _key_differences(parts, schema)


def _key_differences(parts: list[tuple[int, int | None]], schema: TableSchema) -> Iterator[str]:
    """Compare the columns of the primary key, by number and with the size of a prefix.

    Of a table without one, the servers call a unique key so whose columns cannot be NULL.
    """
    names = dict(enumerate(schema.column_names))
    found = _shown([(names.get(number, "a hidden column"), prefix) for number, prefix in parts])
    keys = [index for index in schema.indexes if index.unique and (index.primary or schema.primary_key is None)]
    expected = [_shown([(part.column, part.prefix) for part in key.parts]) for key in keys]
    if schema.primary_key is None:
        expected.append(_shown([]))
    if found.casefold() not in map(str.casefold, expected):
        yield f"the primary key is {found} where {expected[0]} is expected"


def _shown(parts: Sequence[tuple[str | None, int | None]]) -> str:
    names = [f"{name}({prefix})" if prefix else str(name) for name, prefix in parts]
    return f"({', '.join(names)})" if names else "none"


_RULES: dict[int, Callable[[bytes, TableMap, TableSchema], Iterator[str]]] = {
    _SIGNEDNESS: _signedness_differences,
    _DEFAULT_CHARSET: _default_charset_differences,
    _COLUMN_CHARSETS: _column_charset_differences,
    _COLUMN_NAMES: _name_differences,
    _SET_MEMBERS: _set_differences,
    _ENUM_MEMBERS: _enum_differences,
    _GEOMETRY_KINDS: _geometry_differences,
    _PRIMARY_KEY: _primary_key_differences,
    _PRIMARY_KEY_WITH_PREFIXES: _prefixed_key_differences,
    _VECTOR_SIZES: _vector_differences,
}
