"""Turn a default as written into the value that the server stores."""

from __future__ import annotations

import re
import struct
from decimal import ROUND_HALF_UP, Context, Decimal
from ipaddress import ip_address
from uuid import UUID

from pg_chameleon.ddl.effect.moments import Offset, stored_moment, unknown_offset
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.definitions import DefaultClause, DefaultKind
from pg_chameleon.ddl.syntax.errors import UntoldStructure
from pg_chameleon.model.schema import Default
from pg_chameleon.model.source.types import (
    ADDRESS_BYTES,
    BLOBS,
    BYTES,
    FLOATING_NUMBERS,
    GEOMETRIES,
    LABELS,
    MOMENTS,
    NUMBERS,
    TEXTS,
    UUID_BYTES,
    ColumnType,
    parse_column_type,
    shown_set,
)

_WITHOUT_LITERALS = TEXTS | BLOBS | GEOMETRIES | {"json"}  # of MySQL
_MAX_EXPONENT = 400
_PRECISE = Context(prec=2 * _MAX_EXPONENT)
_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*", re.I)
# Numbers that are written as the servers write them
_SHOWN_NUMBER = re.compile(r"0|-?[1-9]\d{0,17}(?:\.\d{1,9})?|0\.\d{1,9}")


def now_expression(clause: DefaultClause, server: ServerTraits) -> str:
    """Return CURRENT_TIMESTAMP in this server's spelling."""
    if server.mariadb:
        return f"current_timestamp({clause.text})"
    return f"CURRENT_TIMESTAMP({clause.text})" if clause.text else "CURRENT_TIMESTAMP"


def stored_default(
    clause: DefaultClause | None, column_type: str, server: ServerTraits, offset: Offset = unknown_offset
) -> Default | None:
    """Return a column's default; DEFAULT NULL is no default.

    Raise ``UntoldStructure`` where what is written does not tell the stored value.
    """
    if clause is None or clause.kind is DefaultKind.NULL:
        return None
    if clause.kind is DefaultKind.NOW:
        return Default(now_expression(clause, server), False)
    if clause.kind is DefaultKind.EXPRESSION:
        return Default(clause.text, False)
    return _stored_literal(clause, parse_column_type(column_type), server, offset)


def _stored_literal(clause: DefaultClause, shape: ColumnType, server: ServerTraits, offset: Offset) -> Default | None:
    if not server.mariadb and shape.base in _WITHOUT_LITERALS:
        return None  # MySQL warns, and forgets it
    if clause.kind is DefaultKind.INTRODUCED:
        raise UntoldStructure(f"{clause.text!r} has a character set of its own")
    if shape.base == "bit":
        return _bits(clause)
    if shape.base in BYTES:
        return _bytes_default(_raw(clause), shape, server)
    return Default(_literal(clause, shape, offset), True)


def _bytes_default(raw: bytes, shape: ColumnType, server: ServerTraits) -> Default:
    """Return a default of bytes: what is no plain text as a hexadecimal number, as MySQL 8 shows all of them."""
    if shape.base == "binary":
        raw = raw.rstrip(b"\0")
    if not server.version.mysql_since(8) and raw.isascii():
        width = shape.length if shape.base == "binary" else 0
        return Default(raw.decode().ljust(width, "\0"), True)
    return Default(f"0x{raw.hex().upper()}", False) if raw else Default("", True)


def _raw(clause: DefaultClause) -> bytes:
    if clause.kind in (DefaultKind.HEX, DefaultKind.BIT):
        return _hex_bytes(clause)
    text = _shown_number(clause.text) if clause.kind is DefaultKind.NUMBER else clause.text
    if not text.isascii():
        raise UntoldStructure("the bytes of a text depend on the character set of the connection")
    return text.encode()


def _hex_bytes(clause: DefaultClause) -> bytes:
    text = clause.text
    digits = f"{int(text, 2):x}" if clause.kind is DefaultKind.BIT and text else text
    return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")


def _bits(clause: DefaultClause) -> Default:
    if clause.kind in (DefaultKind.HEX, DefaultKind.BIT):
        number = int.from_bytes(_hex_bytes(clause), "big")
    elif clause.kind is DefaultKind.NUMBER:
        number = int(_rounded(clause.text, 0))
    else:
        number = int.from_bytes(clause.text.encode("utf-8"), "big")
    return Default(f"b'{number:b}'", False)


def _literal(clause: DefaultClause, shape: ColumnType, offset: Offset) -> str:
    is_hex = clause.kind in (DefaultKind.HEX, DefaultKind.BIT)
    if shape.base in NUMBERS:
        return _number(str(int.from_bytes(_hex_bytes(clause), "big")) if is_hex else clause.text, shape)
    text = _characters(_hex_bytes(clause), shape) if is_hex else clause.text
    if shape.base in MOMENTS:
        return stored_moment(text, shape, offset)
    if shape.base in LABELS:
        return _members(clause, text, shape)
    if clause.kind is DefaultKind.NUMBER:
        return _shown_number(text)
    if shape.base == "varchar":
        length = shape.arguments[0]
        return text[:length] + text[length:].rstrip(" ")  # no server takes more than spaces beyond the end
    return text.rstrip(" ") if shape.base == "char" else text


def _shown_number(text: str) -> str:
    """Return a number as text, if it is plain how the server writes it."""
    if not _SHOWN_NUMBER.fullmatch(text):
        raise UntoldStructure(f"cannot tell how the server writes {text} as text")
    return text


def _members(clause: DefaultClause, text: str, shape: ColumnType) -> str:
    """Return members of an enum or a set, in the order of the set; others are up to the collation."""
    chosen = text.split(",") if shape.base == "set" and text else [text] * (shape.base == "enum")
    if clause.kind is DefaultKind.NUMBER or not set(chosen) <= set(shape.members):
        raise UntoldStructure(f"which member {text!r} is depends on the collation")
    return shown_set(shape.members, lambda number: shape.members[number] in chosen)


def _characters(raw: bytes, shape: ColumnType) -> str:
    """Return the text that a hexadecimal literal stands for."""
    if shape.base == "uuid" and len(raw) == UUID_BYTES:
        return str(UUID(bytes=raw))
    if len(raw) == ADDRESS_BYTES.get(shape.base):
        return str(ip_address(raw))
    if not raw.isascii():
        raise UntoldStructure("which characters its bytes are depends on the character set")
    return raw.decode()


def _rounded(text: str, scale: int) -> str:
    """Round a number as the servers do: half up; those with an exponent are doubles, which go to the even one."""
    match = _NUMBER.fullmatch(text)
    value = Decimal(text.strip()) if match else Decimal("NaN")
    if not value.is_finite() or abs(value.adjusted()) > _MAX_EXPONENT:
        raise UntoldStructure(f"{text!r} is not a number")
    found = value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _PRECISE)
    if match is not None and match[1] and found != value:
        raise UntoldStructure(f"cannot tell how the server rounds {text}")
    return f"{found:f}"


def _number(text: str, shape: ColumnType) -> str:
    if shape.base in FLOATING_NUMBERS:
        return _floating(text, shape)
    scale = shape.precision[1] if shape.base == "decimal" else 0
    found = _rounded(text, scale)
    if found.startswith("-") and not found.strip("-0."):
        found = found[1:]
    if shape.zerofill and shape.arguments:
        wanted = shape.arguments[0] + (1 if scale else 0)
        return found.rjust(wanted, "0")
    return found


def _floating(text: str, shape: ColumnType) -> str:
    if not _NUMBER.fullmatch(text) or (float(text) == 0 and "-" in text):
        raise UntoldStructure(f"cannot tell as which number {text!r} is stored")
    if len(shape.arguments) == 2:
        return _fixed(text, shape.arguments[1])
    value = float(text)
    shown = f"{value:.6g}"
    # The server shows six digits of a FLOAT, but it stores more
    if shape.base == "double" or _single(float(shown)) != _single(value):
        shown = repr(value)
    return shown.removesuffix(".0").replace("e+", "e").replace("e0", "e")


def _fixed(text: str, decimals: int) -> str:
    found = _rounded(text, decimals)
    if Decimal(found) != Decimal(text.strip()):
        raise UntoldStructure(f"cannot tell how the server rounds {text}")
    return found


def _single(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError as error:
        raise UntoldStructure(f"{value} is not a valid FLOAT") from error
