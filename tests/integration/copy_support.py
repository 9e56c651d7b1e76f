"""A source, a target, and a copy between them, without a command line."""

from __future__ import annotations

import dataclasses
import multiprocessing
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta
from multiprocessing.context import SpawnProcess
from typing import Any

from lab import compare
from lab.journey import Journey
from lab.servers import REPLICA_PASSWORD, REPLICA_USER, Database, SourceServer
from pg_chameleon.daemon import StopEvent
from pg_chameleon.model.choices import ZeroDates
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyProgress
from pg_chameleon.mysql.connection import SourceSettings
from pg_chameleon.postgres import catalogue
from pg_chameleon.postgres.connection import TargetSettings, connect, transaction
from pg_chameleon.postgres.sources import Source, add_source, find_source
from pg_chameleon.postgres.tables import TrackedTable, load_tables
from pg_chameleon.replica import detach
from pg_chameleon.replica.copy.run import copy_tables
from pg_chameleon.replica.copy.settings import CopyKind, CopyReport, CopyRequest, CopySettings
from pg_chameleon.replica.settings import ReplicaSettings

SOURCE_NAME = "test"


class Watcher:
    """Watches a copy; calls back with every state."""

    def __init__(self, watch: Callable[[CopyProgress], object] | None = None) -> None:
        self.states: list[CopyProgress] = []
        self.copied: list[TableName] = []
        self.ended = False
        self._watch = watch

    def progress(self, state: CopyProgress) -> None:
        self.states.append(state)
        if self._watch is not None:
            self._watch(state)

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        self.copied.append(name)

    def finished(self) -> None:
        self.ended = True


class Stage:
    """The schema of a source that becomes `sch_SCHEMA` of the target."""

    journey: Journey
    """Set where a replica runs."""

    def __init__(self, server: SourceServer, database: Database, schema: str, name: str | None = None) -> None:
        """Install the catalogue and register the source, unless ``name`` tells how it is registered."""
        self.server = server
        self.database = database
        self.schema = schema
        self.target_schema = f"sch_{schema}"
        self.settings = copy_settings(server, database, {schema: self.target_schema}, name or SOURCE_NAME)
        if name is not None:
            return
        with closing(self.connect()) as target:
            catalogue.install(target)
            add_source(target, SOURCE_NAME, "mysql", {schema: self.target_schema})

    def connect(self) -> Any:
        return connect(self.settings.replica.target, "test")

    def change(self, **values: Any) -> None:
        """Change settings of the copy."""
        self.settings = dataclasses.replace(self.settings, **values)

    def change_replica(self, **values: Any) -> None:
        """Change settings of the replica."""
        self.change(replica=dataclasses.replace(self.settings.replica, **values))

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Execute statements on the source in one session; return the rows of the last."""
        with self.server.connect(self.schema, sql_mode="") as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def copy(
        self,
        kind: CopyKind = CopyKind.INIT_REPLICA,
        *,
        watcher: Watcher | None = None,
        stop: StopEvent | None = None,
        **request: Any,
    ) -> CopyReport:
        watcher = watcher or Watcher()
        report = copy_tables(self.settings, CopyRequest(kind, **request), watcher, stop or StopEvent())
        assert watcher.ended
        return report

    def copy_in_process(self, kind: CopyKind = CopyKind.INIT_REPLICA, **request: Any) -> SpawnProcess:
        """Begin a copy in a process of its own, to be killed."""
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_copy, args=(self.settings, CopyRequest(kind, **request)))
        process.start()
        return process

    def follow(self) -> None:
        """Read all that the source has written by now, and replay it."""
        settings, source = self.settings.replica, self.source()
        with closing(self.connect()) as target:
            detach.drain(settings, target, source, detach.present_position(settings), StopEvent())

    def name(self, table: str) -> TableName:
        return TableName(self.schema, table)

    def source(self) -> Source:
        with closing(self.connect()) as target:
            return find_source(target, self.settings.replica.name)

    def tables(self) -> dict[str, TrackedTable]:
        """Return the registered tables by name."""
        source = self.source()
        with closing(self.connect()) as target, transaction(target) as cursor:
            return {table.name.table: table for table in load_tables(cursor, source)}

    def target_rows(self, table: str) -> int:
        return int(self.database.execute(f'select count(*) from {self.target_schema}."{table}"')[0][0])

    def errors(self) -> list[tuple[Any, ...]]:
        return self.database.execute("select source_table, row_key, message from sch_chameleon.errors order by log_id")

    def schemas(self) -> set[str]:
        return {row[0] for row in self.database.execute("select nspname from pg_namespace where nspname ~ 'sch|cham'")}

    def assert_equal(self, **options: Any) -> None:
        """Assert that both sides are equal row by row, and that no staging schema is left."""
        result = compare.compare(self.server.connect, self.database.connect, self.schema, self.target_schema, **options)
        assert result.equal, str(result)
        assert not [name for name in self.schemas() if name.startswith("_chameleon")]


def _copy(settings: CopySettings, request: CopyRequest) -> None:
    copy_tables(settings, request, Watcher(), StopEvent())


def copy_settings(server: SourceServer, database: Database, mappings: Mapping[str, str], name: str) -> CopySettings:
    source = SourceSettings(server.host, server.port, REPLICA_USER, REPLICA_PASSWORD)
    replica = dataclasses.replace(plain_settings(database, mappings, name), source=source)
    return CopySettings(replica, lock_timeout=5_000)


def plain_settings(database: Database, mappings: Mapping[str, str], name: str) -> ReplicaSettings:
    """Return settings in which nothing is special, without a source to connect to."""
    server = database.server
    return ReplicaSettings(
        name=name,
        source=SourceSettings("nowhere"),
        target=TargetSettings(server.host, server.port, REPLICA_USER, REPLICA_PASSWORD, database.name),
        limit=TableFilter(dict(mappings)),
        events=EventFilter(),
        server_id=1,
        use_gtid=False,
        batch_rows=1000,
        replay_rows=1000,
        retention=timedelta(days=1),
        sleep=1.0,
        stop_on_read_error=False,
        stop_on_replay_error=False,
        maintenance=None,
        overrides=(),
        zero_dates=ZeroDates.NULL,
        grant_select_to=(),
        grant_write_to=(),
        fillfactor={},
    )


def numbers(count: int) -> str:
    """Return a table expression of MySQL with the column n from 1 to count, which is a power of ten."""
    digits = " union all ".join(f"select {digit} as d" for digit in range(10))
    powers = len(str(count)) - 1
    value = " + ".join(f"{10**power} * d{power}.d" for power in range(powers)) or "0"
    tables = ", ".join(f"({digits}) d{power}" for power in range(powers))
    return f"(select 1 + {value} as n from {tables}) numbers"


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)
