"""What the catalogue and the locks of living processes say of the status, and the error log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from pg_chameleon.errors import CatalogueError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import (
    ChangedValueRow,
    Counters,
    ErrorDetail,
    ErrorRow,
    MappingRow,
    SourceOverview,
    TableProblem,
    ValueChangeRow,
)
from pg_chameleon.model.status import SourceStatus
from pg_chameleon.postgres.connection import Connection, transaction
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.roles import LockRole, held_roles
from pg_chameleon.postgres.sources import Source, read_mappings

_COPYING = (SourceStatus.INITIALISING, SourceStatus.SYNCING)


def overview(connection: Connection) -> list[SourceOverview]:
    """Return each source as it is now."""
    with transaction(connection) as cursor:
        cursor.execute(query("status.overview"))
        rows = cursor.fetchall()
    return [_overview(connection, row) for row in rows]


def _overview(connection: Connection, row: tuple[Any, ...]) -> SourceOverview:
    source_id, name, kind, status, reason, reached, copying = row[:7]
    read_commit, caught_up, replay_commit, replayed_at, waiting, now = row[7:13]
    roles = held_roles(connection, source_id)
    shown, reason = _present_status(SourceStatus(status), reason, roles)
    read_lag = _lag(now, read_commit, caught_up)
    return SourceOverview(
        source_id=source_id,
        name=name,
        type=kind,
        status=shown.value,
        consistent=reached and not copying,
        read_lag=read_lag,
        last_read=read_commit,
        replay_lag=_replay_lag(now, replay_commit, read_lag, waiting=waiting, replayed=replayed_at is not None),
        last_replay=replay_commit,
        reason=reason,
    )


def _present_status(
    stored: SourceStatus, reason: str | None, roles: frozenset[LockRole]
) -> tuple[SourceStatus, str | None]:
    """Correct what was last written by what is so: the locks tell which processes live."""
    if stored is SourceStatus.RUNNING and LockRole.DAEMON not in roles:
        return SourceStatus.STOPPED, "the daemon exited unexpectedly; start_replica resumes where it stopped"
    if stored is SourceStatus.RUNNING and not {LockRole.READ, LockRole.REPLAY} <= roles:
        missing = " and ".join(role.name.lower() for role in (LockRole.READ, LockRole.REPLAY) if role not in roles)
        return stored, f"the {missing} process is being restarted; its log says why"
    if stored in _COPYING and LockRole.COPY not in roles:
        return SourceStatus.ERROR, "the copy was interrupted; run the same command again to finish it"
    return stored, reason


def _lag(now: datetime, commit: datetime | None, caught_up: datetime | None) -> float | None:
    known = [moment for moment in (commit, caught_up) if moment is not None]
    return max(0.0, (now - max(known)).total_seconds()) if known else None


def _replay_lag(
    now: datetime, commit: datetime | None, read_lag: float | None, *, waiting: bool, replayed: bool
) -> float | None:
    """The age of the newest state that the target shows: with nothing waiting, it is as new as what was read."""
    if not waiting:
        return read_lag
    return _lag(now, commit, None) if replayed else None


def mapping_rows(connection: Connection, source: Source) -> list[MappingRow]:
    """Return the mappings of a source for display."""
    return [MappingRow(*pair) for pair in read_mappings(connection, source).items()]


def counters(connection: Connection, source: Source, maintenance: timedelta | None) -> Counters:
    """Return the numbers of a source; ``maintenance`` is how often its log tables are maintained."""
    with transaction(connection) as cursor:
        cursor.execute(query("status.counters"), (source.source_id,))
        row = cursor.fetchone()
    if row is None:
        raise CatalogueError(f"the source {source.name} is gone from the catalogue")
    quarantined, replicated, last, added, rows, ddl, skipped = row
    return Counters(
        tables_not_replicated=quarantined,
        tables_replicated=replicated,
        all_tables=quarantined + replicated,
        last_maintenance=last,
        next_maintenance=None if maintenance is None else (last or added) + maintenance,
        replayed_rows=rows,
        replayed_ddl=ddl,
        skipped_rows=skipped,
    )


def problems(connection: Connection, source: Source) -> list[TableProblem]:
    """Return the quarantined tables, with their reasons."""
    with transaction(connection) as cursor:
        cursor.execute(query("tables.quarantined"), (source.source_id,))
        return [
            TableProblem(TableName(schema, table), state, reason or "", None if file is None else f"{file}:{offset}")
            for schema, table, state, reason, file, offset, _since in cursor.fetchall()
        ]


def value_changes(connection: Connection, source: Source) -> list[ValueChangeRow]:
    """Return which values were changed on their way."""
    with transaction(connection) as cursor:
        cursor.execute(query("status.value_changes"), (source.source_id,))
        return [ValueChangeRow(TableName(schema, table), *rest) for schema, table, *rest in cursor.fetchall()]


def changed_values(
    connection: Connection, source: Source, wanted: Collection[TableName] | None = None
) -> list[ChangedValueRow]:
    """Return the values that were changed one by one, as far as they are kept, of some tables or of all."""
    values = {"source_id": source.source_id, "tables": None if wanted is None else list(map(str, wanted))}
    with transaction(connection) as cursor:
        cursor.execute(query("status.changed_values"), values)
        return [
            ChangedValueRow(
                TableName(schema, table), key, column, reason, value, None if file is None else f"{file}:{offset}"
            )
            for schema, table, key, column, reason, value, file, offset in cursor.fetchall()
        ]


def errors(connection: Connection, source: Source | None) -> list[ErrorRow]:
    """Return the entries of the error log, of one source or of all."""
    with transaction(connection) as cursor:
        cursor.execute(query("status.errors"), {"source_id": None if source is None else source.source_id})
        return [
            ErrorRow(log_id, name, _joined(schema, table), happened, message)
            for log_id, name, schema, table, happened, message in cursor.fetchall()
        ]


def error(connection: Connection, log_id: int) -> ErrorDetail:
    """Return one entry of the error log whole; raise ``CatalogueError`` if there is none of that number."""
    with transaction(connection) as cursor:
        cursor.execute(query("status.error"), (log_id,))
        row = cursor.fetchone()
    if row is None:
        raise CatalogueError(f"there is no error {log_id} in the log", advice="chameleon show_errors lists them")
    number, name, schema, table, happened, file, offset, message, statement, key = row
    position = None if file is None else f"{file}:{offset}"
    return ErrorDetail(number, name, _joined(schema, table), happened, position, message, statement, key)


def _joined(schema: str | None, table: str | None) -> str | None:
    return None if schema is None else f"{schema}.{table}"
