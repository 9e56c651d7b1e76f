"""Transactions that XA has prepared, while tables are copied and everything is started again."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from lab.servers import Database, SourceServer
from tests.e2e.stage import Stage, stage

pytestmark = pytest.mark.source_version(mysql=(8, 0, 29), mariadb=(10, 5))


@pytest.fixture
def made(source_server: SourceServer, target_database: Database) -> Iterator[Stage]:
    source_server.execute("create database prepared")
    for table in ("t", "u"):
        source_server.execute(f"create table {table} (id int primary key, v varchar(20))", database="prepared")
        source_server.execute(f"insert into {table} values (1, 'one')", database="prepared")
    with stage(source_server, target_database, "prepared") as built:
        built.journey.initialise()
        built.journey.start()
        yield built
    source_server.execute("drop database prepared")


@contextmanager
def prepared(server: SourceServer, xid: str, *statements: str) -> Iterator[Any]:
    """Prepare a transaction in a session of its own, whose cursor decides it."""
    with closing(server.connect("prepared")) as connection, connection.cursor() as cursor:
        for statement in (f"xa start {xid}", *statements, f"xa end {xid}", f"xa prepare {xid}"):
            cursor.execute(statement)
        yield cursor


def test_what_was_prepared_before_a_table_was_copied_again_is_not_lost_in_silence(made: Stage) -> None:
    with prepared(made.server, "'x1'", "insert into t values (2, 't')", "insert into u values (2, 'u')") as cursor:
        made.journey.wait_until_replayed()
        made.journey.chameleon("sync_tables", "--source", "mysql", "--tables", "prepared.t")
        made.journey.wait_until_copied()
        cursor.execute("xa commit 'x1'")
    made.journey.wait_until_replayed()
    [(table, reason)] = made.journey.quarantined()
    assert table == "t"
    assert "X'7831'" in reason
    assert made.database.execute("select id from sch_prepared.u order by id") == [(1,), (2,)]
    made.journey.chameleon("sync_tables", "--source", "mysql", "--tables", "disabled")
    made.journey.wait_until_copied()
    made.execute("insert into t values (3, 'after')")
    made.journey.wait_until_replayed()
    assert made.database.execute("select id from sch_prepared.t order by id") == [(1,), (2,), (3,)]


def test_a_table_that_is_copied_after_the_decision_is_whole(made: Stage) -> None:
    with prepared(made.server, "'x2'", "insert into t values (2, 't')") as cursor:
        made.journey.wait_until_replayed()
        made.journey.stop()
        cursor.execute("xa commit 'x2'")
    made.journey.chameleon("sync_tables", "--source", "mysql", "--tables", "prepared.t")
    made.journey.wait_until_copied()
    made.journey.start()
    made.execute("insert into t values (3, 'after')")
    made.assert_equal()


def test_a_rollback_after_the_copy_harms_nothing(made: Stage) -> None:
    with prepared(made.server, "'x3'", "insert into t values (2, 't')") as cursor:
        made.journey.wait_until_replayed()
        made.journey.chameleon("sync_tables", "--source", "mysql", "--tables", "prepared.t")
        made.journey.wait_until_copied()
        cursor.execute("xa rollback 'x3'")
    made.execute("insert into t values (3, 'after')")
    made.assert_equal()
