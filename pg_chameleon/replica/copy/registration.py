"""The registration of the tables that a copy found, at the position of their snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pg_chameleon.model.position import Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import copies, staging, tables
from pg_chameleon.postgres.connection import Cursor, transaction
from pg_chameleon.postgres.copies import Copy
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.inspection import Inspection
from pg_chameleon.replica.copy.messages import TableTask
from pg_chameleon.replica.copy.plan import PlannedTable
from pg_chameleon.replica.copy.presence import bystanders
from pg_chameleon.replica.copy.settings import CopyKind


@dataclass(frozen=True, slots=True)
class Registration:
    """Registers tables for one copy."""

    context: CopyContext
    copy: Copy
    kind: CopyKind

    def begin(self, cursor: Cursor, table: PlannedTable, position: Position) -> TableTask:
        """Register a table whose copy begins at the position, and make it if it is loaded in parts."""
        context = self.context
        schema = table.schema
        table_id = self._register(cursor, schema, position, TableState.COPYING)
        # The read process stores changes for the newest registration only, so the former one ends here
        copies.supersede(cursor, table_id)
        task = TableTask(
            table_id=table_id,
            schema=schema,
            target=context.loading_target(schema),
            start=position.binlog,
            created=table.statistics.created,
            in_place=context.settings.keep_existing,
            fillfactor=context.settings.replica.fillfactor.get(str(schema.name)),
        )
        if len(table.parts) > 1:
            staging.drop_table(cursor, schema, task.target, context.rules)
            staging.create_table(cursor, schema, task.target, context.rules, task.fillfactor)
        return task

    def bystanders(self, found: Inspection) -> list[TableSchema]:
        """Return the tables that are to be registered for their structure only."""
        if self.kind is CopyKind.SYNC_TABLES:
            return []
        with transaction(self.context.target) as cursor:
            registered = {
                table.name
                for table in tables.load_tables(cursor, self.context.source)
                if self.kind is not CopyKind.INIT_REPLICA or table.state is TableState.COPIED
            }
        return bystanders(found, self.context.filter, registered)

    def stand_by(self, cursor: Cursor, schemas: Iterable[TableSchema], position: Position) -> None:
        """Register tables for their structure only; the stream follows it.

        In a whole first copy they wait as copied tables do, because until the swap the former registrations hold.
        """
        state = TableState.COPIED if self.kind is CopyKind.INIT_REPLICA else TableState.FILTERED
        for schema in schemas:
            table_id = self._register(cursor, schema, position, state)
            if state is TableState.COPIED:
                copies.set_reason(cursor, table_id, copies.LEFT_OUT)

    def _register(self, cursor: Cursor, schema: TableSchema, position: Position, state: TableState) -> int:
        table_id = tables.register(
            cursor,
            self.context.source,
            schema,
            self.context.target_of(schema),
            state,
            start=position.binlog,
            copy_id=self.copy.copy_id,
        )
        copies.set_gtid(cursor, table_id, position)
        return table_id
