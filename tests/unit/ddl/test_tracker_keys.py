"""The tracker changes keys, indexes and constraints as the source server does."""

from __future__ import annotations

import pytest

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.model.change import (
    TableUncertain,
)
from pg_chameleon.model.schema import Default
from tests.unit.ddl.tracker_support import MARIADB, MYSQL, OLD_MYSQL, Source, name_of


def test_old_servers_fill_the_columns_of_primary_keys() -> None:
    source = Source(OLD_MYSQL)
    source.run(
        "create table boats (a int, b varchar(3), c date, d decimal(4,1), e int not null, primary key (a,b,c,d,e))"
    )
    defaults = [column.default and column.default.text for column in source.table().columns]
    assert defaults == ["0", "", "0000-00-00", "0.0", None]


def test_keys_make_their_columns_not_null() -> None:
    source = Source()
    source.run("create table boats (a int, b int null primary key, c int unique, d serial)")
    assert [column.nullable for column in source.table().columns] == [True, False, True, False]


def test_indexes_are_named_after_their_first_column() -> None:
    source = Source()
    source.run("create table boats (a int, b int, key (a), key (A, b), unique (b), key b_2 (b), primary key (a))")
    assert source.indexes() == {"a": ["a"], "a_2": ["a", "b"], "b": ["b"], "b_2": ["b"], "PRIMARY": ["a"]}


def test_a_prefix_that_covers_the_column_is_none() -> None:
    source = Source()
    source.run("create table boats (a varchar(10), b text, key (a(10)), key (b(10)))")
    assert [index.parts[0].prefix for index in source.table().indexes] == [None, 10]


def test_a_foreign_key_makes_an_index_unless_there_is_one() -> None:
    source = Source()
    source.run("create table boats (a int, b int, foreign key (a) references yachts (id), key (b),"
               " constraint fk foreign key (b) references marina.yachts (id) on delete set null)")  # fmt: skip
    assert source.indexes() == {"a": ["a"], "b": ["b"]}
    first, second = source.table().foreign_keys
    assert (first.name, first.referenced, first.on_delete) == ("boats_ibfk_1", name_of("yachts"), "RESTRICT")
    assert (second.name, second.referenced, second.on_delete) == ("fk", name_of("marina.yachts"), "SET NULL")


def test_an_index_that_covers_takes_the_place_of_a_generated_one() -> None:
    source = Source()
    source.run("create table boats (a int, b int, foreign key (a) references yachts (id))")
    source.run("create index wider on boats (a, b)")
    assert source.indexes() == {"wider": ["a", "b"]}


def test_the_later_of_two_generated_indexes_stays() -> None:
    source = Source()
    source.run("create table boats (a int, b int, constraint one foreign key (a) references yachts (id))")
    source.run(
        "alter table boats drop foreign key one",
        "alter table boats add constraint two foreign key (a) references z (id)",
    )
    assert source.indexes() == {"two": ["a"]}
    source.run("alter table boats add foreign key (a) references z (id)")
    assert source.indexes() == {"a": ["a"]}
    source.run("alter table boats add constraint wide foreign key (a, b) references z (id, x)")
    source.run("alter table boats add constraint narrow foreign key (a) references z (id)")
    assert source.indexes() == {"wide": ["a", "b"]}


def test_engines_without_foreign_keys_keep_only_the_index() -> None:
    source = Source()
    source.run("create table boats (a int, foreign key (a) references yachts (id)) engine=myisam")
    assert source.table().foreign_keys == ()
    assert source.indexes() == {"a": ["a"]}


def test_the_primary_key_stays_not_null() -> None:
    source = Source()
    source.run("create table boats (a int, primary key (a))", "alter table boats change a b bigint null")
    assert not source.column("b").nullable
    assert source.indexes() == {"PRIMARY": ["b"]}
    source.run("alter table boats drop primary key, modify b bigint")
    assert source.column("b").nullable


def test_indexes_follow_their_columns() -> None:
    source = Source()
    source.run("create table boats (a varchar(9), b int, key x (a, b), key y (b), key z (a(5)))")
    source.run("alter table boats drop b, change a c varchar(5)")
    assert source.indexes() == {"x": ["c"], "z": ["c"]}
    assert source.table().indexes[1].parts[0].prefix is None


def test_indexes_are_added_dropped_and_renamed() -> None:
    source = Source()
    source.run("create table boats (a int, b int unique)")
    source.run("alter table boats add primary key (a), drop index b, add index if not exists c (b), add key (b)")
    assert source.indexes() == {"PRIMARY": ["a"], "c": ["b"], "b": ["b"]}
    assert not source.column("a").nullable
    source.run("alter table boats rename key c to d, drop key if exists z, drop constraint b")
    assert source.indexes() == {"PRIMARY": ["a"], "d": ["b"]}


def test_checks_are_named_added_and_dropped() -> None:
    source = Source(MYSQL)
    source.run("create table boats (a int check (a > 0), check (a < 9), constraint odd check (a % 2))")
    assert [check.name for check in source.table().checks] == ["boats_chk_1", "boats_chk_2", "odd"]
    source.run("alter table boats drop check odd, drop constraint boats_chk_1, alter check boats_chk_2 not enforced")
    assert [(check.name, check.enforced) for check in source.table().checks] == [("boats_chk_2", False)]
    old = Source(OLD_MYSQL)
    old.run("create table boats (a int check (a > 0))")
    assert old.table().checks == ()


def test_a_columns_check_goes_with_it_on_mariadb() -> None:
    source = Source()
    source.run("create table boats (a int check (a > 0), b int check (b > 0), c int check (c > 0))")
    source.run("alter table boats drop a, modify b bigint, rename column c to d")
    assert [check.name for check in source.table().checks] == ["d"]


def test_foreign_keys_follow_a_renamed_table_and_column() -> None:
    source = Source()
    source.run("create table yachts (id int primary key)")
    source.run("create table boats (a int, foreign key (a) references yachts (id))")
    source.run("rename table yachts to ships", "alter table ships change id number int", "rename table boats to skiffs")
    (key,) = source.table("skiffs").foreign_keys
    assert (key.name, key.referenced, key.referenced_columns) == ("skiffs_ibfk_1", name_of("ships"), ("number",))


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("change a b int, add a int", "b"),
        ("change a b int, add a int first", "a"),
        ("add a int first, change a b int", "a"),
        ("rename column a to b, add a int after c", "b"),
        ("change a b int after c, add a int after c", "a"),
        ("change a b int, change c a int", "b"),
        ("drop a, add a int", "a"),
    ],
)
def test_keys_go_over_to_the_first_column_that_is_or_was_called_so(change: str, column: str) -> None:
    source = Source()
    source.run("create table boats (x int, a int, c int, key k (a))", f"alter table boats {change}")
    assert source.indexes() == {"k": [column]}


def test_old_servers_forget_descending_keys_and_fill_those_that_change() -> None:
    for server, descending in ((MYSQL, True), (MARIADB, True), (OLD_MYSQL, False)):
        source = Source(server)
        source.run("create table boats (a int primary key, key k (a desc))")
        assert source.table().indexes[-1].parts[0].descending is descending
    source.run("alter table boats modify a varchar(9)")
    assert source.column("a").default == Default("", True)


def test_how_much_of_a_new_text_is_in_an_old_key_is_not_told() -> None:
    source = Source()
    source.run("create table boats (a int, b varchar(9), key k (a), key l (b))")
    (change,) = source.run("alter table boats drop a, add a varchar(20)")
    assert isinstance(change, TableUncertain)
    source = Source()
    source.run("create table boats (b varchar(9), key l (b))", "alter table boats drop b, add b varchar(9)")
    assert source.indexes() == {"l": ["b"]}


@pytest.mark.parametrize("server", [MYSQL, MARIADB])
def test_checks_fall_with_the_last_column_that_they_are_about(server: ServerTraits) -> None:
    source = Source(server)
    source.run("create table boats (a int, b int, c int check (c > 1), check (a > 0), check (a > b), check (1 = 1))")
    source.run("alter table boats drop a, drop b")
    assert len(source.table().checks) == 1
    source.run("create table yachts (a int, b int, check (`a` > 0))", "alter table yachts drop b")
    assert len(source.table("yachts").checks) == 1


def test_mysql_shortens_names_to_which_it_adds_a_number() -> None:
    name = "c" * 64
    source = Source(MYSQL)
    source.run(f"create table boats ({name} int, k int, key ({name}), key ({name}, k))")
    assert set(source.indexes()) == {name, f"{'c' * 61}_2"}


def test_a_new_column_in_the_primary_key_is_not_null() -> None:
    source = Source()
    source.run("create table boats (x int, a int primary key)", "alter table boats drop a, add a int")
    assert not source.column("a").nullable


def test_a_primary_key_that_goes_over_to_a_new_column_is_not_told() -> None:
    source = Source()
    source.run("create table boats (x int, a int primary key)")
    (change,) = source.run("alter table boats change a b int, add a int first")
    assert isinstance(change, TableUncertain)
