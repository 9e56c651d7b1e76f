"""The plan of a round, made of what the source has: which tables are copied, and which cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pg_chameleon.convert.rules import UnknownType
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.snapshot import KeyRange, TableStatistics
from pg_chameleon.postgres import ownership
from pg_chameleon.postgres.connection import transaction
from pg_chameleon.postgres.ownership import ForeignTable
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.inspection import Inspection
from pg_chameleon.replica.copy.plan import PlannedTable, in_order, key_ranges, number_of_parts, splitting_column


class Plan(NamedTuple):
    """The tables to copy, in order, and those that cannot be copied, with the reasons."""

    tables: list[PlannedTable]
    refused: dict[TableName, str]


def plan(
    context: CopyContext, source: SourceConnection, found: Inspection, wanted: Callable[[TableName], bool]
) -> Plan:
    """Plan the copy of the wanted tables."""
    planned = []
    refused = {}
    foreign = _foreign_tables(context)
    for name, (schema, known) in found.tables.items():
        if wanted(name):
            reason = _refusal(context, schema, foreign)
            if reason is None:
                planned.append(PlannedTable(schema, known, _parts(context, source, schema, known)))
            else:
                refused[name] = reason
    return Plan(in_order(planned), refused)


def _foreign_tables(context: CopyContext) -> set[TableName]:
    """Return what is in the way of copies; with ``keep_existing_schema`` the user gives his tables away."""
    if context.settings.keep_existing:
        return set()
    with transaction(context.target) as cursor:
        return ownership.find_foreign(cursor, context.source, context.filter.mappings.values())


def _refusal(context: CopyContext, schema: TableSchema, foreign: set[TableName]) -> str | None:
    """Return why a table cannot be copied."""
    try:
        target_table(schema, context.rules)
    except UnknownType as error:
        return str(error)
    target = context.target_of(schema)
    return str(ForeignTable(target)) if target in foreign else None


def _parts(
    context: CopyContext, source: SourceConnection, schema: TableSchema, known: TableStatistics
) -> tuple[KeyRange | None, ...]:
    column = splitting_column(schema)
    number = number_of_parts(known, context.settings.chunk_rows)
    if number == 1 or column is None or context.settings.keep_existing:
        return (None,)
    bounds = snapshot.key_bounds(source, schema.name, column)
    return (None,) if bounds is None else key_ranges(column, *bounds, number)
