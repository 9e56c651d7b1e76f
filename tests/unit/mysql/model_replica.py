"""A replica in memory: it follows the events of the stream as the two processes do, without a database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pg_chameleon.ddl.doubt.mentions import mentioned_tables
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.ddl.syntax.statements import Ignored, StatementFormatChange
from pg_chameleon.model.change import (
    PreparedDecided,
    RowKind,
    RowsEvent,
    SavepointRolledBack,
    SavepointSet,
    StatementEvent,
    StreamEvent,
    TableAltered,
    TableCreated,
    TableDropped,
    TableTruncated,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.decode.decoder import check_table_map, row_decoder

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One row that was changed: what is known of it before and after."""

    table: TableName
    kind: RowKind
    before: Row
    after: Row


@dataclass(slots=True)
class ModelReplica:
    """Tables by name, each a list of rows; changes wait until their transaction is whole."""

    traits: ServerTraits
    structures: Structures = field(init=False)
    rows: dict[TableName, list[Row]] = field(default_factory=dict)
    quarantined: set[str] = field(default_factory=set)
    waiting: list[Change] = field(default_factory=list)
    savepoints: dict[str, int] = field(default_factory=dict)
    prepared: dict[str, list[Change]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.structures = Structures(self.traits)

    def follow(self, events: Iterable[StreamEvent]) -> None:
        for event in events:
            self.take(event)

    def take(self, event: StreamEvent) -> None:
        if isinstance(event, RowsEvent):
            self.waiting += self._changes(event)
        elif isinstance(event, StatementEvent):
            self._statement(event)
        elif isinstance(event, TransactionEnd):
            self._commit()
        elif isinstance(event, TransactionRolledBack):
            self._undo(0)
            self._commit()
        elif isinstance(event, SavepointSet):
            self.savepoints[event.name] = len(self.waiting)
        elif isinstance(event, SavepointRolledBack):
            self._undo(self.savepoints[event.name])
        elif isinstance(event, TransactionPrepared):
            self.prepared[event.xid] = self.waiting
            self.waiting = []
        elif isinstance(event, PreparedDecided):
            changes = self.prepared.pop(event.xid)
            self.waiting = changes if event.committed else []
            self._commit()

    def _undo(self, place: int) -> None:
        kept = [change for change in self.waiting[place:] if not self._schema(change.table).transactional]
        self.waiting[place:] = kept

    def _commit(self) -> None:
        for change in self.waiting:
            self._apply(change)
        self.waiting = []
        self.savepoints.clear()

    def _schema(self, name: TableName) -> TableSchema:
        schema = self.structures.table(name)
        assert schema is not None, f"{name} is not known"
        return schema

    def _changes(self, event: RowsEvent) -> Iterable[Change]:
        schema = self._schema(event.table.name)
        check_table_map(event.table, schema)
        decoder = row_decoder(event.layout, schema)
        for row in decoder.decode(event.body, event.start):
            pair = {RowKind.INSERT: ((), row), RowKind.DELETE: (row, ()), RowKind.UPDATE: row}[event.kind]
            before = dict(zip(decoder.before_columns, pair[0], strict=False))
            yield Change(schema.name, event.kind, before, dict(zip(decoder.after_columns, pair[1], strict=False)))

    def _apply(self, change: Change) -> None:
        rows = self.rows[change.table]
        if change.kind is RowKind.INSERT:
            rows.append({**dict.fromkeys(self._schema(change.table).column_names), **change.after})
            return
        place = next(
            place for place, row in enumerate(rows) if all(row[name] == value for name, value in change.before.items())
        )
        if change.kind is RowKind.DELETE:
            del rows[place]
        else:
            rows[place] = {**rows[place], **change.after}

    def _statement(self, event: StatementEvent) -> None:
        statement = parse(
            event.statement, sql_mode=event.sql_mode, default_schema=event.schema, mariadb=self.traits.mariadb
        )
        if isinstance(statement, Ignored):
            return
        if isinstance(statement, StatementFormatChange):
            mentioned = mentioned_tables(
                event.statement, sql_mode=event.sql_mode, default_schema=event.schema, mariadb=self.traits.mariadb
            )
            self.quarantined |= {name.table for name in self.rows if name in mentioned}
            return
        changes = changes_by(statement, self.structures, error_code=event.error_code, settled=lambda _: False)
        self.structures.move(statement, changes)
        for change in changes:
            if isinstance(change, TableCreated):
                self.rows[change.after.name] = []
            elif isinstance(change, TableAltered):
                self._alter(change)
            elif isinstance(change, TableDropped):
                del self.rows[change.name]
            else:
                assert isinstance(change, TableTruncated)
                self.rows[change.name] = []

    def _alter(self, change: TableAltered) -> None:
        """Carry the rows over; a column that is new has its default."""
        columns = [
            (column.name, origin, column.default and column.default.text)
            for column, origin in zip(change.after.columns, change.origins, strict=True)
        ]
        before = self.rows.pop(change.before.name)
        self.rows[change.after.name] = [
            {name: row[origin] if origin else default and int(default) for name, origin, default in columns}
            for row in before
        ]

    def told(self) -> dict[str, list[str]]:
        """Return the rows of each table as the recording has them."""
        return {
            name.table: sorted(repr(tuple(row[column] for column in self._schema(name).column_names)) for row in rows)
            for name, rows in self.rows.items()
        }
