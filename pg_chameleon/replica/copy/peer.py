"""Sources of ``type: pgsql``: the first copy from one PostgreSQL to another. They have no replica."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from pg_chameleon.errors import ChameleonError, TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres import grants, peer, staging, swap
from pg_chameleon.postgres.connection import (
    Connection,
    Stop,
    TargetSettings,
    close_quietly,
    connect,
    target_errors,
    transaction,
)
from pg_chameleon.postgres.failures import savepoint
from pg_chameleon.postgres.peer import PeerSchema, PeerTable
from pg_chameleon.postgres.sources import Source
from pg_chameleon.replica.copy.presence import unknown
from pg_chameleon.replica.copy.progress import ProgressTracker
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import (
    CopiedRows,
    CopyKind,
    CopyProblem,
    CopyReport,
    CopySettings,
)

logger = logging.getLogger(__name__)

_TICK = 0.2


@dataclass(slots=True)
class PeerCopy:
    """One copy. All tables are read in one snapshot, by several connections."""

    settings: CopySettings
    scope: Scope
    source: Source
    target: Connection
    tracker: ProgressTracker
    stop: Stop
    _problems: list[CopyProblem] = field(default_factory=list)
    _working: set[Connection] = field(default_factory=set)

    def run(self) -> CopyReport:
        """Copy the tables into staging schemas, then swap them in."""
        self.scope.check()
        began = time.monotonic()
        with _session(self._peer, f"copy {self.source.name}") as connection, target_errors():
            snapshot = peer.begin_snapshot(connection)
            schemas = [self._chosen(peer.read_schema(connection, name)) for name in self.scope.schemas]
            self._problems += unknown(self.scope, {table.name for schema in schemas for table in schema.tables})
            self._prepare(schemas)
            rows = self._copy([table for schema in schemas for table in schema.tables], snapshot)
        copied = [] if self.stop.is_set() else self._swap(schemas, rows)
        return CopyReport(
            kind=self.scope.kind,
            copied=tuple(copied),
            problems=tuple(self._problems),
            seconds=time.monotonic() - began,
            interrupted=self.stop.is_set(),
        )

    @property
    def _peer(self) -> TargetSettings:
        assert self.settings.peer is not None, "only sources of type pgsql come here"
        return self.settings.peer

    def _chosen(self, schema: PeerSchema) -> PeerSchema:
        chosen = tuple(table for table in schema.tables if self.scope.wants(table.name))
        return PeerSchema(schema.name, schema.enums, chosen)

    def _staging_of(self, schema: str) -> str:
        return staging.schema_name(self.source, self.scope.filter.mappings[schema])

    def _loaded(self, table: PeerTable) -> TableName:
        return TableName(self._staging_of(table.name.schema), table.name.table)

    def _prepare(self, schemas: list[PeerSchema]) -> None:
        with transaction(self.target) as cursor:
            for schema in schemas:
                name = self._staging_of(schema.name)
                staging.drop_schema(cursor, name)
                staging.create_schema(cursor, name)
                peer.create_enums(cursor, schema, name)
                for table in schema.tables:
                    self.tracker.expect(table.name, table.rows)

    def _copy(self, tables: list[PeerTable], snapshot: str) -> dict[TableName, int]:
        """Copy tables by several threads, which only wait for the servers; return the rows of each."""
        rows: dict[TableName, int] = {}
        with ThreadPoolExecutor(self.settings.workers) as pool:
            running = {pool.submit(self._copy_table, table, snapshot): table for table in tables}
            while running:
                done, _ = wait(running, _TICK, FIRST_COMPLETED)
                for future in done:
                    self._take(running.pop(future), future, rows)
                if self.stop.is_set():
                    self._cancel(running)
                    break
                self.tracker.tell()
        return rows

    def _cancel(self, running: dict[Future[int], PeerTable]) -> None:
        for future in running:
            future.cancel()
        for connection in tuple(self._working):
            connection.cancel()

    def _take(self, table: PeerTable, future: Future[int], rows: dict[TableName, int]) -> None:
        try:
            rows[table.name] = future.result()
        except ChameleonError as error:
            if error.transient:
                raise
            logger.warning("%s could not be copied: %s", table.name, error)
            self.tracker.gave_up(table.name)
            self._problems.append(CopyProblem(table.name, error.message, quarantined=True))
        else:
            self.tracker.moved(table.name, rows[table.name], 0)
            self.tracker.finished(table.name)

    def _copy_table(self, table: PeerTable, snapshot: str) -> int:
        if self.stop.is_set():
            return 0
        loaded = self._loaded(table)
        label = f"copy {self.source.name}"
        with (
            _session(self._peer, label) as reading,
            _session(self.settings.replica.target, label, staging.LOADING) as writing,
            target_errors(),
            reading.cursor() as source,
        ):
            self._working |= {reading, writing}
            self.tracker.began(table.name)
            peer.share_snapshot(reading, snapshot)
            with transaction(writing) as target:
                peer.create_table(target, table, loaded)
                rows = 0
                if self.scope.kind is not CopyKind.COPY_SCHEMA:
                    rows = peer.stream(source, target, table, loaded)
                peer.finish_table(source, target, table, loaded)
            self._working -= {reading, writing}
        return rows

    def _swap(self, schemas: list[PeerSchema], rows: dict[TableName, int]) -> list[CopiedRows]:
        """Put the tables in their places, with their foreign keys, in one transaction."""
        copied = []
        with transaction(self.target) as cursor:
            swap.limit_lock_wait(cursor, self.settings.lock_timeout)
            readers = grants.existing_roles(cursor, self.settings.replica.grant_select_to)
            whole = [table for schema in schemas for table in schema.tables if table.name in rows]
            for schema in schemas:
                staging.create_schema(cursor, self.scope.filter.mappings[schema.name])
                grants.let_read_schema(cursor, self.scope.filter.mappings[schema.name], readers)
            for table in whole:
                final = TableName(self.scope.filter.mappings[table.name.schema], table.name.table)
                reason = swap.swap_table(cursor, self.source, self._loaded(table), final, readers)
                if reason is None:
                    copied.append(CopiedRows(table.name, rows[table.name]))
                else:
                    self._problems.append(CopyProblem(table.name, reason, quarantined=True))
            for table in whole:
                for name, definition in table.foreign_keys:
                    self._add_foreign_key(table, name, definition)
            for schema in schemas:
                staging.drop_schema(cursor, self._staging_of(schema.name))
        return copied

    def _add_foreign_key(self, table: PeerTable, name: str, definition: str) -> None:
        final = TableName(self.scope.filter.mappings[table.name.schema], table.name.table)
        try:
            with self.target.cursor() as cursor, savepoint(cursor):
                peer.add_foreign_key(cursor, final, name, definition)
        except TargetError as error:
            reason = f"the foreign key {name} could not be created: {error.message}"
            self._problems.append(CopyProblem(table.name, reason, quarantined=False))


@contextmanager
def _session(settings: TargetSettings, label: str, parameters: tuple[str, ...] = ()) -> Iterator[Connection]:
    connection = connect(settings, label, parameters)
    try:
        yield connection
    finally:
        close_quietly(connection)
