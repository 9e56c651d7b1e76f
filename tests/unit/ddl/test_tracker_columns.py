"""The tracker changes columns, their types, character sets and defaults as the source server does."""

from __future__ import annotations

import pytest

from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.model.change import (
    TableAltered,
    TableCreated,
    TableUncertain,
)
from pg_chameleon.model.schema import Default
from pg_chameleon.model.server import ServerVersion
from tests.unit.ddl.tracker_support import MARIADB, MYSQL, OLD_MYSQL, Source, made, name_of


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
        (ServerTraits(ServerVersion.parse("11.8.1-MariaDB"), "latin1", "latin1_swedish_ci"), "charset utf8mb4",
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


def test_a_default_is_no_longer_than_its_column() -> None:
    assert made("varchar(3) default 'a b '").default == Default("a b", True)
    assert made("varchar(3) default 'a  '").default == Default("a  ", True)


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


def test_the_schemas_default_can_be_told() -> None:
    source = Source()
    source.state.defaults.put("harbour", Charset("latin1", "latin1_bin"))
    source.run("create table boats (a text)")
    assert source.column("a").collation == "latin1_bin"


def test_an_unknown_charset_of_the_database_is_remembered() -> None:
    source = Source()
    source.run("create database harbour charset klingon")
    (change,) = source.run("create table boats (a int)")
    assert isinstance(change, TableUncertain)
