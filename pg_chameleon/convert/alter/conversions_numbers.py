"""What ALTER TABLE does to numbers and bits that become other ones."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.conversion import Conversion, clamped, unless_null
from pg_chameleon.convert.values.types import integer_limits
from pg_chameleon.model.schema import Column

_EXACT_INTEGERS = 9_007_199_254_740_992  # up to here a double has every integer
_LARGEST_FLOAT = "3.4028234663852886e38::float8"
_VANISHING_FLOAT = "7.006492321624085e-46::float8"  # half of the smallest one; up to here a FLOAT is zero


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
    rounded = old.type.base == "float" and old.type.arguments
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


NUMBERS: dict[tuple[str, str], Callable[[Column, Column], Conversion | None]] = {
    ("integer", "integer"): _integer_to_integer,
    ("integer", "decimal"): _to_decimal,
    ("integer", "double"): _to_double,
    ("integer", "float"): _to_float,
    ("decimal", "decimal"): _to_decimal,
    ("decimal", "integer"): _decimal_to_integer,
    ("decimal", "double"): _to_double,
    ("float", "float"): _to_float,
    ("float", "double"): _to_double,
    ("float", "integer"): _double_to_integer,
    ("double", "double"): _to_double,
    ("double", "integer"): _double_to_integer,
    ("double", "float"): _double_to_float,
    ("bit", "bit"): _bit_to_bit,
    ("bit", "integer"): _bit_to_integer,
    ("integer", "bit"): _integer_to_bit,
}
