"""What all parts of a copy share."""

from __future__ import annotations

from dataclasses import dataclass

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.postgres import staging
from pg_chameleon.postgres.connection import Connection, Stop
from pg_chameleon.postgres.sources import Source
from pg_chameleon.replica.copy.progress import ProgressTracker
from pg_chameleon.replica.copy.settings import CopySettings


@dataclass(frozen=True, slots=True)
class CopyContext:
    """What all parts of a copy share. ``filter`` has the mappings that are registered."""

    settings: CopySettings
    source: Source
    filter: TableFilter
    rules: Rules
    target: Connection
    stop: Stop
    tracker: ProgressTracker

    def target_of(self, schema: TableSchema) -> TableName:
        """Return the name that a table has on the target in the end."""
        return TableName(self.filter.mappings[schema.name.schema], names.table_name(schema.name.table))

    def loading_target(self, schema: TableSchema) -> TableName:
        """Return the name of the table that is loaded: in the staging schema, unless the present one is refilled."""
        final = self.target_of(schema)
        if self.settings.keep_existing:
            return final
        return TableName(staging.schema_name(self.source, final.schema), final.table)
