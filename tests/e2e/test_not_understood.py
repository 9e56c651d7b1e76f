"""Statements that the parser refuses: what they did is read from the source, and nothing is guessed."""

from collections.abc import Iterator

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.errors import DdlRefused
from pg_chameleon.mysql.ddl.parser import parse
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage

CREATED = "create table made (id int primary key, kind enum(0x61, 0x62), note varchar(20))"
REFUSED = {
    "add": "alter table t add column kind enum(0x61, 0x62) default 'a'",
    "modify": "alter table t modify column size set(0x61, 0x62)",
    "index": "alter table t add column word enum(0x78) default 'x', add index (v)",
    "drop": "alter table t drop column gone, modify column size set(0x61, 0x62, 0x63)",
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


def test_a_table_made_by_a_refused_statement_is_replicated(running: Stage) -> None:
    assert_refused(CREATED, running.server)
    running.execute("insert into beside values (1, 'before')", CREATED)
    running.journey.wait_until_replayed()
    running.execute("insert into made values (1, 'a', 'one'), (2, 'b', null)", "update made set note = 'two' where id = 2")
    running.assert_equal()


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_change_is_followed(running: Stage, name: str) -> None:
    assert_refused(REFUSED[name], running.server)
    running.execute("insert into t values (3, 'before', 'b', 3)", REFUSED[name], "insert into t (id, v) values (4, 'after')")
    running.execute("update t set v = 'changed' where id < 3", "insert into beside values (2, 'x')")
    running.assert_equal()
