"""Values that the type which the user chose, or the user's own table, does not take: kept aside, never gone."""

from __future__ import annotations

import math
import random
import struct
from typing import Any

import pytest

from lab.servers import REPLICA_USER, Database, SourceServer
from pg_chameleon.errors import ReplicaStopped
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.model.status import TableState
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage, numbers

# Per case: the type on the source, the type that is chosen, a value that fits and one that does not
MISFITS = {
    "boolean": ("tinyint(1)", "boolean", "1", "2"),
    "integer": ("varchar(20)", "integer", "'17'", "'x'"),
    "too short": ("enum('abc','too long')", "varchar(3)", "'abc'", "'too long'"),
    "too small": ("bigint", "smallint", "32767", "32768"),
    "uuid": ("binary(16)", "inet", "null", "x'00'"),
    "document": ("longtext", "jsonb", "'{}'", "'{'"),
    "fraction": ("decimal(9,2)", "integer", "null", "1.5"),
}
PLACES = ("*", "{schema}.misfit", "{schema}.misfit.v")


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(source_server, target_database, fresh_schema(source_server))


def choose(stage: Stage, case: str, place: str) -> tuple[str, str, str]:
    kind, chosen, fit, unfit = MISFITS[case]
    where = frozenset({place.format(schema=stage.schema)})
    stage.change_replica(overrides=(TypeOverride(kind, chosen, where),))
    return kind, fit, unfit


def discarded(stage: Stage) -> list[tuple[Any, ...]]:
    return stage.database.execute(
        "select source_table, operation, row_key, image, reason from sch_chameleon.discarded_rows order by discard_id"
    )


def ids(stage: Stage, table: str = "misfit") -> list[int]:
    return [row[0] for row in stage.database.execute(f"select id from {stage.target_schema}.{table} order by id")]


def assert_kept_aside(stage: Stage, table: str, keys: list[tuple[str, str | None]]) -> None:
    """Assert that just these rows were kept aside, with a reason, and that their table alone is out."""
    found = discarded(stage)
    assert [(operation, key) for _, operation, key, _, _ in found] == keys, found
    assert all(name == table and image and reason for name, _, _, image, reason in found), found
    assert {
        name: state.state for name, state in stage.tables().items() if state.state is not TableState.REPLICATED
    } == {table: TableState.QUARANTINED}
    assert stage.tables()[table].reason
    assert any(name == table for name, _, _ in stage.errors())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", ["boolean"])
def test_an_override_counts_where_it_is_meant(stage: Stage, case: str, place: str) -> None:
    kind, fit, unfit = choose(stage, case, place)
    stage.execute(
        f"create table misfit (id int primary key, v {kind})",
        "create table other (id int primary key)",
        f"insert into misfit values (1, {fit}), (2, {unfit}), (3, {fit})",
        "insert into other values (1)",
    )
    assert [problem.name.table for problem in stage.copy().problems] == ["misfit"]
    assert_kept_aside(stage, "misfit", [("copy", "2")])
    assert ids(stage) == [1, 3]
    assert ids(stage, "other") == [1]


@pytest.mark.parametrize("case", MISFITS)
def test_the_copy_keeps_a_misfit_aside(stage: Stage, case: str) -> None:
    kind, fit, unfit = choose(stage, case, "*")
    stage.execute(
        f"create table misfit (id int primary key, v {kind})",
        f"insert into misfit values (1, {fit}), (2, {unfit}), (3, {fit})",
    )
    stage.copy()
    assert_kept_aside(stage, "misfit", [("copy", "2")])
    assert ids(stage) == [1, 3]


@pytest.mark.parametrize("case", MISFITS)
def test_the_stream_keeps_a_misfit_aside(stage: Stage, case: str) -> None:
    kind, fit, unfit = choose(stage, case, "*")
    stage.execute(
        f"create table misfit (id int primary key, v {kind})",
        "create table other (id int primary key)",
        f"insert into misfit values (7, {fit})",
    )
    assert stage.copy().complete
    stage.execute(
        f"insert into misfit values (1, {fit}), (2, {unfit}), (3, {fit})",
        f"update misfit set v = {unfit} where id = 7",
        "insert into other values (1)",
    )
    stage.follow()
    assert_kept_aside(stage, "misfit", [("insert", '("2")'), ("update", '("7")')])
    assert set(ids(stage)) >= {1, 3}
    stage.execute("insert into other values (2)", f"insert into misfit values (9, {fit})")
    stage.follow()
    assert ids(stage, "other") == [1, 2]
    assert len(discarded(stage)) == 2, "a table that is out is left alone"


def test_a_misfit_without_a_key_is_kept_with_its_image(stage: Stage) -> None:
    choose(stage, "boolean", "*")
    stage.execute("create table misfit (id int, v tinyint(1))", "insert into misfit values (1, 1), (2, 2)")
    stage.copy()
    assert_kept_aside(stage, "misfit", [("copy", None)])
    stage.execute("update misfit set v = 0")
    assert stage.copy().complete
    stage.execute("insert into misfit values (3, 3), (4, 1)", "insert into misfit values (5, 1)")
    stage.follow()
    assert discarded(stage)[1][:4] == ("misfit", "insert", None, '("3","3")')
    assert set(ids(stage)) >= {1, 2, 4, 5}


def test_too_many_misfits_end_the_copy_of_their_table_alone(stage: Stage) -> None:
    choose(stage, "boolean", "*")
    stage.execute(
        "create table misfit (id int primary key, v tinyint(1))",
        f"insert into misfit select n, 2 from {numbers(10000)}",
        "create table other (id int primary key)",
        "insert into other values (1)",
    )
    [problem] = stage.copy().problems
    assert problem.name.table == "misfit"
    assert "more than 1000 rows" in problem.reason
    assert '"2"' in problem.reason
    assert stage.tables()["misfit"].state is TableState.QUARANTINED
    assert ids(stage, "other") == [1]
    stage.execute("insert into other values (2)", "update misfit set v = 1 where id = 1")
    stage.follow()
    assert ids(stage, "other") == [1, 2]


def test_on_error_replay_exit_stops_with_nothing_applied(stage: Stage) -> None:
    choose(stage, "boolean", "*")
    stage.execute("create table misfit (id int primary key, v tinyint(1))")
    assert stage.copy().complete
    stage.change_replica(stop_on_replay_error=True)
    stage.execute("insert into misfit values (1, 1), (2, 2)")
    with pytest.raises(ReplicaStopped, match="invalid input syntax"):
        stage.follow()
    assert ids(stage) == []
    assert discarded(stage) == []
    stage.change_replica(stop_on_replay_error=False)
    stage.follow()
    assert_kept_aside(stage, "misfit", [("insert", '("2")')])
    assert ids(stage) == [1]


@pytest.mark.parametrize("definition", ["integer check (v < 10)", "small"])
def test_what_the_users_own_table_refuses_is_kept_aside(stage: Stage, definition: str) -> None:
    stage.execute(
        "create table misfit (id int primary key, v int)",
        "create table other (id int primary key)",
        "insert into misfit values (1, 1), (2, 10), (3, 3)",
    )
    with stage.database.connect() as target, target.cursor() as cursor:
        cursor.execute(f"create schema {stage.target_schema}; set search_path = {stage.target_schema}")
        cursor.execute("create domain small as integer check (value < 10)")
        cursor.execute(f"create table misfit (id integer primary key, v {definition})")
        cursor.execute("create table other (id integer primary key)")
    stage.change(keep_existing=True)
    assert [found.name.table for found in stage.copy().problems] == ["misfit"]
    assert_kept_aside(stage, "misfit", [("copy", "2")])
    assert ids(stage) == [1, 3]
    stage.execute("update misfit set v = 0")
    assert stage.copy().complete
    stage.execute("insert into misfit values (4, 4), (5, 50)", "update misfit set v = 10 where id = 1")
    stage.follow()
    assert [row[:3] for row in discarded(stage)[1:]] == [
        ("misfit", "update", '("1")'),
        ("misfit", "insert", '("5")'),
    ]
    assert set(ids(stage)) >= {2, 3, 4}
    assert stage.tables()["misfit"].state is TableState.QUARANTINED


# Types that do not hold apart what the source does
COINCIDING = {
    "integer": ("varchar(20)", "integer", "'1'", "'01'"),
    "day": ("datetime", "date", "'2024-01-01 10:00:00'", "'2024-01-01 11:00:00'"),
    "real": ("double", "real", "0.1", "0.10000000001"),
    "digits": ("datetime(6)", "timestamp(0)", "'2024-01-01 10:00:00.1'", "'2024-01-01 10:00:00.2'"),
    "blanks": ("varbinary(20)", "varchar(1)", "'a'", "'a  '"),
    "members": ("enum('1','01','3')", "integer", "'1'", "'01'"),
}


@pytest.mark.parametrize("case", COINCIDING)
def test_the_copy_merges_no_rows_whose_keys_coincide(stage: Stage, case: str) -> None:
    kind, chosen, one, other = COINCIDING[case]
    stage.change_replica(overrides=(TypeOverride(kind, chosen),))
    stage.execute(
        f"create table misfit (k {kind} primary key, id int)", f"insert into misfit values ({one}, 1), ({other}, 2)"
    )
    assert [found.name.table for found in stage.copy().problems] == ["misfit"]
    assert ids(stage) == [1, 2]
    assert stage.tables()["misfit"].state is TableState.QUARANTINED


@pytest.mark.parametrize("way", ["one statement", "two batches", "changed key", "mixed"])
@pytest.mark.parametrize("case", COINCIDING)
def test_the_stream_merges_no_rows_whose_keys_coincide(stage: Stage, case: str, way: str) -> None:
    kind, chosen, one, other = COINCIDING[case]
    stage.change_replica(overrides=(TypeOverride(kind, chosen),))
    third = "'2024-03-03'" if case in ("day", "digits") else "'3'"
    stage.execute(f"create table misfit (k {kind} primary key, id int)")
    assert stage.copy().complete
    if way == "one statement":
        stage.execute(f"insert into misfit values ({one}, 1), ({other}, 2)")
    else:
        stage.execute(
            f"insert into misfit values ({one}, 1), ({third}, 3)", f"update misfit set id = 4 where k = {third}"
        )
        if way == "two batches":
            stage.follow()
        if way == "changed key":
            stage.execute(f"update misfit set k = {other} where k = {third}")
        else:
            stage.execute(f"insert into misfit values ({other}, 2)")
    stage.follow()
    assert stage.tables()["misfit"].state is TableState.QUARANTINED
    assert len(discarded(stage)) == 1
    assert {1, 2, 4} & set(ids(stage)), "one of the two is there"
    assert "key" in discarded(stage)[0][4]


def test_a_row_is_found_by_a_key_that_was_rounded(stage: Stage) -> None:
    stage.change_replica(overrides=(TypeOverride("datetime(6)", "timestamp(0)"),))
    stage.execute("create table t (k datetime(6) primary key, v int)")
    assert stage.copy().complete
    stage.execute("insert into t values ('2024-01-01 10:00:00.6', 1), ('2024-01-02 10:00:00.4', 2)")
    stage.follow()
    stage.execute("update t set v = 3 where v = 1", "delete from t where v = 2")
    stage.follow()
    found = stage.database.execute(f"select k::text, v from {stage.target_schema}.t")
    assert found == [("2024-01-01 10:00:01", 3)]
    assert stage.tables()["t"].state is TableState.REPLICATED, stage.errors()


def test_a_row_is_found_by_a_key_that_was_cut(stage: Stage) -> None:
    stage.change_replica(overrides=(TypeOverride("varchar(20)", "varchar(1)"),))
    stage.execute("create table t (k varchar(20) primary key, v int)", "insert into t values ('c  ', 0)")
    assert stage.copy().complete
    stage.execute("insert into t values ('a  ', 1), ('b ', 2)", "delete from t where v = 0")
    stage.follow()
    stage.execute("update t set v = 3 where v = 1", "delete from t where v = 2")
    stage.follow()
    assert stage.database.execute(f"select k, v from {stage.target_schema}.t") == [("a", 3)]
    assert stage.tables()["t"].state is TableState.REPLICATED, stage.errors()


def test_a_generated_column_that_lax_modes_clamp_is_plain_with_an_override(stage: Stage) -> None:
    create = (
        "create table {} (id int primary key, g smallint as (id * 1000) stored, w varchar(3) as (concat('ab', id)))"
    )
    rows = "insert into {} values (1, default, default), (50, default, default)"
    stage.execute(create.format("derived"))
    assert stage.copy().complete
    stage.execute("set sql_mode = ''", rows.format("derived"))
    stage.follow()
    assert stage.tables()["derived"].state is TableState.QUARANTINED
    assert [row[:3] for row in discarded(stage)] == [("derived", "insert", '("50")')]
    stage.change_replica(overrides=(TypeOverride("smallint", "smallint"), TypeOverride("varchar", "varchar(3)")))
    stage.execute("set sql_mode = ''", create.format("plain"), rows.format("plain"))
    assert stage.copy().complete
    stage.execute("set sql_mode = ''", "insert into plain values (60, default, default)")
    stage.follow()
    for table in ("derived", "plain"):
        assert stage.tables()[table].state is TableState.REPLICATED, stage.errors()
        found = stage.database.execute(f"select * from {stage.target_schema}.{table} order by id")
        assert found == [(1, 1000, "ab1"), (50, 32767, "ab5"), (60, 32767, "ab6")][: 2 + (table == "plain")]


FLOATING = ("double", "float", "double(20,4)", "float(7,3)", "double zerofill", "float(9,2) zerofill", "double(255,30)")


def floating_literals() -> list[str]:
    """Return numbers around each border between the forms of text, and any others."""
    generator = random.Random(7)
    powers = [digit * 10.0**exponent for exponent in range(-45, 39) for digit in (1, 1.5, 9.999999)]
    whole = [2.0**power + shift for power in range(46, 60) for shift in (-1, 0, 1, 0.5)]
    bits = [struct.unpack("<d", generator.randbytes(8))[0] for _ in range(200)]
    cut = [struct.unpack("<f", generator.randbytes(4))[0] for _ in range(200)]
    extremes = [0.0, 0.1, 1 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1.4e-45, 3.4028234e38]
    found = [*powers, *whole, *extremes, *(number for number in bits + cut if math.isfinite(number))]
    return ["-0e0", "ceil(-0.5e0)", "-1e-60", *map(repr, [*found, *(-number for number in found)])]


@pytest.mark.parametrize("chosen", ["text", "numeric", "double precision"])
def test_a_floating_number_that_becomes_text_is_the_same_by_both_ways(stage: Stage, chosen: str) -> None:
    stage.change_replica(overrides=(TypeOverride("double", chosen), TypeOverride("float", chosen)))
    stage.execute(*(f"create table t{number} (id int primary key, v {kind})" for number, kind in enumerate(FLOATING)))
    stage.execute(*(f"create table k{number} (v {kind} primary key, n int)" for number, kind in enumerate(FLOATING)))
    rows = ", ".join(f"({number}, {literal})" for number, literal in enumerate(floating_literals()))
    for number in range(len(FLOATING)):
        stage.execute(
            f"insert ignore into t{number} values {rows}", f"insert ignore into k{number} select v, id from t{number}"
        )
    tables = [f"{name}{number}" for name in "tk" for number in range(len(FLOATING))]
    assert stage.copy().complete
    by_copy = {table: texts(stage, table) for table in tables}
    assert sum(map(len, by_copy.values())) > 5000
    stage.execute(*(f"update {table} set id = id + 100000" for table in tables[: len(FLOATING)]))
    stage.execute(*(f"update {table} set n = n + 100000" for table in tables[len(FLOATING) :]))
    stage.follow()
    stage.execute(*(f"update {table} set id = id - 100000" for table in tables[: len(FLOATING)]))
    stage.execute(*(f"update {table} set n = n - 100000" for table in tables[len(FLOATING) :]))
    stage.follow()
    for table in tables:
        assert texts(stage, table) == by_copy[table], table
    assert {table.state for table in stage.tables().values()} == {TableState.REPLICATED}, stage.errors()
    stage.execute(*(f"delete from {table}" for table in tables))
    stage.follow()
    assert not any(stage.target_rows(table) for table in tables)


def texts(stage: Stage, table: str) -> set[tuple[Any, ...]]:
    order = "id" if table.startswith("t") else "n"
    return set(stage.database.execute(f"select {order}, v::text from {stage.target_schema}.{table}"))


def test_a_chosen_type_that_holds_keys_apart_is_replicated(stage: Stage) -> None:
    stage.change_replica(overrides=(TypeOverride("varchar(36)", "uuid"), TypeOverride("int", "bigint")))
    stage.execute("create table t (k varchar(36), n int, v int, primary key (k, n))")
    assert stage.copy().complete
    one, other = (f"'00000000-0000-0000-0000-{number:012}'" for number in (1, 2))
    stage.execute(
        f"insert into t values ({one}, 1, 1), ({other}, 1, 2)",
        f"update t set v = 3 where k = {one}",
        f"delete from t where k = {other}",
        f"insert into t values ({other}, 1, 4)",
    )
    stage.follow()
    stage.execute(f"delete from t where k = {other}", f"insert into t values ({other}, 1, 5)", "update t set n = 2")
    stage.follow()
    assert stage.tables()["t"].state is TableState.REPLICATED, stage.errors()
    found = stage.database.execute(f"select n, v from {stage.target_schema}.t order by k")
    assert found == [(2, 3), (2, 5)]


@pytest.mark.parametrize("schema", ["public", "Odd place"])
def test_the_type_of_an_extension_can_be_chosen(stage: Stage, schema: str) -> None:
    stage.database.execute(f'create schema if not exists "{schema}"')
    stage.database.execute(f'create extension citext schema "{schema}"')
    stage.database.execute(f'grant usage on schema "{schema}" to {REPLICA_USER}')
    stage.change_replica(overrides=(TypeOverride("varchar(50)", "citext", frozenset({"*"})),))
    stage.execute(
        "create table t (k varchar(50) primary key, v varchar(50) default 'x', key (v))",
        "insert into t values ('a', 'A')",
    )
    assert stage.copy().complete
    stage.execute("insert into t values ('b', 'B')", "update t set k = 'C' where k = 'a'", "update t set v = 'y'")
    stage.follow()
    assert stage.errors() == []
    found = stage.database.execute(f"select k::text, v::text, pg_typeof(v)::text from {stage.target_schema}.t")
    assert sorted((key, value) for key, value, _ in found) == [("C", "y"), ("b", "y")]
    assert all("citext" in kind for *_, kind in found)
