"""Copies that meet trouble: killed processes, locks, changes of structure, writers, missing privileges."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator

import pymysql
import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.overview import CopyProgress
from pg_chameleon.model.status import SourceStatus, TableState
from pg_chameleon.replica.copy.settings import CopyKind
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage, Watcher, numbers, wait_for


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(source_server, target_database, fresh_schema(source_server))


def fill(stage: Stage, tables: int, rows: int = 10_000) -> None:
    for number in range(tables):
        stage.execute(
            f"create table t{number} (id int auto_increment primary key, n int, t varchar(200), key (n))",
            f"insert into t{number} (n, t) select n, repeat('x', 190) from {numbers(rows)}",
        )


def copied(stage: Stage) -> int:
    found = stage.database.execute("select count(*) from sch_chameleon.tables where state = 'copied'")
    return int(found[0][0])


def test_a_killed_copy_is_gone_on_with(stage: Stage) -> None:
    fill(stage, 12)
    process = stage.copy_in_process()
    wait_for(lambda: copied(stage) >= 3)
    process.kill()
    process.join()
    stage.execute("insert into t0 (n) values (-1)")
    done = copied(stage)
    watcher = Watcher()
    report = stage.copy(watcher=watcher)
    assert report.resumed is not None
    assert report.complete
    assert len(report.copied) == 12
    assert len(watcher.copied) <= 12 - done + 2  # a worker may have finished one more when its coordinator was gone
    starts = {table.start for table in stage.tables().values()}
    assert len(starts) == 2
    checkpoint = stage.database.execute("select binlog_file, binlog_offset from sch_chameleon.checkpoints")
    assert checkpoint == [min((start.file, start.offset) for start in starts if start)]


def test_a_copy_killed_in_a_chunked_table_begins_that_table_anew(stage: Stage) -> None:
    fill(stage, 1, rows=100_000)
    stage.execute("analyze table t0")
    stage.change(chunk_rows=5_000, workers=1)
    process = stage.copy_in_process()
    wait_for(lambda: bool(stage.database.execute("select 1 from sch_chameleon.copied_chunks")))
    process.kill()
    process.join()
    stage.execute("update t0 set n = -n")
    assert stage.copy().complete
    stage.assert_equal()


def test_a_lost_connection_ends_the_copy_with_a_clear_error(stage: Stage) -> None:
    fill(stage, 4, rows=100_000)

    def kill_worker(state: CopyProgress) -> None:
        if state.rows_done > 0:
            stage.database.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'pg_chameleon copy test'"
            )

    with pytest.raises(ChameleonError, match=r"lost|closed|terminat"):
        stage.copy(watcher=Watcher(kill_worker))
    assert stage.source().status is SourceStatus.ERROR
    assert stage.copy().complete
    stage.assert_equal()


def test_another_copy_gives_up_the_open_one(stage: Stage) -> None:
    fill(stage, 6)
    process = stage.copy_in_process()
    wait_for(lambda: copied(stage) >= 1)
    process.kill()
    process.join()
    report = stage.copy(CopyKind.SYNC_TABLES, tables=(stage.name("t1"),))
    assert report.resumed is None
    assert [row.name.table for row in report.copied] == ["t1"]
    states = {name: table.state for name, table in stage.tables().items()}
    assert states.pop("t1") is TableState.REPLICATED
    assert set(states.values()) <= {TableState.QUARANTINED}


def test_a_table_locked_for_too_long_is_quarantined_and_the_others_are_copied(stage: Stage) -> None:
    fill(stage, 3, rows=10)
    stage.change(lock_timeout=1_000)
    with stage.server.connect(stage.schema) as connection, connection.cursor() as cursor:
        cursor.execute("lock tables t1 write")
        report = stage.copy()
    assert [(problem.name.table, problem.quarantined) for problem in report.problems] == [("t1", True)]
    assert "lock_timeout" in report.problems[0].reason
    assert {table.name.table for table in report.copied} == {"t0", "t2"}
    assert stage.tables()["t1"].state is TableState.QUARANTINED
    again = stage.copy(CopyKind.SYNC_TABLES)
    assert again.complete
    stage.assert_equal()


def test_without_the_privilege_tables_are_locked_one_by_one(stage: Stage) -> None:
    fill(stage, 3, rows=100)
    stage.execute("create table isam (id int primary key) engine = myisam", "insert into isam values (1)")
    stage.server.execute("drop user if exists weak@'%'")
    stage.server.execute("create user weak@'%' identified by 'weak'")
    stage.server.execute("grant select, lock tables, replication client, replication slave on *.* to weak@'%'")
    weak = dataclasses.replace(stage.settings.replica.source, user="weak", password="weak")
    stage.change_replica(source=weak)
    assert stage.copy().complete
    stage.assert_equal()
    stage.server.execute("drop user weak@'%'")


@contextlib.contextmanager
def writing(stage: Stage) -> Iterator[None]:
    """Insert into two tables in each transaction, as fast as it goes."""
    stop = threading.Event()

    def write() -> None:
        with stage.server.connect(stage.schema, autocommit=False) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("insert into t0 (n) values (1)")
                cursor.execute("insert into t1 (n) values (1)")
                connection.commit()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("chunk_rows", [1_000_000, 5_000])
def test_the_copy_is_one_state_of_the_source_while_it_is_written_to(stage: Stage, chunk_rows: int) -> None:
    fill(stage, 2)
    stage.execute("analyze table t0, t1")
    stage.change(chunk_rows=chunk_rows, workers=3)
    with writing(stage):
        report = stage.copy()
    assert report.complete
    assert stage.target_rows("t0") == stage.target_rows("t1") >= 10_000
    start = stage.tables()["t0"].start
    assert start == stage.tables()["t1"].start
    assert start is not None
    written = written_before(stage, start.file, start.offset)
    assert stage.target_rows("t0") == 10_000 + written


def written_before(stage: Stage, file: str, offset: int) -> int:
    """Count the rows that the writer inserted into t0 before a position, by the binlog itself."""
    end = "select count(*) from t0"
    total = int(stage.execute(end)[0][0])
    events = stage.execute(f"show binlog events in '{file}' from {offset}")
    later = sum(
        1
        for row in events
        if row[2].lower().startswith("table_map") and f"({stage.schema}.t0)" in row[5].replace("`", "")
    )
    return total - 10_000 - later


def test_a_table_altered_during_the_copy_is_copied_again(stage: Stage) -> None:
    fill(stage, 3, rows=10_000)
    altered = threading.Event()

    def alter(state: CopyProgress) -> None:
        if not altered.is_set():
            altered.set()
            stage.execute("alter table t2 modify n bigint, add column added int default 5 first")

    stage.change(workers=1)
    report = stage.copy(watcher=Watcher(alter))
    assert report.complete
    stage.assert_equal()
    assert stage.execute("alter table t2 comment 'no lock is left'") == []


def test_a_table_that_takes_the_name_of_another_is_copied_again(stage: Stage) -> None:
    """As gh-ost and pt-online-schema-change do: the new table was there when the snapshot was taken, half full."""
    fill(stage, 3, rows=10_000)
    time.sleep(1.1)  # creation times have a resolution of seconds
    stage.execute("create table ghost like t2", "insert into ghost select * from t2 limit 10")
    renamed = threading.Event()

    def rename(state: CopyProgress) -> None:
        if not renamed.is_set():
            renamed.set()
            stage.execute(
                "insert into ghost select * from t2 where id not in (select id from (select id from ghost) g)"
            )
            stage.execute("rename table t2 to t2_old, ghost to t2")

    stage.change(workers=1)
    report = stage.copy(watcher=Watcher(rename))
    assert stage.target_rows("t2") == 10_000
    assert "t2" in {table.name.table for table in report.copied}


def test_changes_of_a_copied_table_do_not_wait_for_the_whole_copy(stage: Stage) -> None:
    """A metadata lock that is held until the end of the snapshot would stop the source's users.

    MariaDB lets go of it only in sessions that write no binlog, which takes a privilege of its own.
    """
    if stage.server.product == "mariadb":
        stage.change_replica(source=dataclasses.replace(stage.settings.replica.source, user="root", password=""))
    fill(stage, 5, rows=10_000)
    stage.change(workers=1)
    refused: list[pymysql.MySQLError] = []

    def alter(state: CopyProgress) -> None:
        if state.tables_done == 2:
            try:
                stage.execute("set lock_wait_timeout = 1", f"alter table {watcher.copied[0].table} comment 'changed'")
            except pymysql.MySQLError as error:
                refused.append(error)

    watcher = Watcher(alter)
    assert stage.copy(watcher=watcher).complete
    assert not refused
