"""Compute the structure that ALTER TABLE makes, in the order in which the server does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Check, Column, ForeignKey, Index, IndexPart, TableSchema
from pg_chameleon.mysql.ddl.actions import (
    Action,
    AddColumn,
    AddElement,
    ChangeColumn,
    ConstraintKind,
    ConvertCharset,
    DropColumn,
    DropConstraint,
    Place,
    RenameColumn,
    RenameKey,
    RenameTo,
    SetDefault,
    SetEnforced,
    SetOptions,
    SetVisibility,
)
from pg_chameleon.mysql.ddl.charsets import BINARY, Charset, resolve
from pg_chameleon.mysql.ddl.column_types import converted_text
from pg_chameleon.mysql.ddl.creating import (
    ENGINES_WITH_FOREIGN_KEYS,
    column_checks,
    engine_name,
    not_null_keys,
    with_json_columns,
)
from pg_chameleon.mysql.ddl.defaults import stored_default
from pg_chameleon.mysql.ddl.definitions import (
    CheckDefinition,
    ForeignKeyDefinition,
    KeyDefinition,
    KeyKind,
    PeriodDefinition,
)
from pg_chameleon.mysql.ddl.draft import (
    Surroundings,
    column_of,
    is_bare_timestamp,
    is_hidden,
    made_not_null,
    row_end_column,
    with_first_timestamp,
    with_implicit_timestamp,
)
from pg_chameleon.mysql.ddl.errors import Unfollowable
from pg_chameleon.mysql.ddl.indexes import (
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
from pg_chameleon.mysql.ddl.server import ServerTraits
from pg_chameleon.mysql.ddl.statements import AlterTable

Wanted = TypeVar("Wanted")
Named = TypeVar("Named", Index, ForeignKey, Check)


class Alteration:
    """One ALTER TABLE on its way from the old structure to the new one."""

    def __init__(self, statement: AlterTable, before: TableSchema, schema_default: Charset, server: ServerTraits):
        self.before = before
        self.server = server
        self.actions = statement.actions
        self.sql_mode = statement.sql_mode
        self.charset = Charset(before.charset or schema_default.name, before.collation or schema_default.collation)
        self.convert: Charset | None = None
        self.recharged = False  # CHARACTER SET was given for the table, which CONVERT TO does not override
        self.engine = before.engine
        self.comment = before.comment
        for action in self.actions:
            self._take_options(action, schema_default)
        if self.convert is not None and not (self.recharged and server.mariadb):
            self.charset = self.convert
        # The column that each new one was, and what became of each old one; both by the old name in lower case.
        self.became: dict[str, str] = {}
        self.columns: list[Column] = []
        self.origins: dict[str, str | None] = {}

    def _take_options(self, action: Action, schema_default: Charset) -> None:
        if isinstance(action, ConvertCharset):
            self.convert = resolve(action.charset, schema_default, self.server)
        elif isinstance(action, SetOptions):
            options = action.options
            if options.charset is not None:
                base = self._charset_base(options.charset.charset, schema_default)
                self.charset = resolve(options.charset, base, self.server)
                self.recharged = True
            if options.engine is not None:
                self.engine = engine_name(options.engine, self.sql_mode, self.server)
            if options.comment is not None:
                self.comment = options.comment

    def _charset_base(self, name: str | None, schema_default: Charset) -> Charset:
        """DEFAULT means the schema's charset; a COLLATE without charset is resolved against the table's."""
        return schema_default if name == "default" else self.charset

    def result(self) -> tuple[TableSchema, tuple[str | None, ...]]:
        """Return the new structure, and for each of its columns the old one that it was."""
        self._make_columns()
        keys = self._added_keys()
        self.columns = not_null_keys(self.columns, keys, self.server)
        self._apply_periods()
        indexes = self._indexes(keys)
        after = replace(
            self.before,
            columns=tuple(self.columns),
            indexes=in_order(indexes),
            foreign_keys=tuple(self._foreign_keys(keys)),
            checks=tuple(self._checks()),
            engine=self.engine,
            charset=self.charset.name,
            collation=self.charset.collation,
            comment=self.comment,
        )
        return with_json_columns(after, self.server), tuple(self.origins[each.name] for each in self.columns)

    def _of(self, kind: type[Wanted]) -> list[Wanted]:
        return [action for action in self.actions if isinstance(action, kind)]

    def _existing(self, name: str, if_exists: bool) -> Column | None:
        """Return the old column of a name; its absence is an error unless IF EXISTS was given."""
        column = self.before.column(name)
        if column is None and not if_exists:
            raise Unfollowable(f"column {name} is not known")
        return column

    # Columns

    def _make_columns(self) -> None:
        dropped = {c.name for a in self._of(DropColumn) if (c := self._existing(a.name, a.if_exists)) is not None}
        changes = {c.name: a for a in self._of(ChangeColumn) if (c := self._existing(a.old, a.if_exists)) is not None}
        made = self._made_columns()
        made_by = [action for action in self.actions if isinstance(action, AddColumn | ChangeColumn)]
        for old in self.before.columns:
            change = changes.get(old.name)
            if old.name in dropped and change is None:
                continue
            if change is None:
                self._keep(old, self._kept(old))
            elif change.place is None:
                self._keep(old, self._modified(old, made[id(change)]))
        for action in self.actions:
            if isinstance(action, ChangeColumn) and action.place is not None and action in changes.values():
                changed = self.before.column(action.old)
                assert changed is not None
                self._put(self._modified(changed, made[id(action)]), action.place, changed)
            elif isinstance(action, AddColumn) and not self._is_there_already(action):
                self._put(made[id(action)], action.place, None)
        self._refuse_duplicates()
        bare = {action.column.name for action in made_by if is_bare_timestamp(action.column, self.server)}
        self.columns = with_first_timestamp(self.columns, bare, self.server)
        self.columns.sort(key=is_hidden)  # stable: the hidden ones stay last

    def _made_columns(self) -> dict[int, Column]:
        """Return the columns that the statement defines, by the identity of their actions."""
        actions = [action for action in self.actions if isinstance(action, AddColumn | ChangeColumn)]
        definitions = [with_implicit_timestamp(action.column, self.server) for action in actions]
        around = Surroundings(self.charset, self.server)
        made = [column_of(definition, around) for definition in definitions]
        if self.convert is not None:
            made = [self._converted(column, self.convert) for column in made]
        return {id(action): column for action, column in zip(actions, made, strict=True)}

    def _is_there_already(self, action: AddColumn) -> bool:
        """Tell whether IF NOT EXISTS stops the action; the server looks at the old table, whatever is dropped."""
        if not action.if_not_exists:
            return False
        old = self.before.column(action.column.name)
        return old is not None or self._position(action.column.name) is not None

    def _keep(self, old: Column, new: Column) -> None:
        self.columns.append(new)
        self._remember(old, new)

    def _remember(self, old: Column | None, new: Column) -> None:
        self.origins[new.name] = old.name if old else None
        if old is not None:
            self.became[old.name.casefold()] = new.name

    def _put(self, column: Column, place: Place | None, old: Column | None) -> None:
        """Place a column; AFTER names a column of the new structure."""
        if place is None:
            self.columns.append(column)
        elif place.after is None:
            self.columns.insert(0, column)
        else:
            position = self._position(place.after)
            if position is None:
                raise Unfollowable(f"column {place.after} of AFTER is not known")
            self.columns.insert(position + 1, column)
        self._remember(old, column)

    def _position(self, name: str) -> int | None:
        wanted = name.casefold()
        return next((i for i, column in enumerate(self.columns) if column.name.casefold() == wanted), None)

    def _refuse_duplicates(self) -> None:
        if len({column.name.casefold() for column in self.columns}) != len(self.columns):
            raise Unfollowable("a column would be there twice")
        if not self.columns:
            raise Unfollowable("no column would be left")

    def _modified(self, old: Column, new: Column) -> Column:
        """A column of the primary key stays NOT NULL, whatever MODIFY says."""
        primary = self.before.primary_key
        kept = primary is not None and not any(self._drops_primary(action) for action in self.actions)
        if kept and primary is not None and any(part.column == old.name for part in primary.parts):
            return made_not_null(new)
        return new

    @staticmethod
    def _drops_primary(action: Action) -> bool:
        return isinstance(action, DropConstraint) and action.name.casefold() == "primary"

    def _kept(self, old: Column) -> Column:
        new = self._converted(old, self.convert) if self.convert else old
        for action in self.actions:
            new = self._touched(action, old, new)
        return new

    def _touched(self, action: Action, old: Column, new: Column) -> Column:
        """Apply an action that changes a column without defining it anew."""
        if isinstance(action, RenameColumn) and action.old.casefold() == old.name.casefold():
            return replace(new, name=action.new)
        if isinstance(action, SetDefault) and action.column.casefold() == old.name.casefold():
            return replace(new, default=stored_default(action.default, new.column_type, self.server))
        if isinstance(action, SetVisibility) and action.column.casefold() == old.name.casefold():
            return replace(new, invisible=action.invisible)
        return new

    def _converted(self, column: Column, charset: Charset) -> Column:
        """Apply CONVERT TO CHARACTER SET."""
        if column.charset is None or column.charset == BINARY.name:
            return column
        shape = column.type
        if shape.base in ("enum", "set"):
            return replace(column, charset=charset.name, collation=charset.collation)
        length = shape.arguments[0] if shape.arguments else None
        before = Charset(column.charset, column.collation or "")
        spelled = converted_text(shape.base, length, before, charset, self.server)
        binary = charset.name == BINARY.name
        return replace(
            column,
            column_type=spelled,
            charset=None if binary else charset.name,
            collation=None if binary else charset.collation,
        )

    # Keys

    def _added_keys(self) -> list[KeyElement]:
        found: list[KeyElement] = []
        for action in self.actions:
            if isinstance(action, AddElement) and isinstance(action.element, KeyDefinition | ForeignKeyDefinition):
                if not self._has_already(action.element):
                    found.append(action.element)
            elif isinstance(action, AddColumn | ChangeColumn) and self._was_made(action):
                found += keys_of_column(action.column, self.server)
        return found

    def _was_made(self, action: AddColumn | ChangeColumn) -> bool:
        """Tell whether the action came to anything: IF EXISTS and IF NOT EXISTS may have stopped it."""
        name = action.column.name
        return name in self.origins and (isinstance(action, ChangeColumn) or self.origins[name] is None)

    def _has_already(self, element: KeyElement) -> bool:
        """Tell whether IF NOT EXISTS makes nothing of a new key."""
        if not element.if_not_exists:
            return False
        if isinstance(element, KeyDefinition):
            name = "PRIMARY" if element.kind is KeyKind.PRIMARY else element.name or element.parts[0].column or ""
            return _named(self.before.indexes, name) is not None
        return _named(self.before.foreign_keys, element.constraint or element.index or "") is not None

    def _apply_periods(self) -> None:
        for action in self._of(AddElement):
            element = action.element
            if isinstance(element, PeriodDefinition) and element.name.casefold() != "system_time":
                bounds = (element.start.casefold(), element.end.casefold())
                self.columns = [made_not_null(c) if c.name.casefold() in bounds else c for c in self.columns]

    def _indexes(self, keys: list[KeyElement]) -> list[Index]:
        host = Host({column.name.casefold(): column for column in self.columns}, self.engine, self.server)
        dropped = self._dropped(self.before.indexes, ConstraintKind.KEY)
        kept = []
        for index in self.before.indexes:
            parts = tuple(p for part in index.parts if (p := self._moved_part(part, index, host)) is not None)
            if index.name not in dropped and parts:
                name = self._renamed_key(index.name)
                kept.append(replace(index, name=name, parts=parts, kind=self._kind_after(index.kind)))
        found = add_keys(kept, new_keys(keys), self.columns, self.engine, self.server)
        row_end = row_end_column(self.columns)
        return with_row_ends(found, row_end) if row_end else found

    def _moved_part(self, part: IndexPart, index: Index, host: Host) -> IndexPart | None:
        if part.column is None:
            return part
        name = self.became.get(part.column.casefold()) or self._reborn(part.column)
        if name is None:
            return None
        column = host.column(name)
        if column is None or index.kind in ("spatial", "fulltext"):
            return part._replace(column=name)
        return part._replace(column=name, prefix=stored_prefix(part.prefix, column, index.unique, host))

    def _kind_after(self, kind: str) -> str:
        """Tables in memory have hashes where others have trees."""
        if self.engine == self.before.engine or "MEMORY" not in (self.engine, self.before.engine):
            return kind
        return {"btree": "hash", "hash": "btree"}.get(kind, kind)

    def _reborn(self, name: str) -> str | None:
        """Return the new column of a name whose old one was dropped: indexes go over to it."""
        position = self._position(name)
        return None if position is None else self.columns[position].name

    def _renamed_key(self, name: str) -> str:
        renames = (action.new for action in self._of(RenameKey) if action.old.casefold() == name.casefold())
        return next(renames, name)

    def _dropped(self, existing: Iterable[Named], kind: ConstraintKind) -> set[str]:
        """Return which of these constraints the statement drops; DROP CONSTRAINT drops whichever has the name."""
        dropped = set()
        for action in self._of(DropConstraint):
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
            before = self.before
            names = [index.name for index in before.indexes] + [key.name for key in before.foreign_keys]
            names += [check.name for check in before.checks]
            return action.name.casefold() in map(str.casefold, names)
        return action.kind is not ConstraintKind.KEY

    def _foreign_keys(self, keys: list[KeyElement]) -> list[ForeignKey]:
        dropped = self._dropped(self.before.foreign_keys, ConstraintKind.FOREIGN_KEY)
        found = [self._moved_key(key) for key in self.before.foreign_keys if key.name not in dropped]
        taken = [key.name for key in self.before.foreign_keys]
        for element in keys:
            if isinstance(element, ForeignKeyDefinition) and self.engine.casefold() in ENGINES_WITH_FOREIGN_KEYS:
                found.append(foreign_key_of(element, self.before.name, taken, self.server))
                taken.append(found[-1].name)
        return found

    def _moved_key(self, key: ForeignKey) -> ForeignKey:
        return replace(key, columns=tuple(self.became.get(name.casefold(), name) for name in key.columns))

    def _checks(self) -> list[Check]:
        if not self.server.has_checks:
            return []
        dropped = self._dropped(self.before.checks, ConstraintKind.CHECK)
        renewed = {a.old.casefold() for a in self._of(ChangeColumn)} | {a.name.casefold() for a in self._of(DropColumn)}
        found = [
            self._enforced(check)
            for check in self.before.checks
            if check.name not in dropped and not (self.server.mariadb and check.name.casefold() in renewed)
        ]
        taken = [check.name for check in self.before.checks]
        for action in self.actions:
            found += self._new_checks(action, taken + [check.name for check in found])
        return found

    def _new_checks(self, action: Action, taken: list[str]) -> list[Check]:
        table = self.before.name
        if isinstance(action, AddElement) and isinstance(action.element, CheckDefinition):
            check = action.element
            if check.if_not_exists and check.name is not None and _named(self.before.checks, check.name):
                return []
            return [check_of(check, table, taken, self.server)]
        if isinstance(action, AddColumn | ChangeColumn) and self._was_made(action):
            column = next(each for each in self.columns if each.name == action.column.name)
            return column_checks(action.column, column, table, taken, self.server)
        return []

    def _enforced(self, check: Check) -> Check:
        for action in self._of(SetEnforced):
            if action.name.casefold() == check.name.casefold():
                return replace(check, enforced=action.enforced)
        return check


def _named(constraints: Iterable[Named], name: str) -> Named | None:
    wanted = name.casefold()
    return next((constraint for constraint in constraints if constraint.name.casefold() == wanted), None)


def new_name(statement: AlterTable) -> TableName | None:
    """Return the name that the table is given, if it is renamed."""
    return next((action.name for action in reversed(statement.actions) if isinstance(action, RenameTo)), None)
