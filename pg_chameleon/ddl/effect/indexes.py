"""The indexes and constraints of a table in the making: names, implicit indexes and what gives way to what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.definitions import (
    CheckDefinition,
    ColumnDefinition,
    ForeignKeyDefinition,
    KeyDefinition,
    KeyKind,
    KeyPart,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Check, Column, ForeignKey, Index, IndexPart
from pg_chameleon.model.source.charsets import width
from pg_chameleon.model.source.types import BYTE_STRINGS, BYTES, CHARACTER_STRINGS, CHARACTERS, GEOMETRIES, TEXT_BYTES

KeyElement = KeyDefinition | ForeignKeyDefinition
_POINT_BYTES = 25
_MAX_KEY_BYTES = {"myisam": 1000, "aria": 2300}
_STRINGS = CHARACTERS | BYTES
_NUMBERED_BYTES = 61  # what MySQL keeps of a name to which it adds a number


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be made. ``generated``: for a foreign key, so that it gives way to a key that covers it."""

    definition: KeyDefinition
    generated: bool = False


def keys_of_column(definition: ColumnDefinition, server: ServerTraits) -> list[KeyElement]:
    """Return the keys that a column's attributes ask for; to MariaDB PRIMARY KEY makes UNIQUE superfluous."""
    found: list[KeyElement] = []
    part = (KeyPart(definition.name),)
    if definition.primary:
        found.append(KeyDefinition(KeyKind.PRIMARY, None, part))
    if definition.unique and not (definition.primary and server.mariadb):
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
    existing: Sequence[Index], added: Sequence[NewKey], columns: Sequence[Column], engine: str, server: ServerTraits
) -> list[Index]:
    """Return the indexes of a table after keys were added."""
    kept = _without_superfluous(existing, added)
    shapes = [_shape(key.definition.parts) for key in kept]
    # What the server made for a foreign key gives way to a new key, even to another one that the server makes.
    found = [
        index
        for index in existing
        if not (index.generated and any(_covers(shape, _index_shape(index)) for shape in shapes))
    ]
    host = Host({column.name.casefold(): column for column in columns}, engine, server)
    for key in kept:
        index = _index_of(key.definition, found, host)
        found.append(replace(index, generated=True) if key.generated else index)
    covered = [index for index in found if index.generated and _is_covered(index, found)]
    return [index for index in found if index not in covered]


def _without_superfluous(existing: Sequence[Index], added: Sequence[NewKey]) -> list[NewKey]:
    """Leave out the generated keys that another key covers; names are given only afterwards."""
    kept: list[NewKey] = []
    for key in added:
        shape = _shape(key.definition.parts)
        if key.generated and _is_superfluous(shape, existing, kept):
            continue
        kept = [other for other in kept if not (other.generated and _covers(shape, _shape(other.definition.parts)))]
        kept.append(key)
    return kept


Shape = tuple[tuple[str | None, int | None], ...]


def _shape(parts: Iterable[KeyPart]) -> Shape:
    return tuple((part.column.casefold() if part.column else None, part.length) for part in parts)


def _index_shape(index: Index) -> Shape:
    return tuple((part.column.casefold() if part.column else None, part.prefix) for part in index.parts)


def _covers(longer: Shape, shorter: Shape) -> bool:
    return longer[: len(shorter)] == shorter


def _is_superfluous(shape: Shape, existing: Sequence[Index], kept: Sequence[NewKey]) -> bool:
    """Tell whether other keys make a generated one needless; of two like it that are generated the later one stays."""
    others = [(_index_shape(index), index.generated) for index in existing]
    others += [(_shape(key.definition.parts), key.generated) for key in kept]
    return any(_covers(other, shape) and not (generated and other == shape) for other, generated in others)


def _is_covered(index: Index, others: Iterable[Index]) -> bool:
    shape = _index_shape(index)
    return any(other is not index and not other.generated and _covers(_index_shape(other), shape) for other in others)


def _index_of(definition: KeyDefinition, existing: Sequence[Index], host: Host) -> Index:
    parts = tuple(_part(part, definition.kind, host) for part in definition.parts)
    unique = definition.kind in (KeyKind.PRIMARY, KeyKind.UNIQUE)
    if definition.kind is KeyKind.PRIMARY:
        name = "PRIMARY"
    elif definition.name is not None:
        name = definition.name
    else:
        name = _free_name(parts[0].column or "functional_index", existing, host.server)
    return Index(name, parts, unique, _kind(definition, parts, host), definition.comment)


def _free_name(base: str, existing: Sequence[Index], server: ServerTraits) -> str:
    taken = {index.name.casefold() for index in existing}
    if base.casefold() not in taken and base.casefold() != "primary":
        return base
    stem = base if server.mariadb else base.encode()[:_NUMBERED_BYTES].decode(errors="ignore")
    number = 2
    while f"{stem}_{number}".casefold() in taken:
        number += 1
    return f"{stem}_{number}"


@dataclass(frozen=True, slots=True)
class Host:
    """The table that gets an index: its columns by their names in lower case, and its engine."""

    columns: dict[str, Column]
    engine: str
    server: ServerTraits

    def column(self, name: str | None) -> Column | None:
        """Find a column."""
        return self.columns.get(name.casefold()) if name is not None else None

    @property
    def max_key_bytes(self) -> int:
        """The most bytes of a column that the engine puts into an index."""
        return _MAX_KEY_BYTES.get(self.engine.casefold(), self.server.max_innodb_key_bytes)


def _part(part: KeyPart, kind: KeyKind, host: Host) -> IndexPart:
    column = host.column(part.column)
    name = column.name if column else part.column
    descending = part.descending and host.server.keeps_descending_keys
    if kind is KeyKind.SPATIAL:
        return IndexPart(name)
    if kind is KeyKind.FULLTEXT or column is None:
        return IndexPart(name, None, descending, part.expression)
    return IndexPart(name, stored_prefix(part.length, column, kind is not KeyKind.INDEX, host), descending)


def stored_prefix(length: int | None, column: Column, unique: bool, host: Host) -> int | None:
    """Return the prefix that the server makes of the one that was asked for, or was there."""
    shape = column.type
    if shape.base in GEOMETRIES:
        return _POINT_BYTES if shape.base == "point" else length
    if not unique and shape.base in _STRINGS:
        most = host.max_key_bytes // width(column.charset)
        whole = shape.arguments[0] if shape.arguments else None
        if (length or whole or most + 1) > most:
            length = most
    return _fitting_prefix(length, column)


def _fitting_prefix(prefix: int | None, column: Column) -> int | None:
    """Return the length of a prefix, or None if it covers the column."""
    if prefix is None:
        return None
    shape = column.type
    if shape.base in CHARACTER_STRINGS | BYTE_STRINGS:
        return prefix if prefix < shape.length else None
    if shape.base in ("tinytext", "tinyblob"):
        return min(prefix, TEXT_BYTES["tinytext"] // width(column.charset))
    return prefix if shape.base in _STRINGS | GEOMETRIES else None


def _kind(definition: KeyDefinition, parts: Sequence[IndexPart], host: Host) -> str:
    if definition.kind in (KeyKind.FULLTEXT, KeyKind.SPATIAL, KeyKind.VECTOR):
        return definition.kind.name.lower()
    if host.engine == "MEMORY":
        return "btree" if definition.algorithm in ("BTREE", "RTREE") else "hash"
    if host.server.mariadb and definition.kind is KeyKind.UNIQUE:
        # MariaDB keeps a hash of a unique key that is too long for a tree, or on demand.
        return "hash" if definition.algorithm == "HASH" or _is_long(parts, host) else "btree"
    return "btree"


def _is_long(parts: Sequence[IndexPart], host: Host) -> bool:
    total = 0
    for part in parts:
        column = host.column(part.column)
        if column is None or column.type.base not in _STRINGS:
            continue
        length = part.prefix or (column.type.arguments[0] if column.type.arguments else None)
        if length is None:
            return True
        total += length * width(column.charset)
    return total > host.max_key_bytes


def foreign_key_of(
    definition: ForeignKeyDefinition, table: TableName, taken: Iterable[str], server: ServerTraits
) -> ForeignKey:
    """Return the foreign key with the name that the server gives it."""
    name = definition.constraint
    if name is None and definition.index is not None and not server.version.mysql_since(8, 0, 16):
        name = definition.index
    if name is None:
        name = f"{table.table}_ibfk_{_next_number(f'{table.table}_ibfk_', taken)}"
    unset = "NO ACTION" if server.version.mysql_since(8) else "RESTRICT"
    return ForeignKey(
        name,
        definition.columns,
        TableName(definition.referenced.schema or table.schema, definition.referenced.table),
        definition.referenced_columns,
        definition.on_delete or unset,
        definition.on_update or unset,
    )


def _next_number(prefix: str, names: Iterable[str]) -> int:
    numbers = [int(tail) for name in names if (tail := name.removeprefix(prefix)) != name and tail.isdecimal()]
    return max(numbers, default=0) + 1


def check_of(definition: CheckDefinition, table: TableName, taken: Iterable[str], server: ServerTraits) -> Check:
    """Return a table's check with the name that the server gives it."""
    name = definition.name
    if name is None:
        prefix = "CONSTRAINT_" if server.mariadb else f"{table.table}_chk_"
        name = f"{prefix}{_next_number(prefix, taken)}"
    return Check(name, definition.expression, definition.enforced)


def in_order(indexes: Iterable[Index]) -> tuple[Index, ...]:
    """Return indexes in the order in which they are read from a server: the primary key, then by their names."""
    return tuple(sorted(indexes, key=lambda index: (not index.primary, index.name.casefold())))


def with_row_ends(indexes: Iterable[Index], row_end: str) -> list[Index]:
    """Add the end of a row's period to the unique keys, as MariaDB does to tables that keep their history."""
    return [
        replace(index, parts=(*index.parts, IndexPart(row_end)))
        if index.unique and all(part.column != row_end for part in index.parts)
        else index
        for index in indexes
    ]
