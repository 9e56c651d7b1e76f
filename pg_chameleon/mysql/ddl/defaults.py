"""Turn a default as written into the value that the server stores and shows."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from ipaddress import ip_address
from uuid import UUID

from pg_chameleon.model.schema import ColumnType, Default, parse_column_type
from pg_chameleon.mysql.ddl.definitions import DefaultClause, DefaultKind
from pg_chameleon.mysql.ddl.server import ServerTraits

_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "year")
_WITHOUT_LITERALS = ("text", "blob", "json", "geometry", "point", "polygon", "linestring", "collection")
_UUID_BYTES = 16
_ADDRESS_BYTES = {"inet4": 4, "inet6": 16}
_MAX_EXPONENT = 400
_PRECISE = Context(prec=2 * _MAX_EXPONENT)
_DATE = re.compile(
    r"\s*(\d{4}|\d{2})\D(\d{1,2})\D(\d{1,2})(?:[ T]+(\d{1,2})\D(\d{1,2})(?:\D(\d{1,2})(?:\.(\d*))?)?)?\s*"
)
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})(?:\.(\d*))?)?")
_TIME = re.compile(r"(-?)(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:\.(\d*))?")
_CENTURY = 70  # two-digit years from 70 on are of the 20th century


def now_expression(clause: DefaultClause, server: ServerTraits) -> str:
    """Return CURRENT_TIMESTAMP in this server's spelling."""
    if server.mariadb:
        return f"current_timestamp({clause.text})"
    return f"CURRENT_TIMESTAMP({clause.text})" if clause.text else "CURRENT_TIMESTAMP"


def stored_default(clause: DefaultClause | None, column_type: str, server: ServerTraits) -> Default | None:
    """Return a column's default; DEFAULT NULL is no default."""
    if clause is None or clause.kind is DefaultKind.NULL:
        return None
    if clause.kind is DefaultKind.NOW:
        return Default(now_expression(clause, server), False)
    if clause.kind is DefaultKind.EXPRESSION:
        return Default(clause.text, False)
    shape = parse_column_type(column_type)
    if shape.base == "bit":
        return _bits(clause)
    text = _literal(clause, shape)
    return Default(text, True) if server.mariadb else _mysql_literal(text, shape.base, server)


def _mysql_literal(text: str, base: str, server: ServerTraits) -> Default | None:
    if base.endswith(_WITHOUT_LITERALS):
        return None  # MySQL warns, and forgets it
    if base in ("binary", "varbinary") and server.version >= (8,):
        # MySQL 8 shows bytes as a hexadecimal number, which ends before the first zero byte.
        shown = text.partition("\0")[0]
        return Default(f"0x{shown.encode().hex().upper()}", False) if shown else Default("", True)
    return Default(text.rstrip(" ") if base == "char" else text, True)


def _bits(clause: DefaultClause) -> Default:
    text = clause.text
    if clause.kind is DefaultKind.BIT:
        number = int(text, 2) if text else 0
    elif clause.kind is DefaultKind.HEX:
        number = int(text, 16) if text else 0
    elif clause.kind is DefaultKind.STRING:
        number = int.from_bytes(text.encode("utf-8"), "big")
    else:
        number = int(_rounded(text, 0) or 0)
    return Default(f"b'{number:b}'", False)


def _literal(clause: DefaultClause, shape: ColumnType) -> str:
    number = shape.base in _INTEGERS or shape.base in ("decimal", "float", "double")
    text = clause.text
    if clause.kind in (DefaultKind.HEX, DefaultKind.BIT):
        digits = f"{int(text, 2):x}" if clause.kind is DefaultKind.BIT and text else text
        text = str(int(digits or "0", 16)) if number else _characters(digits, shape)
    if number:
        return _number(text, shape)
    if shape.base in ("datetime", "timestamp", "date"):
        return _moment(text, shape)
    if shape.base == "time":
        return _time(text, shape)
    if shape.base == "binary":
        return text.ljust(shape.arguments[0] if shape.arguments else 1, "\0")
    return text


def _characters(digits: str, shape: ColumnType) -> str:
    """Return the text that a hexadecimal literal stands for."""
    padded = digits if len(digits) % 2 == 0 else f"0{digits}"
    raw = bytes.fromhex(padded)
    if shape.base == "uuid" and len(raw) == _UUID_BYTES:
        return str(UUID(bytes=raw))
    if len(raw) == _ADDRESS_BYTES.get(shape.base):
        return str(ip_address(raw))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return f"0x{padded}"


def _rounded(text: str, scale: int) -> str | None:
    try:
        value = Decimal(text.strip())
        if not value.is_finite() or abs(value.adjusted()) > _MAX_EXPONENT:
            return None
        return f"{value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _PRECISE):f}"
    except InvalidOperation:
        return None


def _number(text: str, shape: ColumnType) -> str:
    if shape.base in ("float", "double"):
        return _floating(text, shape)
    scale = shape.arguments[1] if shape.base == "decimal" and len(shape.arguments) > 1 else 0
    found = _rounded(text, scale)
    if found is None:
        return text
    if found.startswith("-") and not found.strip("-0."):
        found = found[1:]
    if shape.zerofill and shape.arguments:
        wanted = shape.arguments[0] + (1 if scale else 0)
        return found.rjust(wanted, "0")
    return found


def _floating(text: str, shape: ColumnType) -> str:
    if len(shape.arguments) == 2:
        return _rounded(text, shape.arguments[1]) or text
    try:
        value = float(text)
    except ValueError:
        return text
    shown = f"{value:.6g}" if shape.base == "float" else repr(value)
    return shown.removesuffix(".0").replace("e+", "e").replace("e0", "e")


def _moment(text: str, shape: ColumnType) -> str:
    match = _DATE.fullmatch(text) or _PACKED.fullmatch(text)
    if match is None:
        if text.strip("0") != "":
            return text
        parts: tuple[str | None, ...] = ("0000", "00", "00", None, None, None, None)
    else:
        parts = match.groups()
    year, month, day = (int(part or 0) for part in parts[:3])
    if len(parts[0] or "") == 2:
        year += 1900 if year >= _CENTURY else 2000
    date = f"{year:04d}-{month:02d}-{day:02d}"
    if shape.base == "date":
        return date
    clock = ":".join(f"{int(part or 0):02d}" for part in parts[3:6])
    return f"{date} {clock}{_fraction(parts[6], shape)}"


def _fraction(digits: str | None, shape: ColumnType) -> str:
    precision = shape.arguments[0] if shape.arguments else 0
    return f".{(digits or '')[:precision].ljust(precision, '0')}" if precision else ""


def _time(text: str, shape: ColumnType) -> str:
    if text.strip("0") == "":
        return f"00:00:00{_fraction('', shape)}"
    match = _TIME.fullmatch(text.strip())
    if match is None or match.group(2) is None:
        return text
    sign, hours, minutes, seconds, digits = match.groups()
    return f"{sign}{int(hours):02d}:{int(minutes):02d}:{int(seconds):02d}{_fraction(digits, shape)}"
