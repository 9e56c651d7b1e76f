"""Row images that lack columns (``binlog_row_image`` other than FULL): what can be completed, and from what."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

from pg_chameleon.convert.carried import CarriedColumn, carried_columns
from pg_chameleon.convert.changes import Change
from pg_chameleon.convert.defaults import omitted_changes, omitted_value
from pg_chameleon.convert.encoder import COMPOSITE, Encoder, NoteChange, key_encoder
from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.schema import TableSchema

Decode = Callable[[bytes, int], list[Any]]


def is_whole(schema: TableSchema, rules: Rules, columns: tuple[str, ...]) -> bool:
    """Tell whether an image with these columns holds everything that is carried over."""
    return {column.source.name for column in carried_columns(schema, rules)} <= set(columns)


def inserted_encoder(schema: TableSchema, rules: Rules, columns: tuple[str, ...], note: NoteChange) -> Encoder:
    """Return the encoder of inserted rows of which only ``columns`` are in the image: the others took their defaults.

    Raise ``LookupError`` with the name of a column whose default is not certain.
    """
    changes: list[Change] = []
    parts: list[Callable[[tuple[object, ...]], str]] = []
    for present, group in groupby(carried_columns(schema, rules), key=lambda column: column.source.name in columns):
        found = tuple(group)
        if present:
            parts.append(_written(schema, rules, columns, found, note))
        else:
            parts.append(_constant(",".join(map(_omitted, found))))
            changes += (change for column in found for change in omitted_changes(column.source, column))

    def encode(row: tuple[object, ...]) -> str:
        for change in changes:
            note(change)
        return f"({','.join(part(row) for part in parts)})"

    return encode


def _written(
    schema: TableSchema, rules: Rules, columns: tuple[str, ...], found: tuple[CarriedColumn, ...], note: NoteChange
) -> Callable[[tuple[object, ...]], str]:
    names = tuple(column.source.name for column in found)
    encode = key_encoder(schema, rules, columns, names, note, form=COMPOSITE)
    return lambda row: encode(row)[1:-1]


def _constant(text: str) -> Callable[[tuple[object, ...]], str]:
    return lambda _row: text


def _omitted(column: CarriedColumn) -> str:
    value = omitted_value(column.source, column)
    return COMPOSITE.null if value is None else COMPOSITE.quote(value)


def completed(decode: Decode, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[tuple[str, ...], Decode]:
    """Complete the images after updates by those before; return their columns, and what decodes them."""
    kept = [place for place, name in enumerate(before) if name not in after]
    if not kept:
        return after, decode

    def decode_whole(body: bytes, start: int) -> list[Any]:
        return [(old, (*new, *[old[place] for place in kept])) for old, new in decode(body, start)]

    return (*after, *(before[place] for place in kept)), decode_whole


def outdated_columns(schema: TableSchema, rules: Rules, after: tuple[str, ...]) -> list[str]:
    """Return the generated columns that changed with those of the image, but are not in it themselves.

    MariaDB leaves virtual columns out. What the target generates by itself is no matter.
    """
    changed = set(after)
    generated = [column for column in schema.columns if column.generated is not None and column.name not in changed]
    found = True
    while found:
        found = False
        for column in generated:
            assert column.generated is not None  # chosen above
            if column.name not in changed and _mentions(column.generated.expression, changed):
                changed.add(column.name)
                found = True
    carried = {column.source.name for column in carried_columns(schema, rules)}
    return [column.name for column in generated if column.name in changed & carried]


def _mentions(expression: str, names: set[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression, re.IGNORECASE) for name in names)
