"""What a change of a table means: for the registry, and for the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pg_chameleon.convert.expressions import names
from pg_chameleon.ddl.effect.structures import lost
from pg_chameleon.model.change import (
    Circumstances,
    SchemaChange,
    StatementEvent,
    TableAltered,
    TableCreated,
    TableDropped,
    TableTruncated,
    TableUncertain,
)
from pg_chameleon.model.log import AlterDetails, SchemaChangeKind
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.replica.read.following.known_tables import FROM_THE_BEGINNING, KnownTables, ReadTable
from pg_chameleon.replica.read.following.steps import (
    AddStructure,
    End,
    EndSegment,
    Locate,
    Quarantine,
    Register,
    Registered,
    Rename,
    SetState,
    Steps,
    Store,
    ask,
)

_WHY_NOT = {
    TableState.FILTERED: (
        "limit_tables or skip_tables exclude it; admit tables of such names, or copy this one with sync_tables"
    ),
    TableState.QUARANTINED: "it is quarantined",
}


@dataclass(frozen=True, slots=True)
class TableChanges:
    """Moves the known tables by the changes that statements make, and says what has to be done for it."""

    known: KnownTables

    def follow(self, event: StatementEvent, changes: Sequence[SchemaChange]) -> Steps[None]:
        """Follow the changes of one statement, in order."""
        stored = False
        for change, final in zip(changes, _final_names(changes), strict=True):
            stored |= yield from self._follow_one(event, change, final)
        if stored:
            yield EndSegment()

    def quarantine(
        self, name: TableName, reason: str, position: BinlogPosition, statement: str | None = None
    ) -> Steps[None]:
        """Quarantine a table, unless it is not replicated anyway, or its copy is later than that."""
        table = self.known.find(name)
        if table is None or not table.captured or table.covers_position(position):
            return
        self.known.put(replace(table, state=TableState.QUARANTINED))
        yield Quarantine(table.table_id, name, reason, position, statement)

    def register_unknown(
        self, name: TableName, reason: str, position: BinlogPosition, statement: str | None = None
    ) -> Steps[None]:
        """Register a table whose structure is not known, so that it is seen to be missing."""
        yield from self._register(lost(name), TableState.REPLICATED, position, replayed=True)
        yield from self.quarantine(name, reason, position, statement)

    def _follow_one(self, event: StatementEvent, change: SchemaChange, final: TableName | None) -> Steps[bool]:
        """Follow one change; tell whether the target has something to do.

        ``final``: the name that an altered table has when the statement is through, None if it is gone by then.
        """
        if isinstance(change, TableCreated):
            return (yield from self._created(event, change.after))
        table = self.known.find(_names(change)[0])
        if table is not None and table.covers_position(event.position):
            return False
        if isinstance(change, TableUncertain):
            yield from self._doubted(event, change, table)
            return False
        return table is not None and (yield from self._changed(event, table, change, final))

    def _changed(
        self,
        event: StatementEvent,
        table: ReadTable,
        change: TableAltered | TableDropped | TableTruncated,
        final: TableName | None,
    ) -> Steps[bool]:
        if isinstance(change, TableAltered):
            return (yield from self._altered(event, table, change, final))
        if isinstance(change, TableDropped):
            return (yield from self._ended(event, table))
        return table.captured and (yield from _store(event, table.table_id, SchemaChangeKind.TRUNCATE))

    def _created(self, event: StatementEvent, schema: TableSchema) -> Steps[bool]:
        if schema.name.schema not in self.known.filter.mappings or self.known.is_settled(schema.name, event.position):
            return False
        if not self.known.admits_new(schema.name):
            yield from self._register(schema, TableState.FILTERED, event.position, replayed=True)
            return False
        made = yield from self._register(schema, TableState.REPLICATED, event.position, replayed=False)
        return (yield from _store(event, made.table_id, SchemaChangeKind.CREATE, made.structure_id))

    def _altered(
        self, event: StatementEvent, table: ReadTable, change: TableAltered, final: TableName | None
    ) -> Steps[bool]:
        before, after = change.before.name, change.after.name
        # A name that a table has only between two steps of one statement is nothing that filters are about
        admits = self.known.filter.admits
        admitted = admits(after) or (final is not None and admits(final))
        if after != before and not (table.captured and admitted):
            return (yield from self._moved(event, table, change.after))
        structure_id = yield from ask(
            AddStructure(table.table_id, change.after, event.position, replayed=not table.captured)
        )
        if after != before:
            yield Rename(table.table_id, after)
            self.known.remove(table)
        self.known.put(replace(table, schema=change.after))
        if not table.captured:
            return False
        details = AlterDetails(change.origins, (yield from self._circumstances(event)))
        return (yield from _store(event, table.table_id, SchemaChangeKind.ALTER, structure_id, details))

    def _circumstances(self, event: StatementEvent) -> Steps[Circumstances | None]:
        """Return what the replay needs to know of the statement itself."""
        if event.circumstances is None:
            return None
        return (yield from located(event.circumstances._replace(mariadb=self.known.traits.mariadb)))

    def _moved(self, event: StatementEvent, table: ReadTable, schema: TableSchema) -> Steps[bool]:
        """Follow a table that was renamed into, out of, or outside of what is replicated."""
        stored = yield from self._ended(event, table)
        if schema.name.schema not in self.known.filter.mappings:
            return stored
        if not self.known.filter.admits(schema.name):
            yield from self._register(schema, TableState.FILTERED, event.position, replayed=True)
            return stored
        yield from self._register(schema, TableState.REPLICATED, event.position, replayed=True)
        reason = f"it was renamed from {table.name}, whose rows were not replicated: {_WHY_NOT[table.state]}"
        yield from self.quarantine(schema.name, reason, event.position, event.statement)
        return stored

    def _ended(self, event: StatementEvent, table: ReadTable) -> Steps[bool]:
        """The source no longer has the table: let the target drop it when it has replayed what came before."""
        self.known.remove(table)
        if table.state is TableState.FILTERED:
            yield SetState(table.table_id, TableState.DROPPED)
            return False
        yield End(table.table_id)
        return (yield from _store(event, table.table_id, SchemaChangeKind.DROP))

    def _doubted(self, event: StatementEvent, change: TableUncertain, table: ReadTable | None) -> Steps[None]:
        """Quarantine a table whose structure is lost, or remember that it is: others may be made LIKE it."""
        if table is not None and table.state is not TableState.FILTERED:
            yield from self.quarantine(change.name, change.reason, event.position, event.statement)
            self.known.put(replace(self.known.find(change.name) or table, schema=lost(change.name)))
        elif table is not None:
            yield AddStructure(table.table_id, lost(change.name), event.position, replayed=True)
            self.known.put(replace(table, schema=lost(change.name)))
        elif self.known.filter.admits(change.name):
            yield from self.register_unknown(change.name, change.reason, event.position, event.statement)
        elif change.name.schema in self.known.filter.mappings:
            yield from self._register(lost(change.name), TableState.FILTERED, event.position, replayed=True)

    def _register(
        self, schema: TableSchema, state: TableState, position: BinlogPosition, *, replayed: bool
    ) -> Steps[Registered]:
        target = TableName(self.known.filter.mappings[schema.name.schema], names.table_name(schema.name.table))
        made = yield from ask(Register(schema, target, state, position, replayed))
        self.known.put(ReadTable(made.table_id, state, FROM_THE_BEGINNING, schema))
        return made


def located(circumstances: Circumstances) -> Steps[Circumstances]:
    """Find out what the clock of the session showed, if the statement asked for it."""
    if circumstances.time_zone is None:
        return circumstances
    return (yield from ask(Locate(circumstances)))


def _store(
    event: StatementEvent,
    table_id: int,
    kind: SchemaChangeKind,
    structure_id: int | None = None,
    details: AlterDetails | None = None,
) -> Steps[bool]:
    """Store what the target has to do; the answer is that there is something."""
    yield Store(table_id, kind, event.statement, event.position, structure_id, details)
    return True


def _final_names(changes: Sequence[SchemaChange]) -> list[TableName | None]:
    """Return for each change the name that its table has when all are made, None if there is no such table then.

    RENAME TABLE a TO x, b TO a, x TO b gives a table a name for a moment only.
    """
    found: list[TableName | None] = []
    later: dict[TableName, TableName | None] = {}
    for change in reversed(changes):
        before, after = _names(change)
        final = None if after is None else later.pop(after, after)
        later[before] = final
        found.append(final)
    return found[::-1]


def _names(change: SchemaChange) -> tuple[TableName, TableName | None]:
    """Return the name of the table before and after a change."""
    if isinstance(change, TableCreated):
        return change.after.name, change.after.name
    if isinstance(change, TableAltered):
        return change.before.name, change.after.name
    return change.name, None if isinstance(change, TableDropped) else change.name
