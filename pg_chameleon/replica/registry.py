"""The read process's knowledge of the tables: which there are, with which structure, from which position on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pg_chameleon.convert import names
from pg_chameleon.errors import DdlRefused
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
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql.ddl.charsets import Charset
from pg_chameleon.mysql.ddl.mentions import mentioned_tables
from pg_chameleon.mysql.ddl.parser import parse
from pg_chameleon.mysql.ddl.server import ServerTraits
from pg_chameleon.mysql.ddl.statements import Ignored, StatementFormatChange
from pg_chameleon.mysql.ddl.structures import Structures
from pg_chameleon.mysql.ddl.tracker import apply
from pg_chameleon.postgres import batches, tables
from pg_chameleon.postgres.batches import OpenBatch
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.sources import Source
from pg_chameleon.postgres.tables import TrackedTable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as the read process sees it: only the source's side. ``start``: file number and offset, to compare."""

    table_id: int
    state: TableState
    start: tuple[int, int]
    schema: TableSchema

    def covers(self, file_number: int, offset: int) -> bool:
        """Tell whether the table's copy already holds what happened up to there."""
        return (file_number, offset) <= self.start

    @property
    def captured(self) -> bool:
        """Tell whether changes of the table's rows are stored."""
        return self.state in _CAPTURED


_CAPTURED = frozenset({TableState.REPLICATED, TableState.COPYING, TableState.COPIED})
_FROM_THE_BEGINNING = (-1, -1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A statement of the binlog, the batch into which it falls, and the transaction on the target."""

    cursor: Cursor
    batch: OpenBatch
    event: StatementEvent

    @property
    def position(self) -> BinlogPosition:
        """Where the statement stands in the binlog."""
        return self.event.position

    def is_before(self, table: ReadTable) -> bool:
        """Tell whether the table's copy is later than the statement."""
        return table.covers(self.position.file_number, self.position.offset)

    def store(self, table: int, kind: str, structure_id: int | None = None, **document: Any) -> bool:
        """Store what the target has to do; the answer is that there is something."""
        batches.add_schema_change(
            self.cursor,
            self.batch,
            table,
            kind,
            structure_id=structure_id,
            change=document,
            statement=self.event.statement,
            position=self.position,
        )
        return True


class Registry:
    """The tables of one source at the position that is being read, moved forward by the DDL of the binlog."""

    def __init__(
        self,
        source: Source,
        table_filter: TableFilter,
        known: Iterable[TrackedTable],
        traits: ServerTraits,
        schema_defaults: dict[str, Charset],
        *,
        locate: Callable[[Circumstances], Circumstances] = lambda circumstances: circumstances,
    ) -> None:
        self._source = source
        self._filter = table_filter
        self._mariadb = traits.mariadb
        self._locate = locate
        self.changed = False
        """Whether the registry was changed in the transaction that is open."""
        self._tables: dict[TableName, ReadTable] = {}
        # A table that is copied anew is registered twice; the newer registration is the one to fill.
        for table in known:
            start = table.start
            place = _FROM_THE_BEGINNING if start is None else (start.file_number, start.offset)
            self._tables[table.schema.name] = ReadTable(table.table_id, table.state, place, table.schema)
        self._structures = Structures(
            traits,
            [table.schema for table in self._tables.values() if table.state is not TableState.QUARANTINED],
            schema_defaults=schema_defaults,
            mapped=frozenset(table_filter.mappings),
            uncertain=[name for name, table in self._tables.items() if table.state is TableState.QUARANTINED],
        )

    def find(self, name: TableName) -> ReadTable | None:
        """Return the table of that name, whatever its state."""
        return self._tables.get(name)

    @property
    def without_transactions(self) -> frozenset[int]:
        """The ids of the tables whose changes no rollback undoes."""
        return frozenset(table.table_id for table in self._tables.values() if not table.schema.transactional)

    def quarantine(
        self,
        cursor: Cursor,
        name: TableName,
        reason: str,
        position: BinlogPosition,
        statement: str | None = None,
    ) -> None:
        """Take a table out of the replica, and put it on record."""
        table = self._tables.get(name)
        if table is None or not table.captured or table.covers(position.file_number, position.offset):
            return
        tables.quarantine(cursor, table.table_id, reason, position)
        failure = Failure(reason, table=name, position=position, statement=statement)
        log_failure(cursor, self._source, failure)
        logger.error("%s is taken out of the replica at %s: %s", name, position, reason)
        self._tables[name] = replace(table, state=TableState.QUARANTINED)
        self.changed = True

    def follow(self, occasion: Occasion) -> None:
        """Follow a statement of the binlog: move the structures, and store what the target has to do."""
        event = occasion.event
        try:
            statement = parse(
                event.statement, sql_mode=event.sql_mode, default_schema=event.schema, mariadb=self._mariadb
            )
        except DdlRefused as refused:
            self._refuse(occasion, refused)
            return
        if isinstance(statement, Ignored):
            return
        if isinstance(statement, StatementFormatChange):
            self._distrust(occasion, "was changed in statement format; set binlog_format=ROW on the source")
            return
        changes = apply(
            statement,
            self._structures,
            error_code=event.error_code,
            settled=lambda name: (table := self._tables.get(name)) is not None and occasion.is_before(table),
        )
        self._structures.move(statement, changes)
        stored = [self._follow_change(occasion, change) for change in changes]
        if any(stored):
            occasion.batch.segment += 1

    def _refuse(self, occasion: Occasion, refused: DdlRefused) -> None:
        """An unknown statement never stops the replica: its tables are taken out, or it is put on record."""
        logger.warning("a statement at %s is not understood: %s", occasion.position, refused)
        touched = self._distrust(occasion, f"a statement was not understood: {refused}")
        if not touched and occasion.event.schema in self._filter.mappings:
            failure = Failure(str(refused), position=occasion.position, statement=occasion.event.statement)
            log_failure(occasion.cursor, self._source, failure)

    def _distrust(self, occasion: Occasion, reason: str) -> bool:
        """Quarantine every replicated table that a statement may have touched; tell whether there was one."""
        event = occasion.event
        mentioned = mentioned_tables(
            event.statement, sql_mode=event.sql_mode, default_schema=event.schema, mariadb=self._mariadb
        )
        # Whether case counts in names depends on the server; here it is better to take out one too many.
        folded = {(name.schema.casefold(), name.table.casefold()) for name in mentioned}
        touched = [
            name
            for name, table in self._tables.items()
            if table.captured and (name.schema.casefold(), name.table.casefold()) in folded
        ]
        for name in touched:
            self.quarantine(occasion.cursor, name, reason, occasion.position, occasion.event.statement)
        return bool(touched)

    def _follow_change(self, occasion: Occasion, change: SchemaChange) -> bool:
        """Follow one change; tell whether the target has something to do."""
        if isinstance(change, TableCreated):
            return self._created(occasion, change.after)
        if isinstance(change, TableAltered):
            return self._altered(occasion, change)
        table = self._tables.get(change.name)
        if table is None and isinstance(change, TableUncertain) and self._filter.admits(change.name):
            self.register_unknown(
                occasion.cursor, change.name, change.reason, occasion.position, occasion.event.statement
            )
        if table is None or occasion.is_before(table):
            return False
        if isinstance(change, TableDropped):
            return self._ended(occasion, table)
        if isinstance(change, TableTruncated):
            return table.captured and occasion.store(table.table_id, "truncate")
        assert isinstance(change, TableUncertain)
        self.quarantine(occasion.cursor, change.name, change.reason, occasion.position, occasion.event.statement)
        return False

    def wants(self, name: TableName) -> bool:
        """Tell whether a table of this name is to be replicated."""
        return self._filter.admits(name)

    def register_unknown(
        self, cursor: Cursor, name: TableName, reason: str, position: BinlogPosition, statement: str | None = None
    ) -> None:
        """Take a table into the registry whose structure is not known, so that it is seen to be missing."""
        self._register(cursor, TableSchema(name, ()), TableState.REPLICATED, position, replayed=True)
        self.quarantine(cursor, name, reason, position, statement)

    def settle_filters(self, cursor: Cursor, position: BinlogPosition) -> None:
        """Follow what the user changed in limit_tables and skip_tables since the tables were registered."""
        for name, table in list(self._tables.items()):
            if table.state is TableState.FILTERED and self._filter.admits(name):
                self._tables[name] = replace(table, state=TableState.REPLICATED, start=_FROM_THE_BEGINNING)
                tables.set_state(cursor, table.table_id, TableState.REPLICATED)
                self.quarantine(cursor, name, "limit_tables and skip_tables admit it now; copy it", position)
            elif table.state is TableState.REPLICATED and not self._filter.admits(name):
                logger.warning("%s is no longer replicated: limit_tables or skip_tables leaves it out", name)
                self._tables[name] = replace(table, state=TableState.FILTERED)
                tables.set_state(cursor, table.table_id, TableState.FILTERED)
                self.changed = True

    def _created(self, occasion: Occasion, schema: TableSchema) -> bool:
        present = self._tables.get(schema.name)
        if schema.name.schema not in self._filter.mappings or (present and occasion.is_before(present)):
            return False
        if not self._filter.admits(schema.name):
            self._register(occasion.cursor, schema, TableState.FILTERED, occasion.position, replayed=True)
            return False
        table_id, structure_id = self._register(
            occasion.cursor, schema, TableState.REPLICATED, occasion.position, replayed=False
        )
        return occasion.store(table_id, "create", structure_id)

    def _altered(self, occasion: Occasion, change: TableAltered) -> bool:
        before, after = change.before.name, change.after.name
        table = self._tables.get(before)
        if table is None or occasion.is_before(table):
            return False
        admitted = self._filter.admits(after)
        if after != before and not (table.captured and admitted):
            return self._moved(occasion, table, change.after)
        structure_id = tables.add_structure(
            occasion.cursor, table.table_id, change.after, occasion.position, replayed=not table.captured
        )
        if after != before:
            tables.rename_source(occasion.cursor, table.table_id, after)
            del self._tables[before]
        self._tables[after] = replace(table, schema=change.after)
        self.changed = True
        if not table.captured:
            return False
        told = self._circumstances(occasion.event)
        return occasion.store(table.table_id, "alter", structure_id, origins=list(change.origins), circumstances=told)

    def _circumstances(self, event: StatementEvent) -> dict[str, Any] | None:
        """Return what the replay needs to know of the statement itself."""
        found = event.circumstances
        if found is None:
            return None
        return self._locate(found._replace(mariadb=self._mariadb))._asdict()

    def _moved(self, occasion: Occasion, table: ReadTable, schema: TableSchema) -> bool:
        """Follow a table that was renamed into, out of, or outside of what is replicated."""
        stored = self._ended(occasion, table)
        if schema.name.schema not in self._filter.mappings:
            return stored
        if not self._filter.admits(schema.name):
            self._register(occasion.cursor, schema, TableState.FILTERED, occasion.position, replayed=True)
            return stored
        self._register(occasion.cursor, schema, TableState.REPLICATED, occasion.position, replayed=True)
        reason = f"it was renamed from {table.schema.name}, whose rows were not replicated"
        self.quarantine(occasion.cursor, schema.name, reason, occasion.position, occasion.event.statement)
        return stored

    def _ended(self, occasion: Occasion, table: ReadTable) -> bool:
        """The source no longer has the table: let the target drop it when it has replayed what came before."""
        del self._tables[table.schema.name]
        self.changed = True
        if table.state is TableState.FILTERED:
            tables.set_state(occasion.cursor, table.table_id, TableState.DROPPED)
            return False
        tables.end(occasion.cursor, table.table_id)
        return occasion.store(table.table_id, "drop")

    def _register(
        self, cursor: Cursor, schema: TableSchema, state: TableState, position: BinlogPosition, *, replayed: bool
    ) -> tuple[int, int]:
        target = TableName(self._filter.mappings[schema.name.schema], names.table_name(schema.name.table))
        table_id, structure_id = tables.register_in_stream(
            cursor, self._source, schema, target, state, position=position, replayed=replayed
        )
        self._tables[schema.name] = ReadTable(table_id, state, _FROM_THE_BEGINNING, schema)
        self.changed = True
        return table_id, structure_id
