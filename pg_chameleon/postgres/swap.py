"""The swap: tables that were copied take the place of the former ones, all in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres import dependents, grants, ownership
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.dependents import Dependents
from pg_chameleon.postgres.failures import savepoint
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source


def limit_lock_wait(cursor: Cursor, milliseconds: int) -> None:
    """Limit how long the transaction waits for a lock; 0 is for ever."""
    cursor.execute("select set_config('lock_timeout', %s, true)", (f"{milliseconds}ms",))


def take_schema(cursor: Cursor, staged: str, schema: str, wanted: Collection[str]) -> None:
    """Make a staging schema the target schema, if there is none yet, with the wanted tables.

    To move many tables one by one takes more locks than PostgreSQL has by default.
    """
    if is_there(cursor, schema):
        return
    cursor.execute(query("swap.schema_tables"), (staged,))
    for (table,) in cursor.fetchall():
        if table not in wanted:
            left_over = TableName(staged, table)
            _drop_alone(cursor, left_over, _find(cursor, left_over))
    cursor.execute(f"alter schema {quote_identifier(staged)} rename to {quote_identifier(schema)}")


def is_there(cursor: Cursor, schema: str) -> bool:
    """Tell whether a schema exists."""
    cursor.execute(query("swap.schema_exists"), (schema,))
    return cursor.fetchone() is not None


def swap_table(
    cursor: Cursor, source: Source, staged: TableName, target: TableName, readers: Sequence[str]
) -> str | None:
    """Put a staged table in its target's place, with what users built on it; return the reason if that fails."""
    try:
        with savepoint(cursor):
            _swap(cursor, source, staged, target, readers)
    except TargetError as error:
        return f"the copy could not take the place of the target table: {error}"
    return None


def _swap(cursor: Cursor, source: Source, staged: TableName, target: TableName, readers: Sequence[str]) -> None:
    former = ownership.find_own(cursor, source, target)
    kept = Dependents()
    held: list[grants.Grant] = []
    if former is not None:
        kept = dependents.find_dependents(cursor, former)
        held = grants.read_grants(cursor, former)
        _drop(cursor, target, former)
    _move(cursor, staged, target.schema)
    ownership.claim(cursor, source, target)
    quoted = quote_qualified(target.schema, target.table)
    grants.give(cursor, quoted, held)
    grants.let_read_table(cursor, quoted, readers)
    dependents.remake(cursor, kept)


def _find(cursor: Cursor, name: TableName) -> int:
    cursor.execute(query("swap.relation"), (name.schema, name.table))
    row = cursor.fetchone()
    if row is None:
        raise TargetError(f"the staged table {name} is gone")
    return int(row[0])


def _drop(cursor: Cursor, name: TableName, table: int) -> None:
    enums = _enums(cursor, table)
    # All that falls with it is known by now, and made again.
    cursor.execute(f"drop table {quote_qualified(name.schema, name.table)} cascade")
    for enum in enums:
        _drop_unused_type(cursor, TableName(name.schema, enum))


def _drop_unused_type(cursor: Cursor, name: TableName) -> None:
    """Drop a type that belonged to a dropped table; what else uses it keeps it, under another name."""
    quoted = quote_qualified(name.schema, name.table)
    try:
        with savepoint(cursor):
            cursor.execute(f"drop type {quoted}")
    except TargetError:
        cursor.execute(f"alter type {quoted} rename to {quote_identifier(_free_type_name(cursor, name))}")


def _free_type_name(cursor: Cursor, name: TableName) -> str:
    number = 1
    while True:
        candidate = f"{name.table[:50]}_former_{number}"
        cursor.execute(query("swap.type_exists"), (name.schema, candidate))
        if cursor.fetchone() is None:
            return candidate
        number += 1


def _move(cursor: Cursor, staged: TableName, schema: str) -> None:
    for enum in _enums(cursor, _find(cursor, staged)):
        cursor.execute(query("swap.type_exists"), (schema, enum))
        if cursor.fetchone() is not None:
            raise TargetError(f"the type {schema}.{enum} is in the way; rename or drop it")
        cursor.execute(f"alter type {quote_qualified(staged.schema, enum)} set schema {quote_identifier(schema)}")
    cursor.execute(f"alter table {quote_qualified(staged.schema, staged.table)} set schema {quote_identifier(schema)}")


def _enums(cursor: Cursor, table: int) -> list[str]:
    cursor.execute(query("swap.enums"), (table,))
    return [row[0] for row in cursor.fetchall()]


def drop_former(cursor: Cursor, source: Source, target: TableName) -> str | None:
    """Drop the target of a table that the source no longer has; return the reason if that fails."""
    try:
        with savepoint(cursor):
            table = ownership.find_own(cursor, source, target)
            if table is not None:
                _drop_alone(cursor, target, table)
    except TargetError as error:
        return f"the source no longer has the table, but its target could not be dropped: {error.message}"
    return None


def _drop_alone(cursor: Cursor, name: TableName, table: int) -> None:
    enums = _enums(cursor, table)
    cursor.execute(f"drop table {quote_qualified(name.schema, name.table)}")
    for enum in enums:
        _drop_unused_type(cursor, TableName(name.schema, enum))
