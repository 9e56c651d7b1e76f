"""Tables that are copied again while the replica of all of them runs and the source is written to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from lab.journey import Journey
from lab.servers import Database, SourceServer
from pg_chameleon.model.overview import CopyProgress
from pg_chameleon.replica.copy.settings import CopyKind
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage, Watcher, numbers

TABLES = ("orders", "lines", "loose")
STRUCTURES = (
    "create table orders (id int auto_increment primary key, n int, t varchar(100), unique key by_n (n))",
    "create table `lines` (id int auto_increment primary key, n int, t varchar(100))",
    "create table loose (n int, t varchar(100))",
)


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    """Set a stage whose replica runs; the copies are made beside it."""
    schema = fresh_schema(source_server)
    for statement, table in zip(STRUCTURES, TABLES, strict=True):
        source_server.execute(statement, database=schema)
        filling = f"insert into `{table}` (n, t) select n, concat('row ', n) from {numbers(10000)}"
        source_server.execute(filling, database=schema)
    mappings = {schema: f"sch_{schema}"}
    with Journey(source_server.db_conn(), target_database.pg_conn(), mappings) as journey:
        journey.prepare()
        journey.initialise()
        journey.start()
        made = Stage(source_server, target_database, schema, name="mysql")
        made.journey = journey
        yield made


def write(stage: Stage, stop: threading.Event) -> None:
    """Change the tables in transactions, updates of keys and exchanges of unique values among them."""
    number = 10_000
    with stage.server.connect(stage.schema, autocommit=False) as connection, connection.cursor() as cursor:
        while not stop.is_set():
            number += 1
            cursor.execute("insert into orders (n, t) values (%s, 'new')", (number,))
            cursor.execute("insert into `lines` (n, t) values (%s, 'new')", (number,))
            cursor.execute("insert into loose (n, t) values (%s, 'new')", (number,))
            cursor.execute("update `lines` set n = n + 1 where id %% 997 = %s", (number % 997,))
            cursor.execute("delete from orders where id = %s", (number - 9_990,))
            cursor.execute("update `lines` set id = -id where id = %s", (number - 9_000,))
            cursor.execute("update loose set t = 'changed' where n = %s", (number - 5,))
            connection.commit()


def copy_while_writing(stage: Stage, copy: Callable[[], None]) -> None:
    stop = threading.Event()
    writer = threading.Thread(target=write, args=(stage, stop))
    writer.start()
    try:
        copy()
    finally:
        stop.set()
        writer.join()
    stage.journey.wait_until_replayed()
    assert stage.journey.quarantined() == []
    assert stage.journey.errors() == []
    stage.assert_equal()


def test_tables_are_synchronised_beside_the_replica(stage: Stage) -> None:
    def copy() -> None:
        for tables in (("orders",), ("lines", "loose"), TABLES):
            report = stage.copy(CopyKind.SYNC_TABLES, tables=tuple(map(stage.name, tables)))
            assert report.complete, report

    copy_while_writing(stage, copy)


def test_a_slow_copy_catches_up_with_what_was_held(stage: Stage) -> None:
    """Many batches are read and replayed between the snapshot and the swap."""

    def wait(state: CopyProgress) -> None:
        if state.tables_done == 2:
            threading.Event().wait(0.5)

    def copy() -> None:
        report = stage.copy(CopyKind.SYNC_TABLES, watcher=Watcher(wait), tables=tuple(map(stage.name, TABLES)))
        assert report.complete, report
        held = stage.database.execute("select count(*) from sch_chameleon.held_rows")
        assert held == [(0,)]

    copy_while_writing(stage, copy)


def test_a_schema_is_refreshed_beside_the_replica(stage: Stage) -> None:
    def copy() -> None:
        assert stage.copy(CopyKind.REFRESH_SCHEMA, schema=stage.schema).complete

    copy_while_writing(stage, copy)


def test_a_copy_that_is_killed_and_repeated_loses_nothing(stage: Stage) -> None:
    def copy() -> None:
        process = stage.copy_in_process(CopyKind.REFRESH_SCHEMA, schema=stage.schema)
        process.join(1.5)
        process.kill()
        process.join()
        assert stage.copy(CopyKind.REFRESH_SCHEMA, schema=stage.schema).complete

    copy_while_writing(stage, copy)


def test_a_table_that_is_dropped_while_it_is_copied_is_gone(stage: Stage) -> None:
    copied = "select count(*) from sch_chameleon.tables where source_table = 'loose' and state = 'copied'"
    with closing(stage.database.connect(autocommit=False)) as holding, holding.cursor() as cursor:
        # The copy waits for it before its swap
        cursor.execute("select from sch_chameleon.replays for update")
        process = stage.copy_in_process(CopyKind.SYNC_TABLES, tables=(stage.name("loose"),))
        while stage.database.execute(copied) == [(0,)]:
            assert process.is_alive()
            threading.Event().wait(0.05)
        process.kill()
        process.join()
    stage.server.execute("drop table loose", database=stage.schema)
    stage.journey.wait_until_replayed()
    assert stage.journey.quarantined() == []
    assert stage.database.execute(copied) == [(0,)]
    stage.server.execute("create table loose (n int, t varchar(100))", database=stage.schema)
    stage.server.execute("insert into loose values (1, 'again')", database=stage.schema)
    stage.journey.wait_until_replayed()
    assert stage.journey.quarantined() == []
    assert stage.copy(CopyKind.SYNC_TABLES, tables=(stage.name("orders"), stage.name("loose"))).complete
    stage.assert_equal()
