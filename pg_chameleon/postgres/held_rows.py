"""Changes of tables whose copy is not in place yet, held until it is."""

from __future__ import annotations

from pg_chameleon.model.log import Counts
from pg_chameleon.postgres.answers import one_row
from pg_chameleon.postgres.apply import LogSlice
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.queries import query


def hold_rows(cursor: Cursor, rows: LogSlice) -> None:
    """Hold a slice for a table whose copy is not in place yet."""
    cursor.execute(f"insert into sch_chameleon.held_rows select * from {rows.log} where {rows.condition}")


def held_slice(cursor: Cursor, table_id: int) -> LogSlice | None:
    """Return what is held for a table, if anything is."""
    cursor.execute(query("held_rows.counts"), (table_id,))
    *counted, first, last, file = one_row(cursor)
    if first is None:
        return None
    return LogSlice("sch_chameleon.held_rows", first, last, None, table_id, Counts(*counted), file)


def forget_held(cursor: Cursor, table_id: int) -> None:
    """Remove what was held for a table."""
    cursor.execute(query("held_rows.forget"), (table_id,))
