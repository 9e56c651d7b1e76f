"""Parse one statement of a binlog: to its last token, or not at all."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.ddl.syntax import foreign
from pg_chameleon.ddl.syntax.actions import ConstraintKind, DropConstraint
from pg_chameleon.ddl.syntax.alter import alter_table
from pg_chameleon.ddl.syntax.create import accept_algorithm_and_lock, accept_wait, create_index, create_table
from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.definitions import KeyKind
from pg_chameleon.ddl.syntax.options import schema_options
from pg_chameleon.ddl.syntax.set_statement import accept_set_statement
from pg_chameleon.ddl.syntax.statements import (
    AlterDatabase,
    AlterTable,
    CreateDatabase,
    DropDatabase,
    DropTable,
    Ignored,
    RenameTable,
    Statement,
    StatementFormatChange,
    TemporaryTable,
    TruncateTable,
)
from pg_chameleon.model.names import TableName


def parse(statement: str, *, sql_mode: int = 0, default_schema: str, mariadb: bool = True) -> Statement:
    """Return what a statement says; raise ``DdlRefused`` if any token of it is not understood.

    ``sql_mode`` and ``default_schema`` are those of the QUERY event. ``mariadb``: the source is a MariaDB, to which
    ``/*M! … */`` is code.
    """
    cursor = Cursor(statement, sql_mode, default_schema, mariadb)
    accept_set_statement(cursor)
    first = cursor.index
    rule = _RULES.get(cursor.word)
    found = rule(cursor) if rule is not None else foreign.statement(cursor)
    if found is None:
        cursor.index = first
        found = foreign.statement(cursor)
    if not isinstance(found, Ignored | StatementFormatChange | TemporaryTable):
        cursor.expect_end()
    return found


def _create(cursor: Cursor) -> Statement | None:
    cursor.expect("CREATE")
    or_replace = cursor.accept_all("OR", "REPLACE")
    if cursor.accept_all("TEMPORARY", "TABLE"):
        cursor.accept_all("IF", "NOT", "EXISTS")
        return TemporaryTable(cursor.table_name())
    if cursor.accept("TABLE"):
        return create_table(cursor, or_replace)
    if cursor.accept_one("DATABASE", "SCHEMA"):
        if_not_exists = cursor.accept_all("IF", "NOT", "EXISTS")
        return CreateDatabase(cursor.identifier(), schema_options(cursor), if_not_exists, or_replace)
    cursor.accept_one("ONLINE", "OFFLINE")
    kind = cursor.accept_one("UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR")
    if cursor.accept("INDEX"):
        return create_index(cursor, KeyKind[kind or "INDEX"], or_replace)
    return None


def _alter(cursor: Cursor) -> Statement | None:
    cursor.expect("ALTER")
    cursor.accept_one("ONLINE", "OFFLINE")
    ignore = cursor.accept("IGNORE")
    if cursor.accept("TABLE"):
        return alter_table(cursor, ignore)
    if cursor.accept_one("DATABASE", "SCHEMA"):
        return _alter_database(cursor)
    return None


def _alter_database(cursor: Cursor) -> Statement:
    first = cursor.index
    options = schema_options(cursor)  # without a name they apply to the default database
    if cursor.index > first:
        return AlterDatabase(cursor.default_schema, options)
    name = cursor.identifier()
    if cursor.accept_all("UPGRADE", "DATA", "DIRECTORY", "NAME"):
        return Ignored("upgrade of a database's directory")
    return AlterDatabase(name, schema_options(cursor))


def _drop(cursor: Cursor) -> Statement | None:
    cursor.expect("DROP")
    if cursor.accept("TEMPORARY"):
        return Ignored("temporary table")
    if cursor.accept_one("TABLE", "TABLES"):
        if_exists = cursor.accept_all("IF", "EXISTS")
        names = cursor.listed(cursor.table_name)
        accept_wait(cursor)
        cursor.accept_one("RESTRICT", "CASCADE")
        return DropTable(names, if_exists)
    if cursor.accept_one("DATABASE", "SCHEMA"):
        if_exists = cursor.accept_all("IF", "EXISTS")
        return DropDatabase(cursor.identifier(), if_exists)
    cursor.accept_one("ONLINE", "OFFLINE")
    if cursor.accept("INDEX"):
        return _drop_index(cursor)
    return None


def _drop_index(cursor: Cursor) -> Statement:
    if_exists = cursor.accept_all("IF", "EXISTS")
    name = cursor.column_name()
    cursor.expect("ON")
    table = cursor.table_name()
    accept_wait(cursor)
    accept_algorithm_and_lock(cursor)
    actions = (DropConstraint(ConstraintKind.KEY, name, if_exists),)
    return AlterTable(table, actions, sql_mode=cursor.sql_mode)


def _rename(cursor: Cursor) -> Statement | None:
    cursor.expect("RENAME")
    if not cursor.accept_one("TABLE", "TABLES"):
        return None
    if_exists = cursor.accept_all("IF", "EXISTS")
    return RenameTable(cursor.listed(lambda: _renamed(cursor)), if_exists)


def _renamed(cursor: Cursor) -> tuple[TableName, TableName]:
    old = cursor.table_name()
    accept_wait(cursor)
    cursor.expect("TO")
    return old, cursor.table_name()


def _truncate(cursor: Cursor) -> Statement:
    cursor.expect("TRUNCATE")
    cursor.accept("TABLE")
    name = cursor.table_name()
    accept_wait(cursor)
    if cursor.accept_one("DROP", "REUSE"):
        cursor.expect("STORAGE")
    return TruncateTable(name)


_RULES: dict[str, Callable[[Cursor], Statement | None]] = {
    "CREATE": _create,
    "ALTER": _alter,
    "DROP": _drop,
    "RENAME": _rename,
    "TRUNCATE": _truncate,
}
