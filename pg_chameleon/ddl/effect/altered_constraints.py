"""Compute the foreign keys and checks that ALTER TABLE makes."""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.ddl.effect.altered_columns import AlteredColumns
from pg_chameleon.ddl.effect.created import ENGINES_WITH_FOREIGN_KEYS, column_checks
from pg_chameleon.ddl.effect.dropped import dropped_names, find_named
from pg_chameleon.ddl.effect.indexes import KeyElement, check_of, foreign_key_of
from pg_chameleon.ddl.syntax.actions import (
    Action,
    AddColumn,
    AddElement,
    ChangeColumn,
    ConstraintKind,
    DropColumn,
    SetEnforced,
)
from pg_chameleon.ddl.syntax.definitions import CheckDefinition, ForeignKeyDefinition
from pg_chameleon.ddl.syntax.expressions import mentioned_columns
from pg_chameleon.model.schema import Check, ForeignKey


class AlteredConstraints:
    """The foreign keys and checks of a table after its ALTER TABLE. ``added``: the keys that it adds."""

    def __init__(self, columns: AlteredColumns, engine: str, added: list[KeyElement]) -> None:
        self._columns = columns
        self._engine = engine
        self._added = added

    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """Return the foreign keys after the statement."""
        dropped = dropped_names(self._columns, self._columns.before.foreign_keys, ConstraintKind.FOREIGN_KEY)
        found = [self._moved_key(key) for key in self._columns.before.foreign_keys if key.name not in dropped]
        taken = [key.name for key in self._columns.before.foreign_keys]
        for element in self._added:
            if isinstance(element, ForeignKeyDefinition) and self._engine.casefold() in ENGINES_WITH_FOREIGN_KEYS:
                found.append(foreign_key_of(element, self._columns.before.name, taken, self._columns.server))
                taken.append(found[-1].name)
        return tuple(found)

    def _moved_key(self, key: ForeignKey) -> ForeignKey:
        return replace(key, columns=tuple(self._columns.became.get(name.casefold(), name) for name in key.columns))

    def checks(self) -> tuple[Check, ...]:
        """Return the checks after the statement."""
        if not self._columns.server.has_checks:
            return ()
        dropped = dropped_names(self._columns, self._columns.before.checks, ConstraintKind.CHECK)
        renewed = {a.old.casefold() for a in self._columns.of(ChangeColumn)} | {
            a.name.casefold() for a in self._columns.of(DropColumn)
        }
        found = [
            self._moved_check(check)
            for check in self._columns.before.checks
            if check.name not in dropped
            and not (self._columns.server.mariadb and check.name.casefold() in renewed)
            and not self._falls(check)
        ]
        taken = [check.name for check in self._columns.before.checks]
        for action in self._columns.actions:
            found += self._new_checks(action, taken + [check.name for check in found])
        return tuple(found)

    def _falls(self, check: Check) -> bool:
        """Tell whether a check is dropped with the columns that it is about, even if it is about none."""
        before = self._columns.before
        if self._columns.server.mariadb and before.column(check.name) is not None:
            return False  # it is a part of its column
        gone = {action.name.casefold() for action in self._columns.of(DropColumn) if before.column(action.name)}
        kept = (name for name in before.column_names if name.casefold() not in gone)
        return bool(gone) and not mentioned_columns(check.expression, kept)

    def _new_checks(self, action: Action, taken: list[str]) -> list[Check]:
        table = self._columns.before.name
        if isinstance(action, AddElement) and isinstance(action.element, CheckDefinition):
            check = action.element
            if check.if_not_exists and check.name is not None and find_named(self._columns.before.checks, check.name):
                return []
            return [check_of(check, table, taken, self._columns.server)]
        if isinstance(action, AddColumn | ChangeColumn) and self._columns.was_made(action):
            column = next(each for each in self._columns.columns if each.name == action.column.name)
            return column_checks(action.column, column, table, taken, self._columns.server)
        return []

    def _moved_check(self, check: Check) -> Check:
        if self._columns.server.mariadb:  # where a column's check has the name of the column
            name = self._columns.became.get(check.name.casefold(), check.name)
            check = replace(check, name=name, expression=self._columns.with_new_names(check.expression))
        for action in self._columns.of(SetEnforced):
            if action.name.casefold() == check.name.casefold():
                return replace(check, enforced=action.enforced)
        return check
