"""Staging schemas: where tables are made and loaded before they take the place of the former ones."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import NamedTuple

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.postgres.connection import ASYNCHRONOUS_COMMIT, Cursor
from pg_chameleon.postgres.failures import index_too_small, run_statements
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source

LOADING = (*ASYNCHRONOUS_COMMIT, "maintenance_work_mem=256MB")
"""Settings of sessions that load: what a crash loses is copied again, and indexes are built in memory."""


class Missing(NamedTuple):
    """An index that could not be created. ``needed``: rows may be double, or are not found again by their key."""

    reason: str
    needed: bool


def schema_name(source: Source, target_schema: str) -> str:
    """Name the staging schema of a target schema."""
    return names.table_name(f"_chameleon_{source.source_id}_{target_schema}")


def create_schema(cursor: Cursor, name: str) -> None:
    """Make a schema if it is not there."""
    cursor.execute(query("swap.schema_exists"), (name,))
    if cursor.fetchone() is None:
        cursor.execute(f"create schema {quote_identifier(name)}")


def drop_schema(cursor: Cursor, name: str) -> None:
    """Drop a staging schema with all that is left in it."""
    cursor.execute(f"drop schema if exists {quote_identifier(name)} cascade")


def table_names(cursor: Cursor, schema: str) -> set[str]:
    """Return the names of the tables in a schema."""
    cursor.execute(query("swap.schema_tables"), (schema,))
    return {row[0] for row in cursor.fetchall()}


def create_table(cursor: Cursor, schema: TableSchema, target: TableName, rules: Rules, fillfactor: int | None) -> None:
    """Make a table with its types, without its indexes."""
    for statement in ddl.create_table(target_table(schema, rules), target.schema, target.table, fillfactor):
        cursor.execute(statement)


def drop_table(cursor: Cursor, schema: TableSchema, target: TableName, rules: Rules) -> None:
    """Drop a table with its types, if it is there."""
    for statement in ddl.drop_table(target_table(schema, rules), target.schema, target.table):
        cursor.execute(statement)


def create_index(cursor: Cursor, index: TargetIndex, target: TableName, spare: Container[str]) -> Missing | None:
    """Make an index of a table, so that others can be made at the same time; say if PostgreSQL does not make it.

    ``spare``: the names of those without which rows can be applied; values that are too long are not double. The
    primary key becomes a unique index first: to add it as a constraint would lock the table.
    """
    try:
        run_statements(cursor, ddl.create_index(replace(index, primary=False), target.schema, target.table))
    except TargetError as error:
        if error.transient:
            raise
        spared = index.name in spare and index_too_small(error) is not None
        return Missing(f"the index {index.source} could not be created: {error.message}", index.unique and not spared)
    return None


def add_primary_key(cursor: Cursor, schema: TableSchema, target: TableName, rules: Rules) -> None:
    """Make the index of the primary key, if it was made, the primary key."""
    for index in target_table(schema, rules).indexes:
        if index.primary and _exists(cursor, target.schema, index.name):
            name = quote_identifier(index.name)
            quoted = quote_qualified(target.schema, target.table)
            cursor.execute(f"alter table {quoted} add constraint {name} primary key using index {name}")


def create_indexes(cursor: Cursor, schema: TableSchema, target: TableName, rules: Rules) -> list[Missing]:
    """Make the key and all indexes of a table; return those that PostgreSQL does not make."""
    found = target_table(schema, rules)
    made = [create_index(cursor, index, target, found.spare_indexes) for index in found.indexes]
    add_primary_key(cursor, schema, target, rules)
    return [missing for missing in made if missing is not None]


def _exists(cursor: Cursor, schema: str, name: str) -> bool:
    cursor.execute(query("swap.relation"), (schema, name))
    return cursor.fetchone() is not None


def truncate(cursor: Cursor, target: TableName) -> None:
    """Remove all rows of a table."""
    cursor.execute(f"truncate {quote_qualified(target.schema, target.table)}")


def analyze(cursor: Cursor, target: TableName) -> None:
    """Let the planner know a table's values."""
    cursor.execute(f"analyze {quote_qualified(target.schema, target.table)}")
