"""Compute the structure that ALTER TABLE makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pg_chameleon.ddl.effect.altered_columns import AlteredColumns
from pg_chameleon.ddl.effect.altered_constraints import AlteredConstraints
from pg_chameleon.ddl.effect.altered_keys import AlteredIndexes, added_keys
from pg_chameleon.ddl.effect.charsets import Charset, resolve
from pg_chameleon.ddl.effect.created import engine_name, not_null_keys, with_not_null_periods
from pg_chameleon.ddl.effect.draft import Surroundings, made_key
from pg_chameleon.ddl.effect.engines import refuse_hidden_rows
from pg_chameleon.ddl.effect.moments import Offset, unknown_offset
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.actions import AddElement, ConvertCharset, SetOptions
from pg_chameleon.ddl.syntax.errors import Unfollowable, UntoldStructure
from pg_chameleon.ddl.syntax.statements import AlterTable
from pg_chameleon.model.json_columns import with_json_columns
from pg_chameleon.model.schema import Column, Index, TableSchema


def altered_table(
    statement: AlterTable,
    before: TableSchema,
    schema_default: Charset,
    server: ServerTraits,
    offset: Offset = unknown_offset,
) -> tuple[TableSchema, tuple[str | None, ...]]:
    """Return the new structure, and for each of its columns the old one that it was.

    Raise ``Unfollowable`` if the statement does not fit the old structure.
    """
    convert = _converted_charset(statement, schema_default, server)
    charset = _table_charset(statement, before, convert, schema_default, server)
    engine, comment = before.engine, before.comment
    for action in statement.actions:
        if isinstance(action, SetOptions) and action.options.engine is not None:
            engine = engine_name(action.options.engine, statement.sql_mode, server)
        if isinstance(action, SetOptions) and action.options.comment is not None:
            comment = action.options.comment
    _refuse_lost_rows(before.engine, engine)
    columns = AlteredColumns(before, statement.actions, Surroundings(charset, server, offset), convert)
    added = added_keys(columns)
    elements = [action.element for action in statement.actions if isinstance(action, AddElement)]
    columns.columns = with_not_null_periods(not_null_keys(columns.columns, added, server), elements)
    indexes = AlteredIndexes(columns, engine, added).indexes()
    columns.columns = [made_key(each, server) if _is_in_primary(indexes, each) else each for each in columns.columns]
    constraints = AlteredConstraints(columns, engine, added)
    after = replace(
        before,
        columns=tuple(columns.columns),
        indexes=indexes,
        foreign_keys=constraints.foreign_keys(),
        checks=constraints.checks(),
        engine=engine,
        charset=charset.name,
        collation=charset.collation,
        comment=comment,
    )
    after = with_json_columns(after) if server.mariadb else after
    return after, tuple(columns.origins[each.name] for each in columns.columns)


def _is_in_primary(indexes: Iterable[Index], column: Column) -> bool:
    """Tell whether the column is in the primary key; a new one takes the place of one that was dropped."""
    return any(part.column == column.name for index in indexes if index.primary for part in index.parts)


def _refuse_lost_rows(before: str, after: str) -> None:
    """Refuse an engine that loses the rows, and one that shows others from now on."""
    if after == before:
        return
    refuse_hidden_rows(after)
    try:
        refuse_hidden_rows(before)
    except UntoldStructure as error:  # what the source has now does not tell what became of its rows
        raise Unfollowable(str(error)) from error


def _converted_charset(statement: AlterTable, schema_default: Charset, server: ServerTraits) -> Charset | None:
    """Return the charset of CONVERT TO CHARACTER SET, if the statement has it."""
    found = None
    for action in statement.actions:
        if isinstance(action, ConvertCharset):
            found = resolve(action.charset, schema_default, server)
    return found


def _table_charset(
    statement: AlterTable, before: TableSchema, convert: Charset | None, schema_default: Charset, server: ServerTraits
) -> Charset:
    """Return the new default charset: that of CONVERT TO, or of the table options, which win on MariaDB."""
    charset = Charset(before.charset or schema_default.name, before.collation or schema_default.collation)
    clauses = [action.options.charset for action in statement.actions if isinstance(action, SetOptions)]
    given = [clause for clause in clauses if clause is not None]
    if convert is not None and not (given and server.mariadb):
        return convert
    for clause in given:
        charset = resolve(clause, schema_default if clause.charset == "default" else charset, server)
    return charset
