"""What ALTER TABLE does to the members of ENUM and SET, and to numbers that become members."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.conversion import Conversion, clamped, literal, unless_null
from pg_chameleon.convert.values.types import integer_limits
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.charsets import has_all_of


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


LABELS: dict[tuple[str, str], Callable[[Column, Column], Conversion | None]] = {
    ("integer", "enum"): _integer_to_enum,
    ("enum", "integer"): _enum_to_integer,
    ("enum", "set"): _enum_to_set,
    ("enum", "enum"): _enum_to_enum,
    ("set", "set"): _set_to_set,
}
