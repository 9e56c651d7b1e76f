"""How each kind of column is read from a row image: the bytes that it takes, and the expression for its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import Undecodable
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.charsets import UTF8
from pg_chameleon.model.source.types import GEOMETRIES
from pg_chameleon.mysql.binlog.table_map import Code, StoredType
from pg_chameleon.mysql.charsets import TextDecoder, text_decoder, with_substitutes
from pg_chameleon.mysql.decode import values
from pg_chameleon.mysql.decode.documents import json_text


class Readable(NamedTuple):
    """How a column is read.

    Of a fixed size: ``formats`` are the codes of ``struct``, one for each part, and ``expression`` makes the value of
    the parts, which it calls {0}, {1}. Of its own size: ``length_bytes`` before the value, whose slice is {0}.
    ``careful_expression`` is what is used where text may be undecodable. ``tools`` are the names that expressions use.
    """

    name: str
    formats: tuple[str, ...] = ()
    length_bytes: int = 0
    expression: str = "{0}"
    careful_expression: str | None = None
    tools: dict[str, Any] = {}  # noqa: RUF012 - never changed
    is_json: bool = False

    @property
    def is_fixed(self) -> bool:
        """Tell whether every value takes as many bytes."""
        return bool(self.formats)


_INTEGERS = {Code.TINY: "b", Code.SHORT: "h", Code.LONG: "i", Code.LONGLONG: "q"}


def readable_column(column: Column, stored: StoredType) -> Readable:
    """Say how a column is read that is stored so."""
    integer = _INTEGERS.get(stored.code)
    if integer is not None:
        return Readable(column.name, (integer.upper() if column.type.unsigned else integer,))
    reader = _READERS.get(stored.code)
    if reader is None:
        raise DecodeError(f"column {column.name} is stored as the unknown type {stored.code}")
    return reader(column, stored)


def _int24(column: Column, _stored: StoredType) -> Readable:
    return Readable(column.name, ("H", "B" if column.type.unsigned else "b"), expression="{0} | {1} << 16")


def _float(column: Column, stored: StoredType) -> Readable:
    return Readable(column.name, ("f" if stored.code == Code.FLOAT else "d",))


def _year(column: Column, _stored: StoredType) -> Readable:
    return Readable(column.name, ("B",), expression="{0} and {0} + 1900")


def _bit(column: Column, stored: StoredType) -> Readable:
    size = (stored.size >> 8) + bool(stored.size & 0xFF)
    if size == 1:
        return Readable(column.name, ("B",))
    return Readable(column.name, (f"{size}s",), expression="from_bytes({0}, 'big')")


def _decimal(column: Column, stored: StoredType) -> Readable:
    precision, scale = stored.size & 0xFF, stored.size >> 8
    tool = f"decimal_{precision}_{scale}"
    return Readable(
        column.name,
        (f"{values.decimal_size(precision, scale)}s",),
        expression=f"{tool}({{0}})",
        tools={tool: values.decimal_reader(precision, scale)},
    )


def _date(column: Column, _stored: StoredType) -> Readable:
    return Readable(column.name, ("H", "B"), expression="date_text[{0} | {1} << 16]")


def _timestamp2(column: Column, stored: StoredType) -> Readable:
    if not stored.size:
        return Readable(column.name, ("4s",), expression="timestamp_text(from_bytes({0}, 'big'))")
    size = 4 + (stored.size + 1) // 2
    return Readable(column.name, (f"{size}s",), expression=f"timestamp_fraction_text({{0}}, {stored.size})")


# The first bit of DATETIME2 is set for years from 0 on, which all are
_DATETIME_BIAS = 1 << 39


def _datetime2(column: Column, stored: StoredType) -> Readable:
    size = (stored.size + 1) // 2
    shift = size * 8
    number = "(n := from_bytes({0}, 'big'))"
    day = f"datetime_day[({number} >> {shift + 17}) - {_DATETIME_BIAS >> 17}]"
    fraction = f" + fraction_text(n & {(1 << shift) - 1}, {stored.size})" if size else ""
    expression = f"{day} + datetime_clock[n{f' >> {shift}' if shift else ''} & 131071]{fraction}"
    return Readable(column.name, (f"{5 + size}s",), expression=expression)


def _time2(column: Column, stored: StoredType) -> Readable:
    size = 3 + (stored.size + 1) // 2
    return Readable(column.name, (f"{size}s",), expression=f"time_text({{0}}, {stored.size})")


def _old_timestamp(column: Column, _stored: StoredType) -> Readable:
    hires = _hires(column, values.HIRES_TIMESTAMP_BYTES, "hires_timestamp_text")
    return hires or Readable(column.name, ("I",), expression="timestamp_text({0})")


def _old_datetime(column: Column, _stored: StoredType) -> Readable:
    hires = _hires(column, values.HIRES_DATETIME_BYTES, "hires_datetime_text")
    return hires or Readable(column.name, ("Q",), expression="old_datetime_text({0})")


def _old_time(column: Column, _stored: StoredType) -> Readable:
    hires = _hires(column, values.HIRES_TIME_BYTES, "hires_time_text")
    return hires or Readable(column.name, ("3s",), expression="old_time_text({0})")


def _hires(column: Column, sizes: tuple[int, ...], tool: str) -> Readable | None:
    """Read MariaDB's old formats with a fraction, of which the table map does not tell the digits."""
    digits = column.type.fraction
    if not digits:
        return None
    return Readable(
        column.name,
        (f"{sizes[digits]}s",),
        expression=f"{tool}({{0}}, {digits})",
        tools={tool: getattr(values, tool)},
    )


def _member_number(column: Column, stored: StoredType) -> Readable:
    """ENUM and SET: a number of one to eight bytes."""
    formats = {1: "B", 2: "H", 4: "I", 8: "Q"}
    if stored.size in formats:
        return Readable(column.name, (formats[stored.size],))
    return Readable(column.name, (f"{stored.size}s",), expression="from_bytes({0}, 'little')")


def _variable(column: Column, length_bytes: int) -> Readable:
    """Bytes, or text in the column's character set."""
    charset = (column.charset or "binary").lower()
    decode = text_decoder(charset)
    if decode is None:
        if charset != "binary":
            raise DecodeError(f"column {column.name} has the unknown character set {charset}")
        return Readable(column.name, length_bytes=length_bytes)
    if charset in UTF8:
        fast, tool = "{0}.decode()", "careful_utf8"
    else:
        fast, tool = f"text_{charset}({{0}})", f"careful_{charset}"
    return Readable(
        column.name,
        length_bytes=length_bytes,
        expression=fast,
        careful_expression=f"{tool}({{0}})",
        tools={tool: _careful(charset, decode), f"text_{charset}": decode},
    )


def _careful(charset: str, decode: TextDecoder) -> Callable[[bytes], str | Undecodable]:
    def decode_or_substitute(data: bytes) -> str | Undecodable:
        try:
            return decode(data)
        except UnicodeDecodeError:
            return Undecodable(with_substitutes(charset, data), data)

    return decode_or_substitute


def _varchar(column: Column, stored: StoredType) -> Readable:
    return _variable(column, 1 if stored.size < 256 else 2)


_FIXED_SIZE_TOOLS = {"uuid": "uuid_value", "inet4": "inet4_value", "inet6": "inet6_value"}


def _char(column: Column, stored: StoredType) -> Readable:
    kind = column.type
    readable = _variable(column, 1 if stored.size < 256 else 2)
    if kind.base in _FIXED_SIZE_TOOLS:
        return readable._replace(expression=f"{_FIXED_SIZE_TOOLS[kind.base]}({{0}})")
    if kind.base == "binary":
        # Zero bytes at the end are not in the binlog
        return readable._replace(expression=f"{{0}}.ljust({stored.size}, b'\\0')")
    return readable


def _blob(column: Column, stored: StoredType) -> Readable:
    if column.type.base in GEOMETRIES:
        return Readable(column.name, length_bytes=stored.size)
    return _variable(column, stored.size)


def _compressed(column: Column, stored: StoredType) -> Readable:
    size = stored.size
    if stored.code == Code.VARCHAR_COMPRESSED:
        size = 1 if size < 256 else 2
    readable = _variable(column, size)
    inner = "uncompressed_column({0})"
    careful = readable.careful_expression
    return readable._replace(
        expression=readable.expression.replace("{0}", inner),
        careful_expression=careful and careful.replace("{0}", inner),
    )


def _json(column: Column, stored: StoredType) -> Readable:
    return Readable(column.name, length_bytes=stored.size, expression="json_text({0})", is_json=True)


def _bytes(column: Column, stored: StoredType) -> Readable:
    return Readable(column.name, length_bytes=stored.size)


_READERS: dict[int, Callable[[Column, StoredType], Readable]] = {
    Code.INT24: _int24,
    Code.FLOAT: _float,
    Code.DOUBLE: _float,
    Code.YEAR: _year,
    Code.BIT: _bit,
    Code.NEWDECIMAL: _decimal,
    Code.DATE: _date,
    Code.NEWDATE: _date,
    Code.TIMESTAMP2: _timestamp2,
    Code.DATETIME2: _datetime2,
    Code.TIME2: _time2,
    Code.TIMESTAMP: _old_timestamp,
    Code.DATETIME: _old_datetime,
    Code.TIME: _old_time,
    Code.ENUM: _member_number,
    Code.SET: _member_number,
    Code.VARCHAR: _varchar,
    Code.VAR_STRING: _varchar,
    Code.STRING: _char,
    Code.TINY_BLOB: _blob,
    Code.BLOB: _blob,
    Code.MEDIUM_BLOB: _blob,
    Code.LONG_BLOB: _blob,
    Code.VARCHAR_COMPRESSED: _compressed,
    Code.BLOB_COMPRESSED: _compressed,
    Code.JSON: _json,
    Code.GEOMETRY: _bytes,
    Code.VECTOR: _bytes,
}

# What the expressions name
TOOLS: dict[str, Any] = {
    "from_bytes": int.from_bytes,
    "date_text": values.date_text,
    "datetime_day": values.datetime_day,
    "datetime_clock": values.datetime_clock,
    "timestamp_text": values.timestamp_text,
    "timestamp_fraction_text": values.timestamp_fraction_text,
    "time_text": values.time_text,
    "fraction_text": values.fraction_text,
    "old_datetime_text": values.old_datetime_text,
    "old_time_text": values.old_time_text,
    "uuid_value": values.uuid_value,
    "inet4_value": values.inet4_value,
    "inet6_value": values.inet6_value,
    "uncompressed_column": values.uncompressed_column,
    "json_text": json_text,
}
