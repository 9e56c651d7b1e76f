"""Row images that lack columns (``binlog_row_image`` other than FULL): what can be completed, and from what."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.omitted import omitted_changes, omitted_value
from pg_chameleon.convert.values.careful import Encoder
from pg_chameleon.convert.values.carried import CarriedColumn, carried_columns
from pg_chameleon.convert.values.changes import Change
from pg_chameleon.convert.values.encoder import NoteChange, key_encoder
from pg_chameleon.convert.values.form import COMPOSITE
from pg_chameleon.ddl.syntax.expressions import made_of
from pg_chameleon.model.schema import TableSchema

Decode = Callable[[bytes, int], list[Any]]


def is_whole(schema: TableSchema, rules: Rules, columns: tuple[str, ...]) -> bool:
    """Tell whether an image with these columns holds everything that is carried over."""
    return {column.source.name for column in carried_columns(schema, rules)} <= set(columns)


def inserted_encoder(schema: TableSchema, rules: Rules, columns: tuple[str, ...], note: NoteChange) -> Encoder:
    """Return the encoder of inserted rows of which only ``columns`` are in the image: the others took their defaults.

    Raise ``LookupError`` with the name of a column whose default cannot be told.
    """
    return _with_defaults(schema, rules, columns, carried_columns(schema, rules), note)


def inserted_key_encoder(schema: TableSchema, rules: Rules, columns: tuple[str, ...], note: NoteChange) -> Encoder:
    """Return the encoder of the keys of such rows."""
    carried = {column.source.name: column for column in carried_columns(schema, rules)}
    return _with_defaults(schema, rules, columns, tuple(carried[name] for name in schema.key_columns), note)


def _with_defaults(
    schema: TableSchema, rules: Rules, columns: tuple[str, ...], wanted: tuple[CarriedColumn, ...], note: NoteChange
) -> Encoder:
    changes: list[Change] = []
    parts: list[Callable[[tuple[object, ...]], str]] = []
    for present, group in groupby(wanted, key=lambda column: column.source.name in columns):
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


def outdated_columns(schema: TableSchema, rules: Rules, after: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Return the generated columns that are not in the image, each with those of the image that it is made of.

    MariaDB leaves virtual columns out; with NOBLOB texts that did not change are not there either. What the target
    generates by itself is no matter.
    """
    generated = {
        column.name: column.generated.expression
        for column in schema.columns
        if column.generated is not None and column.name not in after
    }
    carried = {column.source.name for column in carried_columns(schema, rules)}
    return {name: columns for name, columns in made_of(generated, after).items() if columns and name in carried}


def numbered_column(schema: TableSchema, rules: Rules) -> str | None:
    """Return a virtual column that is carried over and made of AUTO_INCREMENT, if there is one.

    Only MariaDB has such. The image of an inserted row holds what it was before the number was given.
    """
    generated = {
        column.name: column.generated.expression
        for column in schema.columns
        if column.generated is not None and not column.generated.stored
    }
    numbers = tuple(column.name for column in schema.columns if column.auto_increment)
    carried = {column.source.name for column in carried_columns(schema, rules)}
    return next((name for name, columns in made_of(generated, numbers).items() if columns and name in carried), None)


def unless_changed(
    decode: Decode, before: tuple[str, ...], after: tuple[str, ...], columns: frozenset[str], refuse: Callable[[], None]
) -> Decode:
    """Call ``refuse`` if an update changed one of the columns, which are in the images before and after."""
    places = [(before.index(name), after.index(name)) for name in columns]

    def decode_unchanged(body: bytes, start: int) -> list[Any]:
        rows = decode(body, start)
        if any(old[place] != new[other] for old, new in rows for place, other in places):
            refuse()
        return rows

    return decode_unchanged
