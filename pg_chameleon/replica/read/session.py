"""One connection to the source: turns the events of its transactions into batches."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pg_chameleon.convert.rules import Rules
from pg_chameleon.errors import (
    ReplicaStopped,
    SourceUnreachable,
    StreamError,
)
from pg_chameleon.model.change import (
    Idle,
    PreparedDecided,
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
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.postgres.connection import Stop, target_errors
from pg_chameleon.postgres.failures import DiscardedRow
from pg_chameleon.replica.read.capture import Captured, Refusal
from pg_chameleon.replica.read.entries import KeyRefused
from pg_chameleon.replica.read.registry import Registry
from pg_chameleon.replica.read.routes import Routes
from pg_chameleon.replica.read.storing import BatchStore, Mark
from pg_chameleon.replica.settings import ReplicaSettings

_SILENCE_SECONDS = 60.0
"""A source sends a heartbeat each second, so one that is silent for so long is gone."""
_POLL_SECONDS = 0.25
"""How long the stop event may go unnoticed."""


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


@dataclass(slots=True)
class Session:
    """One connection to the source: turns the events of transactions into batches."""

    settings: ReplicaSettings
    registry: Registry
    rules: Rules
    clocks: Clocks
    stream: BinlogStream
    store: BatchStore
    position: Position
    commit_time: float | None = None
    savepoints: dict[str, Mark] = field(default_factory=dict)
    touched: set[TableName] = field(default_factory=set)
    """The tables that the transaction changed so far."""
    put_off: bool = False
    """Whether whole transactions are not stored yet, for there was more to read."""
    file_number: int = field(init=False)
    routes: Routes = field(init=False)

    def __post_init__(self) -> None:
        self.file_number = self.position.binlog.file_number
        self.routes = Routes(self.settings.events, self.rules)

    def run(self, stop: Stop, until: BinlogPosition | None) -> None:
        """Read events until asked to stop; whatever is not stored by then is read again next time."""
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
                    # What was read since is of no concern here, or not whole yet
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
        """Quarantine tables that were copied after XA prepared those changes of them which it commits now."""
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
            # A transaction never spans two files, so the file is that of the last position.
            position = BinlogPosition(self.position.binlog.file, event.offset)
            self.registry.meet_unknown(self.store.cursor, event.table, position)
            return
        route = self.routes.of(layout, table)
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

    def _distrust(self, event: RowsEvent, error: Refusal, position: BinlogPosition) -> None:
        """Quarantine the table of an event that cannot be captured, or stop, as the user wants."""
        is_key = isinstance(error, KeyRefused)
        if self.settings.stop_on_replay_error if is_key else self.settings.stop_on_read_error:
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
