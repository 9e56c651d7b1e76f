"""Rows of transactions that are prepared by XA: held until the source commits them or rolls them back."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.batches import log_table
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.log_lines import OpenBatch
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source

_ROW = "table_id, operation, key, image, binlog_file, binlog_offset"


class Prepared(NamedTuple):
    """A prepared transaction. ``notes``: what is to be kept beside its rows, as plain JSON.

    ``touched``: the tables that it changed, whether or not their rows were stored.
    """

    xid: str
    notes: list[Any]
    touched: Collection[TableName] = ()


def put_aside(cursor: Cursor, source: Source, log_number: int, batch: OpenBatch, aside: Prepared) -> None:
    """Move the rows of the batch's current transaction, which were written already, out of the log table."""
    cursor.execute(
        f"with moved as (delete from {log_table(source, log_number)}"
        f" where batch_id = %s and sequence > %s returning sequence, {_ROW})"
        f" insert into sch_chameleon.prepared_rows (source_id, xid, sequence, {_ROW})"
        f" select %s, %s, sequence, {_ROW} from moved",
        (batch.batch_id, batch.committed_sequence, source.source_id, aside.xid),
    )
    # A marker row distinguishes a transaction without rows for this replica from one that was never seen.
    values = {"source_id": source.source_id, "xid": aside.xid, "notes": json.dumps(aside.notes)}
    touched = json.dumps([list(name) for name in aside.touched])
    cursor.execute(query("prepared.mark"), {**values, "touched": touched})
    batch.forget_counts()


def touched_tables(cursor: Cursor, source: Source, xid: str) -> tuple[list[TableName], frozenset[int]]:
    """Return the tables that a prepared transaction changed, and the ids of those whose rows were put aside."""
    cursor.execute(query("prepared.touched"), {"source_id": source.source_id, "xid": xid})
    names, table_ids = cursor.fetchone() or (None, None)
    return [TableName(*name) for name in json.loads(names or "[]")], frozenset(table_ids or ())


def undecided(connection: Connection, source: Source) -> list[str]:
    """Return the transactions that are prepared, and neither committed nor rolled back."""
    with transaction(connection) as cursor:
        cursor.execute(query("prepared.undecided"), (source.source_id,))
        return [xid for (xid,) in cursor.fetchall()]


def decide(
    cursor: Cursor, source: Source, log_number: int, batch: OpenBatch, xid: str, *, committed: bool
) -> list[Any] | None:
    """Put the rows of a prepared transaction into the log table as part of the batch, or forget them.

    Return the notes that were kept beside them, unless they are forgotten too; None if the transaction was prepared
    before the replica began to read.
    """
    values = {"source_id": source.source_id, "xid": xid}
    cursor.execute(query("prepared.notes"), values)
    kept = [each for (notes,) in cursor.fetchall() for each in json.loads(notes or "[]")] if committed else []
    if committed:
        cursor.execute(query("prepared.counts"), values)
        counts = {table_id: list(found) for table_id, *found in cursor.fetchall()}
        cursor.execute(
            f"insert into {log_table(source, log_number)} (batch_id, sequence, segment, {_ROW})"
            f" select %(batch_id)s, %(sequence)s + row_number() over (order by sequence), %(segment)s, {_ROW}"
            " from sch_chameleon.prepared_rows where source_id = %(source_id)s and xid = %(xid)s and table_id <> 0",
            {**values, "batch_id": batch.batch_id, "sequence": batch.sequence, "segment": batch.segment},
        )
        batch.count_written(counts)
    cursor.execute(query("prepared.forget"), values)
    return kept if cursor.rowcount > 0 else None
