"""Maintenance of the log tables: VACUUM when asked for or when it is time."""

from __future__ import annotations

from datetime import timedelta

from pg_chameleon.postgres import ownership, value_changes
from pg_chameleon.postgres.batches import log_table
from pg_chameleon.postgres.connection import Connection, target_errors, transaction
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source


def vacuum(connection: Connection, source: Source, *, full: bool) -> list[str]:
    """Vacuum the log tables of a source and forget ended registrations; return the names of the vacuumed tables."""
    with transaction(connection) as cursor:
        value_changes.forget_dropped(cursor, source)
        ownership.forget_dropped(cursor, source)
    done = [log_table(source, 1), log_table(source, 2), "sch_chameleon.batches", "sch_chameleon.held_rows"]
    # VACUUM refuses to run inside a transaction.
    connection.autocommit = True
    try:
        with target_errors(), connection.cursor() as cursor:
            for name in done:
                cursor.execute(f"vacuum ({'full, ' if full else ''}analyze) {name}")
    finally:
        connection.autocommit = False
    with transaction(connection) as cursor:
        cursor.execute(query("sources.set_maintained"), (source.source_id,))
    return done


def is_due(connection: Connection, source: Source, every: timedelta) -> bool:
    """Tell whether maintenance is overdue."""
    with transaction(connection) as cursor:
        cursor.execute(query("sources.maintenance_due"), {"source_id": source.source_id, "every": every})
        row = cursor.fetchone()
    return bool(row and row[0])
