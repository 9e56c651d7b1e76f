"""Parse ALTER TABLE into its list of actions."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.ddl.syntax.actions import (
    Action,
    AddColumn,
    AddElement,
    ChangeColumn,
    ConstraintKind,
    ConvertCharset,
    DropColumn,
    DropConstraint,
    DropPeriod,
    NoChange,
    Place,
    RenameColumn,
    RenameKey,
    RenameTo,
    RowsUnseen,
    SetDefault,
    SetEnforced,
    SetOptions,
    SetVisibility,
)
from pg_chameleon.ddl.syntax.columns import column_definition, column_without_name, default_clause
from pg_chameleon.ddl.syntax.create import accept_algorithm_and_lock, accept_wait
from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.definitions import CharsetClause, ColumnDefinition, TableOptions
from pg_chameleon.ddl.syntax.keys import table_element
from pg_chameleon.ddl.syntax.options import table_option
from pg_chameleon.ddl.syntax.partitions import partition_action, partition_clause
from pg_chameleon.ddl.syntax.statements import AlterTable
from pg_chameleon.ddl.syntax.type_clauses import accept_charset_keyword, charset_name

Actions = tuple[Action, ...]


def alter_table(cursor: Cursor, ignore: bool) -> AlterTable:
    """Consume what follows ALTER TABLE."""
    if_exists = cursor.accept_all("IF", "EXISTS")
    name = cursor.table_name()
    accept_wait(cursor)
    actions: list[Action] = []
    while not partition_clause(cursor):
        start = cursor.index
        actions += _actions(cursor)
        if cursor.index == start and cursor.words[start - 1] == ",":
            raise cursor.refused("expected an action")
        if not cursor.accept(",") and not cursor.at("PARTITION", "BY"):
            cursor.accept_all("REMOVE", "PARTITIONING")
            break
    return AlterTable(name, tuple(actions), if_exists, ignore, cursor.sql_mode)


def _actions(cursor: Cursor) -> Actions:
    """Consume one action; ADD (…) gives several, and a bare ALTER TABLE none."""
    partition = partition_action(cursor)
    if partition is not None:
        return (partition,)
    rule = _RULES.get(cursor.word)
    if rule is not None:
        start = cursor.index
        cursor.index += 1
        found = rule(cursor)
        if found is not None:
            return found
        cursor.index = start
    if accept_algorithm_and_lock(cursor):
        return (NoChange("ALGORITHM or LOCK"),)
    return _options(cursor)


def _options(cursor: Cursor) -> Actions:
    """Consume table options; an ALTER TABLE may also have no action at all."""
    options = TableOptions()
    found = table_option(cursor, options)
    while found is not None:
        options = found
        found = table_option(cursor, options)
    return (SetOptions(options),) if options != TableOptions() else ()


def _add(cursor: Cursor) -> Actions:
    if cursor.accept_all("SYSTEM", "VERSIONING"):
        return (RowsUnseen("ADD SYSTEM VERSIONING"),)
    column = cursor.accept("COLUMN")
    element = None if column else table_element(cursor)
    if element is not None:
        return (AddElement(element),)
    if_not_exists = cursor.accept_all("IF", "NOT", "EXISTS")
    if cursor.word == "(":
        return cursor.parenthesised(lambda: _added(cursor, if_not_exists))
    definition = column_definition(cursor)
    return (AddColumn(definition, _place(cursor), if_not_exists),)


def _added(cursor: Cursor, if_not_exists: bool) -> Action:
    element = table_element(cursor)
    return AddElement(element) if element else AddColumn(column_definition(cursor), None, if_not_exists)


def _place(cursor: Cursor) -> Place | None:
    if cursor.accept("FIRST"):
        return Place()
    return Place(cursor.identifier()) if cursor.accept("AFTER") else None


def _change(cursor: Cursor) -> Actions:
    cursor.accept("COLUMN")
    if_exists = cursor.accept_all("IF", "EXISTS")
    old = cursor.column_name()
    return (_changed(cursor, old, column_definition(cursor), if_exists),)


def _modify(cursor: Cursor) -> Actions:
    cursor.accept("COLUMN")
    if_exists = cursor.accept_all("IF", "EXISTS")
    name = cursor.column_name()
    return (_changed(cursor, name, column_without_name(cursor, name), if_exists),)


def _changed(cursor: Cursor, old: str, column: ColumnDefinition, if_exists: bool) -> Action:
    return ChangeColumn(old, column, _place(cursor), if_exists)


def _drop(cursor: Cursor) -> Actions:
    if cursor.accept_all("PRIMARY", "KEY"):
        return (DropConstraint(ConstraintKind.KEY, "PRIMARY"),)
    if cursor.accept_all("SYSTEM", "VERSIONING"):
        return (RowsUnseen("DROP SYSTEM VERSIONING"),)
    if cursor.accept_all("PERIOD", "FOR") or cursor.accept_all("PERIOD", "IF", "EXISTS", "FOR"):
        return (DropPeriod(cursor.identifier()),)
    for words, kind in _DROPPED:
        if cursor.accept_all(*words):
            if_exists = cursor.accept_all("IF", "EXISTS")
            return (DropConstraint(kind, cursor.column_name(), if_exists),)
    cursor.accept("COLUMN")
    if_exists = cursor.accept_all("IF", "EXISTS")
    name = cursor.column_name()
    cursor.accept_one("RESTRICT", "CASCADE")
    return (DropColumn(name, if_exists),)


_DROPPED = (
    (("INDEX",), ConstraintKind.KEY),
    (("KEY",), ConstraintKind.KEY),
    (("FOREIGN", "KEY"), ConstraintKind.FOREIGN_KEY),
    (("CHECK",), ConstraintKind.CHECK),
    (("CONSTRAINT",), ConstraintKind.ANY),
)


def _alter(cursor: Cursor) -> Actions:
    if cursor.accept_one("INDEX", "KEY"):
        cursor.accept_all("IF", "EXISTS")
        cursor.identifier()
        cursor.accept("NOT")
        cursor.expect_one("VISIBLE", "INVISIBLE", "IGNORED")
        return (NoChange("ALTER INDEX"),)
    if cursor.accept_one("CHECK", "CONSTRAINT"):
        name = cursor.identifier()
        enforced = not cursor.accept("NOT")
        cursor.expect("ENFORCED")
        return (SetEnforced(name, enforced),)
    cursor.accept("COLUMN")
    if_exists = cursor.accept_all("IF", "EXISTS")
    column = cursor.column_name()
    if cursor.accept_all("DROP", "DEFAULT"):
        return (SetDefault(column, None, if_exists),)
    cursor.expect("SET")
    if visibility := cursor.accept_one("VISIBLE", "INVISIBLE"):
        return (SetVisibility(column, visibility == "INVISIBLE"),)
    cursor.expect("DEFAULT")
    return (SetDefault(column, default_clause(cursor), if_exists),)


def _rename(cursor: Cursor) -> Actions:
    column = cursor.accept("COLUMN")
    if column or cursor.accept_one("INDEX", "KEY"):
        if_exists = cursor.accept_all("IF", "EXISTS")
        old = cursor.column_name()
        cursor.expect("TO")
        new = cursor.identifier()
        return (RenameColumn(old, new, if_exists) if column else RenameKey(old, new, if_exists),)
    cursor.accept_one("TO", "AS", "=")
    return (RenameTo(cursor.table_name()),)


def _convert(cursor: Cursor) -> Actions:
    cursor.expect("TO")
    if not accept_charset_keyword(cursor):
        raise cursor.refused("expected CHARACTER SET")
    charset = charset_name(cursor)
    collation = charset_name(cursor) if cursor.accept("COLLATE") else None
    return (ConvertCharset(CharsetClause(charset, collation)),)


def _keys(cursor: Cursor) -> Actions:
    cursor.expect("KEYS")
    return (NoChange("DISABLE or ENABLE KEYS"),)


def _tablespace(cursor: Cursor) -> Actions:
    cursor.expect("TABLESPACE")
    return (RowsUnseen("DISCARD or IMPORT TABLESPACE"),)


def _order(cursor: Cursor) -> Actions:
    cursor.expect("BY")
    cursor.listed(lambda: _order_item(cursor))
    return (NoChange("ORDER BY"),)


def _order_item(cursor: Cursor) -> None:
    if cursor.word == "(":
        cursor.balanced()
    else:
        cursor.column_name()
    cursor.accept_one("ASC", "DESC")


def _force(_cursor: Cursor) -> Actions:
    return (NoChange("FORCE"),)


def _validation(cursor: Cursor) -> Actions | None:
    return (NoChange("VALIDATION"),) if cursor.accept("VALIDATION") else None


def _secondary(_cursor: Cursor) -> Actions:
    return (NoChange("SECONDARY ENGINE"),)


_RULES: dict[str, Callable[[Cursor], Actions | None]] = {
    "ADD": _add,
    "CHANGE": _change,
    "MODIFY": _modify,
    "DROP": _drop,
    "ALTER": _alter,
    "RENAME": _rename,
    "CONVERT": _convert,
    "DISABLE": _keys,
    "ENABLE": _keys,
    "DISCARD": _tablespace,
    "IMPORT": _tablespace,
    "ORDER": _order,
    "FORCE": _force,
    "WITH": _validation,
    "WITHOUT": _validation,
    "SECONDARY_LOAD": _secondary,
    "SECONDARY_UNLOAD": _secondary,
}
