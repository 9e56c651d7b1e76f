"""Generated columns that an image omits: harmless if the columns that they use did not change."""

from __future__ import annotations

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.model.status import TableState
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage

pytestmark = pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 2))
NOBLOB = "set session binlog_row_image = 'NOBLOB'"


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(source_server, target_database, fresh_schema(source_server))


def test_a_generated_text_that_did_not_change_may_be_left_out(stage: Stage) -> None:
    stage.execute(
        "create table t (id int primary key, a int, b varchar(20), g text generated always as (upper(b)) stored)",
        "insert into t (id, a, b) values (1, 1, 'one'), (2, 1, null), (3, 1, 'three')",
    )
    assert stage.copy().complete
    stage.execute(NOBLOB, "update t set a = 2", "update t set a = 3 where id = 3")
    stage.follow()
    assert stage.tables()["t"].state is TableState.REPLICATED, stage.errors()
    expected = [(1, 2, "one", "ONE"), (2, 2, None, None), (3, 3, "three", "THREE")]
    assert stage.database.execute(f"select id, a, b, g from {stage.target_schema}.t order by id") == expected


def test_a_generated_text_that_changed_is_followed_or_takes_the_table_out(stage: Stage) -> None:
    stage.execute(
        "create table t (id int primary key, a int, b varchar(20), g text generated always as (upper(b)) stored)",
        "insert into t (id, a, b) values (1, 1, 'one')",
    )
    assert stage.copy().complete
    stage.execute(NOBLOB, "update t set b = 'two'")
    stage.follow()
    found = stage.database.execute(f"select b, g from {stage.target_schema}.t")
    if stage.tables()["t"].state is TableState.REPLICATED:
        assert found == [("two", "TWO")]
    else:
        assert found == [("one", "ONE")]
        assert "the generated column g is not in it" in str(stage.tables()["t"].reason)


@pytest.mark.source_version(mariadb=(10, 2))  # MySQL lets none be made of AUTO_INCREMENT
def test_what_mariadb_makes_of_a_number_that_is_not_given_yet_takes_the_table_out(stage: Stage) -> None:
    stage.execute(
        "create table t (id int auto_increment primary key, v int, g varchar(20) as (concat('no. ', id)) virtual)",
        "create table u (id int auto_increment primary key, v varchar(9), n int as (id * 2), w char(9) as (upper(v)))",
        "insert into t (v) values (1), (2)",
    )
    assert stage.copy().complete
    stage.execute("update t set v = 3", "insert into u (v) values ('a')")
    stage.follow()
    states = {name: table.state for name, table in stage.tables().items()}
    assert states == {"t": TableState.REPLICATED, "u": TableState.REPLICATED}, stage.errors()
    assert stage.database.execute(f"select id, n, w from {stage.target_schema}.u") == [(1, 2, "A")]
    stage.execute("insert into t (v) values (4)")
    stage.follow()
    assert "the virtual column g of an inserted row" in str(stage.tables()["t"].reason)


@pytest.mark.parametrize("image", ["FULL", "NOBLOB", "MINIMAL"])
def test_what_is_made_of_a_column_with_a_quote_in_its_name_is_not_left_as_it_was(stage: Stage, image: str) -> None:
    stage.execute(
        "create table t (id int primary key, `a``b` varchar(20), price int, "
        "v varchar(80) generated always as (soundex(`a``b`)) virtual, "
        "w varchar(80) generated always as (soundex(concat('price', `a``b`))) virtual)",
        "insert into t (id, `a``b`, price) values (1, 'one', 1)",
    )
    assert stage.copy().complete
    session = f"set session binlog_row_image = '{image}'"
    stage.execute(session, "update t set price = 2")
    stage.follow()
    assert stage.tables()["t"].state is TableState.REPLICATED, stage.errors()
    stage.execute(session, "update t set `a``b` = 'seventeen'")
    stage.follow()
    found = stage.database.execute(f"select v, w from {stage.target_schema}.t")
    if stage.tables()["t"].state is TableState.REPLICATED:
        assert found == [("S1535", "P621535")]
    else:
        assert found == [("O500", "P625")]
        assert "the generated column" in str(stage.tables()["t"].reason)
