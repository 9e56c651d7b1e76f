"""Compute the columns that ALTER TABLE makes, in the order in which the server does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from pg_chameleon.ddl.effect.altered_definitions import defined_columns, drops_primary_key, kept_column
from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.ddl.effect.draft import (
    Surroundings,
    is_bare_timestamp,
    is_hidden,
    made_key,
    with_first_timestamp,
)
from pg_chameleon.ddl.syntax.actions import (
    Action,
    AddColumn,
    ChangeColumn,
    DropColumn,
    Place,
    RenameColumn,
    SetDefault,
    SetVisibility,
)
from pg_chameleon.ddl.syntax.errors import Unfollowable, UntoldStructure
from pg_chameleon.ddl.syntax.expressions import renamed_columns
from pg_chameleon.model.schema import Column, TableSchema

Wanted = TypeVar("Wanted")


class AlteredColumns:
    """The columns of a table after its ALTER TABLE.

    ``origins``: by the name of each new column the old one that it was, None if it was added. ``became``: by the name
    of each old column, in lower case, the new one. ``convert``: the charset of CONVERT TO CHARACTER SET.
    """

    def __init__(
        self,
        before: TableSchema,
        actions: tuple[Action, ...],
        around: Surroundings,
        convert: Charset | None,
    ) -> None:
        self.before = before
        self.actions = actions
        self.server = around.server
        self.columns: list[Column] = []
        self.origins: dict[str, str | None] = {}
        self.became: dict[str, str] = {}
        self._around = around
        self._kept_names: set[str] = set()
        self._heirs: dict[str, str] = {}
        self._convert = convert
        self._made = defined_columns(actions, around, convert)
        self._refuse_unknown()
        self._make_columns()

    def of(self, kind: type[Wanted]) -> Iterator[Wanted]:
        """Go over the actions of a kind."""
        return (action for action in self.actions if isinstance(action, kind))

    def was_made(self, action: AddColumn | ChangeColumn) -> bool:
        """Tell whether the action came to anything: IF EXISTS and IF NOT EXISTS may have stopped it."""
        name = action.column.name
        return name in self.origins and (isinstance(action, ChangeColumn) or self.origins[name] is None)

    def after(self, old: str) -> str | None:
        """Return the column to which keys on an old column go over: what it became, or a new one of its name.

        If there are both, it is the one that stands first.
        """
        return self._heirs.get(old.casefold())

    def _refuse_unknown(self) -> None:
        """Refuse a statement that names a column that is not there; IF EXISTS allows for it."""
        named = [(action.name, action.if_exists) for action in self.of(DropColumn)]
        named += [(action.old, action.if_exists) for action in self.of(ChangeColumn)]
        named += [(action.old, action.if_exists) for action in self.of(RenameColumn)]
        named += [(action.column, action.if_exists) for action in self.of(SetDefault)]
        named += [(action.column, False) for action in self.of(SetVisibility)]
        for name, if_exists in named:
            if not if_exists and self.before.column(name) is None:
                raise Unfollowable(f"column {name} is not known")

    def _make_columns(self) -> None:
        """Keep or change the old columns where they are, then put the others into their places one by one."""
        dropped = {action.name.casefold() for action in self.of(DropColumn)}
        changes = {action.old.casefold(): action for action in self.of(ChangeColumn)}
        for old in self.before.columns:
            change = changes.get(old.name.casefold())
            if change is None and old.name.casefold() not in dropped:
                kept = kept_column(old, self.actions, self._around, self._convert)
                self._kept_names.add(kept.name)
                self._put(kept, None, old)
            elif change is not None and change.place is None:
                self._put(self._modified(old, self._made[id(change)]), None, old)
        for action in self.actions:
            self._place(action)
        self._refuse_duplicates()
        self.columns = [self._with_new_names(column) for column in self.columns]
        made_by = [action for action in self.actions if isinstance(action, AddColumn | ChangeColumn)]
        bare = {action.column.name for action in made_by if is_bare_timestamp(action.column, self.server)}
        self.columns = with_first_timestamp(self.columns, bare, self.server)
        self.columns.sort(key=is_hidden)  # stable: the hidden ones stay last
        names = [column.name for column in self.columns]
        self._heirs = {(self.origins[name] or name).casefold(): name for name in reversed(names)}
        self._refuse_moved_key()

    def with_new_names(self, expression: str) -> str:
        """Return an expression of the old table with the new names of its columns."""
        renamed = {old: new for old, new in self.became.items() if old != new.casefold()}
        return renamed_columns(expression, renamed) if renamed else expression

    def _with_new_names(self, column: Column) -> Column:
        """Let what was not redefined follow the columns that it is made of; only MariaDB allows for it."""
        generated, default = column.generated, column.default
        if column.name not in self._kept_names or not self.server.mariadb:
            return column
        if generated is not None:
            generated = generated._replace(expression=self.with_new_names(generated.expression))
        if default is not None and not default.literal:
            default = default._replace(text=self.with_new_names(default.text))
        return replace(column, generated=generated, default=default)

    def _place(self, action: Action) -> None:
        if isinstance(action, ChangeColumn) and action.place is not None:
            changed = self.before.column(action.old)
            if changed is not None:
                self._put(self._modified(changed, self._made[id(action)]), action.place, changed)
        elif isinstance(action, AddColumn) and not self._is_there_already(action):
            self._put(self._made[id(action)], action.place, None)

    def _is_there_already(self, action: AddColumn) -> bool:
        """Tell whether IF NOT EXISTS stops the action; the server looks at the old table, whatever is dropped."""
        if not action.if_not_exists:
            return False
        old = self.before.column(action.column.name)
        return old is not None or self._position(action.column.name) is not None

    def _put(self, column: Column, place: Place | None, old: Column | None) -> None:
        """Place a column; AFTER names a column of the new structure."""
        if place is None:
            self.columns.append(column)
        elif place.after is None:
            self.columns.insert(0, column)
        else:
            position = self._position(place.after)
            if position is None:
                raise Unfollowable(f"column {place.after} of AFTER is unknown")
            self.columns.insert(position + 1, column)
        self.origins[column.name] = old.name if old else None
        if old is not None:
            self.became[old.name.casefold()] = column.name

    def _position(self, name: str) -> int | None:
        wanted = name.casefold()
        return next((i for i, column in enumerate(self.columns) if column.name.casefold() == wanted), None)

    def _refuse_duplicates(self) -> None:
        if len({column.name.casefold() for column in self.columns}) != len(self.columns):
            raise Unfollowable("a column would be there twice")
        if not self.columns:
            raise Unfollowable("no column would be left")

    def _refuse_moved_key(self) -> None:
        """Refuse what takes the primary key to a new column, and its NOT NULL from the old one, which was renamed."""
        primary = self.before.primary_key
        if primary is None or any(map(drops_primary_key, self.actions)):
            return
        for part in primary.parts:
            became = self.became.get((part.column or "").casefold())
            if part.column is not None and became is not None and self.after(part.column) != became:
                raise UntoldStructure(f"the primary key goes over to the new column {part.column}")

    def _modified(self, old: Column, new: Column) -> Column:
        """A column of the primary key stays NOT NULL, whatever MODIFY says."""
        primary = self.before.primary_key
        kept = primary is not None and not any(map(drops_primary_key, self.actions))
        if kept and primary is not None and any(part.column == old.name for part in primary.parts):
            return made_key(new, self.server)
        return new
