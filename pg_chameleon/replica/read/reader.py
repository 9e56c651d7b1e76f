"""The read process: follows the binlog and stores whole transactions as batches, each with its checkpoint."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

from pg_chameleon.convert.rules import Rules
from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.errors import (
    CatalogueError,
    ReplicaStopped,
    SourceUnreachable,
    StreamError,
)
from pg_chameleon.model.change import (
    Circumstances,
    Idle,
    PreparedDecided,
    RowLayout,
    RowsEvent,
    SavepointRolledBack,
    SavepointSet,
    StatementEvent,
    StreamEvent,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.mysql.structure.inspect import database_defaults
from pg_chameleon.mysql.structure.reread import StructureReader
from pg_chameleon.mysql.zones import located
from pg_chameleon.postgres import batches
from pg_chameleon.postgres.connection import Connection, Stop, target_errors, transaction
from pg_chameleon.postgres.failures import DiscardedRow
from pg_chameleon.postgres.sources import Source, read_checkpoint, read_schema_defaults, set_schema_default
from pg_chameleon.postgres.tables import TrackedTable, forget_starts, load_tables
from pg_chameleon.replica.read.capture import Captured, Refusal, TableCapture
from pg_chameleon.replica.read.entries import KeyRefused
from pg_chameleon.replica.read.following.known_tables import KnownTables, ReadTable, stored_table
from pg_chameleon.replica.read.following.statements import Following
from pg_chameleon.replica.read.registry import Answers, Registry
from pg_chameleon.replica.read.storing import BatchStore, Mark, RegistryChanged
from pg_chameleon.replica.rules import asked_rules
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)

_SILENCE_SECONDS = 60.0
"""A source sends a heartbeat each second, so one that is silent for so long is gone."""
_POLL_SECONDS = 0.25
"""How long the stop event may go unnoticed."""
_MOST_ROUTES = 10_000


@dataclass(frozen=True, slots=True)
class Clocks:
    """The differences of the clocks in seconds: how far source and target are ahead of this machine."""

    source: float
    target: float

    def on_target(self, source_time: float) -> float:
        """Translate a time of the source's clock to the target's."""
        return source_time - self.source + self.target

    def now(self) -> float:
        """Return the time on the target's clock."""
        return time.time() + self.target


class Reader:
    """Reads one source. A session lasts until tables are registered or the connection is lost."""

    def __init__(
        self,
        settings: ReplicaSettings,
        connection: Connection,
        source: Source,
        mappings: dict[str, str],
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._source = source
        self._filter = settings.table_filter(mappings)

    def run(self, stop: Stop, until: BinlogPosition | None = None) -> None:
        """Read until the stop event is set, or everything before ``until`` is stored."""
        while not stop.is_set():
            try:
                self._session(stop, until)
                return
            except RegistryChanged:
                logger.info("tables were registered; reading on from the last checkpoint")

    def _session(self, stop: Stop, until: BinlogPosition | None) -> None:
        with transaction(self._connection) as cursor:
            checkpoint = read_checkpoint(cursor, self._source)
            forget_starts(cursor, self._source)
            known = load_tables(cursor, self._source)
            number = batches.next_batch_number(cursor)
        if checkpoint.position is None:
            raise CatalogueError(
                f"the source {self._source.name} has no position to read from",
                advice=f"Run chameleon init_replica --source {self._source.name}",
            )
        with closing(connect_source(self._settings.source)) as control:
            server = SourceServer(control)
            clocks = Clocks(server.clock_offset(), self._target_offset())
            registry = self._registry(control, server, known)
        store = BatchStore(
            self._connection,
            self._source,
            checkpoint,
            number,
            retention=self._settings.retention,
            values_kept=self._settings.changed_values_kept,
        )
        stream = BinlogStream(
            self._settings.source,
            server_id=self._settings.server_id,
            start=checkpoint.position,
            # A copy made without gtid_enable knows only file and offset; a new copy takes up the GTID set.
            use_gtid=self._settings.use_gtid and checkpoint.position.gtid is not None,
        )
        logger.info("reading from %s at %s", server.version, checkpoint.position)
        rules = asked_rules(self._settings, self._connection, self._source, server.version)
        try:
            _Session(self._settings, registry, rules, clocks, stream, store, checkpoint.position).run(stop, until)
        finally:
            stream.close()
            self._connection.rollback()

    def _registry(self, control: SourceConnection, server: SourceServer, stored: Iterable[TrackedTable]) -> Registry:
        tables = (stored_table(each.table_id, each.state, each.start, each.schema) for each in stored)
        known = KnownTables(self._filter, server.traits(), tables, self._schema_defaults(control))
        answers = Answers(StructureReader(self._settings.source), self._located)
        return Registry(self._source, Following(known), answers)

    def _located(self, circumstances: Circumstances) -> Circumstances:
        """Ask the source what the clock of a session showed, which few statements depend on."""
        with closing(connect_source(self._settings.source)) as control:
            return located(circumstances, control)

    def _schema_defaults(self, control: SourceConnection) -> dict[str, Charset]:
        """Return what new tables inherit at the checkpoint; what is not stored yet is what the source says now."""
        found = schema_defaults(control)
        with transaction(self._connection) as cursor:
            stored = read_schema_defaults(cursor, self._source)
            for schema in self._filter.mappings:
                if schema in stored:
                    found[schema] = Charset(*stored[schema])
                elif schema in found:
                    set_schema_default(cursor, self._source, schema, found[schema])
        return found

    def _target_offset(self) -> float:
        before = time.time()
        with transaction(self._connection) as cursor:
            cursor.execute("select extract(epoch from clock_timestamp())")
            row = cursor.fetchone()
        assert row is not None
        return float(row[0]) - (before + time.time()) / 2


def schema_defaults(control: SourceConnection) -> dict[str, Charset]:
    """Return the character sets that new tables inherit from their schemas."""
    return {name: Charset(*found) for name, found in database_defaults(control).items()}


class _Route(NamedTuple):
    """What becomes of rows: those that the user ``skipped`` are not even seen, the others are for ``capture``."""

    table: ReadTable
    skipped: bool
    capture: TableCapture | None


@dataclass(slots=True)
class _Session:
    """One connection to the source: turns the events of transactions into batches."""

    settings: ReplicaSettings
    registry: Registry
    rules: Rules
    clocks: Clocks
    stream: BinlogStream
    store: BatchStore
    position: Position
    commit_time: float | None = None
    captures: dict[int, TableCapture] = field(default_factory=dict)
    routes: dict[RowLayout, _Route] = field(default_factory=dict)
    savepoints: dict[str, Mark] = field(default_factory=dict)
    touched: set[TableName] = field(default_factory=set)
    """The tables that the transaction changed so far."""
    put_off: bool = False
    """Whether whole transactions are not stored yet, for there was more to read."""
    file_number: int = field(init=False)

    def __post_init__(self) -> None:
        self.file_number = self.position.binlog.file_number

    def run(self, stop: Stop, until: BinlogPosition | None) -> None:
        """Read events until told to stop; whatever is not stored by then is read again next time."""
        with target_errors():
            self.registry.settle_filters(self.store.cursor, self.position.binlog)
            heard = time.monotonic()
            while not stop.is_set():
                event = self.stream.next(0.0 if self.put_off else _POLL_SECONDS)
                if event is not None:
                    heard = time.monotonic()
                    self.put_off = False
                    self._take(event)
                elif self.put_off:
                    # What there was to read was nothing for us, or is not whole yet
                    self._store_or_move(caught_up=False)
                elif time.monotonic() - heard > _SILENCE_SECONDS:
                    raise SourceUnreachable(f"the source was silent for {_SILENCE_SECONDS:.0f} s, without a heartbeat")
                if until is not None and not until > self.position.binlog:
                    self._store_or_move(caught_up=True)
                    return

    def _take(self, event: StreamEvent) -> None:
        if isinstance(event, RowsEvent):
            self._rows(event)
        elif isinstance(event, TransactionEnd):
            self._end(event)
        elif isinstance(event, StatementEvent):
            self.registry.follow(self.store.cursor, self.store.batch, event)
        elif isinstance(event, TransactionRolledBack):
            self.store.roll_back(kept=self.registry.without_transactions)
            self._end(event)
        elif isinstance(event, SavepointSet):
            self.savepoints[event.name] = self.store.mark()
        elif isinstance(event, SavepointRolledBack):
            self._return_to(event)
        elif isinstance(event, TransactionPrepared):
            self.store.put_aside(event.xid, self.touched)
            self._forget_transaction()
            self._advance(event.position, event.commit_time)
        elif isinstance(event, PreparedDecided):
            self._confine(event)
            self.store.decide(event.xid, event.position, committed=event.committed)
            self._advance(event.position, event.commit_time)
        elif isinstance(event, Idle):
            self._reach(event.position)
            self._store_or_move(caught_up=event.caught_up)
        else:
            assert isinstance(event, TransactionBegin)

    def _end(self, event: TransactionEnd | TransactionRolledBack) -> None:
        self.store.commit()
        self._forget_transaction()
        self._advance(event.position, event.commit_time)

    def _forget_transaction(self) -> None:
        self.savepoints.clear()
        self.touched.clear()

    def _return_to(self, event: SavepointRolledBack) -> None:
        """Undo a part of the transaction, which only tables without transactions bring into the binlog."""
        if event.name not in self.savepoints:
            raise StreamError(
                f"a transaction returns to the savepoint {event.name!r}, which it did not set",
                position=self.position,
                advice="Copy the source again with init_replica",
            )
        self.store.return_to(self.savepoints[event.name], kept=self.registry.without_transactions)

    def _confine(self, event: PreparedDecided) -> None:
        """Take out the tables that were copied after XA prepared those changes of them which it commits now."""
        touched, kept = self.store.touched_tables(event.xid)
        for name in touched if event.committed else ():
            table = self.registry.find(name)
            if table is not None and table.table_id not in kept:
                reason = f"the transaction {event.xid} changed it before it was copied, and is committed after that"
                self.registry.quarantine(self.store.cursor, name, reason, event.position.binlog)

    def _rows(self, event: RowsEvent) -> None:
        layout = event.layout
        table = self.registry.find(layout.table.name)
        if table is None:
            # A transaction lies in one file whole, so the file is that of the last position.
            position = BinlogPosition(self.position.binlog.file, event.offset)
            self.registry.meet_unknown(self.store.cursor, event.table, position)
            return
        route = self.routes.get(layout)
        if route is None or route.table is not table:
            route = self._route(layout, table)
        if route.skipped:
            return
        self.touched.add(layout.table.name)
        if route.capture is None or table.covers(self.file_number, event.offset):
            return
        self._keep(event, table.table_id, route.capture.take(event))

    def _keep(self, event: RowsEvent, table_id: int, captured: Captured) -> None:
        """Put what was captured into the batch; if not all of it could be, the table is no longer trusted."""
        self.store.batch.add(table_id, captured.entries, self.file_number, event.offset)
        if captured.changed or captured.refusal:
            position = BinlogPosition(self.position.binlog.file, event.offset)
            for row in captured.changed:
                self.store.notes.add(table_id, row.label, position, row.changes)
            if captured.refusal:
                self._distrust(event, captured.refusal, position)
        self.store.keep_bounded()

    def _route(self, layout: RowLayout, table: ReadTable) -> _Route:
        """Decide what becomes of the rows of a layout, as long as the registry has the table so."""
        skipped = self.settings.events.skips(layout.kind, layout.table.name)
        capture = self._capture(table) if table.captured and not skipped else None
        if len(self.routes) >= _MOST_ROUTES:
            self.routes.clear()
        route = self.routes[layout] = _Route(table, skipped, capture)
        return route

    def _capture(self, table: ReadTable) -> TableCapture:
        capture = self.captures.get(table.table_id)
        if capture is None or capture.schema is not table.schema:
            capture = TableCapture(table.schema, self.rules)
            self.captures[table.table_id] = capture
        return capture

    def _distrust(self, event: RowsEvent, error: Refusal, position: BinlogPosition) -> None:
        """An event cannot be decoded, or a row not be stored: take its table out, or stop, as the user wants."""
        refused = isinstance(error, KeyRefused)
        if self.settings.stop_on_replay_error if refused else self.settings.stop_on_read_error:
            raise ReplicaStopped(
                error.message,
                table=event.table.name,
                position=position,
                advice="Correct the cause, then run enable_replica and start_replica",
            ) from error
        if isinstance(error, KeyRefused):
            row = DiscardedRow(event.table.name, event.kind.value, error.row_key, None, position, error.message)
            self.store.discard(row)
        self.registry.quarantine(self.store.cursor, event.table.name, error.message, position)

    def _advance(self, position: Position, commit_time: float) -> None:
        """A transaction is whole: store if the batch is full, or if there is nothing else to do."""
        self._reach(position)
        self.commit_time = self.clocks.on_target(commit_time)
        if self.store.batch.rows >= self.settings.batch_rows or not self.stream.pending():
            self._store_or_move(caught_up=False)
        else:
            self.put_off = True

    def _reach(self, position: Position) -> None:
        if position.binlog.file != self.position.binlog.file:
            self.file_number = position.binlog.file_number
        self.position = position

    def _store_or_move(self, *, caught_up: bool) -> None:
        self.put_off = False
        now = self.clocks.now() if caught_up else None
        if not self.store.batch.empty or self.registry.changed:
            self.store.store(self.position, self.commit_time, now, registered=self.registry.changed)
            self.registry.changed = False
        else:
            self.store.move(self.position, self.commit_time, now)
