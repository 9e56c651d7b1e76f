"""Decoders of row images, generated per table.

Which bytes a column takes is settled by the table map, so a decoder is a function written for one layout: fixed-size
columns that follow each other are unpacked at once, the others one by one, without a lookup per value. Its source
text is built from the table map and the tracked structure, and compiled once.

Row images: "Rows_event" in MySQL's source documentation. An image is a bitmap of the columns that are NULL, one bit
for each column that is present, then the values of the others.

What the values are is said in the table of readers below: None for NULL; int for integers, YEAR, BIT, ENUM (its
index) and SET (its bits); float; str for DECIMAL, text, JSON, dates and times; bytes for binary values; ``Undecodable``
for text that is none in its character set; ``JsonChanges`` for a document that is in no image whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import RowKind, TableMap, Undecodable
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.mysql import decode_values as values
from pg_chameleon.mysql.charsets import TextDecoder, text_decoder, with_substitutes
from pg_chameleon.mysql.decode_json import changed_json, json_changes, json_text
from pg_chameleon.mysql.events import length_encoded
from pg_chameleon.mysql.layout import check_table_map
from pg_chameleon.mysql.layout_codes import GEOMETRY_TYPES, Code, StoredType, stored_types

__all__ = ["Decoder", "check_table_map", "row_decoder"]

_DecodeFunction = Callable[[bytes, int], list[Any]]
# What a damaged image makes of a decoder
_DAMAGE = (IndexError, KeyError, ValueError, TypeError, struct.error, zlib.error)


class Decoder:
    """Reads the rows of the events that share a table map, a kind and bitmaps.

    ``before_columns`` and ``after_columns`` name the columns that are in the images.
    """

    def __init__(self, name: str, before_columns: Sequence[str], after_columns: Sequence[str], source: _Source) -> None:
        self._name = name
        self.before_columns = tuple(before_columns)
        self.after_columns = tuple(after_columns)
        self._source = source
        self._fast = source.compile(name, careful=False)
        self._careful: _DecodeFunction | None = None

    def decode(self, body: bytes, start: int) -> list[Any]:
        """Return the rows: tuples of an INSERT or DELETE, pairs (before, after) of an UPDATE."""
        try:
            try:
                return self._fast(body, start)
            except UnicodeDecodeError:
                # The fast function takes it that all text can be decoded; the careful one puts substitutes where not
                if self._careful is None:
                    self._careful = self._source.compile(self._name, careful=True)
                return self._careful(body, start)
        except _DAMAGE as error:
            raise DecodeError(f"a row cannot be decoded: {error}", table=self._name) from error


def row_decoder(  # noqa: PLR0917 - what an event says of its rows
    table: TableMap,
    schema: TableSchema,
    kind: RowKind,
    before: bytes,
    after: bytes,
    partial_json: bool = False,
) -> Decoder:
    """Build the decoder of row events; ``check_table_map`` says before whether the structure fits."""
    columns = [_readable(column, stored) for column, stored in zip(schema.columns, stored_types(table), strict=False)]
    hidden = [_readable(Column("", "bigint"), stored) for stored in stored_types(table)[len(columns) :]]
    layout = [
        _Placed(readable, position, bool(table.nullable[position // 8] >> position % 8 & 1))
        for position, readable in enumerate([*columns, *hidden])
    ]
    images = {"before": _present(layout, before), "after": _present(layout, after)}
    if kind is RowKind.INSERT:
        used = ["after"]
    elif kind is RowKind.DELETE:
        used = ["before"]
    else:
        used = ["before", "after"]
    source = _Source(layout, [images[name] for name in used], partial_json)
    names = {
        name: [placed.readable.name for placed in image if placed.readable.name] if name in used else []
        for name, image in images.items()
    }
    return Decoder(str(schema.name), names["before"], names["after"], source)


# How each kind of column is read.


class _Readable(NamedTuple):
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
        return bool(self.formats)


class _Placed(NamedTuple):
    """A column of the table at its place."""

    readable: _Readable
    position: int
    nullable: bool


def _present(layout: list[_Placed], bitmap: bytes) -> list[_Placed]:
    return [
        placed
        for placed in layout
        if placed.position // 8 < len(bitmap) and bitmap[placed.position // 8] >> placed.position % 8 & 1
    ]


_INTEGERS = {Code.TINY: "b", Code.SHORT: "h", Code.LONG: "i", Code.LONGLONG: "q"}


def _readable(column: Column, stored: StoredType) -> _Readable:
    """Say how a column is read that is stored so."""
    integer = _INTEGERS.get(stored.code)
    if integer is not None:
        return _Readable(column.name, (integer.upper() if column.type.unsigned else integer,))
    reader = _READERS.get(stored.code)
    if reader is None:
        raise DecodeError(f"column {column.name} is stored as the unknown type {stored.code}")
    return reader(column, stored)


def _int24(column: Column, _stored: StoredType) -> _Readable:
    return _Readable(column.name, ("H", "B" if column.type.unsigned else "b"), expression="{0} | {1} << 16")


def _float(column: Column, stored: StoredType) -> _Readable:
    return _Readable(column.name, ("f" if stored.code == Code.FLOAT else "d",))


def _year(column: Column, _stored: StoredType) -> _Readable:
    return _Readable(column.name, ("B",), expression="{0} and {0} + 1900")


def _bit(column: Column, stored: StoredType) -> _Readable:
    size = (stored.size >> 8) + bool(stored.size & 0xFF)
    if size == 1:
        return _Readable(column.name, ("B",))
    return _Readable(column.name, (f"{size}s",), expression="from_bytes({0}, 'big')")


def _decimal(column: Column, stored: StoredType) -> _Readable:
    precision, scale = stored.size & 0xFF, stored.size >> 8
    tool = f"decimal_{precision}_{scale}"
    return _Readable(
        column.name,
        (f"{values.decimal_size(precision, scale)}s",),
        expression=f"{tool}({{0}})",
        tools={tool: values.decimal_reader(precision, scale)},
    )


def _date(column: Column, _stored: StoredType) -> _Readable:
    return _Readable(column.name, ("H", "B"), expression="date_text[{0} | {1} << 16]")


def _timestamp2(column: Column, stored: StoredType) -> _Readable:
    if not stored.size:
        return _Readable(column.name, ("4s",), expression="timestamp_text(from_bytes({0}, 'big'))")
    size = 4 + (stored.size + 1) // 2
    return _Readable(column.name, (f"{size}s",), expression=f"timestamp_fraction_text({{0}}, {stored.size})")


# The first bit of DATETIME2 is set for years from 0 on, which all are
_DATETIME_BIAS = 1 << 39


def _datetime2(column: Column, stored: StoredType) -> _Readable:
    size = (stored.size + 1) // 2
    shift = size * 8
    number = "(n := from_bytes({0}, 'big'))"
    day = f"datetime_day[({number} >> {shift + 17}) - {_DATETIME_BIAS >> 17}]"
    fraction = f" + fraction_text(n & {(1 << shift) - 1}, {stored.size})" if size else ""
    expression = f"{day} + datetime_clock[n{f' >> {shift}' if shift else ''} & 131071]{fraction}"
    return _Readable(column.name, (f"{5 + size}s",), expression=expression)


def _time2(column: Column, stored: StoredType) -> _Readable:
    size = 3 + (stored.size + 1) // 2
    return _Readable(column.name, (f"{size}s",), expression=f"time_text({{0}}, {stored.size})")


def _old_timestamp(column: Column, _stored: StoredType) -> _Readable:
    hires = _hires(column, values.HIRES_TIMESTAMP_BYTES, "hires_timestamp_text")
    return hires or _Readable(column.name, ("I",), expression="timestamp_text({0})")


def _old_datetime(column: Column, _stored: StoredType) -> _Readable:
    hires = _hires(column, values.HIRES_DATETIME_BYTES, "hires_datetime_text")
    return hires or _Readable(column.name, ("Q",), expression="old_datetime_text({0})")


def _old_time(column: Column, _stored: StoredType) -> _Readable:
    hires = _hires(column, values.HIRES_TIME_BYTES, "hires_time_text")
    return hires or _Readable(column.name, ("3s",), expression="old_time_text({0})")


def _hires(column: Column, sizes: tuple[int, ...], tool: str) -> _Readable | None:
    """Read MariaDB's old formats with a fraction, of which the table map does not tell the digits."""
    digits = (*column.type.arguments, 0)[0]
    if not digits:
        return None
    return _Readable(
        column.name,
        (f"{sizes[digits]}s",),
        expression=f"{tool}({{0}}, {digits})",
        tools={tool: getattr(values, tool)},
    )


def _member_number(column: Column, stored: StoredType) -> _Readable:
    """ENUM and SET: a number of one to eight bytes."""
    formats = {1: "B", 2: "H", 4: "I", 8: "Q"}
    if stored.size in formats:
        return _Readable(column.name, (formats[stored.size],))
    return _Readable(column.name, (f"{stored.size}s",), expression="from_bytes({0}, 'little')")


def _variable(column: Column, length_bytes: int) -> _Readable:
    """Bytes, or text in the column's character set."""
    charset = (column.charset or "binary").lower()
    decode = text_decoder(charset)
    if decode is None:
        if charset != "binary":
            raise DecodeError(f"column {column.name} has the unknown character set {charset}")
        return _Readable(column.name, length_bytes=length_bytes)
    if charset in ("utf8mb4", "utf8mb3", "utf8"):
        fast, tool = "{0}.decode()", "careful_utf8"
    else:
        fast, tool = f"text_{charset}({{0}})", f"careful_{charset}"
    return _Readable(
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


def _varchar(column: Column, stored: StoredType) -> _Readable:
    return _variable(column, 1 if stored.size < 256 else 2)


_FIXED_SIZE_TOOLS = {"uuid": "uuid_value", "inet4": "inet4_value", "inet6": "inet6_value"}


def _char(column: Column, stored: StoredType) -> _Readable:
    kind = column.type
    readable = _variable(column, 1 if stored.size < 256 else 2)
    if kind.base in _FIXED_SIZE_TOOLS:
        return readable._replace(expression=f"{_FIXED_SIZE_TOOLS[kind.base]}({{0}})")
    if kind.base == "binary":
        # Zero bytes at the end are not in the binlog
        return readable._replace(expression=f"{{0}}.ljust({stored.size}, b'\\0')")
    return readable


def _blob(column: Column, stored: StoredType) -> _Readable:
    if column.type.base in GEOMETRY_TYPES:
        return _Readable(column.name, length_bytes=stored.size)
    return _variable(column, stored.size)


def _compressed(column: Column, stored: StoredType) -> _Readable:
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


def _json(column: Column, stored: StoredType) -> _Readable:
    return _Readable(column.name, length_bytes=stored.size, expression="json_text({0})", is_json=True)


def _bytes(column: Column, stored: StoredType) -> _Readable:
    return _Readable(column.name, length_bytes=stored.size)


_READERS: dict[int, Callable[[Column, StoredType], _Readable]] = {
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

_TOOLS: dict[str, Any] = {
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
    "changed_json": changed_json,
    "json_changes": json_changes,
    "length_encoded": length_encoded,
}


# The source text.


class _Source:
    """Writes the source text of a decoder: ``p`` is the place in ``body``, ``nulls`` the bitmap of an image."""

    def __init__(self, layout: list[_Placed], images: list[list[_Placed]], partial_json: bool) -> None:
        self._layout = layout
        self._images = images
        self._partial_json = partial_json
        self._tools = dict(_TOOLS)
        for placed in layout:
            self._tools.update(placed.readable.tools)

    def compile(self, name: str, *, careful: bool) -> _DecodeFunction:
        """Build the function; ``careful``: text that cannot be decoded stays bytes."""
        text = "\n".join(self._function(careful))
        namespace = dict(self._tools)
        exec(compile(text, f"<decoder of {name}>", "exec"), namespace)  # noqa: S102 - no name or value of a source is in it
        function: _DecodeFunction = namespace["decode"]
        return function

    def _function(self, careful: bool) -> Iterable[str]:
        yield "def decode(body, p):"
        yield "    rows = []"
        yield "    append = rows.append"
        yield "    end = len(body)"
        # An image without columns takes no bytes; such an event holds one row
        yield "    while True:"
        results = []
        for number, image in enumerate(self._images):
            partial = self._partial_json and number == 1
            yield from _indented(2, self._image(image, number, careful, partial))
            results.append(_tuple_text(f"c{number}_{placed.position}" for placed in image if placed.readable.name))
        yield f"        append({results[0] if len(results) == 1 else f'({results[0]}, {results[1]})'})"
        yield "        if p >= end:"
        yield "            break"
        yield "    if p != end:"
        yield "        raise ValueError('the last row goes %d bytes beyond the event' % (p - end))"
        yield "    return rows"

    def _image(self, image: list[_Placed], number: int, careful: bool, partial: bool) -> Iterable[str]:
        if partial:
            yield from self._partial_header()
        size = (len(image) + 7) // 8
        if any(placed.nullable for placed in image):
            yield "nulls = body[p]" if size == 1 else f"nulls = from_bytes(body[p : p + {size}], 'little')"
        yield f"p += {size}"
        index = 0
        while index < len(image):
            run = _run_of_fixed(image, index)
            if len(run) > 1:
                yield from self._run(run, index, number)
                index += len(run)
                continue
            placed = image[index]
            lines = list(self._column(placed, number, careful, partial))
            yield from _unless_null(placed, 1 << index, f"c{number}_{placed.position}", lines)
            index += 1

    def _partial_header(self) -> Iterable[str]:
        """After images of PARTIAL_UPDATE_ROWS begin with options, and a bit for each JSON column of the table."""
        size = (sum(placed.readable.is_json for placed in self._layout) + 7) // 8
        yield "options, p = length_encoded(body, p)"
        yield "partial = 0"
        yield "if options & 1:"
        yield f"    partial = from_bytes(body[p : p + {size}], 'little')"
        yield f"    p += {size}"

    def _run(self, run: list[_Placed], index: int, number: int) -> Iterable[str]:
        """Fixed-size columns in a row: all at once unless one of them is NULL."""
        mask = sum(1 << index + offset for offset, placed in enumerate(run) if placed.nullable)
        together = list(self._fixed(run, number))
        if not mask:
            yield from together
            return
        yield f"if nulls & {mask}:"
        for offset, placed in enumerate(run):
            one = list(self._fixed([placed], number))
            yield from _indented(1, _unless_null(placed, 1 << index + offset, f"c{number}_{placed.position}", one))
        yield "else:"
        yield from _indented(1, together)

    def _fixed(self, run: list[_Placed], number: int) -> Iterable[str]:
        unpacker = struct.Struct("<" + "".join(code for placed in run for code in placed.readable.formats))
        tool = f"unpack_{unpacker.format[1:]}"
        self._tools[tool] = unpacker.unpack_from
        targets, made = [], []
        for placed in run:
            name = f"c{number}_{placed.position}"
            readable = placed.readable
            if readable.expression == "{0}":
                targets.append(name)
                continue
            parts = [f"{name}_{part}" for part in range(len(readable.formats))]
            targets += parts
            made.append(f"{name} = {readable.expression.format(*parts)}")
        yield f"{_tuple_text(targets)} = {tool}(body, p)"
        yield f"p += {unpacker.size}"
        yield from made

    def _column(self, placed: _Placed, number: int, careful: bool, partial: bool) -> Iterable[str]:
        readable = placed.readable
        if readable.is_fixed:
            yield from self._fixed([placed], number)
            return
        name = f"c{number}_{placed.position}"
        size = readable.length_bytes
        if size == 1:
            length = "body[p]"
        elif size == 2:
            length = "body[p] + (body[p + 1] << 8)"
        else:
            length = f"from_bytes(body[p : p + {size}], 'little')"
        yield f"q = p + {size} + ({length})"
        expression = (careful and readable.careful_expression) or readable.expression
        content = f"body[p + {size} : q]"
        if partial and readable.is_json:
            bit = sum(each.readable.is_json for each in self._layout[: placed.position])
            yield f"if partial & {1 << bit}:"
            before = self._before(placed)
            yield f"    {name} = " + (f"changed_json({before}, {content})" if before else f"json_changes({content})")
            yield "else:"
            yield f"    {name} = {expression.format(content)}"
        else:
            yield f"{name} = {expression.format(content)}"
        yield "p = q"

    def _before(self, placed: _Placed) -> str | None:
        """The variable that holds a column's value before the update, if the image before has it."""
        is_there = any(each.position == placed.position for each in self._images[0])
        return f"c0_{placed.position}" if is_there else None


def _run_of_fixed(image: list[_Placed], index: int) -> list[_Placed]:
    run = []
    for placed in image[index:]:
        if not placed.readable.is_fixed:
            break
        run.append(placed)
    return run


def _unless_null(placed: _Placed, bit: int, name: str, lines: list[str]) -> Iterable[str]:
    if not placed.nullable:
        yield from lines
        return
    yield f"if nulls & {bit}:"
    yield f"    {name} = None"
    yield "else:"
    yield from _indented(1, lines)


def _indented(levels: int, lines: Iterable[str]) -> Iterable[str]:
    return ("    " * levels + line for line in lines)


def _tuple_text(items: Iterable[str]) -> str:
    listed = list(items)
    return f"({listed[0]},)" if len(listed) == 1 else f"({', '.join(listed)})"
