"""What the target lacks of a table, because its types or indexes cannot have it, costs no row, and is reported."""

from __future__ import annotations

import random
from contextlib import closing

import pytest
from psycopg2.errors import UniqueViolation

from lab.servers import Database, SourceServer
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres.left_out import find_left_out
from pg_chameleon.postgres.sources import find_source
from pg_chameleon.replica.rules import recorded_rules
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage
from tests.integration.test_misfits import discarded, ids, stage

__all__ = ["stage"]


def defaults(stage: Stage) -> dict[str, str | None]:
    """Return the defaults on the target of all columns but the keys."""
    return dict(
        stage.database.execute(
            "select table_name || '.' || column_name, column_default from information_schema.columns"
            f" where table_schema = '{stage.target_schema}' and column_name <> 'id'"
        )
    )


def left_out(stage: Stage) -> list[tuple[str, str]]:
    with closing(stage.connect()) as target:
        source = find_source(target, stage.settings.replica.name)
        found = find_left_out(target, source, recorded_rules(stage.settings.replica, target, source))
    return sorted((each.table.table, each.what) for each in found)


def test_a_default_that_a_chosen_type_cannot_read_is_left_out_and_told(stage: Stage) -> None:
    stage.change_replica(
        overrides=(TypeOverride("varchar(36)", "uuid"), TypeOverride("varchar(5)", "integer")),
    )
    one, other = (f"'00000000-0000-0000-0000-{number:012}'" for number in (1, 2))
    made = (
        "(id int primary key, u varchar(36) not null default '', n varchar(5) default '7',"
        f" g varchar(36) default {one})"
    )
    stage.execute(f"create table copied {made}", f"insert into copied values (1, {one}, '5', {one})")
    assert stage.copy().complete
    stage.execute(
        f"create table streamed {made}",
        f"insert into streamed values (1, {one}, '5', {other})",
        f"insert into copied (id, u) values (2, {other})",
        "create table altered (id int primary key, u varchar(36), n varchar(5))",
        f"insert into altered values (1, {one}, '1'), (2, {other}, '2')",
        "alter table altered alter u set default '', modify n varchar(5) not null default '8'",
        f"insert into altered (id, u) values (3, {one})",
        "alter table altered alter n set default 'x'",
        f"alter table altered modify u varchar(36) not null default {one}",
        "insert into altered (id, n) values (4, '4')",
        "create table hollow (id int primary key)",
        "alter table hollow add u varchar(36) not null, add n varchar(5) not null default 'none',"
        " add m varchar(5) default '9'",
        f"insert into hollow values (1, {one}, '1', '2')",
    )
    stage.follow()
    assert {table.state for table in stage.tables().values()} == {TableState.REPLICATED}, stage.errors()
    found = defaults(stage)
    for table in ("copied", "streamed"):
        assert (found[f"{table}.u"], found[f"{table}.n"]) == (None, "7"), found
        assert "000000000001" in str(found[f"{table}.g"])
    assert found["altered.n"] is None
    assert "000000000001" in str(found["altered.u"])
    assert (found["hollow.u"], found["hollow.n"], found["hollow.m"]) == (None, None, "9"), found
    assert left_out(stage) == [
        ("altered", "column n: the default 'x' is omitted: integer does not have it"),
        ("copied", "column u: the default '' is omitted: uuid does not have it"),
        ("hollow", "column n: the default 'none' is omitted: integer does not have it"),
        ("streamed", "column u: the default '' is omitted: uuid does not have it"),
    ]
    rows = stage.database.execute(f"select id, right(u::text, 1), n from {stage.target_schema}.altered order by id")
    assert rows == [(1, "1", 1), (2, "2", 2), (3, "1", 8), (4, "1", 4)]
    assert ids(stage, "copied") == [1, 2]
    assert ids(stage, "hollow") == [1]


def test_rows_that_would_need_a_default_that_cannot_be_read_keep_their_table_out(stage: Stage) -> None:
    stage.change_replica(overrides=(TypeOverride("varchar(36)", "uuid"),))
    stage.execute(
        *(
            statement
            for table in ("filled", "nulls")
            for statement in (
                f"create table {table} (id int primary key, v varchar(36))",
                f"insert into {table} values (1, null)",
            )
        )
    )
    assert stage.copy().complete
    stage.execute(
        "alter table filled add w varchar(36) not null default ''",
        "alter table nulls modify v varchar(36) not null",
    )
    stage.follow()
    assert {name: table.state for name, table in stage.tables().items()} == dict.fromkeys(
        ("filled", "nulls"), TableState.QUARANTINED
    )
    assert all("uuid" in message for _, _, message in stage.errors()), stage.errors()
    assert ids(stage, "filled") == [1]


def long_value(number: int) -> str:
    """Write bytes as text that PostgreSQL cannot compress to what fits into an index."""
    return random.Random(number).randbytes(1500).hex()


def test_an_index_that_cannot_hold_a_value_gives_way(stage: Stage) -> None:
    """The copy does not make it, the stream drops it; both are recorded, and no value is lost."""
    columns = "v varchar(3000) character set latin1, key plain (v), w varbinary(3000), unique whole (w)"
    stage.execute(
        *(f"create table {name} (id int primary key, {columns})" for name in ("copied", "streamed")),
        f"insert into copied values (1, '{long_value(1)}', '{long_value(2)}'), (2, 'a', 'b')",
    )
    assert stage.copy().complete
    stage.execute(f"insert into streamed values (1, '{long_value(1)}', '{long_value(2)}'), (2, 'a', 'b')")
    stage.execute("update copied set v = 'c' where id = 2")
    stage.follow()
    assert discarded(stage) == []
    assert {state.state for state in stage.tables().values()} == {TableState.REPLICATED}
    assert sorted((table, message.split()[2]) for table, _, message in stage.errors()) == [
        (table, index) for table in ("copied", "streamed") for index in ("plain", "whole")
    ]
    assert ids(stage, "copied") == ids(stage, "streamed") == [1, 2]


@pytest.mark.mariadb
def test_long_texts_that_are_unique_are_so_on_the_target(
    mariadb_server: SourceServer, target_database: Database, fresh_schema: FreshSchema
) -> None:
    stage = Stage(mariadb_server, target_database, fresh_schema(mariadb_server))
    stage.execute(
        "create table t (id int primary key, v text, b longblob, unique (v), unique (b, id))",
        f"insert into t values (1, repeat('{long_value(1)}', 9), repeat('{long_value(2)}', 9)), (2, null, null)",
    )
    assert stage.copy().complete
    stage.execute(f"insert into t values (3, repeat('{long_value(3)}', 9), repeat('{long_value(4)}', 9))")
    stage.follow()
    assert stage.errors() == []
    assert ids(stage, "t") == [1, 2, 3]
    with pytest.raises(UniqueViolation):
        stage.database.execute(f"insert into {stage.target_schema}.t select 4, v, null from {stage.target_schema}.t")
