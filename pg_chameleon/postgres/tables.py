"""The registry of replicated tables: their states, and their structures at positions of the binlog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json

from pg_chameleon.convert.expressions.quoting import quote_qualified
from pg_chameleon.convert.values.text import without_nul
from pg_chameleon.errors import CatalogueError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema, schema_from_json, schema_to_json
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres.answers import one_value
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.positions import place, stored_place
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source


@dataclass(frozen=True, slots=True)
class TrackedTable:
    """A registered table. ``start``: its snapshot's position; earlier events are already in its copy."""

    table_id: int
    name: TableName
    target: TableName
    state: TableState
    reason: str | None
    start: BinlogPosition | None
    structure_id: int
    schema: TableSchema


def load_tables(cursor: Cursor, source: Source, *, replayed: bool = False) -> list[TrackedTable]:
    """Return the tables that are not dropped, with their newest structure, or the newest that was replayed."""
    cursor.execute(query("tables.replayed" if replayed else "tables.newest"), (source.source_id,))
    return [_tracked(row) for row in cursor.fetchall()]


def forget_starts(cursor: Cursor, source: Source) -> None:
    """Forget the positions of snapshots that were passed: on another server, after a failover, they mean nothing."""
    cursor.execute(query("tables.forget_starts"), {"source_id": source.source_id})
    cursor.execute(query("tables.forget_consistency"), {"source_id": source.source_id})


def load_structure(cursor: Cursor, structure_id: int) -> TrackedTable:
    """Return the table of a structure as it is with that structure."""
    cursor.execute(query("tables.by_structure"), (structure_id,))
    row = cursor.fetchone()
    if row is None:
        raise CatalogueError(f"the structure {structure_id} is gone from the catalogue")
    return _tracked(row)


def set_replayed(cursor: Cursor, structure_id: int) -> None:
    """Note that the target has this structure now."""
    cursor.execute(query("tables.set_replayed"), (structure_id,))


def _tracked(row: tuple[Any, ...]) -> TrackedTable:
    (
        table_id,
        schema,
        table,
        target_schema,
        target_table,
        state,
        reason,
        file,
        offset,
        structure_id,
        structure,
    ) = row
    return TrackedTable(
        table_id=table_id,
        name=TableName(schema, table),
        target=TableName(target_schema, target_table),
        state=TableState(state),
        reason=reason,
        start=stored_place(file, offset),
        structure_id=structure_id,
        schema=schema_from_json(structure),
    )


def register(
    cursor: Cursor,
    source: Source,
    schema: TableSchema,
    target: TableName,
    state: TableState,
    *,
    start: BinlogPosition | None,
    copy_id: int | None = None,
    replayed: bool = True,
) -> int:
    """Register a table with its structure at ``start``, the position of its snapshot; return its id.

    ``replayed``: the target has, or is being given, this structure outside the stream.
    """
    table_id = _add(cursor, source, schema.name, target, state=state, start=start, copy_id=copy_id)
    add_structure(cursor, table_id, schema, start, replayed=replayed)
    return table_id


def register_in_stream(
    cursor: Cursor,
    source: Source,
    schema: TableSchema,
    target: TableName,
    state: TableState,
    *,
    position: BinlogPosition,
    replayed: bool,
) -> tuple[int, int]:
    """Register a table that was created at a position; return its id and that of its structure."""
    table_id = _add(cursor, source, schema.name, target, state=state)
    return table_id, add_structure(cursor, table_id, schema, position, replayed=replayed)


def _add(
    cursor: Cursor,
    source: Source,
    name: TableName,
    target: TableName,
    *,
    state: TableState,
    start: BinlogPosition | None = None,
    copy_id: int | None = None,
) -> int:
    cursor.execute(
        query("tables.add"),
        {
            "source_id": source.source_id,
            "schema": name.schema,
            "table": name.table,
            "target_schema": target.schema,
            "target_table": target.table,
            "state": state.value,
            "copy_id": copy_id,
            **place(start),
        },
    )
    return int(one_value(cursor))


def add_structure(
    cursor: Cursor,
    table_id: int,
    schema: TableSchema,
    position: BinlogPosition | None,
    *,
    replayed: bool = False,
) -> int:
    """Store the structure that a table has from a position on; return the id of the structure."""
    cursor.execute(
        query("tables.add_structure"),
        {
            "table_id": table_id,
            "structure": Json(schema_to_json(schema)),
            "replayed": replayed,
            **place(position),
        },
    )
    return int(one_value(cursor))


def set_copied(cursor: Cursor, table_id: int, rows: int) -> None:
    """Note that a table's copy is whole."""
    cursor.execute(query("tables.set_copied"), {"table_id": table_id, "rows": rows})


def set_state(cursor: Cursor, table_id: int, state: TableState) -> None:
    """Change the state of a table, for any state that needs no reason."""
    cursor.execute(query("tables.set_state"), {"table_id": table_id, "state": state.value})


def set_start(cursor: Cursor, table_id: int, position: BinlogPosition) -> None:
    """Record the position up to which everything about a table is already known."""
    cursor.execute(query("tables.set_start"), {"table_id": table_id, **place(position)})


def quarantine(cursor: Cursor, table_id: int, reason: str, position: BinlogPosition | None) -> None:
    """Quarantine a table, with the reason, until it is copied again."""
    cursor.execute(query("tables.quarantine"), {"table_id": table_id, "reason": without_nul(reason), **place(position)})


def rename_source(cursor: Cursor, table_id: int, name: TableName) -> None:
    """Follow a table to its new name on the source."""
    cursor.execute(query("tables.rename_source"), {"table_id": table_id, "schema": name.schema, "table": name.table})


def rename_target(cursor: Cursor, table_id: int, target: TableName) -> None:
    """Note the name that the target table was given."""
    cursor.execute(
        query("tables.rename_target"), {"table_id": table_id, "schema": target.schema, "table": target.table}
    )


def count_rows(cursor: Cursor, target: TableName) -> int:
    """Return how many rows a table of the target has."""
    cursor.execute(f"select count(*) from {quote_qualified(target.schema, target.table)}")
    return int(one_value(cursor))


def end(cursor: Cursor, table_id: int) -> None:
    """Note that the source no longer has the table; it stays with the replay process until that has dropped it."""
    cursor.execute(query("tables.end"), (table_id,))
