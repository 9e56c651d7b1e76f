"""What the target lacks of the source's structure, according to the structures and to the target itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.target import TargetTable, target_table
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import LeftOutRow
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source
from pg_chameleon.postgres.tables import TrackedTable, load_tables


def find_left_out(connection: Connection, source: Source, rules: Rules) -> list[LeftOutRow]:
    """Return what the replicated tables of a source lack on the target."""
    with transaction(connection) as cursor:
        return left_out_of(cursor, load_tables(cursor, source, replayed=True), rules)


def left_out_of(cursor: Cursor, tables: Iterable[TrackedTable], rules: Rules) -> list[LeftOutRow]:
    """Return what those of the tables that are replicated lack on the target."""
    return [
        LeftOutRow(table.name, what)
        for table in tables
        if table.state is TableState.REPLICATED
        for made in (target_table(table.schema, rules),)
        for what in (*made.notes, *_refused_defaults(cursor, made, table.target))
    ]


def refused_defaults(cursor: Cursor, schema: TableSchema, target: TableName, rules: Rules) -> list[str]:
    """Return the defaults that a table does not have, because the type that the user chose cannot read them."""
    return list(_refused_defaults(cursor, target_table(schema, rules), target))


def _refused_defaults(cursor: Cursor, made: TargetTable, target: TableName) -> Iterator[str]:
    if not any(column.tentative for column in made.columns):
        return
    cursor.execute(query("status.without_default"), (target.schema, target.table))
    bare = {name for (name,) in cursor.fetchall()}
    for column in made.columns:
        if column.tentative and column.default is not None and column.name in bare:
            default = column.default.sql
            yield f"column {column.source}: the default {default} is omitted: {column.type} does not have it"
