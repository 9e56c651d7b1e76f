"""Statements that the parser refuses: what they did is read from the source, and nothing is guessed."""

from collections.abc import Iterator

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.errors import DdlRefused
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage

CREATED = "create table made (id int primary key, kind enum(0x61, 0x62), note varchar(20))"
FOLLOWED = {
    "add": "alter table t add column kind enum(0x61, 0x62) default 'a'",
    "modify": "alter table t modify column size set(0x61, 0x62)",
    "index": "alter table t add column word enum(0x78) default 'x', add index (v)",
    "drop": "alter table t drop column gone, modify column size set(0x61, 0x62, 0x63)",
}
DOUBTFUL = {
    "renamed": "alter table renamed change column size length set(0x61, 0x62)",
    "came": "alter table came drop column size, add column length set(0x61, 0x62)",
    "again": "alter table again drop column size, add column size set(0x61, 0x62)",
}


@pytest.fixture
def running(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    """Replicate a table, and one that is beside it."""
    schema = fresh_schema(source_server)
    with stage(source_server, target_database, schema) as made:
        made.execute(
            "create table t (id int primary key, v varchar(20), size set('a', 'b') default 'a', gone int)",
            "insert into t values (1, 'one', 'a', 1), (2, 'two', 'a,b', 2)",
            "create table beside (id int primary key, v varchar(20))",
        )
        made.journey.initialise()
        made.journey.start()
        yield made


def assert_refused(statement: str, server: SourceServer) -> None:
    with pytest.raises(DdlRefused):
        parse(statement, default_schema="test", mariadb=server.product == "mariadb")


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_refused_change_is_followed(running: Stage, name: str) -> None:
    assert_refused(FOLLOWED[name], running.server)
    running.execute("insert into t values (3, 'before', 'b', 3)", FOLLOWED[name])
    running.execute("insert into t (id, v) values (4, 'after')", "update t set v = 'changed' where id < 3")
    running.execute("insert into beside values (2, 'x')")
    running.assert_equal()


def test_what_is_in_doubt_is_quarantined_alone_and_comes_back(running: Stage) -> None:
    for table in DOUBTFUL:
        running.execute(f"create table {table} like t", f"insert into {table} select * from t")
    running.execute(*DOUBTFUL.values(), "insert into beside values (1, 'goes on')")
    running.journey.wait_until_replayed()
    reasons = dict(running.journey.quarantined())
    assert reasons.keys() == DOUBTFUL.keys()
    for _, table, _, statement, message in running.journey.errors():
        assert statement == DOUBTFUL[table]
        assert message == reasons[table]
        assert "a statement was not understood" in message
    running.copy_disabled()
    running.execute("update again set size = 'a'", "delete from came where id = 2")
    running.assert_whole()


def test_the_new_name_of_what_is_in_doubt_is_known(running: Stage) -> None:
    running.execute("alter table t add column noon time default '1230', rename to t_2", "create table t (id int)")
    running.journey.wait_until_replayed()
    assert [table for table, _ in running.journey.quarantined()] == ["t_2"]
    running.copy_disabled()
    running.assert_whole()


def test_the_new_name_of_what_cannot_be_read_is_known(running: Stage) -> None:
    statement = "alter table t add column kind enum(0x61), rename as `b``oats`"
    assert_refused(statement, running.server)
    running.execute(statement)
    running.journey.wait_until_replayed()
    assert [table for table, _ in running.journey.quarantined()] == ["b`oats"]
    ((_, table, _, told, _),) = running.journey.errors()
    assert (table, told) == ("b`oats", statement)
    running.copy_disabled()
    running.assert_whole()


def test_what_happened_while_nobody_read_is_told_apart(running: Stage) -> None:
    """Later statements do not matter to a table that was still empty; for one with rows since, they do."""
    running.journey.stop()
    assert_refused(CREATED, running.server)
    running.execute(
        "insert into t values (3, 'before', 'b', 3)",
        CREATED,
        "create index by_note on made (note)",
        "alter table made change note word varchar(30), add column more int not null default 5",
        "insert into made values (1, 'a', 'one', 1), (2, 'b', null, 2)",
        FOLLOWED["add"],
        "alter table t add column more int not null default 7, add index (more)",
        "insert into t (id, v, kind) values (4, 'after', 'b')",
        "create table passing (id int primary key, kind enum(0x61))",
        "drop table passing",
        "create table passing (id int primary key, kind enum('a'))",
        "insert into passing values (1, 'a')",
        "create table doubtful (id int primary key, kind enum(0x61))",
        "insert into doubtful values (1, 'a')",
        "alter table doubtful add column more int",
        "insert into doubtful values (2, 'a', 2)",
    )
    running.journey.start()
    running.journey.wait_until_replayed()
    ((table, reason),) = running.journey.quarantined()
    assert table == "doubtful"
    assert "its rows, and then its structure, changed again" in reason
    running.copy_disabled()
    running.execute("insert into doubtful values (3, 'a', 2)", "update made set word = 'new' where id = 2")
    running.assert_whole()


def test_a_killed_reader_looks_again(running: Stage) -> None:
    for number in range(4):
        running.journey.wait_until_replayed()  # what is far behind cannot look, see above
        running.execute(
            f"create table made_{number} (id int primary key, kind enum(0x61, 0x62), note varchar(20))",
            f"alter table t add column kind_{number} enum(0x61, 0x62) default 'b'",
        )
        running.journey.kill_worker("read")
        running.execute(
            f"insert into made_{number} values (1, 'a', 'one')",
            f"insert into t (id, v, kind_{number}) values ({number + 10}, 'x', 'a')",
        )
    running.assert_equal()


def test_a_table_that_stays_locked_is_not_waited_for(running: Stage) -> None:
    with running.server.connect(running.schema) as connection, connection.cursor() as cursor:
        cursor.execute("lock tables t write")
        cursor.execute(FOLLOWED["add"])
        running.execute("insert into beside values (1, 'x')")
        running.journey.wait_until_replayed(60)
        ((table, reason),) = running.journey.quarantined()
        assert (table, "stayed locked" in reason) == ("t", True)
        cursor.execute("unlock tables")
