"""Turn a data type as written into the column type that the server shows for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pg_chameleon.ddl.effect.charsets import BINARY, Charset, binary_collation, resolve
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.definitions import CharsetClause, DataType
from pg_chameleon.ddl.syntax.errors import Unfollowable, UntoldStructure
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.charsets import UTF8, WIDE, surely_has, width
from pg_chameleon.model.source.literals import quoted_member
from pg_chameleon.model.source.types import (
    BLOB_BYTES,
    BLOBS,
    BYTE_STRINGS,
    CHARACTER_STRINGS,
    DEFAULT_DECIMAL,
    LABELS,
    SHORT_COLLECTION,
    TEXT_BYTES,
    WITH_CHARSET,
    smallest_for,
)

_BINARY_SIBLINGS = {
    "char": "binary", "varchar": "varbinary", "tinytext": "tinyblob", "text": "blob", "mediumtext": "mediumblob",
    "longtext": "longblob", "json": "longblob",
}  # fmt: skip
_SIGNED_WIDTHS = {"tinyint": 4, "smallint": 6, "mediumint": 9, "int": 11, "bigint": 20}
_UNSIGNED_WIDTHS = {"tinyint": 3, "smallint": 5, "mediumint": 8, "int": 10, "bigint": 20}
_MAX_VARCHAR_BYTES = 65535
_MAX_VARCHAR_BYTES_MARIADB = 65532
_JSON_CHARSET = Charset("utf8mb4", "utf8mb4_bin")
_DEFAULT_VECTOR_LENGTH = 2048
_SPATIAL_MYSQL8 = {"geometrycollection": SHORT_COLLECTION}


class ShownType(NamedTuple):
    """The column type, and the charset of text types."""

    column_type: str
    charset: Charset | None


def shown_type(data_type: DataType, table: Charset, server: ServerTraits) -> ShownType:
    """Return the type as ``information_schema`` shows it; ``table`` is the default charset."""
    if data_type.base == "json" and server.mariadb:
        clause = CharsetClause(collation=data_type.collation)
        return ShownType("json", resolve(clause, _JSON_CHARSET, server))
    if data_type.base not in WITH_CHARSET:
        return ShownType(_spelled(data_type, server), None)
    charset = text_charset(data_type, table, server)
    base = data_type.base
    if base in LABELS:
        if charset.name == BINARY.name and not _all_ascii(data_type):
            # Their bytes are in the connection's charset, which the text in the binlog does not show.
            raise Unfollowable("the members of an ENUM or SET without a character set")
        if not all(surely_has(charset.name, member) for member in data_type.members):
            raise UntoldStructure(f"the server puts ? where {charset.name} lacks a character of a member")
        # MySQL shows no charset for those without one, MariaDB shows binary.
        shown = None if charset.name == BINARY.name and not server.mariadb else charset
        return ShownType(f"{base}({','.join(map(quoted_member, data_type.members))})", shown)
    if charset.name == BINARY.name:
        base = _BINARY_SIBLINGS[base]
    spelled = sized_text(base, data_type.length, width(charset.name), server)
    return ShownType(spelled, None if charset.name == BINARY.name else charset)


def keeps_members(column: Column, charset: Charset) -> bool:
    """Tell whether CONVERT TO CHARACTER SET keeps the members of an ENUM or SET.

    The servers take the bytes of the members for those of the new character set.
    """
    if column.charset in UTF8 and charset.name in UTF8:
        return True
    wide = {column.charset, charset.name} & WIDE
    return column.charset == charset.name or (not wide and all(map(str.isascii, column.type.members)))


def _all_ascii(data_type: DataType) -> bool:
    return all(map(str.isascii, data_type.members))


def text_charset(data_type: DataType, table: Charset, server: ServerTraits) -> Charset:
    """Return the charset of a text column: its own, or the table's."""
    found = resolve(CharsetClause(data_type.charset, data_type.collation), table, server)
    if data_type.binary and data_type.collation is None:
        return Charset(found.name, binary_collation(found.name))
    return found


def sized_text(base: str, length: int | None, bytes_per_character: int, server: ServerTraits) -> str:
    """Return a character or byte type with its length; what is too long for it becomes a TEXT or BLOB."""
    if base in ("char", "binary"):
        return f"{base}({1 if length is None else length})"
    if base in ("varchar", "varbinary"):
        size = (length or 0) * bytes_per_character
        if size > (_MAX_VARCHAR_BYTES_MARIADB if server.mariadb else _MAX_VARCHAR_BYTES):
            return smallest_for(size, TEXT_BYTES if base == "varchar" else BLOB_BYTES)
        return f"{base}({length})"
    if base in ("text", "blob") and length:
        return smallest_for(length * bytes_per_character, TEXT_BYTES if base == "text" else BLOB_BYTES)
    return base


def converted_text(base: str, length: int | None, before: Charset, after: Charset, server: ServerTraits) -> str:
    """Return what CONVERT TO CHARACTER SET makes of a text type: it keeps the number of characters that fit."""
    old, new = width(before.name), width(after.name)
    if after.name == BINARY.name:
        base = _BINARY_SIBLINGS[base]
    if base in CHARACTER_STRINGS | BYTE_STRINGS:
        return sized_text(base, length, new, server)
    family = BLOB_BYTES if base in BLOBS else TEXT_BYTES
    size = family.get(base)  # MariaDB's JSON keeps its type
    return base if size is None else smallest_for(size // old * new, family)


def _spelled(data_type: DataType, server: ServerTraits) -> str:
    """Spell a type that is not of text; one without a rule of its own is its bare name."""
    base = data_type.base
    rule = _SPELLING.get(base)
    if rule is not None:
        return rule(data_type, server)
    return _SPATIAL_MYSQL8.get(base, base) if server.version.mysql_since(8, 0, 11) else base


def _decimal(data_type: DataType, _server: ServerTraits) -> str:
    digits, decimals = DEFAULT_DECIMAL
    return f"decimal({data_type.length or digits},{data_type.decimals or decimals})" + _sign(data_type)


def _float(data_type: DataType, _server: ServerTraits) -> str:
    sized = "" if data_type.length is None else f"({data_type.length},{data_type.decimals})"
    return data_type.base + sized + _sign(data_type)


def _moment(data_type: DataType, _server: ServerTraits) -> str:
    return f"{data_type.base}({data_type.length})" if data_type.length else data_type.base


def _bytes(data_type: DataType, server: ServerTraits) -> str:
    return sized_text(data_type.base, data_type.length, 1, server)


def _bit(data_type: DataType, _server: ServerTraits) -> str:
    return f"bit({data_type.length or 1})"


def _vector(data_type: DataType, _server: ServerTraits) -> str:
    return f"vector({data_type.length or _DEFAULT_VECTOR_LENGTH})"


def _year(data_type: DataType, server: ServerTraits) -> str:
    if not server.shows_widths:
        return "year"
    return "year(2)" if server.mariadb and data_type.length == 2 else "year(4)"


def _sign(data_type: DataType) -> str:
    return (" unsigned" if data_type.unsigned else "") + (" zerofill" if data_type.zerofill else "")


def _integer(data_type: DataType, server: ServerTraits) -> str:
    widths = _UNSIGNED_WIDTHS if data_type.unsigned else _SIGNED_WIDTHS
    length = data_type.length or widths[data_type.base]
    flag = data_type.base == "tinyint" and length == 1 and not data_type.unsigned
    if server.shows_widths or data_type.zerofill or flag:
        return f"{data_type.base}({length})" + _sign(data_type)
    return data_type.base + _sign(data_type)


_SPELLING: dict[str, Callable[[DataType, ServerTraits], str]] = {
    **dict.fromkeys(_SIGNED_WIDTHS, _integer),
    "decimal": _decimal,
    "float": _float,
    "double": _float,
    "time": _moment,
    "datetime": _moment,
    "timestamp": _moment,
    "binary": _bytes,
    "varbinary": _bytes,
    "blob": _bytes,
    "bit": _bit,
    "year": _year,
    "vector": _vector,
}
