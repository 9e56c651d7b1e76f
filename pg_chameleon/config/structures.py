"""The kinds of lists and mappings that a configuration key can have."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pg_chameleon.config.kinds import BadValue, Kind, expected, nearest, read_text, whole_number
from pg_chameleon.model.change import RowKind
from pg_chameleon.model.filter import EventFilter
from pg_chameleon.model.names import TableName


def _items(value: object) -> list[Any]:
    """A list, or a single entry that stands for a list of one."""
    if isinstance(value, dict):
        raise expected("a list", value)
    return [item for item in value if item is not None] if isinstance(value, list) else [value]


def _read_each(value: object, read: Callable[[object], Any]) -> list[Any]:
    """Read every item of a list, and collect what is wrong with any of them."""
    results, problems = [], []
    for number, item in enumerate(_items(value)):
        try:
            results.append(read(item))
        except BadValue as error:
            problems += [(f"[{number}]{path}", message) for path, message in error.problems]
    if problems:
        raise BadValue(*problems)
    return results


def _read_table(value: object) -> TableName:
    try:
        return TableName.parse(read_text(value).strip())
    except ValueError as error:
        raise BadValue(("", str(error))) from None


def _read_schema_or_table(value: object) -> str | TableName:
    text = read_text(value).strip()
    return _read_table(text) if "." in text else text


def _show_all(values: Collection[object]) -> str:
    return ", ".join(sorted(map(str, values)))


ROLES = Kind("list of roles", lambda value: tuple(_read_each(value, read_text)), _show_all)
TABLES = Kind("list of `schema.table`", lambda value: frozenset(_read_each(value, _read_table)), _show_all)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise expected("a mapping", value)
    return value


def unknown_keys(given: Mapping[str, object], known: Collection[str]) -> list[tuple[str, str]]:
    """Find the keys that nobody knows, each with what may have been meant."""
    return [(f".{key}", f"unknown key; {nearest(key, known)}") for key in given if key not in known]


_RESERVED_SCHEMAS = ("sch_chameleon", "information_schema", "pg_catalog")
_IDENTIFIER_LIMIT = 63


def _mapping_problem(target: object) -> str | None:
    if not isinstance(target, str) or not target:
        return "expected the name of a target schema"
    if target in _RESERVED_SCHEMAS or target.startswith("pg_"):
        return f"the target schema {target} is reserved"
    if len(target.encode()) > _IDENTIFIER_LIMIT:
        return f"the target schema's name is longer than PostgreSQL's {_IDENTIFIER_LIMIT} bytes"
    return None


def _read_mappings(value: object) -> dict[str, str]:
    mappings = _mapping(value)
    found = ((origin, _mapping_problem(target)) for origin, target in mappings.items())
    problems = [(f".{origin}", problem) for origin, problem in found if problem]
    if problems:
        raise BadValue(*problems)
    return dict(mappings)


MAPPINGS = Kind(
    "mapping of source schema to target schema",
    _read_mappings,
    lambda mappings: ", ".join(f"{origin}: {target}" for origin, target in mappings.items()),
)


def _read_skip_events(value: object) -> EventFilter:
    given = _mapping(value)
    kinds = {kind.value: kind for kind in RowKind}
    problems = unknown_keys(given, kinds)
    schemas: dict[RowKind, frozenset[str]] = {}
    tables: dict[RowKind, frozenset[TableName]] = {}
    for key in kinds.keys() & given.keys():
        try:
            names = _read_each(given[key] or [], _read_schema_or_table)
            schemas[kinds[key]] = frozenset(name for name in names if isinstance(name, str))
            tables[kinds[key]] = frozenset(name for name in names if isinstance(name, TableName))
        except BadValue as error:
            problems += [(f".{key}{path}", message) for path, message in error.problems]
    if problems:
        raise BadValue(*problems)
    return EventFilter(schemas, tables)


def _show_skip_events(events: EventFilter) -> str:
    parts = []
    for kind in RowKind:
        names = _show_all([*events.schemas.get(kind, ()), *events.tables.get(kind, ())])
        if names:
            parts.append(f"{kind.value}: {names}")
    return "; ".join(parts)


SKIP_EVENTS = Kind("mapping of `insert`, `update`, `delete` to lists", _read_skip_events, _show_skip_events)


ALL_TABLES = "*"


@dataclass(frozen=True, slots=True)
class TypeOverride:
    """Columns of the source's type ``column_type`` become ``override_to``.

    ``tables`` holds ``*``, ``schema.table`` and ``schema.table.column``.
    """

    column_type: str
    override_to: str
    tables: frozenset[str] = frozenset({ALL_TABLES})


def _read_override_place(value: object) -> str:
    place = read_text(value).strip()
    if place != ALL_TABLES and not re.fullmatch(r"[^.]+\.[^.]+(\.[^.]+)?", place):
        raise expected("schema.table, schema.table.column or *", value)
    return place


def _read_type_override(column_type: str, value: object) -> TypeOverride:
    given = _mapping(value)
    problems = unknown_keys(given, ("override_to", "override_tables"))
    override_to = given.get("override_to")
    if not isinstance(override_to, str) or not override_to:
        problems.append((".override_to", "expected a type of PostgreSQL"))
    tables: list[str] = []
    try:
        tables = _read_each(given.get("override_tables") or [ALL_TABLES], _read_override_place)
    except BadValue as error:
        problems += [(f".override_tables{path}", message) for path, message in error.problems]
    if problems:
        raise BadValue(*problems)
    return TypeOverride(column_type.strip(), str(override_to), frozenset(tables))


def _read_type_overrides(value: object) -> tuple[TypeOverride, ...]:
    return tuple(_read_members(value, _read_type_override))


def _read_members(value: object, read: Callable[[str, object], Any]) -> list[Any]:
    """Read every member of a mapping, and collect what is wrong with any of them."""
    results, problems = [], []
    for key, member in _mapping(value).items():
        try:
            results.append(read(key, member))
        except BadValue as error:
            problems += [(f".{key}{path}", message) for path, message in error.problems]
    if problems:
        raise BadValue(*problems)
    return results


def _show_type_overrides(overrides: Collection[TypeOverride]) -> str:
    return "; ".join(
        f"{override.column_type} to {override.override_to} in "
        f"{'all tables' if ALL_TABLES in override.tables else _show_all(override.tables)}"
        for override in overrides
    )


TYPE_OVERRIDES = Kind(
    "mapping of column type to `override_to`, `override_tables`", _read_type_overrides, _show_type_overrides
)

_FILLFACTOR = whole_number(10, 100)


def _read_fillfactor(key: str, value: object) -> list[tuple[TableName, int]]:
    given = _mapping(value)
    problems = unknown_keys(given, ("tables",))
    if problems:
        raise BadValue(*problems)
    factor = _FILLFACTOR.read(key)
    return [(name, factor) for name in _read_each(given.get("tables") or [], _read_table)]


def _read_fillfactors(value: object) -> dict[TableName, int]:
    pairs = [pair for member in _read_members(value, _read_fillfactor) for pair in member]
    factors: dict[TableName, int] = {}
    for name, factor in pairs:
        if factors.setdefault(name, factor) != factor:
            raise BadValue(("", f"{name} has two fill factors, {factors[name]} and {factor}"))
    return factors


FILLFACTORS = Kind(
    "mapping of fill factor to `tables`",
    _read_fillfactors,
    lambda factors: ", ".join(f"{name}: {factor}" for name, factor in sorted(factors.items())),
)
