"""Decoders of row images, generated per table.

Which bytes a column takes is settled by the table map, so a decoder is a function written for one layout: fixed-size
columns that follow each other are unpacked at once, the others one by one, without a lookup per value. Its source
text is built from the table map and the tracked structure, and compiled once.

Row images: "Rows_event" in MySQL's source documentation. An image is a bitmap of the columns that are NULL, one bit
for each column that is present, then the values of the others.

What the values are is said in ``columns``: None for NULL; int for integers, YEAR, BIT, ENUM (its
index) and SET (its bits); float; str for DECIMAL, text, JSON, dates and times; bytes for binary values; ``Undecodable``
for bytes that are not text in their character set; ``JsonChanges`` for a document that is in no image whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import RowKind, RowLayout
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.mysql.binlog.events import length_encoded
from pg_chameleon.mysql.binlog.table_map import stored_types
from pg_chameleon.mysql.decode.columns import TOOLS, Readable, readable_column
from pg_chameleon.mysql.decode.documents import changed_json, json_changes
from pg_chameleon.mysql.decode.layout import check_table_map

__all__ = ["Decoder", "check_table_map", "row_decoder"]

_DecodeFunction = Callable[[bytes, int], list[Any]]
# What a damaged image makes of a decoder
_DAMAGE = (IndexError, KeyError, ValueError, TypeError, struct.error, zlib.error)


class Decoder:
    """Reads the rows of the events that share a table map, a kind and bitmaps.

    ``before_columns`` and ``after_columns`` name the columns that are in the images.
    """

    def __init__(
        self, name: TableName, before_columns: Sequence[str], after_columns: Sequence[str], source: _Source
    ) -> None:
        self._name = name
        self.before_columns = tuple(before_columns)
        self.after_columns = tuple(after_columns)
        self._source = source
        self._fast = source.compile(str(name), careful=False)
        self._careful: _DecodeFunction | None = None

    def decode(self, body: bytes, start: int) -> list[Any]:
        """Return the rows: tuples of an INSERT or DELETE, pairs (before, after) of an UPDATE."""
        try:
            try:
                return self._fast(body, start)
            except UnicodeDecodeError:
                # The fast function assumes that all text can be decoded; the careful one substitutes what cannot
                if self._careful is None:
                    self._careful = self._source.compile(str(self._name), careful=True)
                return self._careful(body, start)
        except _DAMAGE as error:
            raise DecodeError(f"a row cannot be decoded: {error}", table=self._name) from error


def row_decoder(row_layout: RowLayout, schema: TableSchema, former: Collection[str] | None = None) -> Decoder:
    """Build the decoder of row events; ``check_table_map`` says before whether the structure fits.

    ``former`` names the columns that are needed of the images before, if not all are; others are passed over. Where
    documents are changed in place, all are needed.
    """
    table, kind = row_layout.table, row_layout.kind
    columns = [
        readable_column(column, stored) for column, stored in zip(schema.columns, stored_types(table), strict=False)
    ]
    hidden = [readable_column(Column("", "bigint"), stored) for stored in stored_types(table)[len(columns) :]]
    layout = [
        _Placed(readable, position, bool(table.nullable[position // 8] >> position % 8 & 1), bool(readable.name))
        for position, readable in enumerate([*columns, *hidden])
    ]
    if row_layout.partial_json:
        former = None
    images = {
        "before": [
            placed._replace(wanted=placed.wanted and (former is None or placed.readable.name in former))
            for placed in _present(layout, row_layout.before)
        ],
        "after": _present(layout, row_layout.after),
    }
    if kind is RowKind.INSERT:
        used = ["after"]
    elif kind is RowKind.DELETE:
        used = ["before"]
    else:
        used = ["before", "after"]
    source = _Source(layout, [images[name] for name in used], row_layout.partial_json)
    names = {
        name: [placed.readable.name for placed in image if placed.wanted] if name in used else []
        for name, image in images.items()
    }
    return Decoder(schema.name, names["before"], names["after"], source)


class _Placed(NamedTuple):
    """A column of the table at its place; one that is not ``wanted`` is passed over."""

    readable: Readable
    position: int
    nullable: bool
    wanted: bool

    @property
    def formats(self) -> str:
        """The codes of ``struct`` that read the column, or pass over it."""
        codes = "".join(self.readable.formats)
        return codes if self.wanted else f"{struct.calcsize(f'<{codes}')}x"


def _present(layout: list[_Placed], bitmap: bytes) -> list[_Placed]:
    return [
        placed
        for placed in layout
        if placed.position // 8 < len(bitmap) and bitmap[placed.position // 8] >> placed.position % 8 & 1
    ]


_TOOLS: dict[str, Any] = {
    **TOOLS,
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
            results.append(_tuple_text(f"c{number}_{placed.position}" for placed in image if placed.wanted))
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
        unpacker = struct.Struct("<" + "".join(placed.formats for placed in run))
        tool = f"unpack_{unpacker.format[1:]}"
        self._tools[tool] = unpacker.unpack_from
        targets, made = [], []
        for placed in filter(_is_wanted, run):
            name = f"c{number}_{placed.position}"
            readable = placed.readable
            if readable.expression == "{0}":
                targets.append(name)
                continue
            parts = [f"{name}_{part}" for part in range(len(readable.formats))]
            targets += parts
            made.append(f"{name} = {readable.expression.format(*parts)}")
        if targets:
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
        if not placed.wanted:
            yield f"p += {size} + ({length})"
            return
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


def _is_wanted(placed: _Placed) -> bool:
    return placed.wanted


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
    if placed.wanted:
        yield f"if nulls & {bit}:"
        yield f"    {name} = None"
        yield "else:"
    else:
        yield f"if not nulls & {bit}:"
    yield from _indented(1, lines)


def _indented(levels: int, lines: Iterable[str]) -> Iterable[str]:
    return ("    " * levels + line for line in lines)


def _tuple_text(items: Iterable[str]) -> str:
    listed = list(items)
    return f"({listed[0]},)" if len(listed) == 1 else f"({', '.join(listed)})"
