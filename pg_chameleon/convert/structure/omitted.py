"""What a column has that an INSERT omits, or that ADD COLUMN gave to the rows that were there."""

from __future__ import annotations

import re

from pg_chameleon.convert.structure.defaults import NULL, implicit_default, target_default
from pg_chameleon.convert.structure.source_defaults import CHARACTERS, Says, source_default
from pg_chameleon.convert.values.carried import CarriedColumn
from pg_chameleon.convert.values.changes import Change, clean_text
from pg_chameleon.convert.values.text import CALENDAR
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.types import BYTES, DATES

_ZERO_DAY = "0000-00-00"
_SHOWN_DIGITS = 6


def omitted_value(column: Column, carried: CarriedColumn) -> str | None:
    """Return the text of what a column has that an INSERT omits; None is NULL.

    Raise ``LookupError`` where that cannot be told: what is not constant stands in the binlog, or is unknown.
    """
    default = source_default(column)
    if column.generated is not None or column.auto_increment or not (default is None or default.is_constant):
        raise LookupError(column.name)
    if default is None:
        found = NULL if column.nullable else implicit_default(column, carried)
    elif column.type.base in BYTES or _is_shown_rounded(column):
        raise LookupError(column.name)  # MySQL shows a default of bytes only up to its first zero byte
    else:
        found = target_default(column, carried, [])
    if found is None:
        raise LookupError(column.name)
    return found.text


def _is_shown_rounded(column: Column) -> bool:
    """Tell whether a default of the type FLOAT may have more digits than the six that servers show."""
    if column.type.base != "float" or column.type.arguments or column.default is None:
        return False
    digits = re.sub(r"e.*|\D", "", column.default.text.lower())
    return len(digits.strip("0")) == _SHOWN_DIGITS


def omitted_changes(column: Column, carried: CarriedColumn) -> list[Change]:
    """Return what is changed in the value that a column has where an INSERT, or ADD COLUMN, gives it none."""
    text = _stored_text(column)
    if text is None:
        return []
    if carried.checked:
        return [] if CALENDAR[text[:10]] else [Change(column.name, carried.absent_reason, text)]
    if column.type.base in CHARACTERS:
        return clean_text(column.name, text, document=carried.rule.document)[1]
    return []


def _stored_text(column: Column) -> str | None:
    """Return the text of the value; None for NULL, and for what is no constant."""
    base, default = column.type.base, source_default(column)
    if default is None:
        day = None if column.nullable or base not in DATES else _ZERO_DAY
        return day if day is None or base == "date" else f"{day} 00:00:00"
    return default.value if default.says is Says.CONSTANT and isinstance(default.value, str) else None
