"""What a copy registers and drops, by what the source has: it is decided here and nowhere else.

What the source had when the copy began counts today, save for tables that change until the snapshot. The state at the
snapshot is what ought to count: a table that appears after it belongs to the stream.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.replica.copy.inspection import Inspection
from pg_chameleon.replica.copy.plan import PlannedTable
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import CopyProblem


class AtSnapshot(NamedTuple):
    """What became of the planned tables until their snapshot: the ``changed`` ones need another one."""

    begun: list[PlannedTable]
    changed: list[PlannedTable]


def at_snapshot(planned: Iterable[PlannedTable], before: Inspection, after: Inspection) -> AtSnapshot:
    """Part the tables that are at the snapshot what they were when they were planned from the others."""
    found = AtSnapshot([], [])
    for table in planned:
        (found.begun if after.unchanged(table.name, before) else found.changed).append(table)
    return found


def bystanders(found: Inspection, wanted: TableFilter, registered: Collection[TableName]) -> list[TableSchema]:
    """Return the tables whose rows nobody wants, and that are not registered yet."""
    return [schema for name, (schema, _) in found.tables.items() if not wanted.admits(name) and name not in registered]


def missing(scope: Scope, registered: Iterable[TableName], present: Collection[TableName]) -> set[TableName]:
    """Return the registered tables that the source no longer has: ``present`` are those that it has."""
    return {name for name in registered if name not in present and scope.means(name)}


def unknown(scope: Scope, known: Collection[TableName]) -> list[CopyProblem]:
    """Return the tables asked for by name that neither the source nor the replica knows, as problems."""
    return [
        CopyProblem(name, "the source has no such table", quarantined=False, missing=True)
        for name in sorted(scope.names or ())
        if name not in known
    ]
