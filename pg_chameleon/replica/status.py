"""The status of the replicas as one value, which any format can print."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pg_chameleon.convert.expressions import names
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import ChangedValueRow, LeftOutRow, RenamedRow, SourceDetails, Status
from pg_chameleon.model.status import SourceType, TableState
from pg_chameleon.postgres import status
from pg_chameleon.postgres.connection import Connection, transaction
from pg_chameleon.postgres.left_out import left_out_of
from pg_chameleon.postgres.sources import Source, find_source
from pg_chameleon.postgres.tables import TrackedTable, load_tables
from pg_chameleon.replica.rules import known_rules
from pg_chameleon.replica.settings import ReplicaSettings


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which source is asked for; with ``full``, also each value that was changed, of all its tables or of some."""

    settings: ReplicaSettings
    full: bool = False
    tables: Collection[TableName] | None = None


def read_status(connection: Connection, wanted: Wanted | None = None) -> Status:
    """Read how all sources are, or how one is, in detail."""
    sources = status.overview(connection)
    if wanted is None:
        return Status(tuple(sources))
    source = find_source(connection, wanted.settings.name)
    return Status(tuple(each for each in sources if each.name == source.name), _details(connection, source, wanted))


def _details(connection: Connection, source: Source, wanted: Wanted) -> SourceDetails:
    with transaction(connection) as cursor:
        # Loading the structures is what takes time with many tables, so all that needs them is found here.
        tables = load_tables(cursor, source, replayed=True)
    return SourceDetails(
        mappings=tuple(status.mapping_rows(connection, source)),
        counters=status.counters(connection, source, wanted.settings.maintenance),
        problems=tuple(status.problems(connection, source)),
        keyless=tuple(find_keyless(tables)),
        renamed=tuple(find_renamed(tables)),
        left_out=_left_out(connection, source, wanted, tables),
        value_changes=tuple(status.value_changes(connection, source)),
        changed_values=_changed_values(connection, source, wanted),
    )


def _left_out(
    connection: Connection, source: Source, wanted: Wanted, tables: Collection[TrackedTable]
) -> tuple[LeftOutRow, ...] | None:
    """Return what the target omits; None if that depends on what the source is, and nobody has asked it yet."""
    if source.type != SourceType.MYSQL or not tables:
        return ()
    rules = known_rules(wanted.settings, connection, source)
    if rules is None:
        return None
    with transaction(connection) as cursor:
        return tuple(left_out_of(cursor, tables, rules))


def find_keyless(tables: Collection[TrackedTable]) -> Iterator[TableName]:
    """Yield the replicated tables whose rows can only be found by all their columns."""
    for table in tables:
        if table.state is TableState.REPLICATED and not table.schema.key_columns:
            yield table.name


def find_renamed(tables: Collection[TrackedTable]) -> Iterator[RenamedRow]:
    """Yield the tables and columns whose names on the target are not those of the source."""
    for table in tables:
        if table.state is TableState.FILTERED:
            continue
        if table.target.table != table.name.table:
            yield RenamedRow(table.name, None, table.target.table)
        for column in table.schema.column_names:
            if names.column_name(column) != column:
                yield RenamedRow(table.name, column, names.column_name(column))


def _changed_values(connection: Connection, source: Source, wanted: Wanted) -> tuple[ChangedValueRow, ...]:
    return tuple(status.changed_values(connection, source, wanted.tables)) if wanted.full else ()
