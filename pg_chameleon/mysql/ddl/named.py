"""Tell which tables a statement names whose structures it may change."""

from __future__ import annotations

from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.change import StatementEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.ddl.altering import new_name
from pg_chameleon.mysql.ddl.mentions import mentioned_tables
from pg_chameleon.mysql.ddl.parser import parse
from pg_chameleon.mysql.ddl.statements import (
    AlterTable,
    CreateDatabase,
    CreateTable,
    DropDatabase,
    DropTable,
    RenameTable,
    Statement,
    StatementFormatChange,
    TruncateTable,
)


def named_tables(statement: Statement) -> tuple[TableName, ...]:
    """Return the tables that a statement names as those that it changes."""
    if isinstance(statement, DropTable):
        return statement.names
    if isinstance(statement, RenameTable):
        return tuple(name for pair in statement.renames for name in pair)
    if isinstance(statement, CreateTable | AlterTable | TruncateTable):
        return (statement.name,)
    return statement.tables if isinstance(statement, StatementFormatChange) else ()


def may_restructure(event: StatementEvent, table: TableName, *, mariadb: bool) -> bool:
    """Tell whether a statement may make, change or remove the table; names are compared without case."""
    text, mode, schema = event.statement, event.sql_mode, event.schema
    try:
        statement = parse(text, sql_mode=mode, default_schema=schema, mariadb=mariadb)
    except DdlRefused:
        names = mentioned_tables(text, sql_mode=mode, default_schema=schema, mariadb=mariadb)
        return any(is_same_table(table, name) for name in names)
    if isinstance(statement, CreateDatabase | DropDatabase):
        return statement.name.casefold() == table.schema.casefold()
    if not isinstance(statement, CreateTable | AlterTable | DropTable | RenameTable):
        return False
    if any(is_same_table(table, name) for name in named_tables(statement)):
        return True
    target = new_name(statement) if isinstance(statement, AlterTable) else None
    return target is not None and is_same_table(table, target)


def is_same_table(one: TableName, other: TableName) -> bool:
    """Compare names without case, whatever the server does: here it is better to find one too many."""
    return one.schema.casefold() == other.schema.casefold() and one.table.casefold() == other.table.casefold()
