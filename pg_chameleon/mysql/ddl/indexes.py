"""The indexes and constraints of a table in the making: names, implicit indexes and what gives way to what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Check, Column, ForeignKey, Index, IndexPart, parse_column_type
from pg_chameleon.mysql.ddl.charsets import width
from pg_chameleon.mysql.ddl.server import ServerTraits
from pg_chameleon.mysql.ddl.statements import (
    CheckDefinition,
    ColumnDefinition,
    ForeignKeyDefinition,
    KeyDefinition,
    KeyKind,
    KeyPart,
    PeriodDefinition,
)

KeyElement = KeyDefinition | ForeignKeyDefinition
_SPATIAL_PREFIX = 32  # what information_schema shows for the parts of a spatial index
_CHARACTER_BASES = ("char", "varchar", "binary", "varbinary")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be made. ``generated``: for a foreign key, so that it gives way to a key that covers it."""

    definition: KeyDefinition
    generated: bool = False


def keys_of_column(definition: ColumnDefinition, server: ServerTraits) -> list[KeyElement]:
    """Return the keys that a column's attributes ask for."""
    found: list[KeyElement] = []
    part = (KeyPart(definition.name),)
    if definition.primary:
        found.append(KeyDefinition(KeyKind.PRIMARY, None, part))
    if definition.unique:
        found.append(KeyDefinition(KeyKind.UNIQUE, None, part))
    if definition.references is not None and server.keeps_inline_references:
        found.append(replace(definition.references, columns=(definition.name,)))
    return found


def new_keys(elements: Iterable[KeyElement]) -> list[NewKey]:
    """Return the keys of a statement, those that its foreign keys need among them."""
    found = []
    for element in elements:
        if isinstance(element, KeyDefinition):
            found.append(NewKey(element))
        else:
            parts = tuple(KeyPart(column) for column in element.columns)
            name = element.constraint if element.constraint is not None else element.index
            found.append(NewKey(KeyDefinition(KeyKind.INDEX, name, parts), True))
    return found


def add_keys(
    existing: Sequence[Index],
    added: Sequence[NewKey],
    columns: Sequence[Column],
    engine: str,
    server: ServerTraits,
) -> list[Index]:
    """Return the indexes of a table after keys were added."""
    found = list(existing)
    by_name = {column.name.casefold(): column for column in columns}
    for key in _without_superfluous(existing, added):
        index = _index_of(key.definition, found, by_name, engine, server)
        found.append(replace(index, generated=True) if key.generated else index)
    covered = [index for index in found if index.generated and _is_covered(index, found)]
    return [index for index in found if index not in covered]


def _without_superfluous(existing: Sequence[Index], added: Sequence[NewKey]) -> list[NewKey]:
    """Leave out the generated keys that another key covers; names are given only afterwards."""
    kept: list[NewKey] = []
    for key in added:
        shape = _shape(key.definition.parts)
        if key.generated and any(_covers(_index_shape(index), shape) for index in existing):
            continue
        if key.generated and any(_covers(_shape(other.definition.parts), shape) for other in kept):
            continue
        kept = [
            other
            for other in kept
            if not (other.generated and _covers(shape, _shape(other.definition.parts)))
        ]
        kept.append(key)
    return kept


Shape = tuple[tuple[str | None, int | None], ...]


def _shape(parts: Iterable[KeyPart]) -> Shape:
    return tuple((part.column.casefold() if part.column else None, part.length) for part in parts)


def _index_shape(index: Index) -> Shape:
    return tuple((part.column.casefold() if part.column else None, part.prefix) for part in index.parts)


def _covers(longer: Shape, shorter: Shape) -> bool:
    return longer[: len(shorter)] == shorter


def _is_covered(index: Index, others: Iterable[Index]) -> bool:
    shape = _index_shape(index)
    return any(
        other is not index and not other.generated and _covers(_index_shape(other), shape) for other in others
    )


def _index_of(
    definition: KeyDefinition,
    existing: Sequence[Index],
    columns: dict[str, Column],
    engine: str,
    server: ServerTraits,
) -> Index:
    parts = tuple(_part(part, definition.kind, columns) for part in definition.parts)
    unique = definition.kind in (KeyKind.PRIMARY, KeyKind.UNIQUE)
    if definition.kind is KeyKind.PRIMARY:
        name = "PRIMARY"
    elif definition.name is not None:
        name = definition.name
    else:
        name = _free_name(parts[0].column or "functional_index", existing)
    return Index(name, parts, unique, _kind(definition, parts, columns, engine, server), definition.comment)


def _free_name(base: str, existing: Sequence[Index]) -> str:
    taken = {index.name.casefold() for index in existing}
    if base.casefold() not in taken and base.casefold() != "primary":
        return base
    names = (f"{base}_{number}" for number in range(2, len(taken) + 4))
    return next(name for name in names if name.casefold() not in taken)


def _part(part: KeyPart, kind: KeyKind, columns: dict[str, Column]) -> IndexPart:
    column = columns.get(part.column.casefold()) if part.column else None
    name = column.name if column else part.column
    if kind is KeyKind.SPATIAL:
        return IndexPart(name, _SPATIAL_PREFIX)
    if kind is KeyKind.FULLTEXT or column is None:
        return IndexPart(name, None, part.descending, part.expression)
    return IndexPart(name, fitting_prefix(part.length, column), part.descending, part.expression)


def fitting_prefix(prefix: int | None, column: Column) -> int | None:
    """Return the length of a prefix, or None if it covers the column."""
    if prefix is None:
        return None
    shape = parse_column_type(column.column_type)
    if shape.base in _CHARACTER_BASES:
        return prefix if prefix < (shape.arguments[0] if shape.arguments else 1) else None
    return prefix


def _kind(
    definition: KeyDefinition,
    parts: Sequence[IndexPart],
    columns: dict[str, Column],
    engine: str,
    server: ServerTraits,
) -> str:
    if definition.kind in (KeyKind.FULLTEXT, KeyKind.SPATIAL, KeyKind.VECTOR):
        return definition.kind.value
    if engine.casefold() in ("memory", "heap"):
        return "btree" if definition.algorithm in ("BTREE", "RTREE") else "hash"
    if server.mariadb and definition.kind is KeyKind.UNIQUE and _is_long(parts, columns):
        return "hash"
    return "btree"


def _is_long(parts: Sequence[IndexPart], columns: dict[str, Column]) -> bool:
    """Tell whether MariaDB keeps a hash of the key, because it is too long for a tree."""
    for part in parts:
        column = columns.get(part.column.casefold()) if part.column else None
        if column is None or part.prefix is not None:
            continue
        base = parse_column_type(column.column_type).base
        if base.endswith(("text", "blob")):
            return True
    return _bytes(parts, columns) > _MAX_KEY_BYTES


_MAX_KEY_BYTES = 3072


def _bytes(parts: Sequence[IndexPart], columns: dict[str, Column]) -> int:
    total = 0
    for part in parts:
        column = columns.get(part.column.casefold()) if part.column else None
        if column is None:
            continue
        shape = parse_column_type(column.column_type)
        if shape.base in _CHARACTER_BASES:
            length = part.prefix or (shape.arguments[0] if shape.arguments else 1)
            total += length * width(column.charset or "binary")
    return total


def foreign_key_of(
    definition: ForeignKeyDefinition, table: TableName, taken: Iterable[str], server: ServerTraits
) -> ForeignKey:
    """Return the foreign key with the name that the server gives it."""
    name = definition.constraint
    if name is None and definition.index is not None and (server.mariadb or server.version < (8, 0, 16)):
        name = definition.index
    if name is None:
        name = f"{table.table}_ibfk_{_next_number(f'{table.table}_ibfk_', taken)}"
    unset = "RESTRICT" if server.mariadb or server.version < (8,) else "NO ACTION"
    return ForeignKey(
        name,
        definition.columns,
        definition.referenced,
        definition.referenced_columns,
        definition.on_delete or unset,
        definition.on_update or unset,
    )


def _next_number(prefix: str, names: Iterable[str]) -> int:
    numbers = [
        int(tail) for name in names if (tail := name.removeprefix(prefix)) != name and tail.isdecimal()
    ]
    return max(numbers, default=0) + 1


def check_of(
    definition: CheckDefinition, table: TableName, taken: Iterable[str], server: ServerTraits
) -> Check:
    """Return a table's check with the name that the server gives it."""
    name = definition.name
    if name is None:
        prefix = "CONSTRAINT_" if server.mariadb else f"{table.table}_chk_"
        name = f"{prefix}{_next_number(prefix, taken)}"
    return Check(name, definition.expression, definition.enforced)


def with_row_ends(indexes: Iterable[Index], row_end: str) -> list[Index]:
    """Add the end of a row's period to the unique keys, as MariaDB does to tables that keep their history."""
    return [
        replace(index, parts=(*index.parts, IndexPart(row_end)))
        if index.unique and all(part.column != row_end for part in index.parts)
        else index
        for index in indexes
    ]


def application_periods(elements: Iterable[object]) -> list[PeriodDefinition]:
    """Return the periods that are not SYSTEM_TIME."""
    return [e for e in elements if isinstance(e, PeriodDefinition) and e.name.casefold() != "system_time"]
