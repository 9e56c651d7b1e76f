"""What ALTER TABLE does to the values of a column whose type changes, said in PostgreSQL.

The replica does not know whether the source's mode was strict. Where it was, no value was out of range, or the
statement would have failed; so what the other modes do, clamping and truncating, is right in all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pg_chameleon.convert.carried import CarriedColumn
from pg_chameleon.convert.quoting import quote_literal
from pg_chameleon.convert.rules import normal_type
from pg_chameleon.model.schema import Column, ColumnType

_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_YEARS = (0, 2155)
_TEXT_BYTES = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215, "longtext": 4_294_967_295}
_BLOB_BYTES = {"tinyblob": 255, "blob": 65_535, "mediumblob": 16_777_215, "longblob": 4_294_967_295}
_CHARACTER_BYTES = {"latin1": 1, "ascii": 1, "ucs2": 2, "utf8": 3, "utf8mb3": 3}
# What holds every character, and what holds those of every other set but these.
_FULL_UNICODE = frozenset({"utf8mb4", "utf16", "utf16le", "utf32"})
_BASIC_UNICODE = frozenset({"utf8", "utf8mb3", "ucs2"})


class Conversion(NamedTuple):
    """How values are converted. ``using``: an expression of ``{column}``. ``exact``: no value becomes another.

    ``doubt``: if not empty, why only a table without rows can be followed.
    """

    using: str = "{column}"
    exact: bool = True
    doubt: str = ""


_Converter = Callable[[Column, Column], Conversion | None]


def conversion(before: CarriedColumn, after: CarriedColumn) -> Conversion:
    """Return how the values of a column are converted to its new type."""
    old, new = before.source, after.source
    if _same_type(old, new) and before.overridden == after.overridden:
        return Conversion()
    found = None
    if not (before.overridden or after.overridden):
        found = _CONVERTERS.get((_family(old), _family(new)), _unknown)(old, new)
    if found is not None:
        return found
    reason = f"what {old.column_type} becomes as {new.column_type} is not certain (column {new.name})"
    return Conversion("NULL", exact=False, doubt=reason)


def _same_type(old: Column, new: Column) -> bool:
    return normal_type(old.column_type) == normal_type(new.column_type) and _keeps_characters(old, new)


def _family(column: Column) -> str:
    base = column.type.base
    return _FAMILIES.get(base, base)


def _unknown(_old: Column, _new: Column) -> Conversion | None:
    return None


def _limits(kind: ColumnType) -> tuple[int, int]:
    if kind.base == "year":
        return _YEARS
    bits = _INTEGER_BITS[kind.base]
    return (0, 2**bits - 1) if kind.unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _clamped(value: str, low: str, high: str) -> str:
    # Both functions pass NULL over.
    return f"CASE WHEN {{column}} IS NOT NULL THEN least(greatest({value}, {low}), {high}) END"


def _integer_to_integer(old: Column, new: Column) -> Conversion | None:
    if new.type.base == "year":
        return None
    (old_low, old_high), (low, high) = _limits(old.type), _limits(new.type)
    if low <= old_low and old_high <= high:
        return Conversion()
    return Conversion(_clamped("{column}", str(low), str(high)), exact=False)


def _to_decimal(_old: Column, new: Column) -> Conversion | None:
    if new.type.base == "year":
        return None
    precision, scale = _precision(new.type)
    high = f"{10**precision - 1}e-{scale}"
    low = "0" if new.type.unsigned else f"-{high}"
    return Conversion(_clamped("{column}::numeric", low, high), exact=False)


def _precision(kind: ColumnType) -> tuple[int, int]:
    precision, scale = (*kind.arguments, *(10, 0)[len(kind.arguments) :])
    return precision, scale


def _decimal_to_integer(_old: Column, new: Column) -> Conversion | None:
    if new.type.base == "year":
        return None
    low, high = _limits(new.type)
    return Conversion(_clamped("round({column})", str(low), str(high)), exact=False)


def _to_double(old: Column, new: Column) -> Conversion | None:
    """Convert where both servers round to the nearest: not to fixed decimals, and not twice."""
    if new.type.arguments or new.type.unsigned or (_family(old) == "float" and old.type.arguments):
        return None
    return Conversion("{column}::double precision", exact=False)


def _to_float(old: Column, new: Column) -> Conversion | None:
    if new.type.arguments or new.type.unsigned or old.type.base == "bigint":
        return None
    return Conversion("{column}::real", exact=False)


def _bit_to_bit(old: Column, new: Column) -> Conversion | None:
    old_width, width = (*old.type.arguments, 1)[0], (*new.type.arguments, 1)[0]
    return Conversion(f"lpad({{column}}::text, {width}, '0')") if old_width <= width else None


def _number_to_text(old: Column, new: Column) -> Conversion | None:
    if old.type.zerofill:
        return None
    year = old.type.base == "year"
    return _shortened("lpad({column}::text, 4, '0')" if year else "{column}::text", old, new)


def _text_to_text(old: Column, new: Column) -> Conversion | None:
    return _shortened("{column}", old, new) if _keeps_characters(old, new) else None


def _label_to_text(old: Column, new: Column) -> Conversion | None:
    return _shortened("{column}::text", old, new) if _keeps_characters(old, new) else None


def _keeps_characters(old: Column, new: Column) -> bool:
    """Tell whether the new character set has all characters of the old one."""
    if old.charset in (new.charset, "ascii") or new.charset in _FULL_UNICODE:
        return True
    return new.charset in _BASIC_UNICODE and old.charset not in _FULL_UNICODE | {"gb18030", None}


def _shortened(text: str, old: Column, new: Column) -> Conversion | None:
    """Cut as the server does: by characters if the new type counts those, by bytes not at all."""
    base = new.type.base
    if base in _TEXT_BYTES:
        return Conversion(text, exact=text == "{column}") if _fits(old, new) else None
    length = (*new.type.arguments, 1)[0]
    cut = f"left({text}, {length})"
    return Conversion(f"rtrim({cut}, ' ')" if base == "char" else cut, exact=False)


def _fits(old: Column, new: Column) -> bool:
    room = _TEXT_BYTES[new.type.base]
    if old.type.base in _TEXT_BYTES and old.charset == new.charset:
        return _TEXT_BYTES[old.type.base] <= room
    return _characters(old) * _CHARACTER_BYTES.get(new.charset or "", 4) <= room


def _characters(column: Column) -> int:
    """Return how many characters a value can have at most."""
    kind = column.type
    if kind.base in _TEXT_BYTES:
        return _TEXT_BYTES[kind.base]
    if kind.members:
        return sum(len(member) + 1 for member in kind.members)
    return (*kind.arguments, 1)[0] if kind.base in ("char", "varchar") else 100


def _bytes_to_bytes(old: Column, new: Column) -> Conversion | None:
    width, room = _width(old), _width(new)
    if new.type.base == "binary":
        if old.type.base != "binary":
            return None
        if width < room:
            return Conversion(f"{{column}} || decode({quote_literal('00' * (room - width))}, 'hex')")
    if width <= room:
        return Conversion()
    return Conversion(f"substring({{column}} from 1 for {room})", exact=False) if room < 2**31 else None


def _width(column: Column) -> int:
    return _BLOB_BYTES.get(column.type.base) or (*column.type.arguments, 1)[0]


def _enum_to_enum(old: Column, new: Column) -> Conversion | None:
    if not _keeps_characters(old, new):
        return None
    kept = {label: _member(label, new) for label in old.type.members}
    if None in kept.values():
        return None
    changed = {label: member for label, member in kept.items() if label != member}
    cases = "".join(
        f" WHEN {quote_literal(label)} THEN {quote_literal(member or '')}" for label, member in changed.items()
    )
    using = f"CASE {{column}}::text{cases} ELSE {{column}}::text END" if cases else "{column}::text"
    return Conversion(using, exact=not cases)


def _member(label: str, column: Column) -> str | None:
    """Return the member that a label becomes, '' if there is none; None if that is up to the collation."""
    members = column.type.members
    if label in members:
        return label
    alike = [member for member in members if _folded(member) == _folded(label)]
    return None if alike or not label.isascii() or not all(map(str.isascii, members)) else ""


def _folded(label: str) -> str:
    return label.casefold().rstrip()


def _set_to_set(old: Column, new: Column) -> Conversion | None:
    grown = new.type.members[: len(old.type.members)] == old.type.members
    return Conversion() if grown and _keeps_characters(old, new) else None


def _date_to_datetime(_old: Column, _new: Column) -> Conversion | None:
    return Conversion("{column}::timestamp")


def _finer(old: Column, new: Column) -> Conversion | None:
    """Take more digits on; how digits are left off depends on the server and its mode."""
    return Conversion() if (*old.type.arguments, 0)[0] <= (*new.type.arguments, 0)[0] else None


def _geometry_to_geometry(old: Column, new: Column) -> Conversion | None:
    return Conversion() if new.type.base == "geometry" and new.srid in (None, old.srid) else None


_FAMILIES = {
    **dict.fromkeys((*_INTEGER_BITS, "year"), "integer"),
    **dict.fromkeys(("char", "varchar", *_TEXT_BYTES), "text"),
    **dict.fromkeys(("binary", "varbinary", *_BLOB_BYTES), "bytes"),
    **dict.fromkeys(
        (
            *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring"),
            *("multipolygon", "geometrycollection", "geomcollection"),
        ),
        "geometry",
    ),
}
_CONVERTERS: dict[tuple[str, str], _Converter] = {
    ("integer", "integer"): _integer_to_integer,
    ("integer", "decimal"): _to_decimal,
    ("integer", "double"): _to_double,
    ("integer", "float"): _to_float,
    ("integer", "text"): _number_to_text,
    ("decimal", "decimal"): _to_decimal,
    ("decimal", "integer"): _decimal_to_integer,
    ("decimal", "double"): _to_double,
    ("decimal", "text"): _number_to_text,
    ("float", "double"): _to_double,
    ("double", "float"): _to_float,
    ("bit", "bit"): _bit_to_bit,
    ("text", "text"): _text_to_text,
    ("enum", "text"): _label_to_text,
    ("set", "text"): _label_to_text,
    ("bytes", "bytes"): _bytes_to_bytes,
    ("enum", "enum"): _enum_to_enum,
    ("set", "set"): _set_to_set,
    ("date", "datetime"): _date_to_datetime,
    ("datetime", "datetime"): _finer,
    ("timestamp", "timestamp"): _finer,
    ("time", "time"): _finer,
    ("geometry", "geometry"): _geometry_to_geometry,
}
