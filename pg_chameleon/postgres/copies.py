"""Copies in the catalogue: which one is under way, what it has done, and how it is ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg2.extras import Json

from pg_chameleon.errors import CatalogueError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import TableSchema, schema_from_json
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres.answers import one_row, one_value
from pg_chameleon.postgres.batches import log_table
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import DiscardedRow, Failure, keep_discarded, log_failure
from pg_chameleon.postgres.positions import stored_place, stored_position
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source, set_consistent_from


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was begun. ``scope`` says what was asked for, so that only the same copy is resumed."""

    copy_id: int
    kind: str
    scope: dict[str, Any]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table whose copy is whole and waits to be swapped in. ``target`` is the name that it will have.

    ``reason``: why it cannot be replicated nevertheless.
    """

    table_id: int
    schema: TableSchema
    target: TableName
    rows: int
    start: Position
    reason: str | None


def open_copies(cursor: Cursor, source: Source) -> list[Copy]:
    """Return the copies that were begun and not finished, the newest first."""
    cursor.execute(query("copies.open"), (source.source_id,))
    return [Copy(*row) for row in cursor.fetchall()]


def begin(cursor: Cursor, source: Source, kind: str, scope: dict[str, Any]) -> Copy:
    """Note that a copy begins."""
    cursor.execute(query("copies.begin"), {"source_id": source.source_id, "kind": kind, "scope": Json(scope)})
    return Copy(*one_row(cursor))


def finish(cursor: Cursor, copy: Copy) -> None:
    """Note that a copy has ended, well or given up."""
    cursor.execute(query("copies.forget_chunks"), (copy.copy_id,))
    cursor.execute(query("copies.finish"), (copy.copy_id,))


def abandon_tables(cursor: Cursor, copy: Copy, kept: Collection[int] = ()) -> None:
    """Quarantine what a copy began, except the tables kept, and forget the changes held for them."""
    values = {"copy_id": copy.copy_id, "kept": list(kept)}
    cursor.execute(query("copies.abandon"), values)
    cursor.execute(query("copies.forget_held_rows"), values)


LEFT_OUT = "left out"
"""The reason of tables that are registered for their structure only, until the copy ends."""


def copied_tables(cursor: Cursor, copy: Copy) -> list[CopiedTable]:
    """Return the tables that a copy has whole."""
    cursor.execute(query("copies.copied"), (copy.copy_id,))
    return [
        CopiedTable(
            table_id,
            schema_from_json(structure),
            TableName(target_schema, target_table),
            rows,
            stored_position(file, offset, gtid),
            reason,
        )
        for (
            table_id,
            target_schema,
            target_table,
            rows,
            file,
            offset,
            gtid,
            reason,
            structure,
        ) in cursor.fetchall()
    ]


def waits_before_snapshots(cursor: Cursor, copy: Copy) -> bool:
    """Tell whether batches from before the snapshots of a copy wait to be replayed."""
    cursor.execute(query("copies.waits_before_snapshots"), {"copy_id": copy.copy_id})
    return cursor.fetchone() is not None


class UnfitTable(NamedTuple):
    """A table that the stream took out while it was copied. ``ended``: the source dropped it."""

    name: TableName
    ended: bool
    reason: str


def unfit_tables(cursor: Cursor, copy: Copy) -> list[UnfitTable]:
    """Return the tables of a copy that the stream took out meanwhile, with the reasons."""
    cursor.execute(query("copies.unfit"), (copy.copy_id,))
    return [UnfitTable(TableName(schema, table), *rest) for schema, table, *rest in cursor.fetchall()]


class Overtaken(CatalogueError):
    """The stream took a table out while it was copied; a new copy may do."""


def confirm_copying(cursor: Cursor, table_id: int) -> None:
    """Make sure that the table's copy was not given up meanwhile, and that it is not until the transaction ends."""
    cursor.execute(query("copies.confirm_copying"), (table_id,))
    row = cursor.fetchone()
    state = None if row is None else TableState(row[0])
    if state is TableState.QUARANTINED:
        raise Overtaken("it was changed on the source while it was copied")
    if state is not TableState.COPYING:
        raise CatalogueError("this copy was given up in favour of another one")


def add_chunk(cursor: Cursor, table_id: int, chunk: int, rows: int) -> None:
    """Mark a part of a table as copied, in the transaction that copied it."""
    cursor.execute(query("copies.add_chunk"), {"table_id": table_id, "chunk": chunk, "rows": rows})


def chunk_rows(cursor: Cursor, table_id: int) -> int:
    """Return how many rows the copied parts of a table have."""
    cursor.execute(query("copies.chunk_rows"), (table_id,))
    return int(one_value(cursor))


def set_reason(cursor: Cursor, table_id: int, reason: str) -> None:
    """Record why a table cannot be replicated although its copy continues."""
    cursor.execute(query("copies.set_reason"), {"table_id": table_id, "reason": reason})


def set_gtid(cursor: Cursor, table_id: int, position: Position) -> None:
    """Note the GTID set of a table's snapshot."""
    if position.gtid is not None:
        cursor.execute(query("copies.set_gtid"), {"table_id": table_id, "gtid": str(position.gtid)})


def drop_other_registrations(cursor: Cursor, source: Source, copy: Copy) -> None:
    """End every registration of the source that this copy did not make, and forget what was read for them."""
    cursor.execute(query("copies.drop_registrations"), {"source_id": source.source_id, "copy_id": copy.copy_id})
    for forget in ("forget_batches", "forget_prepared_rows", "forget_source_held_rows"):
        cursor.execute(query(f"copies.{forget}"), (source.source_id,))
    cursor.execute(f"truncate {log_table(source, 1)}, {log_table(source, 2)}")


def supersede(cursor: Cursor, table_id: int) -> None:
    """End the former registrations of a table."""
    cursor.execute(query("copies.supersede"), {"table_id": table_id})


def left_targets(cursor: Cursor, table_id: int) -> list[TableName]:
    """Return the target tables under former names of a table that was copied again: nobody fills them any more."""
    cursor.execute(query("copies.left_targets"), {"table_id": table_id})
    return [TableName(*row) for row in cursor.fetchall()]


def drop_registration(cursor: Cursor, table_id: int, reason: str) -> None:
    """End a registration of which nothing came."""
    cursor.execute(query("copies.drop_registration"), {"table_id": table_id, "reason": reason})


def advance_consistency(cursor: Cursor, source: Source, start: BinlogPosition) -> None:
    """Note a snapshot if it is later than all before: the source is consistent once that is replayed."""
    cursor.execute(query("copies.consistent_from"), (source.source_id,))
    latest = stored_place(*(cursor.fetchone() or (None, None)))
    if latest is None or latest < start:
        set_consistent_from(cursor, source, start)


def discard_row(cursor: Cursor, source: Source, row: DiscardedRow) -> None:
    """Keep a row that PostgreSQL refuses, and say so in the error log."""
    keep_discarded(cursor, source, row)
    message = f"a row was not copied: {row.reason}"
    log_failure(cursor, source, Failure(message, table=row.table, position=row.position, row_key=row.row_key))
