"""Compute the indexes and constraints that ALTER TABLE makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from pg_chameleon.ddl.effect.altered_columns import AlteredColumns
from pg_chameleon.ddl.effect.created import ENGINES_WITH_FOREIGN_KEYS, column_checks
from pg_chameleon.ddl.effect.draft import row_end_column
from pg_chameleon.ddl.effect.indexes import (
    Host,
    KeyElement,
    add_keys,
    check_of,
    foreign_key_of,
    in_order,
    keys_of_column,
    new_keys,
    stored_prefix,
    with_row_ends,
)
from pg_chameleon.ddl.syntax.actions import (
    Action,
    AddColumn,
    AddElement,
    ChangeColumn,
    ConstraintKind,
    DropColumn,
    DropConstraint,
    RenameKey,
    SetEnforced,
)
from pg_chameleon.ddl.syntax.definitions import CheckDefinition, ForeignKeyDefinition, KeyDefinition, KeyKind
from pg_chameleon.ddl.syntax.errors import Unfollowable, UntoldStructure
from pg_chameleon.ddl.syntax.expressions import mentioned_columns
from pg_chameleon.model.schema import Check, Column, ForeignKey, Index, IndexPart

Named = TypeVar("Named", Index, ForeignKey, Check)


class AlteredKeys:
    """The indexes and constraints of a table after its ALTER TABLE. ``added``: the keys that it adds."""

    def __init__(self, columns: AlteredColumns, engine: str) -> None:
        self.columns = columns
        self.engine = engine
        self._refuse_unknown()
        self.added = self._added_keys()

    def _added_keys(self) -> list[KeyElement]:
        found: list[KeyElement] = []
        for action in self.columns.actions:
            if isinstance(action, AddElement) and isinstance(action.element, KeyDefinition | ForeignKeyDefinition):
                if not self._has_already(action.element):
                    found.append(action.element)
            elif isinstance(action, AddColumn | ChangeColumn) and self.columns.was_made(action):
                found += keys_of_column(action.column, self.columns.server)
        return found

    def _has_already(self, element: KeyElement) -> bool:
        """Tell whether IF NOT EXISTS makes nothing of a new key."""
        if not element.if_not_exists:
            return False
        if isinstance(element, KeyDefinition):
            name = "PRIMARY" if element.kind is KeyKind.PRIMARY else element.name or element.parts[0].column or ""
            return _named(self.columns.before.indexes, name) is not None
        return _named(self.columns.before.foreign_keys, element.constraint or element.index or "") is not None

    def indexes(self) -> tuple[Index, ...]:
        """Return the indexes after the statement."""
        host = Host(
            {column.name.casefold(): column for column in self.columns.columns}, self.engine, self.columns.server
        )
        dropped = self._dropped(self.columns.before.indexes, ConstraintKind.KEY)
        kept = []
        for index in self.columns.before.indexes:
            parts = tuple(p for part in index.parts if (p := self._moved_part(part, index, host)) is not None)
            if index.name not in dropped and parts:
                name = self._renamed_key(index.name)
                kept.append(replace(index, name=name, parts=parts, kind=self._kind_after(index.kind)))
        found = add_keys(kept, new_keys(self.added), self.columns.columns, self.engine, self.columns.server)
        row_end = row_end_column(self.columns.columns)
        return in_order(with_row_ends(found, row_end) if row_end else found)

    def _moved_part(self, part: IndexPart, index: Index, host: Host) -> IndexPart | None:
        if part.column is None:
            return part
        name = self.columns.after(part.column)
        if name is None:
            return None
        column = host.column(name)
        if column is None or index.kind in ("spatial", "fulltext"):
            return part._replace(column=name)
        self._refuse_new_text(part.column, column)
        return part._replace(column=name, prefix=stored_prefix(part.prefix, column, index.unique, host))

    def _refuse_new_text(self, old: str, column: Column) -> None:
        """Refuse a new text in the place of another column: the key holds as many of its bytes as it held before."""
        former = self.columns.before.column(old)
        is_new = self.columns.origins.get(column.name) is None
        if former is None or not is_new or not column.type.base.endswith(("char", "text", "binary", "blob")):
            return
        if (former.column_type, former.charset) != (column.column_type, column.charset):
            raise UntoldStructure(f"how much of the new column {column.name} is in its keys is not certain")

    def _kind_after(self, kind: str) -> str:
        """Tables in memory have hashes where others have trees."""
        if self.engine == self.columns.before.engine or "MEMORY" not in (self.engine, self.columns.before.engine):
            return kind
        return {"btree": "hash", "hash": "btree"}.get(kind, kind)

    def _refuse_unknown(self) -> None:
        for action in self.columns.of(RenameKey):
            if not action.if_exists and _named(self.columns.before.indexes, action.old) is None:
                raise Unfollowable(f"index {action.old} is not known")

    def _renamed_key(self, name: str) -> str:
        renames = (action.new for action in self.columns.of(RenameKey) if action.old.casefold() == name.casefold())
        return next(renames, name)

    def _dropped(self, existing: Iterable[Named], kind: ConstraintKind) -> set[str]:
        """Return which of these constraints the statement drops; DROP CONSTRAINT drops whichever has the name."""
        dropped = set()
        for action in self.columns.of(DropConstraint):
            if action.kind not in (kind, ConstraintKind.ANY):
                continue
            found = _named(existing, action.name)
            if found is not None:
                dropped.add(found.name)
            elif not action.if_exists and not self._knows(action):
                raise Unfollowable(f"{action.kind.value} {action.name} is not known")
        return dropped

    def _knows(self, action: DropConstraint) -> bool:
        """Tell whether the constraint is there, or is of a kind of which not every one is known."""
        if action.kind is ConstraintKind.ANY:
            before = self.columns.before
            names = [index.name for index in before.indexes] + [key.name for key in before.foreign_keys]
            names += [check.name for check in before.checks]
            return action.name.casefold() in map(str.casefold, names)
        return action.kind is not ConstraintKind.KEY

    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """Return the foreign keys after the statement."""
        dropped = self._dropped(self.columns.before.foreign_keys, ConstraintKind.FOREIGN_KEY)
        found = [self._moved_key(key) for key in self.columns.before.foreign_keys if key.name not in dropped]
        taken = [key.name for key in self.columns.before.foreign_keys]
        for element in self.added:
            if isinstance(element, ForeignKeyDefinition) and self.engine.casefold() in ENGINES_WITH_FOREIGN_KEYS:
                found.append(foreign_key_of(element, self.columns.before.name, taken, self.columns.server))
                taken.append(found[-1].name)
        return tuple(found)

    def _moved_key(self, key: ForeignKey) -> ForeignKey:
        return replace(key, columns=tuple(self.columns.became.get(name.casefold(), name) for name in key.columns))

    def checks(self) -> tuple[Check, ...]:
        """Return the checks after the statement."""
        if not self.columns.server.has_checks:
            return ()
        dropped = self._dropped(self.columns.before.checks, ConstraintKind.CHECK)
        renewed = {a.old.casefold() for a in self.columns.of(ChangeColumn)} | {
            a.name.casefold() for a in self.columns.of(DropColumn)
        }
        found = [
            self._moved_check(check)
            for check in self.columns.before.checks
            if check.name not in dropped
            and not (self.columns.server.mariadb and check.name.casefold() in renewed)
            and not self._falls(check)
        ]
        taken = [check.name for check in self.columns.before.checks]
        for action in self.columns.actions:
            found += self._new_checks(action, taken + [check.name for check in found])
        return tuple(found)

    def _falls(self, check: Check) -> bool:
        """Tell whether a check is dropped with the columns that it is about, even if it is about none."""
        before = self.columns.before
        if self.columns.server.mariadb and before.column(check.name) is not None:
            return False  # it is a part of its column
        gone = {action.name.casefold() for action in self.columns.of(DropColumn) if before.column(action.name)}
        kept = (name for name in before.column_names if name.casefold() not in gone)
        return bool(gone) and not mentioned_columns(check.expression, kept)

    def _new_checks(self, action: Action, taken: list[str]) -> list[Check]:
        table = self.columns.before.name
        if isinstance(action, AddElement) and isinstance(action.element, CheckDefinition):
            check = action.element
            if check.if_not_exists and check.name is not None and _named(self.columns.before.checks, check.name):
                return []
            return [check_of(check, table, taken, self.columns.server)]
        if isinstance(action, AddColumn | ChangeColumn) and self.columns.was_made(action):
            column = next(each for each in self.columns.columns if each.name == action.column.name)
            return column_checks(action.column, column, table, taken, self.columns.server)
        return []

    def _moved_check(self, check: Check) -> Check:
        if self.columns.server.mariadb:  # where a column's check has the name of the column
            name = self.columns.became.get(check.name.casefold(), check.name)
            check = replace(check, name=name, expression=self.columns.with_new_names(check.expression))
        for action in self.columns.of(SetEnforced):
            if action.name.casefold() == check.name.casefold():
                return replace(check, enforced=action.enforced)
        return check


def _named(constraints: Iterable[Named], name: str) -> Named | None:
    wanted = name.casefold()
    return next((constraint for constraint in constraints if constraint.name.casefold() == wanted), None)
