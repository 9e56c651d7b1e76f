"""Compute the indexes that ALTER TABLE makes, and the keys that it adds."""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.ddl.effect.altered_columns import AlteredColumns
from pg_chameleon.ddl.effect.draft import row_end_column
from pg_chameleon.ddl.effect.dropped import dropped_names, find_named
from pg_chameleon.ddl.effect.indexes import (
    Host,
    KeyElement,
    add_keys,
    in_order,
    keys_of_column,
    new_keys,
    stored_prefix,
    with_row_ends,
)
from pg_chameleon.ddl.syntax.actions import (
    AddColumn,
    AddElement,
    ChangeColumn,
    ConstraintKind,
    RenameKey,
)
from pg_chameleon.ddl.syntax.definitions import ForeignKeyDefinition, KeyDefinition, KeyKind
from pg_chameleon.ddl.syntax.errors import Unfollowable, UntoldStructure
from pg_chameleon.model.schema import Column, Index, IndexPart
from pg_chameleon.model.source.types import BYTES, CHARACTERS


def added_keys(columns: AlteredColumns) -> list[KeyElement]:
    """Return the keys that a statement adds."""
    found: list[KeyElement] = []
    for action in columns.actions:
        if isinstance(action, AddElement) and isinstance(action.element, KeyDefinition | ForeignKeyDefinition):
            if not _has_already(columns, action.element):
                found.append(action.element)
        elif isinstance(action, AddColumn | ChangeColumn) and columns.was_made(action):
            found += keys_of_column(action.column, columns.server)
    return found


def _has_already(columns: AlteredColumns, element: KeyElement) -> bool:
    """Tell whether IF NOT EXISTS makes nothing of a new key."""
    if not element.if_not_exists:
        return False
    if isinstance(element, KeyDefinition):
        name = "PRIMARY" if element.kind is KeyKind.PRIMARY else element.name or element.parts[0].column or ""
        return find_named(columns.before.indexes, name) is not None
    return find_named(columns.before.foreign_keys, element.constraint or element.index or "") is not None


class AlteredIndexes:
    """The indexes of a table after its ALTER TABLE. ``added``: the keys that it adds."""

    def __init__(self, columns: AlteredColumns, engine: str, added: list[KeyElement]) -> None:
        self._columns = columns
        self._engine = engine
        self._added = added
        self._refuse_unknown()

    def indexes(self) -> tuple[Index, ...]:
        """Return the indexes after the statement."""
        host = Host(
            {column.name.casefold(): column for column in self._columns.columns}, self._engine, self._columns.server
        )
        dropped = dropped_names(self._columns, self._columns.before.indexes, ConstraintKind.KEY)
        kept = []
        for index in self._columns.before.indexes:
            parts = tuple(p for part in index.parts if (p := self._moved_part(part, index, host)) is not None)
            if index.name not in dropped and parts:
                name = self._renamed_key(index.name)
                kept.append(replace(index, name=name, parts=parts, kind=self._kind_after(index.kind)))
        found = add_keys(kept, new_keys(self._added), self._columns.columns, self._engine, self._columns.server)
        row_end = row_end_column(self._columns.columns)
        return in_order(with_row_ends(found, row_end) if row_end else found)

    def _moved_part(self, part: IndexPart, index: Index, host: Host) -> IndexPart | None:
        if part.column is None:
            return part
        name = self._columns.after(part.column)
        if name is None:
            return None
        column = host.column(name)
        if column is None or index.kind in ("spatial", "fulltext"):
            return part._replace(column=name)
        self._refuse_new_text(part.column, column)
        return part._replace(column=name, prefix=stored_prefix(part.prefix, column, index.unique, host))

    def _refuse_new_text(self, old: str, column: Column) -> None:
        """Refuse a new text in the place of another column: the key holds as many of its bytes as it held before."""
        former = self._columns.before.column(old)
        is_new = self._columns.origins.get(column.name) is None
        if former is None or not is_new or column.type.base not in CHARACTERS | BYTES:
            return
        if (former.column_type, former.charset) != (column.column_type, column.charset):
            raise UntoldStructure(f"cannot tell how much of the new column {column.name} its keys hold")

    def _kind_after(self, kind: str) -> str:
        """Tables in memory have hashes where others have trees."""
        if self._engine == self._columns.before.engine or "MEMORY" not in (self._engine, self._columns.before.engine):
            return kind
        return {"btree": "hash", "hash": "btree"}.get(kind, kind)

    def _refuse_unknown(self) -> None:
        for action in self._columns.of(RenameKey):
            if not action.if_exists and find_named(self._columns.before.indexes, action.old) is None:
                raise Unfollowable(f"index {action.old} is not known")

    def _renamed_key(self, name: str) -> str:
        renames = (action.new for action in self._columns.of(RenameKey) if action.old.casefold() == name.casefold())
        return next(renames, name)
