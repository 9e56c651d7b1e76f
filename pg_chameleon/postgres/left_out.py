"""What the target lacks of the source's structure: told by the structures, and by the target itself."""

from __future__ import annotations

from collections.abc import Iterator

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.target import TargetTable, target_table
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import LeftOutRow
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source
from pg_chameleon.postgres.tables import load_tables


def find_left_out(connection: Connection, source: Source, rules: Rules) -> list[LeftOutRow]:
    """Return what the replicated tables of a source lack on the target."""
    with transaction(connection) as cursor:
        return [
            LeftOutRow(table.name, what)
            for table in load_tables(cursor, source, replayed=True)
            if table.state is TableState.REPLICATED
            for what in (
                *target_table(table.schema, rules).notes,
                *refused_defaults(cursor, table.schema, table.target, rules),
            )
        ]


def refused_defaults(cursor: Cursor, schema: TableSchema, target: TableName, rules: Rules) -> list[str]:
    """Return the defaults that a table does not have, because the type that the user chose cannot read them."""
    made = target_table(schema, rules)
    return list(_refused_defaults(cursor, made, target)) if any(column.tentative for column in made.columns) else []


def _refused_defaults(cursor: Cursor, made: TargetTable, target: TableName) -> Iterator[str]:
    cursor.execute(query("status.without_default"), (target.schema, target.table))
    bare = {name for (name,) in cursor.fetchall()}
    for column in made.columns:
        if column.tentative and column.name in bare:
            yield f"column {column.source}: the default {column.default} is left out: {column.type} does not have it"
