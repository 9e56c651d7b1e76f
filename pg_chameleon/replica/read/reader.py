"""The read process: follows the binlog and stores whole transactions as batches, each with its checkpoint."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import closing

from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.errors import (
    CatalogueError,
)
from pg_chameleon.model.change import (
    Circumstances,
)
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.mysql.structure.inspect import database_defaults
from pg_chameleon.mysql.structure.reread import StructureReader
from pg_chameleon.mysql.zones import located
from pg_chameleon.postgres import batches
from pg_chameleon.postgres.connection import Connection, Stop, transaction
from pg_chameleon.postgres.sources import Source, read_checkpoint, read_schema_defaults, set_schema_default
from pg_chameleon.postgres.tables import TrackedTable, forget_starts, load_tables
from pg_chameleon.replica.read.following.known_tables import KnownTables, stored_table
from pg_chameleon.replica.read.following.statements import Following
from pg_chameleon.replica.read.registry import Answers, Registry
from pg_chameleon.replica.read.session import Clocks, Session
from pg_chameleon.replica.read.storing import BatchStore, RegistryChanged
from pg_chameleon.replica.rules import asked_rules
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)


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
                logger.info("tables were registered; resuming from the last checkpoint")

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
        rules = asked_rules(self._settings, self._connection, self._source, server.version)
        stream = BinlogStream(
            self._settings.source,
            server_id=self._settings.server_id,
            start=checkpoint.position,
            # A copy made without gtid_enable knows only file and offset; a new copy takes up the GTID set.
            use_gtid=self._settings.use_gtid and checkpoint.position.gtid is not None,
        )
        logger.info("reading from %s at %s", server.version, checkpoint.position)
        try:
            Session(self._settings, registry, rules, clocks, stream, store, checkpoint.position).run(stop, until)
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
