"""What ALTER TABLE does to the values of a column whose type changes, said in PostgreSQL.

The replica does not know whether the source's mode was strict. Where it was, no value was out of range, or the
statement would have failed; so what the other modes do, clamping and truncating, is right in all of them.
"""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.conversion import Conversion, clamped, literal, unless_null
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
from pg_chameleon.convert.values.types import integer_limits
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.charsets import has_all_of
from pg_chameleon.model.source.modes import PAD_CHAR_TO_FULL_LENGTH
from pg_chameleon.model.source.types import BYTES, CHARACTERS, GEOMETRIES, INTEGERS

_EXACT_INTEGERS = 9_007_199_254_740_992  # up to here a double has every integer

_LARGEST_FLOAT = "3.4028234663852886e38::float8"
_VANISHING_FLOAT = "7.006492321624085e-46::float8"  # half of the smallest one; up to here a FLOAT is zero

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


def _integer_to_integer(old: Column, new: Column) -> Conversion | None:
    if new.type.base == "year":
        return _integer_to_year(old, new)
    (old_low, old_high), (low, high) = integer_limits(old.type), integer_limits(new.type)
    if low <= old_low and old_high <= high:
        return Conversion()
    return Conversion(clamped("{column}", str(low), str(high)), exact=False)


def _to_decimal(_old: Column, new: Column) -> Conversion | None:
    if new.type.base == "year":
        return None
    precision, scale = new.type.precision
    high = f"{10**precision - 1}e-{scale}"
    low = "0" if new.type.unsigned else f"-{high}"
    return Conversion(clamped("{column}::numeric", low, high), exact=False)


def _decimal_to_integer(_old: Column, new: Column) -> Conversion | None:
    if new.type.base == "year":
        return None
    low, high = integer_limits(new.type)
    return Conversion(clamped("round({column})", str(low), str(high)), exact=False)


def _to_double(old: Column, new: Column) -> Conversion | None:
    """Convert where both servers round to the nearest: not to fixed decimals, and not twice."""
    rounded = _family(old) == "float" and old.type.arguments
    if rounded or (new.type.arguments and not _keeps_decimals(old, new)):
        return None
    return _signed("{column}::double precision", old, new)


def _to_float(old: Column, new: Column) -> Conversion | None:
    if (new.type.arguments and not _keeps_decimals(old, new)) or old.type.base == "bigint":
        return None
    return _signed("{column}::real", old, new)


def _double_to_float(old: Column, new: Column) -> Conversion | None:
    """Bring a value into the range of FLOAT; what becomes zero is a negative one on some servers."""
    if new.type.arguments:
        return None
    bounded = f"least(greatest({{column}}, -{_LARGEST_FLOAT}), {_LARGEST_FLOAT})"
    using = (
        f"(CASE WHEN {{column}} = 0 OR {{column}} IS NULL THEN {{column}} "
        f"WHEN abs({{column}}) <= {_VANISHING_FLOAT} THEN 0 ELSE {bounded} END)::real"
    )
    certain = unless_null(f"{{column}} >= 0 OR {{column}} < -{_VANISHING_FLOAT}")
    return _signed(using, old, new)._replace(certain=certain)


def _keeps_decimals(old: Column, new: Column) -> bool:
    """Tell whether values that were rounded to fixed decimals stay as they are."""
    if old.type.base != new.type.base or not old.type.arguments:
        return False
    (width, decimals), (new_width, new_decimals) = old.type.arguments, new.type.arguments
    return decimals == new_decimals and width <= new_width


def _signed(using: str, old: Column, new: Column) -> Conversion:
    if new.type.unsigned and not old.type.unsigned:
        return Conversion(f"CASE WHEN {using} < 0 THEN 0 ELSE {using} END", exact=False)
    return Conversion(using, exact=False)


def _double_to_integer(_old: Column, new: Column) -> Conversion | None:
    """Round to the nearest even number, as both do; not where a double no longer holds every integer."""
    if new.type.base == "year":
        return None
    low, high = integer_limits(new.type)
    rounded = "round({column}::double precision)"
    if new.type.base != "bigint":
        return Conversion(clamped(rounded, str(low), str(high)), exact=False)
    certain = unless_null(f"abs({{column}}) < {_EXACT_INTEGERS}")
    bounded = clamped(f"{rounded}::bigint", str(max(low, -_EXACT_INTEGERS)), str(_EXACT_INTEGERS))
    return Conversion(bounded, exact=False, certain=certain)


def _bit_to_bit(old: Column, new: Column) -> Conversion | None:
    old_width, width = old.type.length, new.type.length
    return Conversion(f"lpad({{column}}::text, {width}, '0')") if old_width <= width else None


def _bit_to_integer(old: Column, new: Column) -> Conversion | None:
    if old.type.length > 63 or new.type.base == "year":
        return None
    low, high = integer_limits(new.type)
    return Conversion(clamped("lpad({column}::text, 64, '0')::bit(64)::bigint", str(low), str(high)), exact=False)


def _integer_to_bit(old: Column, new: Column) -> Conversion | None:
    width = new.type.length
    if old.type.base == "year" or width > 63:
        return None
    using = f"right(({{column}}::bigint::bit(64))::text, {width})"
    return Conversion(using, certain=unless_null(f"{{column}} BETWEEN 0 AND {2**width - 1}"))


def _integer_to_year(old: Column, _new: Column) -> Conversion | None:
    if old.type.base == "year":
        return Conversion()
    return Conversion(certain=unless_null("{column} BETWEEN 1901 AND 2155"))


def _enum_to_integer(old: Column, new: Column) -> Conversion | None:
    """Take the number of the member; 0 is that of no member, unless one is empty."""
    if new.type.base == "year":
        return None
    low, high = integer_limits(new.type)
    numbered = [(label, number) for number, label in enumerate(old.type.members, 1)]
    if "" not in old.type.members:
        numbered.append(("", 0))
    cases = "".join(f" WHEN {literal(label)} THEN {number}" for label, number in numbered)
    certain = unless_null("{column}::text <> ''") if "" in old.type.members else ""
    return Conversion(clamped(f"CASE {{column}}::text{cases} END", str(low), str(high)), exact=False, certain=certain)


def _integer_to_enum(old: Column, new: Column) -> Conversion | None:
    members = new.type.members
    if old.type.base == "year":
        return None
    cases = "".join(f" WHEN {number} THEN {literal(label)}" for number, label in enumerate(members, 1))
    return Conversion(f"CASE {{column}}{cases} END", certain=unless_null(f"{{column}} BETWEEN 1 AND {len(members)}"))


def _enum_to_set(old: Column, new: Column) -> Conversion | None:
    kept = set(old.type.members) <= {*new.type.members, ""}
    return Conversion("{column}::text") if kept and has_all_of(new.charset, old.charset) else None


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


def _enum_to_enum(old: Column, new: Column) -> Conversion | None:
    if not has_all_of(new.charset, old.charset):
        return None
    kept = {label: _member(label, new) for label in old.type.members}
    if None in kept.values():
        return None
    changed = {label: member for label, member in kept.items() if label != member}
    cases = "".join(f" WHEN {literal(label)} THEN {literal(member or '')}" for label, member in changed.items())
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
    """Write the members in their new order, where all of them are still there."""
    if not has_all_of(new.charset, old.charset):
        return None
    if new.type.members[: len(old.type.members)] == old.type.members:
        return Conversion()
    chosen = "string_to_array({column}, ',')"
    kept = ", ".join(literal(member) for member in new.type.members if member in old.type.members)
    if not kept or "" in old.type.members:
        return None
    parts = ", ".join(
        f"CASE WHEN {literal(member)} = ANY({chosen}) THEN {literal(member)} END"
        for member in new.type.members
        if member in old.type.members
    )
    using = f"CASE WHEN {{column}} IS NOT NULL THEN concat_ws(',', {parts}) END"
    return Conversion(using, certain=unless_null(f"{chosen} <@ ARRAY[{kept}]::text[]"))


def _geometry_to_geometry(old: Column, new: Column) -> Conversion | None:
    return Conversion() if new.type.base == "geometry" and new.srid in (None, old.srid) else None


_FAMILIES = {
    **dict.fromkeys(INTEGERS | {"year"}, "integer"),
    **dict.fromkeys(CHARACTERS, "text"),
    **dict.fromkeys(BYTES, "bytes"),
    **dict.fromkeys(GEOMETRIES, "geometry"),
}
_CONVERTERS: dict[tuple[str, str], _Converter] = {
    **FROM_TEXT,
    ("integer", "integer"): _integer_to_integer,
    ("integer", "decimal"): _to_decimal,
    ("integer", "double"): _to_double,
    ("integer", "float"): _to_float,
    ("integer", "text"): number_to_text,
    ("decimal", "decimal"): _to_decimal,
    ("decimal", "integer"): _decimal_to_integer,
    ("decimal", "double"): _to_double,
    ("decimal", "text"): number_to_text,
    ("float", "float"): _to_float,
    ("float", "double"): _to_double,
    ("float", "integer"): _double_to_integer,
    ("double", "double"): _to_double,
    ("double", "integer"): _double_to_integer,
    ("double", "float"): _double_to_float,
    ("bit", "bit"): _bit_to_bit,
    ("bit", "integer"): _bit_to_integer,
    ("integer", "bit"): _integer_to_bit,
    ("integer", "enum"): _integer_to_enum,
    ("enum", "integer"): _enum_to_integer,
    ("enum", "set"): _enum_to_set,
    ("uuid", "text"): uuid_to_text,
    ("text", "text"): text_to_text,
    ("enum", "text"): label_to_text,
    ("set", "text"): label_to_text,
    ("bytes", "bytes"): _bytes_to_bytes,
    ("enum", "enum"): _enum_to_enum,
    ("set", "set"): _set_to_set,
    ("geometry", "geometry"): _geometry_to_geometry,
}
