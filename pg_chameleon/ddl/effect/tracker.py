"""Compute what a statement does to the structures of the tracked tables, as the source server does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from pg_chameleon.ddl.effect.altered import altered_table
from pg_chameleon.ddl.effect.created import created_table
from pg_chameleon.ddl.effect.moments import Offset, unknown_offset
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.syntax.actions import AddColumn, AddElement, ChangeColumn, ConvertCharset, RowsUnseen
from pg_chameleon.ddl.syntax.definitions import KeyDefinition, KeyKind
from pg_chameleon.ddl.syntax.errors import Unfollowable, UntoldStructure
from pg_chameleon.ddl.syntax.statements import (
    AlterTable,
    CreateDatabase,
    CreateTable,
    DropDatabase,
    DropTable,
    RenameTable,
    Statement,
    StatementFormatChange,
    TemporaryTable,
    TruncateTable,
    named_tables,
    new_name,
)
from pg_chameleon.model.change import (
    SchemaChange,
    TableAltered,
    TableCreated,
    TableDropped,
    TableTruncated,
    TableUncertain,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Check, ForeignKey, TableSchema

# A DROP that failed with these has dropped what was there: https://mariadb.com/kb/en/mariadb-error-codes/
PARTLY_DROPPED = frozenset((1051, 4091, 4092))


def _never(_name: TableName) -> bool:
    return False


def changes_by(
    statement: Statement,
    state: Structures,
    *,
    error_code: int = 0,
    settled: Callable[[TableName], bool] = _never,
    offset: Offset = unknown_offset,
) -> list[SchemaChange]:
    """Return the changes that a statement makes, in order; ``state`` is left as it is.

    ``settled`` tells which tables have their structure from a later position: the statement leaves them alone.
    ``offset`` tells of the time zone of the session. ``error_code`` is that of the QUERY event: a statement that
    failed halfway is in the binlog all the same. What cannot be followed with certainty gives ``TableUncertain``;
    names that are not tracked (views, sequences, tables outside the mapped schemas) give nothing.
    """
    if type(statement) not in _RULES:
        return []
    steps = _Steps(state.copy(), settled, offset)
    if error_code and not (isinstance(statement, DropTable) and error_code in PARTLY_DROPPED):
        _failed(statement, steps, error_code)
    else:
        _RULES[type(statement)](statement, steps)
    return steps.changes


class _Steps:
    """The changes so far, and the state after them."""

    def __init__(self, state: Structures, settled: Callable[[TableName], bool], offset: Offset) -> None:
        self.state = state
        self.offset = offset
        self.changes: list[SchemaChange] = []
        self._settled = settled

    def add(self, change: SchemaChange) -> None:
        if isinstance(change, TableAltered):
            old, new = change.before.name, change.after.name
            if old != new and self._settled(new):  # its place is taken by a table that came later
                change = TableDropped(old)
        else:
            old = change.after.name if isinstance(change, TableCreated) else change.name
        if self._settled(old):
            return
        self.changes.append(change)
        self.state.apply_changes((change,))

    def doubt(self, name: TableName, reason: str, *, readable: bool = False) -> None:
        """Mark a table as uncertain, if its schema is tracked."""
        if self.state.tracks(name.schema):
            self.add(TableUncertain(self.state.stored_name(name), reason, readable))

    def doubt_if_known(self, name: TableName, reason: str) -> None:
        table = self.state.table(name)
        if table is not None or self.state.is_uncertain(name):
            self.add(TableUncertain(table.name if table else self.state.stored_name(name), reason))

    def drop_if_known(self, name: TableName) -> None:
        table = self.state.table(name)
        if table is not None or self.state.is_uncertain(name):
            self.add(TableDropped(table.name if table else self.state.stored_name(name)))

    def free(self, name: TableName, taker: TableSchema) -> None:
        """Drop what is known under a name that another table takes: the server would not let it if it were there."""
        if self.state.key(name) != self.state.key(taker.name):
            self.drop_if_known(name)


def _failed(statement: Statement, steps: _Steps, error_code: int) -> None:
    if isinstance(statement, CreateTable) and statement.or_replace:
        # MariaDB writes it only if it has dropped the former table
        steps.drop_if_known(statement.name)
        return
    for name in named_tables(statement):
        steps.doubt_if_known(name, f"the statement failed on the source with error {error_code}")


def _create_table(statement: CreateTable, steps: _Steps) -> None:
    state = steps.state
    if not state.tracks(statement.name.schema):
        return
    there = state.table(statement.name) is not None or state.is_uncertain(statement.name)
    if there and statement.if_not_exists and not statement.or_replace:
        return
    # Otherwise the server has created it: if it is known here, it was replaced, or dropped unseen.
    steps.drop_if_known(statement.name)
    name = state.stored_name(statement.name)
    try:
        after = _like(statement.like, name, state) if statement.like else _created(statement, name, steps)
    except Unfollowable as error:
        steps.doubt(name, f"cannot follow CREATE TABLE: {error}", readable=True)
    else:
        steps.add(TableCreated(after))


def _created(statement: CreateTable, name: TableName, steps: _Steps) -> TableSchema:
    state = steps.state
    after = created_table(statement, name, state.defaults.of(name.schema), state.server, steps.offset)
    return replace(after, foreign_keys=tuple(_stored_reference(key, state) for key in after.foreign_keys))


def _stored_reference(key: ForeignKey, state: Structures) -> ForeignKey:
    """Spell the referenced table as the server stores it."""
    return replace(key, referenced=state.stored_name(key.referenced))


def _like(like: TableName, name: TableName, state: Structures) -> TableSchema:
    original = state.table(like)
    if original is None:
        raise Unfollowable(f"the structure of {like} is not known")
    checks = tuple(_renamed_check(check, original.name, name) for check in original.checks)
    indexes = tuple(replace(index, generated=False) for index in original.indexes)
    return replace(original, name=name, indexes=indexes, foreign_keys=(), checks=checks)


def _renamed_check(check: Check, old: TableName, new: TableName) -> Check:
    return replace(check, name=_follow_name(check.name, f"{old.table}_chk_", f"{new.table}_chk_"))


def _follow_name(name: str, old_prefix: str, new_prefix: str) -> str:
    """Rename what the server named after its table."""
    number = name.removeprefix(old_prefix)
    return f"{new_prefix}{number}" if number != name and number.isdecimal() else name


def _alter_table(statement: AlterTable, steps: _Steps) -> None:
    for action in statement.actions:
        if isinstance(action, RowsUnseen):
            reason = f"{action.action} changes rows without row events"
            steps.doubt_if_known(statement.name, reason)
            for other in action.others:
                steps.doubt(other, reason)
    before = steps.state.table(statement.name)
    if before is None:
        _alter_unknown(statement, steps)
        return
    if statement.ignore and any(map(_may_lose_rows, statement.actions)):
        steps.add(TableUncertain(before.name, "ALTER IGNORE TABLE may remove rows without row events"))
        _alter_unknown(statement, steps)
        return
    try:
        default = steps.state.defaults.of(before.name.schema)
        after, origins = altered_table(statement, before, default, steps.state.server, steps.offset)
    except Unfollowable as error:
        # Otherwise the tracked structure is another one than the server's, and nothing can be told from it
        readable = isinstance(error, UntoldStructure)
        steps.add(TableUncertain(before.name, f"cannot follow ALTER TABLE: {error}", readable))
        _alter_unknown(statement, steps)
        return
    _finish_alteration(statement, before, after, origins, steps)


def _finish_alteration(
    statement: AlterTable,
    before: TableSchema,
    after: TableSchema,
    origins: tuple[str | None, ...],
    steps: _Steps,
) -> None:
    state = steps.state
    after = replace(after, foreign_keys=tuple(_stored_reference(key, state) for key in after.foreign_keys))
    target = new_name(statement)
    if target is not None:
        target = state.stored_name(target)
        if not state.tracks(target.schema):
            steps.add(TableDropped(before.name))
            return
        steps.free(target, before)
        after = _renamed(after, target)
    # A column that is dropped and added again, or columns that trade names, leave the structure as it was
    if after != before or origins != before.column_names:
        steps.add(TableAltered(before, after, origins))
    renamed_columns = {
        old: new.name for old, new in zip(origins, after.columns, strict=True) if old and old != new.name
    }
    if renamed_columns or target is not None:
        _move_references(before.name, after.name, renamed_columns, steps)


def _alter_unknown(statement: AlterTable, steps: _Steps) -> None:
    """Follow at least the name of a table whose structure is not known."""
    target = new_name(statement)
    if target is not None:
        _rename_unknown(statement.name, target, steps)


def _may_lose_rows(action: object) -> bool:
    """Tell whether ALTER IGNORE TABLE may drop rows for this action: they get in the way of a unique key."""
    if isinstance(action, AddElement):
        element = action.element
        return not isinstance(element, KeyDefinition) or element.kind in (KeyKind.PRIMARY, KeyKind.UNIQUE)
    if isinstance(action, AddColumn):
        return action.column.unique or action.column.primary
    return isinstance(action, ChangeColumn | ConvertCharset)


def _move_references(old: TableName, new: TableName, columns: dict[str, str], steps: _Steps) -> None:
    """Let the foreign keys of other tables follow a table that was renamed, or whose columns were."""
    key = steps.state.key
    for table in steps.state.tables():
        # Most tables of thousands have no foreign keys at all
        if not table.foreign_keys or not any(key(each.referenced) == key(old) for each in table.foreign_keys):
            continue
        moved = tuple(
            replace(
                each,
                referenced=new,
                referenced_columns=tuple(columns.get(name, name) for name in each.referenced_columns),
            )
            if key(each.referenced) == key(old)
            else each
            for each in table.foreign_keys
        )
        steps.add(TableAltered(table, replace(table, foreign_keys=moved), table.column_names))


def _rename_table(statement: RenameTable, steps: _Steps) -> None:
    for old, new in _renames_inside(statement, steps.state):
        table = steps.state.table(old)
        target = steps.state.stored_name(new)
        if table is None:
            _rename_unknown(old, new, steps)
        elif not steps.state.tracks(new.schema):
            steps.add(TableDropped(table.name))
        else:
            steps.free(target, table)
            steps.add(TableAltered(table, _renamed(table, target), table.column_names))
            _move_references(table.name, target, {}, steps)


def _renames_inside(statement: RenameTable, state: Structures) -> Iterator[tuple[TableName, TableName]]:
    """Yield the renamings; a table that only passes through a schema that is not tracked stays in its own meanwhile."""
    passing: dict[TableName, TableName] = {}
    later = Counter(state.key(old) for old, _ in statement.renames)
    for old, new in statement.renames:
        later[state.key(old)] -= 1
        inside = passing.pop(state.key(old), old)
        if later[state.key(new)] and not state.tracks(new.schema):
            passing[state.key(new)] = TableName(inside.schema, str(new))
        yield inside, passing.get(state.key(new), new)


def _renamed(table: TableSchema, name: TableName) -> TableSchema:
    old, new = f"{table.name.table}_ibfk_", f"{name.table}_ibfk_"
    keys = tuple(replace(key, name=_follow_name(key.name, old, new)) for key in table.foreign_keys)
    checks = tuple(_renamed_check(check, table.name, name) for check in table.checks)
    return replace(table, name=name, foreign_keys=keys, checks=checks)


def _rename_unknown(old: TableName, new: TableName, steps: _Steps) -> None:
    """Follow the renaming of what is not tracked: a table of lost structure, one from outside, or no table at all."""
    if steps.state.is_uncertain(old):
        steps.add(TableDropped(steps.state.stored_name(old)))
        steps.doubt(new, f"it was {old}, whose structure is not known")
    elif not steps.state.tracks(old.schema):
        steps.doubt(new, f"it was {old}, which is not tracked")


def _drop_table(statement: DropTable, steps: _Steps) -> None:
    for name in statement.names:
        steps.drop_if_known(name)


def _truncate_table(statement: TruncateTable, steps: _Steps) -> None:
    table = steps.state.table(statement.name)
    if table is not None:
        steps.add(TableTruncated(table.name))


def _drop_database(statement: DropDatabase, steps: _Steps) -> None:
    for name in steps.state.names_in(statement.name):
        steps.add(TableDropped(name))


def _create_database(statement: CreateDatabase, steps: _Steps) -> None:
    if statement.or_replace:
        for name in steps.state.names_in(statement.name):
            steps.add(TableDropped(name))


def _statement_format(statement: StatementFormatChange, steps: _Steps) -> None:
    names: Iterable[TableName] = statement.tables or [table.name for table in steps.state.tables()]
    for name in names:
        steps.doubt_if_known(name, f"{statement.kind} in statement format: its rows are not in the binlog")


def _temporary_table(statement: TemporaryTable, steps: _Steps) -> None:
    """Doubt the table that it hides: the statements that follow do not tell which of the two they mean."""
    steps.doubt_if_known(statement.name, "a temporary table of its name is in the binlog; set binlog_format=ROW")


# Any: each rule takes the statement that it stands for.
_RULES: dict[type, Callable[[Any, _Steps], None]] = {
    CreateTable: _create_table,
    AlterTable: _alter_table,
    RenameTable: _rename_table,
    DropTable: _drop_table,
    TruncateTable: _truncate_table,
    CreateDatabase: _create_database,
    DropDatabase: _drop_database,
    StatementFormatChange: _statement_format,
    TemporaryTable: _temporary_table,
}
