"""Tell which tables a statement names, and what it may do to one of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from pg_chameleon.ddl.doubt.mentions import mentioned_tables
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.ddl.syntax.statements import (
    AlterTable,
    CreateDatabase,
    DropDatabase,
    Statement,
    StatementFormatChange,
    TruncateTable,
    named_tables,
    new_name,
)
from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.change import StatementEvent
from pg_chameleon.model.names import TableName


class Concern(Enum):
    """What a statement may do to a table: nothing, change its rows without row events, or its structure."""

    NONE = "none"
    ROWS = "rows"
    STRUCTURE = "structure"


def concern(event: StatementEvent, table: TableName, *, mariadb: bool) -> Concern:
    """Tell what a statement may do to a table; names are compared without case."""
    text, mode, schema = event.statement, event.sql_mode, event.schema
    try:
        statement = parse(text, sql_mode=mode, default_schema=schema, mariadb=mariadb)
    except DdlRefused:
        names = mentioned_tables(text, sql_mode=mode, default_schema=schema, mariadb=mariadb)
        return Concern.STRUCTURE if _is_among(table, names) else Concern.NONE
    if isinstance(statement, CreateDatabase | DropDatabase):
        return Concern.STRUCTURE if statement.name.casefold() == table.schema.casefold() else Concern.NONE
    if isinstance(statement, StatementFormatChange):
        # Through a view, a trigger or a function it may be any table.
        return Concern.ROWS
    if not _is_among(table, _changed_tables(statement)):
        return Concern.NONE
    return Concern.ROWS if isinstance(statement, TruncateTable) else Concern.STRUCTURE


def _changed_tables(statement: Statement) -> tuple[TableName, ...]:
    target = new_name(statement) if isinstance(statement, AlterTable) else None
    return named_tables(statement) if target is None else (*named_tables(statement), target)


def _is_among(table: TableName, names: Iterable[TableName]) -> bool:
    return any(table.folded == name.folded for name in names)
