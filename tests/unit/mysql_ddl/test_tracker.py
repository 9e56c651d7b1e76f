"""The tracker changes structures as the source server does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pg_chameleon.model.change import (
    SchemaChange,
    TableAltered,
    TableCreated,
    TableDropped,
    TableTruncated,
    TableUncertain,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Default, TableSchema
from pg_chameleon.mysql.ddl.charsets import Charset
from pg_chameleon.mysql.ddl.parser import parse
from pg_chameleon.mysql.ddl.server import ServerTraits
from pg_chameleon.mysql.ddl.structures import Structures
from pg_chameleon.mysql.ddl.tracker import apply

MARIADB = ServerTraits("mariadb", (10, 11, 19), "utf8mb4", "utf8mb4_general_ci")
MYSQL = ServerTraits("mysql", (9, 7, 0), "utf8mb4", "utf8mb4_0900_ai_ci")
OLD_MYSQL = ServerTraits("mysql", (5, 6, 51), "latin1", "latin1_swedish_ci")


class Source:
    """A server of which only the DDL is seen."""

    def __init__(self, server: ServerTraits = MARIADB, mapped: frozenset[str] | None = None) -> None:
        self.state = Structures(server, mapped=mapped)
        self.offset: int | None = 0

    def run(self, *statements: str, error_code: int = 0, schema: str = "harbour") -> list[SchemaChange]:
        """Execute statements; return the changes of the last one."""
        changes: list[SchemaChange] = []
        for text in statements:
            found = parse(text, default_schema=schema, mariadb=self.state.server.mariadb)
            changes = apply(found, self.state, error_code=error_code, offset=lambda: self.offset)
            self.state.move(found, changes)
        return changes

    def table(self, name: str = "boats") -> TableSchema:
        found = self.state.table(name_of(name))
        assert found is not None
        return found

    def columns(self, name: str = "boats") -> list[str]:
        return list(self.table(name).column_names)

    def column(self, column: str, table: str = "boats") -> Column:
        found = self.table(table).column(column)
        assert found is not None
        return found

    def indexes(self, name: str = "boats") -> dict[str, list[str | None]]:
        return {index.name: [part.column for part in index.parts] for index in self.table(name).indexes}


def name_of(text: str) -> TableName:
    schema, _, table = text.rpartition(".")
    return TableName(schema or "harbour", table)


def made(definition: str, server: ServerTraits = MARIADB, options: str = "") -> Column:
    source = Source(server)
    source.run(f"create table boats (c {definition}) {options}")
    return source.table().columns[0]


@pytest.mark.parametrize(
    ("written", "on_mariadb", "on_mysql"),
    [
        ("int", "int(11)", "int"),
        ("int unsigned", "int(10) unsigned", "int unsigned"),
        ("bigint(5) zerofill", "bigint(5) unsigned zerofill", "bigint(5) unsigned zerofill"),
        ("bool", "tinyint(1)", "tinyint(1)"),
        ("tinyint(1) unsigned", "tinyint(1) unsigned", "tinyint unsigned"),
        ("year", "year(4)", "year"),
        ("decimal", "decimal(10,0)", "decimal(10,0)"),
        ("double(6,2) unsigned", "double(6,2) unsigned", "double(6,2) unsigned"),
        ("bit", "bit(1)", "bit(1)"),
        ("char", "char(1)", "char(1)"),
        ("datetime(0)", "datetime", "datetime"),
        ("text(300)", "text", "text"),
        ("blob(70000)", "mediumblob", "mediumblob"),
        ("text(20000)", "mediumtext", "mediumtext"),
        ("varchar(20000)", "mediumtext", "mediumtext"),
        ("varchar(9) charset binary", "varbinary(9)", "varbinary(9)"),
        ("text byte", "blob", "blob"),
        ("json", "json", "json"),
        ("enum('it''s','b  ')", "enum('it''s','b')", "enum('it''s','b')"),
        ("geometrycollection", "geometrycollection", "geomcollection"),
    ],
)
def test_types_are_shown_as_the_server_shows_them(written: str, on_mariadb: str, on_mysql: str) -> None:
    assert made(written).column_type == on_mariadb
    assert made(written, MYSQL).column_type == on_mysql


def test_compressed_columns_are_marked() -> None:
    found = made("varchar(9) compressed")
    assert (found.column_type, found.compressed) == ("varchar(9)", True)


@pytest.mark.parametrize(
    ("server", "options", "expected"),
    [
        (MARIADB, "", ("utf8mb4", "utf8mb4_general_ci")),
        (MARIADB, "charset utf8", ("utf8mb3", "utf8mb3_general_ci")),
        (OLD_MYSQL, "charset utf8", ("utf8", "utf8_general_ci")),
        (MYSQL, "charset utf8mb4", ("utf8mb4", "utf8mb4_0900_ai_ci")),
        (ServerTraits("mariadb", (11, 8, 1), "latin1", "latin1_swedish_ci"), "charset utf8mb4",
         ("utf8mb4", "utf8mb4_uca1400_ai_ci")),
        (MARIADB, "collate latin1_german2_ci", ("latin1", "latin1_german2_ci")),
        (MARIADB, "charset ucs2 collate uca1400_ai_ci", ("ucs2", "ucs2_uca1400_ai_ci")),
    ],
)  # fmt: skip
def test_columns_take_the_charset_of_their_table(server: ServerTraits, options: str, expected: tuple[str, str]) -> None:
    found = made("varchar(9)", server, options)
    assert (found.charset, found.collation) == expected


def test_a_columns_own_charset_wins() -> None:
    assert made("char(3) charset latin1").collation == "latin1_swedish_ci"
    assert made("char(3) charset latin1 binary").collation == "latin1_bin"
    assert made("char(3) collate latin2_bin").charset == "latin2"
    assert made("int").charset is None


def test_the_charset_comes_from_the_database() -> None:
    source = Source()
    source.run("create database harbour charset latin2", "create table boats (c text)")
    assert source.column("c").collation == "latin2_general_ci"
    source.run("alter database harbour charset binary", "create table yachts (c text)")
    assert source.column("c", "yachts").column_type == "blob"
    source.run("create table marina.boats (c text)")
    assert source.column("c", "marina.boats").charset == "utf8mb4"


def test_an_unknown_charset_makes_the_table_uncertain() -> None:
    changes = Source().run("create table boats (c text) charset klingon")
    reason = "cannot follow CREATE TABLE: the character set or collation klingon is not known"
    assert changes == [TableUncertain(name_of("boats"), reason, readable=True)]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("int default '007'", "7"),
        ("int default 1.5", "2"),
        ("decimal(6,2) default 1", "1.00"),
        ("int(5) zerofill default 42", "00042"),
        ("double default 1.50", "1.5"),
        ("datetime default '2020-1-2'", "2020-01-02 00:00:00"),
        ("timestamp(3) default '2020-01-02 03:04:05.6'", "2020-01-02 03:04:05.600"),
        ("date default 20200102", "2020-01-02"),
        ("datetime default 0", "0000-00-00 00:00:00"),
        ("time default '1:02:03'", "01:02:03"),
        ("varchar(9) default 0x41", "A"),
        ("varchar(9) default 5", "5"),
        ("int default true", "1"),
        ("binary(3) default 'a'", "a\0\0"),
        ("varchar(9) default -1.50", "-1.50"),
        ("year default '1970'", "1970"),
        ("time(2) default '-10:11:12.500'", "-10:11:12.50"),
        ("time default '10:11'", "10:11:00"),
        ("time default '00:00:00'", "00:00:00"),
        ("date default '2020-01-02 10:11:12.000'", "2020-01-02"),
        ("float default 0.1", "0.1"),
        ("float default 16777217", "16777217"),
        ("enum('Red','Blue') default 'Blue'", "Blue"),
        ("set('a','b','c') default 'c,a'", "a,c"),
        ("char(5) default 'ab  '", "ab"),
        ("varchar(5) default 'ab  '", "ab  "),
    ],
)
def test_literal_defaults_are_stored_values(definition: str, expected: str) -> None:
    assert made(definition).default == Default(expected, True)


@pytest.mark.parametrize(
    "definition",
    [
        "datetime default '2020-01-01 10:11:12.6'",
        "time default '10:11:12.6'",
        "date default '2020-01-01 23:59:59.9'",
        "timestamp(2) default '2020-01-01 10:11:12.678'",
        "datetime default '2020-01-02 10:00:00+05:00'",
        "date default '700101'",
        "date default '70-01-01'",
        "date default '2020.01:02'",
        "datetime default ' 2020-01-02'",
        "time default '1230'",
        "time default 1230",
        "time default '1 10:00:00'",
        "time default '12'",
        "year default 20",
        "year default '70'",
        "year default 0",
        "varchar(9) default 1e3",
        "varchar(9) default 007",
        "varchar(9) default .5",
        "varchar(9) default 0xE9",
        "varchar(9) default _latin1'é'",
        "varbinary(9) default 'é'",
        "enum('Red','Blue') default 'red'",
        "enum('1','2') default 1",
        "set('a','b') default 'A,b'",
        "int default 0.5e0",
        "decimal(5,1) default 0.25e0",
        "int default 'x'",
        "float default 'nan'",
    ],
)
def test_defaults_that_may_be_stored_otherwise_are_read_from_the_source(definition: str) -> None:
    for server in (MARIADB, MYSQL):
        source = Source(server)
        source.run("create table boats (a int)")
        for statement in (f"alter table boats add c {definition}", f"create or replace table boats (c {definition})"):
            change = source.run(statement)[-1]
            assert isinstance(change, TableUncertain), statement
            assert change.readable, statement


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(0, "2020-07-01 01:30:00.250"), (19800, "2020-06-30 20:00:00.250"), (-3600, "2020-07-01 02:30:00.250")],
)
def test_a_timestamp_as_default_is_an_instant(offset: int, expected: str) -> None:
    source = Source(MYSQL)
    source.offset = offset
    source.run("create table boats (c timestamp(3) default '2020-07-01 01:30:00.25', d timestamp null)")
    assert source.column("c").default == Default(expected, True)
    source.run("alter table boats alter d set default '2020-07-01 00:00:00', add e datetime default '2020-07-01'")
    assert source.column("e").default == Default("2020-07-01 00:00:00", True)
    source.offset = None
    source.run("alter table boats add f timestamp default '0000-00-00', add g timestamp default now()")
    (change,) = source.run("alter table boats add h timestamp default '2020-07-01'")
    assert isinstance(change, TableUncertain)
    assert change.readable


def test_other_defaults_are_expressions() -> None:
    assert made("bit(4) default b'0101'").default == Default("b'101'", False)
    assert made("timestamp default now()").default == Default("current_timestamp()", False)
    assert made("timestamp(3) default now(3)", MYSQL).default == Default("CURRENT_TIMESTAMP(3)", False)
    assert made("int default (1 + 1)").default == Default("1 + 1", False)
    assert made("int default null").default is None


def test_timestamps_have_defaults_of_their_own_on_old_servers() -> None:
    source = Source(OLD_MYSQL)
    source.run("create table boats (a timestamp, b timestamp, c timestamp null, d timestamp default now())")
    first, second, third, fourth = source.table().columns
    assert (first.nullable, first.on_update, first.default) == (
        False, "CURRENT_TIMESTAMP", Default("CURRENT_TIMESTAMP", False),
    )  # fmt: skip
    assert (second.nullable, second.on_update, second.default) == (False, None, Default("0000-00-00 00:00:00", True))
    assert (third.nullable, third.default) == (True, None)
    assert (fourth.nullable, fourth.on_update) == (False, None)
    assert made("timestamp").nullable


def test_only_the_first_timestamp_of_the_table_follows_changes() -> None:
    source = Source(OLD_MYSQL)
    source.run("create table boats (a int)", "alter table boats add b timestamp, add c timestamp")
    assert [column.on_update for column in source.table().columns] == [None, "CURRENT_TIMESTAMP", None]
    source.run("alter table boats modify c timestamp")
    assert source.column("c").default == Default("0000-00-00 00:00:00", True)


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


def test_defaults_and_visibility_are_set() -> None:
    source = Source()
    source.run("create table boats (a decimal(5,1), b int default 5)")
    source.run("alter table boats alter a set default 2, alter b drop default, alter a set invisible")
    assert source.column("a").default == Default("2.0", True)
    assert source.column("a").invisible
    assert source.column("b").default is None


def test_conversion_widens_texts() -> None:
    source = Source()
    source.run(
        "create table boats (a text, b tinytext, c varchar(30000), d enum('x'), e int, f blob, g char(3))"
        " charset latin1"
    )
    source.run("alter table boats convert to character set utf8mb4")
    types = [column.column_type for column in source.table().columns]
    assert types == ["mediumtext", "text", "mediumtext", "enum('x')", "int(11)", "blob", "char(3)"]
    assert source.column("d").collation == "utf8mb4_general_ci"
    assert source.table().collation == "utf8mb4_general_ci"


def test_the_default_charset_leaves_columns_alone() -> None:
    source = Source()
    source.run("create table boats (a text) charset latin1", "alter table boats charset utf8mb4, add b text")
    assert [column.charset for column in source.table().columns] == ["latin1", "utf8mb4"]


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


def test_foreign_keys_follow_a_renamed_table_and_column() -> None:
    source = Source()
    source.run("create table yachts (id int primary key)")
    source.run("create table boats (a int, foreign key (a) references yachts (id))")
    source.run("rename table yachts to ships", "alter table ships change id number int", "rename table boats to skiffs")
    (key,) = source.table("skiffs").foreign_keys
    assert (key.name, key.referenced, key.referenced_columns) == ("skiffs_ibfk_1", name_of("ships"), ("number",))


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
    source = Source(ServerTraits("mysql", (8, 4, 0), "utf8mb4", "utf8mb4_0900_ai_ci", lower_case_table_names=1))
    source.run("create table Boats (A int)", "alter table BOATS add b int", "rename table bOATS to Yachts")
    assert source.columns("yachts") == ["A", "b"]
    assert source.table("YACHTS").name == name_of("yachts")
    sensitive = Source()
    sensitive.run("create table Boats (a int)")
    assert sensitive.run("drop table boats") == []


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


def test_a_default_is_no_longer_than_its_column() -> None:
    assert made("varchar(3) default 'a b '").default == Default("a b", True)
    assert made("varchar(3) default 'a  '").default == Default("a  ", True)


def test_a_new_column_in_the_primary_key_is_not_null() -> None:
    source = Source()
    source.run("create table boats (x int, a int primary key)", "alter table boats drop a, add a int")
    assert not source.column("a").nullable


def test_a_primary_key_that_goes_over_to_a_new_column_is_not_told() -> None:
    source = Source()
    source.run("create table boats (x int, a int primary key)")
    (change,) = source.run("alter table boats change a b int, add a int first")
    assert isinstance(change, TableUncertain)


@pytest.mark.parametrize(
    ("definition", "is_told"),
    [
        ("enum('x','é') character set latin1", True),
        ("enum('x','€') character set latin1", True),
        ("enum('x','Ж') character set latin1", False),
        ("set('漢') character set utf8mb3", True),
        ("set('🐬') character set utf8mb3", False),
        ("set('🐬') character set utf8mb4", True),
        ("enum('é') character set sjis", False),
        ("enum('e') character set sjis", True),
    ],
)
def test_members_that_their_character_set_lacks_are_not_told(definition: str, is_told: bool) -> None:
    (change,) = Source().run(f"create table boats (a {definition})")
    assert isinstance(change, TableCreated if is_told else TableUncertain)
    assert is_told or (isinstance(change, TableUncertain) and change.readable)


@pytest.mark.parametrize(
    ("definition", "charset", "is_told"),
    [
        ("enum('é') character set utf8mb3", "utf8mb4", True),
        ("enum('é') character set latin1", "utf8mb4", False),
        ("set('é') character set utf8mb4", "latin1", False),
        ("set('e') character set utf8mb4", "latin1", True),
        ("set('e') character set utf8mb4", "utf16", False),
    ],
)
def test_the_servers_spoil_members_when_they_convert_a_table(definition: str, charset: str, is_told: bool) -> None:
    source = Source()
    source.run(f"create table boats (a {definition})")
    (change,) = source.run(f"alter table boats convert to character set {charset}")
    assert isinstance(change, TableAltered if is_told else TableUncertain)


def test_json_with_a_check_of_its_own_is_any_text_on_mariadb() -> None:
    source = Source()
    source.run("create table boats (a json check (length(a) > 1), b json check (json_valid(b)), c json)")
    assert [column.column_type for column in source.table().columns] == ["longtext", "json", "json"]
    source.run("alter table boats modify c json check (1 = 1), modify a json, add d json check (d <> 'x')")
    assert [column.column_type for column in source.table().columns] == ["json", "json", "longtext", "longtext"]
    assert made("json check (length(c) > 1)", MYSQL).column_type == "json"


def test_json_of_mariadb_is_known_by_its_check() -> None:
    source = Source()
    source.run("create table boats (a json, b longtext collate utf8mb4_bin check (json_valid(`b`)), c longtext)")
    assert [column.column_type for column in source.table().columns] == ["json", "json", "longtext"]
    assert source.column("a").collation == "utf8mb4_bin"
    assert source.table().checks == ()
    source.run("alter table boats change a d json collate latin1_bin, modify b longtext")
    assert source.column("d").charset == "latin1"
    assert source.column("b").column_type == "longtext"


def test_binary_defaults_are_shown_as_numbers_by_mysql_8() -> None:
    assert made("varbinary(9) default 'ab'", MYSQL).default == Default("0x6162", False)
    assert made("binary(3) default 'a'", MYSQL).default == Default("0x61", False)
    assert made("binary(3) default ''", MYSQL).default == Default("", True)
    assert made("char(3) default 'a '", MYSQL).default == Default("a", True)
    assert made("text default 'a'", MYSQL).default is None
    # MySQL shows only what comes before the first zero byte
    assert made("varbinary(9) default 'a\\0b'", MYSQL).default == Default("0x610062", False)
    assert made("varbinary(9) default 0xFF00", MARIADB).default == Default("0xFF00", False)


def test_a_literal_in_parentheses_is_a_literal_to_mariadb() -> None:
    assert made("int default (5)").default == Default("5", True)
    assert made("int default (5)", MYSQL).default == Default("5", False)


def test_tables_that_are_settled_later_are_left_alone() -> None:
    source = Source()
    source.run("create table boats (a int, b int)", "create table yachts (a int)")
    settled = {name_of("boats")}
    for text in ("alter table boats add b int", "drop table boats", "create table boats (a int)", "truncate boats"):
        assert apply(parse(text, default_schema="harbour"), source.state, settled=settled.__contains__) == []
    found = parse("rename table yachts to boats", default_schema="harbour")
    assert apply(found, source.state, settled=settled.__contains__) == [TableDropped(name_of("yachts"))]


def test_apply_leaves_the_state_as_it_was() -> None:
    source = Source()
    source.run("create table boats (a int)")
    apply(parse("drop table boats", default_schema="harbour"), source.state)
    assert source.columns() == ["a"]


def test_the_schemas_default_can_be_told() -> None:
    source = Source()
    source.state.set_schema_default("harbour", Charset("latin1", "latin1_bin"))
    source.run("create table boats (a text)")
    assert source.column("a").collation == "latin1_bin"


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


def test_an_unknown_charset_of_the_database_is_remembered() -> None:
    source = Source()
    source.run("create database harbour charset klingon")
    (change,) = source.run("create table boats (a int)")
    assert isinstance(change, TableUncertain)
