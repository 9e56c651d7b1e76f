"""The tracker changes structures as the source server does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.model.change import (
    TableAltered,
    TableCreated,
    TableDropped,
    TableTruncated,
    TableUncertain,
)
from pg_chameleon.model.schema import Column, Default
from pg_chameleon.model.server import ServerVersion
from tests.unit.ddl.tracker_support import MYSQL, Source, name_of


def test_create_table_like_copies_all_but_the_foreign_keys() -> None:
    source = Source(MYSQL)
    source.run("create table yachts (a int primary key, b int check (b > 0), foreign key (b) references x (y))")
    source.run("create table boats like yachts")
    assert source.table().columns == source.table("yachts").columns
    assert source.indexes() == source.indexes("yachts")
    assert source.table().foreign_keys == ()
    assert [check.name for check in source.table().checks] == ["boats_chk_1"]


def test_create_table_like_the_unknown_is_uncertain() -> None:
    (change,) = Source(mapped=frozenset(["harbour"])).run("create table boats like marina.yachts")
    assert isinstance(change, TableUncertain)


def test_create_table_again() -> None:
    source = Source()
    source.run("create table boats (a int)")
    assert source.run("create table if not exists boats (b int)") == []
    assert source.columns() == ["a"]
    dropped, created = source.run("create or replace table boats (b int)")
    assert dropped == TableDropped(name_of("boats"))
    assert isinstance(created, TableCreated)
    assert source.columns() == ["b"]


@pytest.mark.parametrize(
    ("alteration", "expected"),
    [
        ("add d int", "abcd"),
        ("add d int first", "dabc"),
        ("add d int after a", "adbc"),
        ("add d int after a, add e int after a", "aedbc"),
        ("add d int first, add e int first", "edabc"),
        ("add (d int, e int)", "abcde"),
        ("drop b", "ac"),
        ("drop b, add b int", "acb"),
        ("modify c int first", "cab"),
        ("modify a int after c", "bca"),
        ("change a d int", "dbc"),
        ("change a d int after c", "bcd"),
        ("change a d int, add e int after d", "debc"),
        ("change a b int, change b a int", "bac"),
        ("change a x int, modify c int after x", "xcb"),
        ("rename column a to b, rename column b to a", "bac"),
        ("rename column a to x, add y int after x", "xybc"),
        ("add column if not exists a bigint", "abc"),
        ("drop column if exists z, drop column if exists a", "bc"),
        ("modify column if exists z int, change if exists y x int", "abc"),
        ("drop column if exists a, add column if not exists a int", "bc"),
    ],
)
def test_columns_go_where_the_server_puts_them(alteration: str, expected: str) -> None:
    source = Source()
    source.run("create table boats (a int, b int, c int)", f"alter table boats {alteration}")
    assert source.columns() == list(expected)


def test_origins_tell_which_column_each_was() -> None:
    source = Source()
    source.run("create table boats (a int, b int, c int)")
    (change,) = source.run("alter table boats change a b int, change b a int, drop c, add d int first")
    assert isinstance(change, TableAltered)
    assert change.after.column_names == ("d", "b", "a")
    assert change.origins == (None, "a", "b")


@pytest.mark.parametrize(
    ("alteration", "origins"),
    [
        ("drop b, add b int after a", ("a", None, "c")),
        ("change a b int after c, change b a int first", ("b", "c", "a")),
        ("rename column a to c, rename column c to a, modify b int first", ("b", "a", "c")),
    ],
)
def test_rows_may_change_while_the_structure_does_not(alteration: str, origins: tuple[str | None, ...]) -> None:
    source = Source()
    source.run("create table boats (a int, b int, c int)")
    (change,) = source.run(f"alter table boats {alteration}")
    assert isinstance(change, TableAltered)
    assert change.origins == origins
    assert source.run("alter table boats modify b int") == []


@pytest.mark.parametrize(
    "alteration",
    [
        "drop z",
        "modify z int",
        "add d int after z",
        "add a int",
        "drop key z",
        "drop a, drop b, drop c",
        "rename column a to b",
        "rename column z to y",
        "rename key z to y",
        "alter z set default 1",
        "drop constraint z",
    ],
)
def test_what_does_not_fit_the_structure_makes_it_uncertain(alteration: str) -> None:
    source = Source()
    source.run("create table boats (a int, b int, c int)")
    (change,) = source.run(f"alter table boats {alteration}")
    assert isinstance(change, TableUncertain)
    assert source.state.table(name_of("boats")) is None
    assert source.state.is_uncertain(name_of("boats"))


def test_a_modified_column_forgets_what_it_was() -> None:
    source = Source()
    source.run("create table boats (a int not null default 5 comment 'x', b int)", "alter table boats modify a bigint")
    assert source.column("a") == Column("a", "bigint(20)")


def test_expressions_follow_renamed_columns_on_mariadb() -> None:
    source = Source()
    source.run(
        "create table boats (a int, `b c` int, year int, g int as (a + `B C` * 2 + year(a) + length('a')) stored,"
        " h int default (a + 1), constraint positive check (boats.a > 0 and year > `b c`))"
    )
    source.run("alter table boats change a `a``2` int, rename column `b c` to a, change year y int")
    generated = source.column("g").generated
    assert generated is not None
    assert generated.expression == "`a``2` + `a` * 2 + year(`a``2`) + length('a')"
    assert source.column("h").default == Default("`a``2` + 1", False)
    assert [check.expression for check in source.table().checks] == ["boats.`a``2` > 0 and `y` > `a`"]
    source.run("alter table boats rename column y to z, modify g int as (a + y) stored")
    generated = source.column("g").generated
    assert generated is not None
    assert generated.expression == "a + y", "it is defined anew"


def test_a_swap_by_rename() -> None:
    source = Source()
    source.run("create table boats (a int)", "create table _boats_new (b int)")
    changes = source.run("rename table boats to _boats_old, _boats_new to boats")
    assert [type(change) for change in changes] == [TableAltered, TableAltered]
    assert source.columns() == ["b"]
    assert source.columns("_boats_old") == ["a"]


def test_renames_across_the_border_of_what_is_tracked() -> None:
    source = Source(mapped=frozenset(["harbour"]))
    source.run("create table boats (a int)")
    assert source.run("alter table boats rename marina.boats") == [TableDropped(name_of("boats"))]
    (change,) = source.run("rename table marina.boats to boats")
    assert isinstance(change, TableUncertain)
    assert source.run("rename table a_view to another_view") == []
    dropped, uncertain = source.run("rename table boats to yachts")
    assert dropped == TableDropped(name_of("boats"))
    assert isinstance(uncertain, TableUncertain)


def test_drop_and_truncate_take_what_is_there() -> None:
    source = Source()
    source.run("create table boats (a int)", "create table yachts (a int)")
    assert source.run("truncate boats") == [TableTruncated(name_of("boats"))]
    assert source.run("drop table boats, nope, yachts", error_code=1051) == [
        TableDropped(name_of("boats")),
        TableDropped(name_of("yachts")),
    ]
    assert source.run("drop table if exists boats") == []


def test_a_statement_that_failed_halfway_is_uncertain() -> None:
    source = Source()
    source.run("create table boats (a int)")
    (change,) = source.run("alter table boats add b int", error_code=1317)
    assert isinstance(change, TableUncertain)


def test_a_table_is_gone_that_mariadb_failed_to_replace() -> None:
    source = Source()
    source.run("create table boats (a int)")
    assert source.run("create or replace table boats (a int, a int)", error_code=1060) == [
        TableDropped(name_of("boats"))
    ]
    assert source.run("create or replace table yachts (a int, a int)", error_code=1060) == []


def test_drop_database_drops_its_tables() -> None:
    source = Source()
    source.run("create table boats (a int)", "create table marina.boats (a int)")
    assert source.run("drop database harbour") == [TableDropped(name_of("boats"))]
    assert source.columns("marina.boats") == ["a"]


@pytest.mark.parametrize(
    "action",
    ["drop partition p", "truncate partition p", "import tablespace", "exchange partition p with table yachts"],
)
def test_rows_that_change_unseen_make_tables_uncertain(action: str) -> None:
    source = Source()
    source.run("create table boats (a int)", "create table yachts (a int)")
    changes = source.run(f"alter table boats {action}")
    names = ["boats", "yachts"] if "yachts" in action else ["boats"]
    assert [change.name.table for change in changes if isinstance(change, TableUncertain)] == names


def test_alter_ignore_may_remove_rows() -> None:
    source = Source()
    source.run("create table boats (a int)")
    (change,) = source.run("alter ignore table boats add b int")
    assert isinstance(change, TableAltered)
    (change,) = source.run("alter ignore table boats add unique (a)")
    assert isinstance(change, TableUncertain)


def test_maintenance_changes_nothing() -> None:
    source = Source()
    source.run("create table boats (a int)")
    for action in ("force", "engine=innodb", "algorithm=copy", "order by a", "disable keys", "rebuild partition all"):
        assert source.run(f"alter table boats {action}") == []


@pytest.mark.parametrize("engine", ["blackhole", "federated", "merge", "connect"])
def test_engines_that_lose_or_hide_rows_make_tables_uncertain(engine: str) -> None:
    for statement in (f"alter table boats engine = {engine}", f"create or replace table boats (a int) engine {engine}"):
        source = Source()
        source.run("create table boats (a int)")
        change = source.run(statement)[-1]
        assert isinstance(change, TableUncertain)
        assert (change.name, change.readable) == (name_of("boats"), True), "the server may have taken another engine"
        assert source.state.is_uncertain(name_of("boats"))


def test_a_table_whose_engine_hid_its_rows_is_uncertain_when_it_shows_them() -> None:
    source = Source()
    source.run("create table boats (a int)")
    hidden = replace(source.table(), engine="BLACKHOLE")
    source.state.apply_changes([TableCreated(hidden)])
    assert source.run("alter table boats comment 'x'") == [TableAltered(hidden, replace(hidden, comment="x"), ("a",))]
    (change,) = source.run("alter table boats engine = innodb")
    assert isinstance(change, TableUncertain)
    assert not change.readable


def test_system_versioned_tables_have_the_columns_of_the_binlog() -> None:
    source = Source()
    source.run("create table boats (id int primary key, a int) with system versioning", "alter table boats add b int")
    assert source.columns() == ["id", "a", "b", "row_start", "row_end"]
    assert source.table().key_columns == ("id", "row_end")


def test_rows_in_statement_format_make_tables_uncertain() -> None:
    source = Source()
    source.run("create table boats (a int)", "create table yachts (a int)")
    assert [
        change.name for change in source.run("insert into boats values (1)") if isinstance(change, TableUncertain)
    ] == [name_of("boats")]
    assert len(source.run("create table boats (a int)", "call fill()")) == 2


def test_a_temporary_table_in_the_binlog_makes_the_table_of_its_name_uncertain() -> None:
    source = Source()
    source.run("create table boats (a int)", "create table yachts (a int)")
    for statement in (
        "create temporary table if not exists boats like yachts",
        "create or replace temporary table boats (b int)",
    ):
        source.run("create or replace table boats (a int)")
        (change,) = source.run(statement)
        assert isinstance(change, TableUncertain)
        assert (change.name, change.readable) == (name_of("boats"), False)
        assert source.run("truncate boats") == []
    assert source.run("create temporary table dinghies as select * from yachts") == []


def test_names_are_folded_as_the_server_does() -> None:
    source = Source(
        ServerTraits(ServerVersion.parse("8.4.0"), "utf8mb4", "utf8mb4_0900_ai_ci", lower_case_table_names=1)
    )
    source.run("create table Boats (A int)", "alter table BOATS add b int", "rename table bOATS to Yachts")
    assert source.columns("yachts") == ["A", "b"]
    assert source.table("YACHTS").name == name_of("yachts")
    sensitive = Source()
    sensitive.run("create table Boats (a int)")
    assert sensitive.run("drop table boats") == []


def test_a_table_may_pass_through_a_schema_that_is_not_tracked() -> None:
    source = Source(mapped=frozenset({"harbour"}))
    source.run("create table boats (a int)", "create table yachts (b int)")
    changes = source.run("rename table boats to other.x, yachts to boats, other.x to yachts")
    assert all(isinstance(change, TableAltered) for change in changes)
    assert (source.columns("boats"), source.columns("yachts")) == (["b"], ["a"])
    changes = source.run("rename table boats to other.x, other.x to other.y")
    assert isinstance(changes[-1], TableDropped)
    (change,) = source.run("rename table other.z to other.x, other.x to boats")
    assert isinstance(change, TableUncertain)


def test_tables_that_are_settled_later_are_left_alone() -> None:
    source = Source()
    source.run("create table boats (a int, b int)", "create table yachts (a int)")
    settled = {name_of("boats")}
    for text in ("alter table boats add b int", "drop table boats", "create table boats (a int)", "truncate boats"):
        assert changes_by(parse(text, default_schema="harbour"), source.state, settled=settled.__contains__) == []
    found = parse("rename table yachts to boats", default_schema="harbour")
    assert changes_by(found, source.state, settled=settled.__contains__) == [TableDropped(name_of("yachts"))]


def test_apply_leaves_the_state_as_it_was() -> None:
    source = Source()
    source.run("create table boats (a int)")
    changes_by(parse("drop table boats", default_schema="harbour"), source.state)
    assert source.columns() == ["a"]


def test_only_a_structure_that_cannot_be_told_may_be_read_from_the_source() -> None:
    source = Source()
    source.run("create table boats (a int)")
    for statement, readable in {
        "alter table boats add column c text charset klingon": True,
        "alter table boats drop column missing": False,
        "alter table boats discard tablespace": False,
    }.items():
        source.run("create or replace table boats (a int)")
        changes = source.run(statement)
        assert [each.readable for each in changes if isinstance(each, TableUncertain)][:1] == [readable], statement
