"""Defaults of columns: literals in every form that the servers show, and the functions that are the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from pg_chameleon.convert.expressions.quoting import quote_literal
from pg_chameleon.convert.values.carried import CarriedColumn
from pg_chameleon.convert.values.changes import Change, clean_text
from pg_chameleon.convert.values.encodings import text_of_bytes
from pg_chameleon.convert.values.text import CALENDAR, without_nul
from pg_chameleon.convert.values.types import is_text_target
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.literals import unescaped
from pg_chameleon.model.source.types import BYTES, DATES, NUMBERS, WITH_CHARSET

_NOW = re.compile(r"(?:current_timestamp|now|localtime|localtimestamp)\s*(?:\(\s*(\d?)\s*\))?", re.I)
_TODAY = re.compile(r"(?:curdate|current_date)\s*(?:\(\s*\))?", re.I)
_UUID = re.compile(r"uuid\s*\(\s*\)", re.I)
_STRING = re.compile(r"(?:_([a-z0-9]+)\s*)?'((?:[^'\\]|''|\\.)*)'", re.I | re.S)
_ESCAPED_STRING = re.compile(r"(_[a-z0-9]+)\\'(.*)\\'", re.I | re.S)
_BITS = re.compile(r"b'([01]*)'|0b([01]+)", re.I)
_HEX = re.compile(r"(?:_binary\s*)?x'([0-9a-f]*)'|0x([0-9a-f]+)", re.I)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.I)
_ZERO_DAY = "0000-00-00"
_SHOWN_DIGITS = 6


class _NoDefault(Exception):
    """The target cannot have the default; the text says why."""


def default_expression(column: Column, carried: CarriedColumn, notes: list[str]) -> str | None:
    """Return the default of a column as an expression of PostgreSQL; None, with a note, if it has none."""
    default = column.default
    if default is None or column.auto_increment or column.generated is not None:
        return None
    try:
        if default.literal:
            return _of_literal(column, carried, default.text)
        return _of_expression(column, carried, _unwrapped(default.text))
    except _NoDefault as reason:
        notes.append(f"column {column.name}: the default {default.text} is left out: {reason}")
        return None


def implicit_default(column: Column, carried: CarriedColumn) -> str | None:
    """Return what a server puts into the existing rows for a new column that is NOT NULL and has no default.

    None where that is not certain.
    """
    if carried.checked:
        return "NULL" if carried.substitute is None else quote_literal(carried.substitute)
    text = _IMPLICIT.get(column.type.base)
    if column.type.base == "enum":
        text = column.type.members[0]
    if column.type.base == "json" and column.charset is not None:
        return None  # of MariaDB, where it is an empty text, which is no document
    return None if text is None else _of_literal(column, carried, text)


def omitted_value(column: Column, carried: CarriedColumn) -> str | None:
    """Return the text of what a column has that an INSERT leaves out; None is NULL.

    Raise ``LookupError`` where that is not certain: what is not constant stands in the binlog, or is not known.
    """
    if column.generated is not None or column.auto_increment or not is_constant(column):
        raise LookupError(column.name)
    if column.default is None:
        expression = "NULL" if column.nullable else implicit_default(column, carried)
    elif column.type.base in BYTES:
        raise LookupError(column.name)  # MySQL shows such a default only up to its first zero byte
    elif _is_shown_rounded(column):
        raise LookupError(column.name)
    else:
        expression = default_expression(column, carried, [])
    if expression is None:
        raise LookupError(column.name)
    return None if expression == "NULL" else _unquoted(expression)


def omitted_changes(column: Column, carried: CarriedColumn) -> list[Change]:
    """Return what is changed in the value that a column has where an INSERT, or ADD COLUMN, gives it none."""
    text = _stored_default(column)
    if text is None:
        return []
    if carried.checked:
        return [] if CALENDAR[text[:10]] else [Change(column.name, carried.absent_reason, text)]
    if column.type.base in _CHARACTERS:
        return clean_text(column.name, text, document=carried.rule.document)[1]
    return []


def _stored_default(column: Column) -> str | None:
    """Return the text of the value; None for NULL, and for what is no constant."""
    base = column.type.base
    if column.default is None:
        day = None if column.nullable or base not in DATES else _ZERO_DAY
        return day if day is None or base == "date" else f"{day} 00:00:00"
    if column.default.literal or not is_constant(column):
        return column.default.text if column.default.literal else None
    try:
        text = _unwrapped(column.default.text)
        return None if text.upper() == "NULL" else _bare_literal(column, text)
    except _NoDefault:
        return None


def _unquoted(expression: str) -> str:
    """Return the text of a constant that this module wrote."""
    if expression.startswith("E'"):
        return expression[2:-1].replace("\\\\", "\\").replace("''", "'")
    return expression[1:-1].replace("''", "'") if expression.startswith("'") else expression


def null_substitute(column: Column, carried: CarriedColumn) -> str | None:
    """Return what a server makes of NULL when a column becomes NOT NULL; None where that is not certain."""
    base = column.type.base
    if base in ("timestamp", "json", "enum"):
        return "''" if base == "enum" else None
    return implicit_default(column, carried)


def is_constant(column: Column) -> bool:
    """Tell whether the default has the same value whenever it is evaluated."""
    if column.default is None or column.default.literal:
        return True
    text = _unwrapped(column.default.text)
    return not (_NOW.fullmatch(text) or _TODAY.fullmatch(text) or _UUID.fullmatch(text))


def _is_shown_rounded(column: Column) -> bool:
    """Tell whether a default of the type FLOAT may have more digits than the six that servers show."""
    if column.type.base != "float" or column.type.arguments or column.default is None:
        return False
    digits = re.sub(r"e.*|\D", "", column.default.text.lower())
    return len(digits.strip("0")) == _SHOWN_DIGITS


def statement_time(column: Column, circumstances: Circumstances | None) -> str | None:
    """Return what a default that is the time was when the statement ran; None if that is not certain."""
    if column.default is None or circumstances is None:
        return None
    text, base = _unwrapped(column.default.text), column.type.base
    local = circumstances.local_seconds
    if base == "date" and local is not None and (_TODAY.fullmatch(text) or _NOW.fullmatch(text)):
        return quote_literal(f"{_clock(local):%Y-%m-%d}")
    now = _NOW.fullmatch(text)
    if now is None or base not in ("datetime", "timestamp"):
        return None
    seconds, zone = (circumstances.seconds, "+00") if base == "timestamp" else (local, "")
    digits = int(now[1] or 0)
    if seconds is None or digits > column.type.fraction or (digits and circumstances.microseconds is None):
        return None
    # The servers leave off the digits that were not asked for.
    fraction = f".{circumstances.microseconds:06d}"[: digits + 1] if digits else ""
    return quote_literal(f"{_clock(seconds):%Y-%m-%d %H:%M:%S}{fraction}{zone}")


def _clock(seconds: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)


def _unwrapped(expression: str) -> str:
    text = expression.strip()
    while text.startswith("(") and text.endswith(")") and _is_one_pair(text):
        text = text[1:-1].strip()
    return text


def _is_one_pair(text: str) -> bool:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _of_expression(column: Column, carried: CarriedColumn, text: str) -> str:
    if text.upper() == "NULL":
        return "NULL"
    function = _of_function(column, carried, text)
    if function is not None:
        return function
    digits = _HEX.fullmatch(text)
    if digits is not None and column.type.base in BYTES:
        return _binary_value(column, carried, _bytes_of(digits))
    return _of_literal(column, carried, _bare_literal(column, text))


def _of_function(column: Column, carried: CarriedColumn, text: str) -> str | None:
    now, base = _NOW.fullmatch(text), column.type.base
    if now is not None and base in ("datetime", "timestamp"):
        function = "CURRENT_TIMESTAMP" if base == "timestamp" else "LOCALTIMESTAMP"
        return f"{function}({now[1] or 0})"
    if _TODAY.fullmatch(text) and base == "date":
        return "CURRENT_DATE"
    if _UUID.fullmatch(text) and base in ("uuid", "char", "varchar"):
        return "gen_random_uuid()" if carried.rule.target == "uuid" else "gen_random_uuid()::text"
    return _EMPTY_DOCUMENTS.get(re.sub(r"\s", "", text).lower()) if base == "json" else None


def _bare_literal(column: Column, text: str) -> str:
    """Return the value of a literal as it is written in SQL."""
    escaped = _ESCAPED_STRING.fullmatch(text)
    if escaped is not None:
        text = f"{escaped[1]}'{escaped[2]}'"
    string = _STRING.fullmatch(text)
    if string is not None:
        return unescaped(string[2])
    if text.lower() in ("true", "false"):
        return "1" if text.lower() == "true" else "0"
    if _NUMBER.fullmatch(text) or _BITS.fullmatch(text) or _HEX.fullmatch(text):
        return text if column.type.base not in _CHARACTERS else _characters_of(text)
    raise _NoDefault("the expression is not translated")


def _characters_of(text: str) -> str:
    digits = _HEX.fullmatch(text)
    if digits is None:
        return text
    try:
        return _bytes_of(digits).decode("ascii")
    except UnicodeDecodeError:
        raise _NoDefault("its bytes are characters of another character set") from None


def _bytes_of(digits: re.Match[str]) -> bytes:
    text = digits[1] if digits[1] is not None else digits[2]
    return bytes.fromhex(text if len(text) % 2 == 0 else f"0{text}")


class _Literal(NamedTuple):
    """A bare value, and the column that it is the default of."""

    column: Column
    carried: CarriedColumn
    text: str


def _of_literal(column: Column, carried: CarriedColumn, text: str) -> str:
    if carried.rule.target.lower() in ("boolean", "bool"):
        return _boolean(text)
    return _WRITERS[column.type.base](_Literal(column, carried, text))


def _boolean(text: str) -> str:
    values = {"0": "false", "1": "true", "b'0'": "false", "b'1'": "true"}
    if text not in values:
        raise _NoDefault("the type boolean does not have it")
    return values[text]


def _integer(text: str) -> int | None:
    bits, digits = _BITS.fullmatch(text), _HEX.fullmatch(text)
    if bits is not None:
        return int(bits[1] or bits[2] or "0", 2)
    return int.from_bytes(_bytes_of(digits), "big") if digits is not None else None


def _number(literal: _Literal) -> str:
    integer = _integer(literal.text)
    if integer is not None:
        return str(integer)
    if not _NUMBER.fullmatch(literal.text.strip()):
        raise _NoDefault("it is not a number")
    number = literal.text.strip()
    shown = text_of_bytes(literal.carried.rule.encode)
    if shown is not None:
        number = shown(number.encode())
    return number if not is_text_target(literal.carried.rule.target) else quote_literal(number)


def _bit(literal: _Literal) -> str:
    number = _integer(literal.text)
    if number is None:
        if not literal.text.isdigit():
            raise _NoDefault("it is not a bit value")
        number = int(literal.text)
    width = literal.column.type.length
    return quote_literal(f"{number:0{width}b}") if literal.carried.rule.target.startswith("bit") else str(number)


def _string(literal: _Literal) -> str:
    return quote_literal(without_nul(literal.text))


def _char(literal: _Literal) -> str:
    """Leave off the spaces that no value has; the mode PAD_CHAR_TO_FULL_LENGTH puts them into the default."""
    return quote_literal(without_nul(literal.text).rstrip(" "))


def _binary(literal: _Literal) -> str:
    return _binary_value(literal.column, literal.carried, literal.text.encode())


def _binary_value(column: Column, carried: CarriedColumn, value: bytes) -> str:
    if column.type.base == "binary":
        value = value.ljust(column.type.length, b"\0")
    if carried.rule.free_text:
        return quote_literal(without_nul(value.decode("utf-8", "replace")))
    return quote_literal(carried.rule.prefix + value.hex())


def _temporal(literal: _Literal) -> str:
    if literal.carried.checked and not CALENDAR[literal.text[:10]]:
        return "NULL" if literal.carried.substitute is None else quote_literal(literal.carried.substitute)
    if literal.carried.rule.dates and not CALENDAR[literal.text[:10]]:
        raise _NoDefault("the date does not exist")
    return quote_literal(literal.text + literal.carried.rule.suffix)


def _enum(literal: _Literal) -> str:
    label = without_nul(literal.text)
    if literal.carried.rule.labels and label not in literal.carried.rule.labels:
        raise _NoDefault("it is no member")
    return quote_literal(label)


_CHARACTERS = WITH_CHARSET | {"json"}
_NUMBERS = NUMBERS | {"year"}


def _refused(literal: _Literal) -> str:
    raise _NoDefault(f"defaults of the type {literal.column.type.base} are not translated")


class _Writers(dict[str, Callable[[_Literal], str]]):
    def __missing__(self, base: str) -> Callable[[_Literal], str]:
        return _refused


_WRITERS = _Writers(
    {
        **dict.fromkeys(_CHARACTERS, _string),
        "char": _char,
        **dict.fromkeys(_NUMBERS, _number),
        **dict.fromkeys(BYTES, _binary),
        **dict.fromkeys(DATES, _temporal),
        **dict.fromkeys(("time", "uuid", "inet4", "inet6"), _string),
        "bit": _bit,
        "enum": _enum,
    }
)
_EMPTY_DOCUMENTS = {"json_array()": "'[]'", "json_object()": "'{}'"}
_IMPLICIT = {
    **dict.fromkeys(_NUMBERS, "0"),
    **dict.fromkeys(_CHARACTERS, ""),
    **dict.fromkeys(BYTES, ""),
    "bit": "0",
    "json": "null",
    "time": "00:00:00",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "inet4": "0.0.0.0",  # noqa: S104 - a value, no address to bind to
    "inet6": "::",
}
