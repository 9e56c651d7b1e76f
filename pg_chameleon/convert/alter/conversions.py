"""What ALTER TABLE does to the values of a column whose type changes, said in PostgreSQL.

The replica does not know whether the source's mode was strict. Where it was, no value was out of range, or the
statement would have failed; so what the other modes do, clamping and truncating, is right in all of them.
"""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.conversion import Conversion, literal
from pg_chameleon.convert.alter.conversions_labels import LABELS
from pg_chameleon.convert.alter.conversions_numbers import NUMBERS
from pg_chameleon.convert.alter.conversions_temporal import TEMPORAL
from pg_chameleon.convert.alter.conversions_text import (
    FROM_TEXT,
    label_to_text,
    number_to_text,
    text_to_text,
    uuid_to_text,
)
from pg_chameleon.convert.rules import normal_type
from pg_chameleon.convert.values.carried import CarriedColumn
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.charsets import has_all_of
from pg_chameleon.model.source.modes import PAD_CHAR_TO_FULL_LENGTH
from pg_chameleon.model.source.types import BYTES, CHARACTERS, GEOMETRIES, INTEGERS

_Converter = Callable[[Column, Column], Conversion | None]


def conversion(before: CarriedColumn, after: CarriedColumn, circumstances: Circumstances | None = None) -> Conversion:
    """Return how the values of a column are converted to its new type."""
    old, new = before.source, after.source
    if _same_type(old, new) and before.overridden == after.overridden:
        return Conversion()
    found = None
    if not (before.overridden or after.overridden):
        found = _found(old, new, circumstances)
    if found is not None:
        return found
    reason = f"cannot tell what {old.column_type} becomes as {new.column_type} (column {new.name})"
    return Conversion("NULL", exact=False, doubt=reason)


def _found(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    found = _of_families(old, new, circumstances)
    pads = circumstances is not None and circumstances.sql_mode & PAD_CHAR_TO_FULL_LENGTH
    return _padded(found, old) if found and pads and old.type.base == "char" != new.type.base else found


def _of_families(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    families = (_family(old), _family(new))
    temporal = TEMPORAL.get(families)
    if temporal is not None:
        return temporal(old, new, circumstances)
    return _CONVERTERS.get(families, _unknown)(old, new)


def _padded(found: Conversion, old: Column) -> Conversion:
    """Give a CHAR the spaces at its end back, which it has in the mode PAD_CHAR_TO_FULL_LENGTH when it is read."""
    column = f"rpad({{column}}, {old.type.length})"
    using, certain = (text.replace("{column}", column) for text in (found.using, found.certain))
    return found._replace(using=using, certain=certain, exact=False)


def _same_type(old: Column, new: Column) -> bool:
    return normal_type(old.column_type) == normal_type(new.column_type) and has_all_of(new.charset, old.charset)


def _family(column: Column) -> str:
    base = column.type.base
    return _FAMILIES.get(base, base)


def _unknown(_old: Column, _new: Column) -> Conversion | None:
    return None


def _bytes_to_bytes(old: Column, new: Column) -> Conversion | None:
    width, room = old.type.most_bytes, new.type.most_bytes
    if new.type.base == "binary":
        if old.type.base != "binary":
            return None
        if width < room:
            return Conversion(f"{{column}} || decode({literal('00' * (room - width))}, 'hex')")
    if width <= room:
        return Conversion()
    return Conversion(f"substring({{column}} from 1 for {room})", exact=False) if room < 2**31 else None


def _geometry_to_geometry(old: Column, new: Column) -> Conversion | None:
    return Conversion() if new.type.base == "geometry" and new.srid in (None, old.srid) else None


_FAMILIES = {
    **dict.fromkeys(INTEGERS | {"year"}, "integer"),
    **dict.fromkeys(CHARACTERS, "text"),
    **dict.fromkeys(BYTES, "bytes"),
    **dict.fromkeys(GEOMETRIES, "geometry"),
}
_CONVERTERS: dict[tuple[str, str], _Converter] = {
    **NUMBERS,
    **LABELS,
    **FROM_TEXT,
    ("integer", "text"): number_to_text,
    ("decimal", "text"): number_to_text,
    ("uuid", "text"): uuid_to_text,
    ("text", "text"): text_to_text,
    ("enum", "text"): label_to_text,
    ("set", "text"): label_to_text,
    ("bytes", "bytes"): _bytes_to_bytes,
    ("geometry", "geometry"): _geometry_to_geometry,
}
