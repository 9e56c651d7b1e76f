"""Defaults of the target's columns: those of the source as PostgreSQL writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pg_chameleon.convert.expressions.quoting import quote_literal
from pg_chameleon.convert.structure.source_defaults import (
    CHARACTERS,
    NUMBER,
    Says,
    SourceDefault,
    integer_of,
    source_default,
)
from pg_chameleon.convert.values.carried import CarriedColumn
from pg_chameleon.convert.values.encodings import text_of_bytes
from pg_chameleon.convert.values.text import CALENDAR, without_nul
from pg_chameleon.convert.values.types import is_text_target
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.types import BYTES, DATES, NUMBERS


@dataclass(frozen=True, slots=True)
class TargetDefault:
    """A default of the target: an expression of PostgreSQL, and the text of its value if it is a constant but NULL."""

    sql: str
    text: str | None = None


NULL = TargetDefault("NULL")


def quoted(text: str) -> TargetDefault:
    """Return the default that is a string of PostgreSQL."""
    return TargetDefault(quote_literal(text), text)


def _bare(text: str) -> TargetDefault:
    """Return the default that is a number, or a truth value."""
    return TargetDefault(text, text)


class _NoDefault(Exception):
    """The target cannot have the default; the text says why."""


def target_default(column: Column, carried: CarriedColumn, notes: list[str]) -> TargetDefault | None:
    """Return the default of a column; None, with a note, if the target has none."""
    found = source_default(column)
    if found is None or column.default is None or column.auto_increment or column.generated is not None:
        return None
    try:
        return _written(column, carried, found)
    except _NoDefault as reason:
        notes.append(f"column {column.name}: the default {column.default.text} is omitted: {reason}")
        return None


def implicit_default(column: Column, carried: CarriedColumn) -> TargetDefault | None:
    """Return what a server puts into the existing rows for a new column that is NOT NULL and has no default.

    None where that cannot be told.
    """
    if carried.checked:
        return absent_date(carried)
    text = _IMPLICIT.get(column.type.base)
    if column.type.base == "enum":
        text = column.type.members[0]
    if column.type.base == "json" and column.charset is not None:
        return None  # of MariaDB, where it is an empty text, which is no document
    return None if text is None else _constant(_Constant(column, carried, text))


def null_substitute(column: Column, carried: CarriedColumn) -> TargetDefault | None:
    """Return what a server makes of NULL when a column becomes NOT NULL; None where that cannot be told."""
    base = column.type.base
    if base in ("timestamp", "json", "enum"):
        return quoted("") if base == "enum" else None
    return implicit_default(column, carried)


def absent_date(carried: CarriedColumn) -> TargetDefault:
    """Return what stands for a date that does not exist."""
    return NULL if carried.substitute is None else quoted(carried.substitute)


def _written(column: Column, carried: CarriedColumn, found: SourceDefault) -> TargetDefault:
    match found.says:
        case Says.NULL:
            return NULL
        case Says.CONSTANT:
            if isinstance(found.value, bytes):
                return _bytes(column, carried, found.value)
            return _constant(_Constant(column, carried, found.value))
        case Says.UNKNOWN:
            raise _NoDefault(found.reason)
        case _:
            return TargetDefault(_function(column, carried, found))


def _function(column: Column, carried: CarriedColumn, found: SourceDefault) -> str:
    match found.says, column.type.base:
        case Says.NOW, "timestamp":
            return f"CURRENT_TIMESTAMP({found.digits})"
        case Says.NOW, "datetime":
            return f"LOCALTIMESTAMP({found.digits})"
        case Says.TODAY, "date":
            return "CURRENT_DATE"
        case Says.UUID, "uuid" | "char" | "varchar":
            return "gen_random_uuid()" if carried.rule.target == "uuid" else "gen_random_uuid()::text"
    raise _NoDefault("the expression is not translated")


class _Constant(NamedTuple):
    """A constant, and the column that it is the default of."""

    column: Column
    carried: CarriedColumn
    text: str


def _constant(constant: _Constant) -> TargetDefault:
    if constant.carried.rule.target.lower() in ("boolean", "bool"):
        return _boolean(constant.text)
    base = constant.column.type.base
    if base not in _WRITERS:
        raise _NoDefault(f"defaults of the type {base} are not translated")
    return _WRITERS[base](constant)


def _boolean(text: str) -> TargetDefault:
    values = {"0": "false", "1": "true", "b'0'": "false", "b'1'": "true"}
    if text not in values:
        raise _NoDefault("the type boolean does not have it")
    return _bare(values[text])


def _number(constant: _Constant) -> TargetDefault:
    integer = integer_of(constant.text)
    if integer is not None:
        return _bare(str(integer))
    number = constant.text.strip()
    if not NUMBER.fullmatch(number):
        raise _NoDefault("it is not a number")
    rule = constant.carried.rule
    shown = text_of_bytes(rule.encode)
    if shown is not None:
        number = shown(number.encode())
    return quoted(number) if is_text_target(rule.target) else _bare(number)


def _bit(constant: _Constant) -> TargetDefault:
    number = integer_of(constant.text)
    if number is None:
        if not constant.text.isdigit():
            raise _NoDefault("it is not a bit value")
        number = int(constant.text)
    width = constant.column.type.length
    return quoted(f"{number:0{width}b}") if constant.carried.rule.target.startswith("bit") else _bare(str(number))


def _string(constant: _Constant) -> TargetDefault:
    return quoted(without_nul(constant.text))


def _char(constant: _Constant) -> TargetDefault:
    """Strip the spaces that no value has; the mode PAD_CHAR_TO_FULL_LENGTH puts them into the default."""
    return quoted(without_nul(constant.text).rstrip(" "))


def _binary(constant: _Constant) -> TargetDefault:
    return _bytes(constant.column, constant.carried, constant.text.encode())


def _bytes(column: Column, carried: CarriedColumn, value: bytes) -> TargetDefault:
    if column.type.base == "binary":
        value = value.ljust(column.type.length, b"\0")
    if carried.rule.free_text:
        return quoted(without_nul(value.decode("utf-8", "replace")))
    return quoted(carried.rule.prefix + value.hex())


def _temporal(constant: _Constant) -> TargetDefault:
    rule = constant.carried.rule
    exists = CALENDAR[constant.text[:10]]
    if constant.carried.checked and not exists:
        return absent_date(constant.carried)
    if rule.dates is not None and not exists:
        raise _NoDefault("the date does not exist")
    return quoted(constant.text + rule.suffix)


def _enum(constant: _Constant) -> TargetDefault:
    label, labels = without_nul(constant.text), constant.carried.rule.labels
    if labels and label not in labels:
        raise _NoDefault("it is not a member")
    return quoted(label)


_NUMBERS = NUMBERS | {"year"}
_WRITERS: dict[str, Callable[[_Constant], TargetDefault]] = {
    **dict.fromkeys(CHARACTERS, _string),
    "char": _char,
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(BYTES, _binary),
    **dict.fromkeys(DATES, _temporal),
    **dict.fromkeys(("time", "uuid", "inet4", "inet6"), _string),
    "bit": _bit,
    "enum": _enum,
}
_IMPLICIT = {
    **dict.fromkeys(_NUMBERS, "0"),
    **dict.fromkeys(CHARACTERS, ""),
    **dict.fromkeys(BYTES, ""),
    "bit": "0",
    "json": "null",
    "time": "00:00:00",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "inet4": "0.0.0.0",  # noqa: S104 - a value, no address to bind to
    "inet6": "::",
}
