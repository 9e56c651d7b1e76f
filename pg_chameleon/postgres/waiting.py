"""Stored batches that wait for the replay process: what is in them, and the mark that they are replayed."""

from __future__ import annotations

from dataclasses import dataclass

from pg_chameleon.model.log import AlterDetails, Counts, SchemaChangeKind, StoredChange, summary_from_json
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """A stored batch that is not replayed yet. ``summary``: (segment, table id) to its counts."""

    batch_id: int
    log_number: int
    position: BinlogPosition
    rows: int
    summary: dict[tuple[int, int], Counts]
    changes_structure: bool


def lock(cursor: Cursor, source: Source) -> None:
    """Keep everybody else from replaying the source until the transaction ends."""
    cursor.execute(query("waiting.lock"), (source.source_id,))


def generation(cursor: Cursor, source: Source) -> int | None:
    """Return the generation of the registry, which grows with each change of it."""
    cursor.execute(query("waiting.generation"), (source.source_id,))
    row = cursor.fetchone()
    return None if row is None else int(row[0])


def waiting_batches(cursor: Cursor, source: Source, limit: int = 2000) -> list[WaitingBatch]:
    """Return the next batches to replay in order."""
    cursor.execute(query("waiting.batches"), {"source_id": source.source_id, "limit": limit})
    return [_waiting(*row) for row in cursor.fetchall()]


def _waiting(  # noqa: PLR0917 - the columns of the query
    batch_id: int, log_number: int, file: str, offset: int, rows: int, stored: list[list[int]], changes: bool
) -> WaitingBatch:
    summary = summary_from_json(stored)
    changes_structure = changes or any(segment for segment, _ in summary)
    return WaitingBatch(batch_id, log_number, BinlogPosition(file, offset), rows, summary, changes_structure)


def schema_changes(cursor: Cursor, batch_id: int) -> list[StoredChange]:
    """Return the changes of structure of a batch in order."""
    cursor.execute(query("waiting.schema_changes"), (batch_id,))
    return [
        StoredChange(
            segment=segment,
            table_id=table_id,
            kind=SchemaChangeKind(kind),
            structure_id=structure_id,
            alter=AlterDetails.from_json(change) if change else None,
            statement=statement or "",
            position=BinlogPosition(file, offset),
        )
        for segment, table_id, kind, structure_id, change, statement, file, offset in cursor.fetchall()
    ]


def mark_replayed(cursor: Cursor, source: Source, first: int, last: int, *, rows: int, ddl: int, skipped: int) -> None:
    """Mark batches as replayed and count what was done, in the transaction that applied them."""
    cursor.execute(
        query("waiting.mark_replayed"),
        {
            "source_id": source.source_id,
            "first": first,
            "last": last,
            "rows": rows,
            "ddl": ddl,
            "skipped": skipped,
        },
    )
