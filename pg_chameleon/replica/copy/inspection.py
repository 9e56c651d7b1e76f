"""What the source has when a copy begins, and whether that is still so when its snapshots are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.snapshot import TableStatistics
from pg_chameleon.mysql.structure.inspect import read_schemas


@dataclass(frozen=True, slots=True)
class Inspection:
    """The tables of the source as they are now, with what tells that one was replaced."""

    tables: dict[TableName, tuple[TableSchema, TableStatistics]]

    def unchanged(self, name: TableName, earlier: Inspection) -> bool:
        """Tell whether a table is the same in both inspections."""
        mine, theirs = self.tables.get(name), earlier.tables.get(name)
        return mine is not None and theirs is not None and mine[0] == theirs[0] and mine[1].created == theirs[1].created


def inspect(connection: SourceConnection, schemas: Sequence[str]) -> Inspection:
    """Read the structures and the statistics of all tables of the schemas."""
    known = snapshot.statistics(connection, schemas)
    return Inspection(
        {
            schema.name: (schema, known[schema.name])
            for schema in read_schemas(connection, schemas)
            if schema.name in known
        }
    )
