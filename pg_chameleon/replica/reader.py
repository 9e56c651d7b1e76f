"""The read process: follows the binlog and stores whole transactions as batches, each with its checkpoint."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from pg_chameleon.convert.encoder import Change
from pg_chameleon.convert.rules import Rules
from pg_chameleon.errors import CatalogueError, DecodeError, ReplicaStopped
from pg_chameleon.model.change import (
    Idle,
    PreparedDecided,
    RowsEvent,
    StatementEvent,
    StreamEvent,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.ddl.charsets import Charset
from pg_chameleon.mysql.ddl.server import ServerTraits
from pg_chameleon.mysql.inspect import database_defaults
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.postgres import batches, prepared
from pg_chameleon.postgres.batches import OpenBatch, ReadState
from pg_chameleon.postgres.connection import Connection, Cursor, Stop, target_errors, transaction
from pg_chameleon.postgres.sources import Source, read_checkpoint
from pg_chameleon.postgres.tables import load_tables
from pg_chameleon.replica.capture import TableCapture
from pg_chameleon.replica.registry import ReadTable, Registry
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)

_SPILL_BYTES = 8 << 20
"""So much of a batch is kept in memory before it is written to the log table."""
_MOVE_SECONDS = 1.0
"""How often the checkpoint moves while there is nothing to store."""
_SWITCH_SECONDS = 60.0
"""How often it is asked whether to turn to the other log table, at most."""
_POLL_SECONDS = 0.25
"""How long the stop event may go unnoticed."""


class RegistryChanged(Exception):
    """Tables were registered since they were loaded; what is not stored yet has to be read again."""


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
        postgis: bool,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._source = source
        self._filter = settings.table_filter(mappings)
        self._postgis = postgis

    def run(self, stop: Stop, until: BinlogPosition | None = None) -> None:
        """Read until the stop event is set, or everything before ``until`` is stored."""
        while not stop.is_set():
            try:
                self._session(stop, until)
                return
            except RegistryChanged:
                logger.info("tables were registered; reading on from the last checkpoint")

    def _session(self, stop: Stop, until: BinlogPosition | None) -> None:
        control = connect_source(self._settings.source)
        try:
            server = SourceServer(control)
            clocks = Clocks(server.clock_offset(), self._target_offset())
            rules = self._settings.rules(postgis=self._postgis)
            with transaction(self._connection) as cursor:
                checkpoint = read_checkpoint(cursor, self._source)
                known = load_tables(cursor, self._source)
                number = batches.next_batch_number(cursor)
            if checkpoint.position is None:
                raise CatalogueError(
                    f"the source {self._source.name} has no position to read from",
                    advice=f"Run chameleon init_replica --source {self._source.name}",
                )
            registry = Registry(self._source, self._filter, known, server_traits(server), schema_defaults(control))
        finally:
            control.close()
        stream = BinlogStream(
            self._settings.source,
            server_id=self._settings.server_id,
            start=checkpoint.position,
            version=server.version,
            use_gtid=self._settings.use_gtid,
        )
        logger.info("reading from %s at %s", server.version, checkpoint.position)
        session = _Session(
            self._settings,
            self._connection,
            self._source,
            registry,
            rules,
            clocks,
            stream,
            ReadState(checkpoint.generation, checkpoint.position, None, None),
            checkpoint.log_number,
            number,
        )
        try:
            session.run(stop, until)
        finally:
            stream.close()
            self._connection.rollback()

    def _target_offset(self) -> float:
        before = time.time()
        with transaction(self._connection) as cursor:
            cursor.execute("select extract(epoch from clock_timestamp())")
            row = cursor.fetchone()
        assert row is not None
        return float(row[0]) - (before + time.time()) / 2


def server_traits(server: SourceServer) -> ServerTraits:
    """Return what decides how the server reads DDL."""
    charset, collation = server.default_collation()
    explicit = server.variable("explicit_defaults_for_timestamp")
    return ServerTraits(
        flavour=server.version.flavour.value,
        version=server.version.numbers,
        charset=charset,
        collation=collation,
        lower_case_table_names=server.lower_case_table_names(),
        explicit_defaults_for_timestamp=None if explicit is None else explicit.upper() == "ON",
        default_engine=server.variable("default_storage_engine") or "InnoDB",
    )


def schema_defaults(control: SourceConnection) -> dict[str, Charset]:
    """Return the character sets that new tables inherit from their schemas."""
    return {name: Charset(*found) for name, found in database_defaults(control).items()}


class _Session:
    """One connection to the source: gathers the events of transactions into batches and stores them."""

    def __init__(
        self,
        settings: ReplicaSettings,
        connection: Connection,
        source: Source,
        registry: Registry,
        rules: Rules,
        clocks: Clocks,
        stream: BinlogStream,
        state: ReadState,
        log_number: int,
        batch_number: int,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._source = source
        self._registry = registry
        self._rules = rules
        self._clocks = clocks
        self._stream = stream
        self._generation = state.generation
        self._position = state.position
        self._log_number = log_number
        self._batch = OpenBatch(batch_number)
        self._captures: dict[int, TableCapture] = {}
        self._cursor: Cursor | None = None
        self._spilled = False
        self._file_number = state.position.binlog.file_number
        self._file = state.position.binlog.file
        self._commit_time: float | None = None
        self._looked_at = 0.0
        self._moved_at = 0.0
        self._moved_to = state.position

    def run(self, stop: Stop, until: BinlogPosition | None) -> None:
        """Read events until told to stop; whatever is not stored by then is read again next time."""
        with target_errors():
            self._read(stop, until)

    def _read(self, stop: Stop, until: BinlogPosition | None) -> None:
        while not stop.is_set():
            event = self._stream.next(_POLL_SECONDS)
            if event is not None:
                self._take(event)
            if until is not None and not until > self._position.binlog:
                self._store_or_move(caught_up=False)
                return

    def _take(self, event: StreamEvent) -> None:
        if isinstance(event, RowsEvent):
            self._rows(event)
        elif isinstance(event, TransactionEnd):
            self._end(event)
        elif isinstance(event, StatementEvent):
            self._statement(event)
        elif isinstance(event, TransactionRolledBack):
            self._roll_back(event)
        elif isinstance(event, TransactionPrepared):
            self._prepare(event)
        elif isinstance(event, PreparedDecided):
            self._decide(event)
        elif isinstance(event, Idle):
            self._idle(event)
        else:
            assert isinstance(event, TransactionBegin)

    def _rows(self, event: RowsEvent) -> None:
        table = self._registry.find(event.table.name)
        if table is None or not table.captured:
            return
        position = BinlogPosition(self._file, event.offset)
        if table.covers(position) or self._settings.events.skips(event.kind, event.table.name):
            return
        try:
            entries = self._capture(table).entries(event)
            self._batch.add(table.table_id, entries, self._file_number, event.offset)
        except DecodeError as error:
            self._distrust(event, error, position)
            return
        if self._batch.size > _SPILL_BYTES:
            self._spill()

    def _capture(self, table: ReadTable) -> TableCapture:
        capture = self._captures.get(table.table_id)
        if capture is None or capture.schema is not table.schema:
            capture = TableCapture(table.schema, self._rules, self._note)
            self._captures[table.table_id] = capture
        return capture

    def _note(self, change: Change) -> None:
        logger.debug("column %s: %s", change.column, change.reason)

    def _distrust(self, event: RowsEvent, error: DecodeError, position: BinlogPosition) -> None:
        if self._settings.stop_on_read_error:
            raise ReplicaStopped(
                str(error),
                table=str(event.table.name),
                position=str(position),
                advice="Correct the cause, then run enable_replica and start_replica",
            ) from error
        self._registry.quarantine(self._open(), event.table.name, error.message, position)

    def _statement(self, event: StatementEvent) -> None:
        self._registry.follow(self._open(), self._batch, event)

    def _end(self, event: TransactionEnd) -> None:
        self._batch.commit()
        self._spilled = False
        self._advance(event.position, event.commit_time)

    def _advance(self, position: Position, commit_time: float) -> None:
        """A transaction is whole: store if the batch is full, or if there is nothing else to do."""
        self._reach(position)
        self._commit_time = self._clocks.on_target(commit_time)
        if self._batch.rows >= self._settings.batch_rows or not self._stream.pending():
            self._store_or_move(caught_up=False)

    def _reach(self, position: Position) -> None:
        if position.binlog.file != self._file:
            self._file, self._file_number = position.binlog.file, position.binlog.file_number
        self._position = position

    def _roll_back(self, event: TransactionRolledBack) -> None:
        if self._spilled:
            self._open().execute("rollback to savepoint source_transaction")
            self._spilled = False
        self._batch.rollback()
        self._advance(event.position, event.commit_time)

    def _prepare(self, event: TransactionPrepared) -> None:
        """Put the rows of a prepared transaction aside until it is decided, perhaps much later."""
        cursor = self._open()
        self._write(finished=True)
        self._write(finished=False)
        prepared.put_aside(cursor, self._source, self._log_number, self._batch, event.xid)
        self._spilled = False
        self._advance(event.position, event.commit_time)

    def _decide(self, event: PreparedDecided) -> None:
        cursor = self._open()
        self._write(finished=True)
        prepared.decide(cursor, self._source, self._log_number, self._batch, event.xid, committed=event.committed)
        self._batch.commit()
        self._advance(event.position, event.commit_time)

    def _idle(self, event: Idle) -> None:
        self._reach(event.position)
        self._store_or_move(caught_up=event.caught_up)

    def _open(self) -> Cursor:
        """Return the cursor of the transaction on the target that this batch is stored in."""
        if self._cursor is None:
            self._cursor = self._connection.cursor()
        return self._cursor

    def _write(self, *, finished: bool) -> None:
        batches.write_rows(self._open(), self._source, self._log_number, self._batch, finished=finished)

    def _spill(self) -> None:
        """Write what is gathered, so that memory stays bounded; the current transaction's part can be undone."""
        self._write(finished=True)
        if self._batch.size > _SPILL_BYTES // 2:
            if not self._spilled:
                self._open().execute("savepoint source_transaction")
                self._spilled = True
            self._write(finished=False)

    def _store_or_move(self, *, caught_up: bool) -> None:
        state = ReadState(
            self._generation, self._position, self._commit_time, self._clocks.now() if caught_up else None
        )
        if not self._batch.empty or self._registry.changed:
            self._store(state)
        elif (caught_up or self._position != self._moved_to) and time.monotonic() - self._moved_at > _MOVE_SECONDS:
            self._move(state)

    def _store(self, state: ReadState) -> None:
        with transaction(self._connection):
            cursor = self._open()
            self._write(finished=True)
            number = batches.store(cursor, self._source, self._batch, state, registered=self._registry.changed)
            if number is None:
                raise RegistryChanged
            generation = self._generation + int(self._registry.changed)
            log_number = self._switched_log(cursor, generation)
        self._generation, self._log_number = generation, log_number
        self._registry.changed = False
        self._batch = OpenBatch(number)
        self._cursor = None
        self._moved_at, self._moved_to = time.monotonic(), state.position

    def _switched_log(self, cursor: Cursor, generation: int) -> int:
        """Turn to the other log table once in a while, so that this one can be emptied as a whole."""
        every = min(_SWITCH_SECONDS, self._settings.retention.total_seconds() / 10)
        if time.monotonic() - self._looked_at < every:
            return self._log_number
        self._looked_at = time.monotonic()
        number = batches.switch_log(cursor, self._source, generation, self._settings.retention / 4)
        return self._log_number if number is None else number

    def _move(self, state: ReadState) -> None:
        with transaction(self._connection) as cursor:
            if not batches.move(cursor, self._source, state):
                raise RegistryChanged
        self._moved_at, self._moved_to = time.monotonic(), state.position
