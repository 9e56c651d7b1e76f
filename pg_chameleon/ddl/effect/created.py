"""Compute the structure that CREATE TABLE makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pg_chameleon.ddl.effect.charsets import Charset, resolve
from pg_chameleon.ddl.effect.draft import (
    Surroundings,
    column_of,
    is_bare_timestamp,
    made_key,
    made_not_null,
    row_end_column,
    with_first_timestamp,
    with_implicit_timestamp,
    with_row_period,
)
from pg_chameleon.ddl.effect.engines import refuse_hidden_rows
from pg_chameleon.ddl.effect.indexes import (
    KeyElement,
    add_keys,
    check_of,
    foreign_key_of,
    in_order,
    keys_of_column,
    new_keys,
    with_row_ends,
)
from pg_chameleon.ddl.effect.moments import Offset, unknown_offset
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.definitions import (
    CheckDefinition,
    ColumnDefinition,
    Element,
    ForeignKeyDefinition,
    KeyDefinition,
    KeyKind,
    PeriodDefinition,
)
from pg_chameleon.ddl.syntax.statements import CreateTable
from pg_chameleon.model.json_columns import with_json_columns
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Check, Column, ForeignKey, TableSchema
from pg_chameleon.model.source.modes import NO_ENGINE_SUBSTITUTION

ENGINES_WITH_FOREIGN_KEYS = ("innodb", "ndb", "ndbcluster")


def created_table(
    statement: CreateTable,
    name: TableName,
    schema_default: Charset,
    server: ServerTraits,
    offset: Offset = unknown_offset,
) -> TableSchema:
    """Return the structure of a table that is created from its elements."""
    charset = resolve(statement.options.charset, schema_default, server)
    engine = engine_name(statement.options.engine, statement.sql_mode, server)
    refuse_hidden_rows(engine)
    elements = statement.elements
    definitions = [element for element in elements if isinstance(element, ColumnDefinition)]
    around = Surroundings(charset, server, offset)
    columns = [column_of(with_implicit_timestamp(definition, server), around) for definition in definitions]
    keys = [key for element in elements for key in _keys(element, server)]
    bare = {definition.name for definition in definitions if is_bare_timestamp(definition, server)}
    columns = not_null_keys(with_first_timestamp(columns, bare, server), keys, server)
    columns = with_not_null_periods(columns, elements)
    indexes = add_keys((), new_keys(keys), columns, engine, server)
    if statement.options.system_versioning:
        columns = with_row_period(columns)
        indexes = with_row_ends(indexes, row_end_column(columns) or "")
    found = TableSchema(
        name=name,
        columns=tuple(columns),
        indexes=in_order(indexes),
        foreign_keys=_foreign_keys(keys, name, engine, server),
        checks=_checks(elements, columns, name, server),
        engine=engine,
        charset=charset.name,
        collation=charset.collation,
        comment=statement.options.comment or "",
    )
    return with_json_columns(found) if server.mariadb else found


def with_not_null_periods(columns: list[Column], elements: Iterable[Element]) -> list[Column]:
    """Make the bounds of the application's periods NOT NULL."""
    periods = [e for e in elements if isinstance(e, PeriodDefinition) and e.name.casefold() != "system_time"]
    bounds = {bound.casefold() for period in periods for bound in (period.start, period.end)}
    return [made_not_null(column) if column.name.casefold() in bounds else column for column in columns]


def _keys(element: Element, server: ServerTraits) -> list[KeyElement]:
    if isinstance(element, ColumnDefinition):
        return keys_of_column(element, server)
    return [element] if isinstance(element, KeyDefinition | ForeignKeyDefinition) else []


def not_null_keys(columns: list[Column], keys: list[KeyElement], server: ServerTraits) -> list[Column]:
    """Make the columns of a primary key NOT NULL."""
    primary = {
        part.column.casefold()
        for key in keys
        if isinstance(key, KeyDefinition) and key.kind is KeyKind.PRIMARY
        for part in key.parts
        if part.column
    }
    return [made_key(column, server) if column.name.casefold() in primary else column for column in columns]


def _foreign_keys(keys: list[KeyElement], name: TableName, engine: str, server: ServerTraits) -> tuple[ForeignKey, ...]:
    found: list[ForeignKey] = []
    if engine.casefold() not in ENGINES_WITH_FOREIGN_KEYS:
        return ()
    for key in keys:
        if isinstance(key, ForeignKeyDefinition):
            found.append(foreign_key_of(key, name, [each.name for each in found], server))
    return tuple(found)


def _checks(
    elements: tuple[Element, ...], columns: list[Column], name: TableName, server: ServerTraits
) -> tuple[Check, ...]:
    found: list[Check] = []
    if not server.has_checks:
        return ()
    by_name = {column.name: column for column in columns}
    for element in elements:
        if isinstance(element, CheckDefinition):
            found.append(check_of(element, name, [each.name for each in found], server))
        elif isinstance(element, ColumnDefinition):
            found += column_checks(element, by_name[element.name], name, [each.name for each in found], server)
    return tuple(found)


def column_checks(
    definition: ColumnDefinition, column: Column, table: TableName, taken: list[str], server: ServerTraits
) -> list[Check]:
    """Return the checks that come with a column; MariaDB names them after the column."""
    found: list[Check] = []
    for check in definition.checks:
        named = replace(check, name=column.name) if server.mariadb and check.name is None else check
        found.append(check_of(named, table, [*taken, *(each.name for each in found)], server))
    return found


def engine_name(written: str | None, sql_mode: int, server: ServerTraits) -> str:
    """Return an engine's name as the server shows it; without NO_ENGINE_SUBSTITUTION a default stands in for it."""
    if written is None:
        return server.default_engine
    name = _ENGINES.get(written.casefold())
    foreign = name is None or (name in _MARIADB_ENGINES and not server.mariadb)
    if foreign and not sql_mode & NO_ENGINE_SUBSTITUTION:
        return server.default_engine
    return name or written


_ENGINES = {
    "innodb": "InnoDB", "innobase": "InnoDB", "myisam": "MyISAM", "memory": "MEMORY", "heap": "MEMORY",
    "archive": "ARCHIVE", "csv": "CSV", "aria": "Aria", "maria": "Aria", "merge": "MRG_MyISAM",
    "mrg_myisam": "MRG_MyISAM", "blackhole": "BLACKHOLE", "federated": "FEDERATED", "ndb": "ndbcluster",
    "ndbcluster": "ndbcluster", "rocksdb": "ROCKSDB", "sequence": "SEQUENCE", "spider": "SPIDER", "s3": "S3",
    "connect": "CONNECT", "columnstore": "Columnstore", "mroonga": "Mroonga", "tokudb": "TokuDB",
    "oqgraph": "OQGRAPH", "sphinx": "SPHINX", "example": "EXAMPLE",
}  # fmt: skip
_MARIADB_ENGINES = ("Aria", "SPIDER", "S3", "CONNECT", "Columnstore", "Mroonga", "OQGRAPH", "SPHINX", "SEQUENCE")
