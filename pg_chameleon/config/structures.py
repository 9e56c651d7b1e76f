"""The kinds of lists and mappings that a configuration key can have."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from pg_chameleon.config.kinds import BadValue, Kind, Problem, expected, nearest, read_text, whole_number
from pg_chameleon.model.change import RowKind
from pg_chameleon.model.choices import ALL_TABLES, TypeOverride
from pg_chameleon.model.filter import EventFilter
from pg_chameleon.model.names import TableName

T = TypeVar("T")


def _gather(parts: Iterable[tuple[str, Callable[[], T]]], problems: Iterable[Problem] = ()) -> list[T]:
    """Read the parts of a value, each at its path; raise ``problems`` and all that is wrong with any part together."""
    results, found = [], list(problems)
    for path, read in parts:
        try:
            results.append(read())
        except BadValue as error:
            found += [(f"{path}{below}", message) for below, message in error.problems]
    if found:
        raise BadValue(*found)
    return results


def _items(value: object) -> list[Any]:
    """Return a list, or a single entry as a list of one."""
    if isinstance(value, dict):
        raise expected("a list", value)
    return [item for item in value if item is not None] if isinstance(value, list) else [value]


def _read_items(value: object, read: Callable[[object], T]) -> list[T]:
    return _gather((f"[{number}]", partial(read, item)) for number, item in enumerate(_items(value)))


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise expected("a mapping", value)
    return value


def _read_members(value: object, read: Callable[[str, object], T]) -> list[T]:
    return _gather((f".{key}", partial(read, key, member)) for key, member in _mapping(value).items())


def unknown_keys(given: Mapping[str, object], known: Collection[str]) -> list[Problem]:
    """Find the keys that are not known, each with what may have been meant."""
    return [(f".{key}", f"unknown key; {nearest(key, known)}") for key in given if key not in known]


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


ROLES = Kind("list of roles", lambda value: tuple(_read_items(value, read_text)), _show_all)
TABLES = Kind("list of `schema.table`", lambda value: frozenset(_read_items(value, _read_table)), _show_all)

_RESERVED_SCHEMAS = ("sch_chameleon", "information_schema", "pg_catalog")
_IDENTIFIER_LIMIT = 63


def _target_problem(target: object) -> str | None:
    if not isinstance(target, str) or not target:
        return "expected the name of a target schema"
    if target in _RESERVED_SCHEMAS or target.startswith("pg_"):
        return f"the target schema {target} is reserved"
    if len(target.encode()) > _IDENTIFIER_LIMIT:
        return f"the target schema's name is longer than PostgreSQL's {_IDENTIFIER_LIMIT} bytes"
    return None


def _read_mapped(schema: str, target: object) -> tuple[str, str]:
    if problem := _target_problem(target):
        raise BadValue(("", problem))
    return schema, str(target)


MAPPINGS = Kind(
    "mapping of source schema to target schema",
    lambda value: dict(_read_members(value, _read_mapped)),
    lambda mappings: ", ".join(f"{schema}: {target}" for schema, target in mappings.items()),
)


def _read_skip_events(value: object) -> EventFilter:
    given = _mapping(value)
    kinds = [kind for kind in RowKind if kind.value in given]
    lists = _gather(
        ((f".{kind.value}", partial(_read_items, given[kind.value] or [], _read_schema_or_table)) for kind in kinds),
        unknown_keys(given, [kind.value for kind in RowKind]),
    )
    return EventFilter(_names_of(str, kinds, lists), _names_of(TableName, kinds, lists))


def _names_of(
    wanted: type[T], kinds: Iterable[RowKind], lists: Iterable[Iterable[object]]
) -> dict[RowKind, frozenset[T]]:
    return {
        kind: frozenset(name for name in names if isinstance(name, wanted))
        for kind, names in zip(kinds, lists, strict=True)
    }


def _show_skip_events(events: EventFilter) -> str:
    parts = []
    for kind in RowKind:
        names = _show_all([*events.schemas.get(kind, ()), *events.tables.get(kind, ())])
        if names:
            parts.append(f"{kind.value}: {names}")
    return "; ".join(parts)


SKIP_EVENTS = Kind("mapping of `insert`, `update`, `delete` to lists", _read_skip_events, _show_skip_events)


def _read_override_to(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadValue(("", "expected a type of PostgreSQL"))
    return value


def _read_override_place(value: object) -> str:
    place = read_text(value).strip()
    if place != ALL_TABLES and not re.fullmatch(r"[^.]+\.[^.]+(\.[^.]+)?", place):
        raise expected("schema.table, schema.table.column or *", value)
    return place


def _read_type_override(column_type: str, value: object) -> TypeOverride:
    given = _mapping(value)
    parts: tuple[tuple[str, Callable[[], Any]], ...] = (
        (".override_to", partial(_read_override_to, given.get("override_to"))),
        (
            ".override_tables",
            partial(_read_items, given.get("override_tables") or [ALL_TABLES], _read_override_place),
        ),
    )
    override_to, places = _gather(parts, unknown_keys(given, ("override_to", "override_tables")))
    return TypeOverride(column_type.strip(), override_to, frozenset(places))


def _show_type_overrides(overrides: Collection[TypeOverride]) -> str:
    return "; ".join(
        f"{override.column_type} to {override.target} in "
        f"{'all tables' if ALL_TABLES in override.tables else _show_all(override.tables)}"
        for override in overrides
    )


TYPE_OVERRIDES = Kind(
    "mapping of column type to `override_to`, `override_tables`",
    lambda value: tuple(_read_members(value, _read_type_override)),
    _show_type_overrides,
)

_FILLFACTOR = whole_number(10, 100)


def _read_fillfactor(factor: str, value: object) -> list[tuple[TableName, int]]:
    given = _mapping(value)
    parts: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("", partial(_FILLFACTOR.read, factor)),
        (".tables", partial(_read_items, given.get("tables") or [], _read_table)),
    )
    number, tables = _gather(parts, unknown_keys(given, ("tables",)))
    return [(name, number) for name in tables]


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
