"""Which tables and columns there are on either side."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2.extensions import connection as TargetConnection
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

    SourceConnection = Connection[Cursor]

TABLES = """
select table_name
from information_schema.tables
where table_schema = %s
and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')
"""
COLUMNS = """
select column_name, lower(data_type), lower(column_type), character_set_name
from information_schema.columns
where table_schema = %s
and table_name = %s
order by ordinal_position
"""
# The primary key sorts first; other unique keys follow by name.
KEYS = """
select index_name, column_name, nullable, sub_part
from information_schema.statistics
where table_schema = %s
and table_name = %s
and non_unique = 0
order by index_name <> 'PRIMARY', index_name, seq_in_index
"""
TARGET_COLUMNS = """
select relation.relname, attribute.attname, type.typname
from pg_class as relation
join pg_namespace as namespace on namespace.oid = relation.relnamespace
left join pg_attribute as attribute
on attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
left join pg_type as type on type.oid = attribute.atttypid
where namespace.nspname = %s
and relation.relkind in ('r', 'p')
and not relation.relispartition
order by relation.relname, attribute.attnum
"""


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the source, with its types as information_schema shows them.

    `in_key`: a row is found by it, so it is never NULL.
    """

    name: str
    data_type: str
    column_type: str
    charset: str | None = None
    in_key: bool = False


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of the source; `key` are the columns that identify a row, all of them if there is no key."""

    name: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...]


def source_tables(connection: "SourceConnection", schema: str) -> dict[str, SourceTable]:
    """Read the tables of a schema of the source."""
    names = [name for (name,) in query(connection, TABLES, (schema,))]
    return {name: source_table(connection, schema, name) for name in sorted(names)}


def source_table(connection: "SourceConnection", schema: str, name: str) -> SourceTable:
    keys: dict[str, list[tuple[Any, ...]]] = {}
    for index, *part in query(connection, KEYS, (schema, name)):
        keys.setdefault(index, []).append(tuple(part))
    key = found_by(keys)
    never_null = {*key, *(column for column, *_ in keys.get("PRIMARY", []))}
    columns = tuple(
        SourceColumn(column, data_type, column_type, charset, column in never_null)
        for column, data_type, column_type, charset in query(connection, COLUMNS, (schema, name))
    )
    return SourceTable(name, columns, key or tuple(column.name for column in columns))


def found_by(keys: dict[str, list[tuple[Any, ...]]]) -> tuple[str, ...]:
    """Return the columns of the first key whose parts are whole columns without NULL."""
    for parts in keys.values():
        if all(column and nullable != "YES" and prefix is None for column, nullable, prefix in parts):
            return tuple(column for column, _, _ in parts)
    return ()


def target_tables(connection: "TargetConnection", schema: str) -> dict[str, dict[str, str]]:
    """Read the tables of a schema of the target, each with the types of its columns."""
    tables: dict[str, dict[str, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TARGET_COLUMNS, (schema,))
        for table, column, type_name in cursor.fetchall():
            columns = tables.setdefault(table, {})
            if column is not None:
                columns[column] = type_name
    return tables


def query(connection: "SourceConnection", statement: str, parameters: tuple[str, ...]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
