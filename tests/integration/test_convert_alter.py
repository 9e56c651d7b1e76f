"""ALTER TABLE on the target: it ends as a new copy of the altered table would, rows and catalogue, or it refuses."""

from collections.abc import Iterator
from typing import NamedTuple

import psycopg2
import pytest

from lab.servers import PostgreSQL, SourceServer
from pg_chameleon.convert.alter import alter_table
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.target import target_table
from pg_chameleon.model.schema import TableSchema
from tests.integration.convert_support import SourceSchema, Target

RULES = Rules()
FOLLOWED, FRESH = "sch_followed", "sch_fresh"


class Case(NamedTuple):
    """A table ``t`` with rows, and what is done to it. ``origins`` names the columns that were others before."""

    columns: str
    rows: str
    change: str
    origins: dict[str, str | None] = {}  # noqa: RUF012 - it is never changed
    refused: bool = False
    table: str = "t"
    session: str = ""


@pytest.fixture
def source(source_server: SourceServer, fresh_schema: object) -> Iterator[SourceSchema]:
    schema = SourceSchema(source_server, fresh_schema(source_server))  # type: ignore[operator]
    yield schema
    schema.close()


@pytest.fixture
def target(postgres: PostgreSQL) -> Iterator[Target]:
    name = "db_convert"
    if not postgres.execute("select 1 from pg_database where datname = %s", (name,)):
        postgres.create_database(name)
    connection = postgres.connect(name)
    with connection.cursor() as cursor:
        found = Target(cursor)
        found.make_schema(FOLLOWED)
        found.make_schema(FRESH)
        yield found
    connection.close()


def int_rows(*values: object) -> str:
    return ", ".join(f"({value})" for value in values)


TYPE_CASES = {
    "int grows": Case("a int", int_rows(-(2**31), 2**31 - 1, "null"), "modify a bigint"),
    "int shrinks": Case("a int", int_rows(-70000, 70000, 127, -129, "null"), "modify a tinyint"),
    "int loses its sign": Case("a int", int_rows(-5, 5), "modify a int unsigned"),
    "int gets a sign": Case("a int unsigned", int_rows(4294967295, 5), "modify a int"),
    "bigint loses its sign": Case("a bigint", int_rows(-5, 2**63 - 1), "modify a bigint unsigned"),
    "bigint gets a sign": Case("a bigint unsigned", int_rows(2**64 - 1, 5), "modify a bigint"),
    "int to decimal": Case("a int", int_rows(-12345, 99, 2**31 - 1), "modify a decimal(5,2)"),
    "decimal grows": Case("a decimal(5,2)", int_rows(-999.99, 0.01), "modify a decimal(10,4)"),
    "decimal shrinks": Case(
        "a decimal(10,4)", int_rows(-9999.995, 9.995, 9.9949, -0.005, 99999.9), "modify a decimal(5,2)"
    ),
    "decimal loses its sign": Case("a decimal(5,2)", int_rows(-1.5, 1.5), "modify a decimal(5,2) unsigned"),
    "decimal to int": Case("a decimal(10,4)", int_rows(0.5, 1.5, -0.5, -2.5, 2.4999), "modify a int"),
    "decimal to double": Case("a decimal(30,10)", int_rows("12345678901234567890.0123456789", 0.1), "modify a double"),
    "decimal to text": Case("a decimal(10,4)", int_rows(0.5, -0.25, 1234.5), "modify a varchar(6)"),
    "int to double": Case("a bigint", int_rows(2**63 - 1, 9007199254740993, -1), "modify a double"),
    "int to float": Case("a int", int_rows(16777217, 2**31 - 1, -1), "modify a float"),
    "float to double": Case("a float", int_rows(1.1, -3.4e38, 1e-45), "modify a double"),
    "double to float": Case("a double", int_rows(1.1, 1e-30, 16777217), "modify a float"),
    "double to float that is too small for it": Case(
        "a double",
        int_rows(1e300, -1e300, 3.4028235e38, 3.5e38, 1e-50, 1e-45, 7.1e-46, "null", 0),
        "modify a float",
        session="set sql_mode = ''",
    ),
    "double to float without a sign": Case(
        "a double", int_rows(1e300, -1e300, 1.1), "modify a float unsigned", session="set sql_mode = ''"
    ),
    "double to float that may be -0": Case("a double", int_rows(-1e-50), "modify a float", refused=True),
    "char to varchar with its padding": Case(
        "a char(5)",
        "('ab'), (''), ('äöüßé'), (null)",
        "modify a varchar(4)",
        session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'",
    ),
    "char to text with its padding": Case(
        "a char(5)", "('ab'), (''), ('äöüßé')", "modify a text", session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'"
    ),
    "char to varbinary with its padding": Case(
        "a char(5) character set utf8mb4",
        "('ab'), (''), ('äöü')",
        "modify a varbinary(20)",
        session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'",
    ),
    "char to char with its padding": Case(
        "a char(5)", "('ab'), ('')", "modify a char(9)", session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'"
    ),
    "double to decimal": Case("a double", int_rows(1.1), "modify a decimal(10,2)", refused=True),
    "int to text": Case("a int", int_rows(-12345, 7, "null"), "modify a varchar(4)"),
    "int to char": Case("a int", int_rows(-12345, 7, "null"), "modify a char(4)"),
    "int to longtext": Case("a bigint", int_rows(-12345, 7), "modify a longtext"),
    "year to text": Case("a year", int_rows(2024, 0, 1901), "modify a varchar(10)"),
    "year to int": Case("a year", int_rows(2024, 0), "modify a int"),
    "text to int": Case("a varchar(20)", int_rows("'12'", "'-0'", "'007'", "'99999999999'", "null"), "modify a int"),
    "text to int with others": Case("a varchar(10)", "('12'), ('x')", "modify a int", refused=True),
    "text to int with spaces": Case("a varchar(10)", "(' 12')", "modify a int", refused=True),
    "varchar grows": Case("a varchar(5)", "('ab  '), ('äöü')", "modify a varchar(50)"),
    "varchar shrinks": Case("a varchar(10)", "('abc     '), ('äöüßé'), ('ab')", "modify a varchar(4)"),
    "varchar to char": Case("a varchar(10)", "('abc     '), ('ab   cd'), ('')", "modify a char(4)"),
    "char to varchar": Case("a char(10)", "('abc     '), ('ab   cd')", "modify a varchar(10)"),
    "varchar to text": Case("a varchar(10)", "('abc  '), (null)", "modify a text"),
    "text to varchar": Case("a text", "('abc  '), (repeat('é', 50))", "modify a varchar(20)"),
    "text to tinytext": Case("a text", "('abc  '), (repeat('é', 127)), (null)", "modify a tinytext"),
    "text to tinytext that is too small": Case("a text", "(repeat('a', 256))", "modify a tinytext", refused=True),
    "text to longtext": Case("a text", "('abc  ')", "modify a longtext"),
    "latin1 to utf8mb4": Case(
        "a varchar(10) character set latin1", "('äé€')", "modify a varchar(10) character set utf8mb4"
    ),
    "utf8mb4 to latin1": Case(
        "a varchar(10) character set utf8mb4", "('äé€'), ('Œž~'), (null)", "modify a varchar(10) character set latin1"
    ),
    "utf8mb4 to latin1 that lacks characters": Case(
        "a varchar(10) character set utf8mb4",
        "('äé€'), ('ж')",
        "modify a varchar(10) character set latin1",
        refused=True,
    ),
    "utf8mb4 to utf8mb3": Case("a text character set utf8mb4", "('äé€漢\uffff')", "modify a text character set utf8"),
    "utf8mb4 to utf8mb3 that lacks characters": Case(
        "a text character set utf8mb4", "('🐬')", "modify a text character set utf8", refused=True
    ),
    "utf8mb4 to greek": Case(
        "a varchar(10) character set utf8mb4", "('abc~')", "modify a varchar(10) character set greek"
    ),
    "utf8mb4 to greek with others": Case(
        "a varchar(10) character set utf8mb4", "('ä')", "modify a varchar(10) character set greek", refused=True
    ),
    "text to json": Case(
        "a text",
        '(\'[1, 2.5, -3, 4.0, true]\'), (\'{"b": "2e5 -0 ", "a": null, "c": {"d": 1, "a": 0.1}}\')',
        "modify a json",
    ),
    "text to json with numbers that are rounded": Case(
        "a text", "('[0.12345678901234567890]')", "modify a json", refused=True
    ),
    "text to blob": Case("a text", "('ab'), ('äé€')", "modify a blob"),
    "varchar to varbinary": Case("a varchar(5)", "('ab  '), ('äé€')", "modify a varbinary(4)"),
    "char to binary": Case("a char(5)", "('ab'), ('äé'), (null)", "modify a binary(9)"),
    "latin1 to blob": Case("a varchar(5) character set latin1", "('é')", "modify a blob", refused=True),
    "varbinary to varchar": Case("a varbinary(9)", "('ab '), ('äé€')", "modify a varchar(9) character set utf8mb4"),
    "varbinary to shorter varchar": Case(
        "a varbinary(9)", "('abc')", "modify a varchar(2) character set utf8mb4", refused=True
    ),
    "text to decimal": Case("a varchar(20)", int_rows("'1.555'", "'-12345.6'", "'007'"), "modify a decimal(5,2)"),
    "text to decimal with more": Case("a varchar(20)", "('1.5x')", "modify a decimal(5,2)", refused=True),
    "text to double": Case("a varchar(20)", int_rows("'1.555'", "'-0.1'", "'123456789.123456'"), "modify a double"),
    "text to year": Case("a varchar(20)", int_rows("'1999'", "'2024'"), "modify a year"),
    "text to date": Case(
        "a varchar(20)",
        "('2024-02-28'), (null), ('2024-02-29'), ('2000-02-29'), ('1999-12-31'), ('2023-04-30'), ('0100-01-01')",
        "modify a date",
    ),
    "text to another date that does not exist": Case("a varchar(20)", "('1900-02-29')", "modify a date", refused=True),
    "text to the day zero": Case("a varchar(20)", "('0000-01-01')", "modify a date", refused=True),
    "text to date that does not exist": Case("a varchar(20)", "('2023-02-29')", "modify a date", refused=True),
    "text to datetime": Case("a varchar(30)", "('2024-02-28 01:02:03.25'), ('1999-12-01')", "modify a datetime(3)"),
    "text to datetime with too many digits": Case(
        "a varchar(30)", "('2024-02-28 01:02:03.25')", "modify a datetime(1)", refused=True
    ),
    "text to timestamp": Case(
        "a varchar(30)", "('2024-02-28 01:02:03')", "modify a timestamp null", session="set time_zone = '-03:30'"
    ),
    "text to time": Case("a varchar(30)", "('21:02:03')", "modify a time"),
    "varbinary grows": Case("a varbinary(5)", "(x'00ff')", "modify a blob"),
    "varbinary shrinks": Case("a varbinary(5)", "(x'00ff010203')", "modify a varbinary(3)"),
    "binary grows": Case("a binary(3)", "(x'00ff'), (x'')", "modify a binary(5)"),
    "binary to varbinary": Case("a binary(3)", "(x'00ff'), (x'')", "modify a varbinary(5)"),
    "bit grows": Case("a bit(3)", "(b'101'), (null)", "modify a bit(10)"),
    "bit shrinks": Case("a bit(10)", "(b'101'), (null)", "modify a bit(2)", refused=True),
    "enum gets a member": Case("a enum('x','y')", "('x'), ('y'), ('nope'), (null)", "modify a enum('x','y','z')"),
    "enum members change places": Case("a enum('x','y')", "('x'), ('y')", "modify a enum('y','x')"),
    "enum loses a member": Case("a enum('x','y','z')", "('x'), ('y'), ('z')", "modify a enum('x','z')"),
    "enum member in other letters": Case("a enum('x','y')", "('x'), ('y')", "modify a enum('X','y')", refused=True),
    "enum with a default": Case(
        "a enum('x','y') not null default 'x'", "('x'), ('y')", "modify a enum('x','y','z') not null default 'z'"
    ),
    "enum to text": Case("a enum('xyz','y')", "('xyz'), ('y'), ('nope')", "modify a varchar(2)"),
    "text to enum": Case("a varchar(3)", "('x'), ('y'), (null)", "modify a enum('x','y')"),
    "text to enum in other letters": Case("a varchar(3)", "('X')", "modify a enum('x','y')", refused=True),
    "text to set": Case("a varchar(3)", "('x'), (''), (null)", "modify a set('x','y')"),
    "text to set with several": Case("a varchar(3)", "('x,y')", "modify a set('x','y')", refused=True),
    "enum to int": Case("a enum('x','y','z')", "('z'), ('x'), ('nope'), (null)", "modify a tinyint"),
    "int to enum": Case("a int", "(2), (1), (null)", "modify a enum('x','y')"),
    "int to enum that it does not have": Case("a int", "(0)", "modify a enum('x','y')", refused=True),
    "enum to set": Case("a enum('x','y')", "('y'), ('nope'), (null)", "modify a set('z','y','x')"),
    "bit to int": Case("a bit(16)", "(b'1000000000000101'), (b'0'), (null)", "modify a smallint"),
    "int to bit": Case("a int", "(5), (0), (null)", "modify a bit(3)"),
    "int to bit that is too small": Case("a int", "(8)", "modify a bit(3)", refused=True),
    "bool to bit": Case("a tinyint(1) not null", "(1), (0)", "modify a bit(1) not null"),
    "int to year": Case("a int", "(1999), (2155)", "modify a year"),
    "int of two digits to year": Case("a int", "(99)", "modify a year", refused=True),
    "double to int": Case("a double", int_rows(2.5, 3.5, -0.5, 1e10, -1e10, "null"), "modify a int"),
    "double to bigint": Case("a double", int_rows(2.5, -3.5, 9007199254740991, -5e15), "modify a bigint unsigned"),
    "double to bigint where it has no integers": Case("a double", int_rows(1e17), "modify a bigint", refused=True),
    "float to int": Case("a float", int_rows(2.5, -1.5, 16777216), "modify a smallint"),
    "double loses its sign": Case("a double", int_rows(-1.5, 1.5, -1e-300), "modify a double unsigned"),
    "double gets a sign": Case("a double unsigned", int_rows(1.5), "modify a double"),
    "double with decimals grows": Case("a double(5,2)", int_rows(1.25, -99.99), "modify a double(9,2)"),
    "double with decimals to one without": Case("a double(5,2)", int_rows(1.25, -99.99), "modify a double"),
    "double to one with decimals": Case("a double", int_rows(1.25), "modify a double(5,2)", refused=True),
    "set gets a member": Case("a set('x','y')", "('x,y'), ('')", "modify a set('x','y','z')"),
    "set members change places": Case("a set('x','y')", "('x,y'), ('')", "modify a set('y','x')"),
    "set loses a member": Case("a set('x','y','z')", "('x,z'), (''), (null)", "modify a set('z','x')"),
    "set loses a member that is used": Case("a set('x','y')", "('x,y')", "modify a set('x')", refused=True),
    "date to datetime": Case(
        "a date", "('2024-02-29'), ('0000-00-00'), ('2024-00-01'), (null)", "modify a datetime(3)"
    ),
    "datetime to date": Case("a datetime", "('2024-02-29 23:59:59'), ('0000-00-00')", "modify a date"),
    "datetime with digits to date": Case(
        "a datetime(6)", "('2024-12-31 23:59:59.499999'), ('2024-12-31 23:59:59.5'), (null)", "modify a date"
    ),
    "timestamp to date": Case(
        "a timestamp null", "('2024-02-29 23:59:59'), (null)", "modify a date", session="set time_zone = '+05:30'"
    ),
    "datetime gets finer": Case("a datetime", "('2024-02-29 23:59:59'), ('0000-00-00')", "modify a datetime(6)"),
    "datetime gets coarser": Case(
        "a datetime(6)",
        "('2024-02-29 23:59:59.999999'), ('1969-05-01 10:00:00.5'), ('0999-01-01 00:00:00.499999'), (null)",
        "modify a datetime",
    ),
    "datetime loses some digits": Case(
        "a datetime(6)", "('2024-02-29 23:59:59.995'), ('1969-05-01 10:00:00.004999'), (null)", "modify a datetime(2)"
    ),
    "timestamp gets coarser": Case(
        "a timestamp(6) null",
        "('2024-02-29 23:59:59.999999'), ('1999-05-01 10:00:00.5'), (null)",
        "modify a timestamp null",
    ),
    "datetime to timestamp": Case(
        "a datetime(3)",
        "('2024-02-29 23:59:59.25'), ('0000-00-00'), (null)",
        "modify a timestamp(3) null",
        session="set time_zone = '-03:30'",
    ),
    "datetime to timestamp outside of its range": Case(
        "a datetime", "('2050-02-28 23:59:59')", "modify a timestamp null", refused=True
    ),
    "date to timestamp": Case(
        "a date", "('2024-02-28'), (null)", "modify a timestamp null", session="set time_zone = '+10:00'"
    ),
    "timestamp to datetime": Case(
        "a timestamp(3) null",
        "('2024-02-29 23:59:59.25'), (null)",
        "modify a datetime(3)",
        session="set time_zone = '-03:30'",
    ),
    "date to text": Case("a date", "('2024-02-29'), ('0999-01-01')", "modify a varchar(10)"),
    "date that may be none to text": Case("a date", "(null)", "modify a varchar(10)", refused=True),
    "datetime to text": Case("a datetime(3)", "('2024-02-29 01:02:03.5')", "modify a varchar(30)"),
    "timestamp to text": Case(
        "a timestamp null", "('2024-02-29 01:02:03')", "modify a char(30)", session="set time_zone = '+01:00'"
    ),
    "time gets coarser": Case(
        "a time(3)", "('-10:11:12.5'), ('10:11:12.499'), ('838:59:59'), ('-00:00:00.999'), (null)", "modify a time"
    ),
    "time loses some digits": Case("a time(6)", "('-10:11:12.555'), ('700:11:12.554999')", "modify a time(2)"),
    "time gets finer": Case("a time", "('-838:59:59'), ('00:00:01')", "modify a time(4)"),
}
STRUCTURE_CASES = {
    "column is added": Case(
        "a int", "(1), (2)", "add b int, add c varchar(5) not null default 'x''y'", {"b": None, "c": None}
    ),
    "columns get implicit values": Case(
        "a int",
        "(1)",
        "add b int not null, add c varchar(5) not null, add d decimal(5,2) not null, add e bit(3) not null, "
        "add f binary(3) not null, add g enum('x','y') not null, add h set('x') not null, add i date not null, "
        "add j datetime(2) not null, add k time not null, add l blob not null, add m text not null, "
        "add n year not null, add o double not null, add p char(3) not null, add q bigint unsigned not null",
        dict.fromkeys("bcdefghijklmnopq"),
    ),
    "columns with defaults": Case(
        "a int",
        "(1)",
        "add b int default -5, add c varchar(20) default 'a\\\\b\"c\\n', add d decimal(5,2) default 1.5, "
        "add e bit(3) default b'101', add f binary(3) default 'a', add g enum('x','y') default 'y', "
        "add h set('x','y') default 'x,y', add i date default '2024-02-29', add j datetime default '0000-00-00', "
        "add k time default '-10:00:00', add l varbinary(5) default x'616263', add n year default 2024, "
        "add o double default 1e-5, add p char(3) default ' x', add q bigint unsigned default 18446744073709551615",
        dict.fromkeys("bcdefghijklnopq"),
    ),
    "columns with the time of the statement": Case(
        "a int",
        "(1), (2)",
        "add b timestamp not null default current_timestamp, add c datetime default now() on update now(), "
        "add d datetime(6) not null default current_timestamp(6), add e timestamp(2) null default current_timestamp(2)",
        dict.fromkeys("bcde"),
        session="set time_zone = '+05:30'",
    ),
    "column with the time of the statement in the system's zone": Case(
        "a int",
        "(1)",
        "add b datetime(3) not null default current_timestamp(3)",
        {"b": None},
        session="set time_zone = 'SYSTEM'",
    ),
    "column with a time that was set": Case(
        "a int",
        "(1)",
        "add b datetime(3) not null default current_timestamp(3), add c timestamp not null default current_timestamp",
        {"b": None, "c": None},
        session="set timestamp = 1700000000.125",
    ),
    "column with numbers": Case("a int", "(1)", "add id int auto_increment primary key", {"id": None}, refused=True),
    "column is dropped": Case("a int, b enum('x'), key (a, b), key c (b)", "(1, 'x')", "drop b"),
    "column is dropped and added": Case("a enum('x'), b int", "('x', 1)", "drop a, add a enum('y')", {"a": None}),
    "column is renamed": Case("a int, key (a)", "(1)", "change a b int", {"b": "a"}),
    "enum column is renamed": Case("a enum('x'), key (a)", "('x')", "change a b enum('x')", {"b": "a"}),
    "enum columns swap": Case(
        "a enum('x'), b enum('y')", "('x', 'y')", "change a b enum('x'), change b a enum('y')", {"a": "b", "b": "a"}
    ),
    "columns swap": Case(
        "a int, b varchar(5), key (a), key k (b(3))",
        "(1, 'x')",
        "change a b int, change b a varchar(5)",
        {"a": "b", "b": "a"},
    ),
    "float is added whose default is shown whole": Case(
        "a int", "(1)", "add b float default 0.1, add c float not null default 16777000", {"b": None, "c": None}
    ),
    "column is replaced by one like it": Case(
        "a int, b enum('x','y') default 'y', c int, key k (c)",
        "(1, 'x', 2), (3, 'y', 4)",
        "drop a, drop b, add b enum('x','y') default 'y', add a int default null, drop c, add c int",
        {"a": None, "b": None, "c": None},
    ),
    "columns of one type swap": Case(
        "a int, b int, c enum('x','y'), d enum('x','y'), key k (a), key l (a, b), key m (b, a)",
        "(1, 2, 'x', 'y'), (3, 4, 'y', 'y')",
        "change a b int after d, change b a int first, change c d enum('x','y'), change d c enum('x','y') after a",
        {"a": "b", "b": "a", "c": "d", "d": "c"},
    ),
    "NULL is forbidden": Case(
        "a int, b varchar(5), c date, d enum('x')",
        "(null, null, null, null)",
        "modify a int not null, modify b varchar(5) not null, modify c date not null, modify d enum('x') not null",
    ),
    "NULL is allowed": Case("a int not null", "(1)", "modify a int null"),
    "timestamp may be NULL no more": Case(
        "a timestamp null", "(null)", "modify a timestamp not null default '2024-01-01 00:00:00'", refused=True
    ),
    "primary key is added": Case("a int, b int", "(1, 2)", "add primary key (b, a)"),
    "primary key is dropped": Case("a int not null primary key", "(1)", "drop primary key"),
    "primary key changes": Case(
        "a int not null primary key, b int not null", "(1, 2)", "drop primary key, add primary key (b)"
    ),
    "date becomes a key": Case("a date not null", "('0000-00-00'), ('2024-01-01')", "add primary key (a)"),
    "date is no key any more": Case(
        "a date not null, primary key (a)", "('0000-00-00'), ('2024-01-01')", "drop primary key"
    ),
    "numbers are given": Case("a int not null primary key", "(1), (5)", "modify a int not null auto_increment"),
    "numbers are given to 0": Case(
        "a int not null primary key", "(0), (5)", "modify a int not null auto_increment", refused=True
    ),
    "numbers are given no more": Case("a int not null auto_increment primary key", "(1)", "modify a int not null"),
    "numbers grow": Case(
        "a int not null auto_increment primary key", "(1)", "modify a bigint unsigned not null auto_increment"
    ),
    "defaults change": Case(
        "a int default 1, b varchar(5) default 'x', c datetime default current_timestamp",
        "(1, 'x', '2024-01-01')",
        "alter a set default 2, alter b drop default, "
        "modify c datetime default current_timestamp on update current_timestamp",
    ),
    "indexes change": Case(
        "a int, b varchar(50), c text, key k1 (a), key k2 (b), unique key u (a, b), fulltext key f (c)",
        "(1, 'x', 'some text')",
        "drop key k1, drop key k2, add key k2 (b(10), a), drop key u, add unique key u2 (b), drop key f, "
        "add fulltext key g (b, c)",
    ),
    "type changes under indexes": Case(
        "a int, b varchar(50), c text, key k1 (a), key k2 (b(10)), unique key u (a, b), key k3 (c(20))",
        "(1, 'x', 'some text')",
        "modify a bigint, modify b varchar(20), modify c longtext",
    ),
    "column and its place in the key go": Case("a int, b int, c int, key k (a, b, c)", "(1, 2, 3)", "drop b"),
    "comments change": Case(
        "a int comment 'one', key k (a) comment 'two'",
        "(1)",
        "modify a int comment 'it''s 1', comment 'all', drop key k, add key k (a) comment 'three'",
    ),
    "places change": Case("a int, b int, c int", "(1, 2, 3)", "modify a int after c, add d int first", {"d": None}),
    "table is renamed": Case(
        "a int not null auto_increment primary key, b enum('x'), key k (b)", "(1, 'x')", "rename to u", table="u"
    ),
    "table is renamed and changed": Case(
        "a int not null auto_increment primary key, b enum('x'), key k (b)",
        "(1, 'x')",
        "rename to u, modify b enum('x','y'), add key k2 (c, b), change a c int not null auto_increment",
        {"c": "a"},
        table="u",
    ),
    "generated column is added": Case(
        "a int", "(1), (-5), (null)", "add b int generated always as (a * 2 - 1) stored", {"b": None}
    ),
    "column is added that only the source generates": Case(
        "a int", "(1)", "add b int generated always as (a / 2) stored", {"b": None}, refused=True
    ),
    "generated text": Case(
        "a varchar(5), b varchar(5)",
        "('x', 'y  '), (null, 'z'), ('\\\\', '\"')",
        "add c varchar(20) generated always as (concat(a, '-', coalesce(b, '?'))) stored, add key (c)",
        {"c": None},
    ),
    "generated column gets another expression": Case(
        "a decimal(5,2), b int generated always as (a * 2) stored, key (b)",
        "(1.25, default), (-0.25, default)",
        "modify b decimal(8,1) generated always as (a * 3) stored",
    ),
    "generated column becomes a plain one": Case(
        "a int, b int generated always as (a + 1) stored", "(1, default)", "modify b int"
    ),
    "generated column stays, of renamed ones": Case(
        "a int, b int, c int generated always as (a * 2 + b) stored, d int generated always as (a / b) stored",
        "(1, 2, default, default)",
        "change a b int, change b a int, change c c2 int generated always as (b * 2 + a) stored, "
        "change d d2 int generated always as (b / a) stored",
        {"a": "b", "b": "a", "c2": "c", "d2": "d"},
    ),
    "generated column of a number that is written otherwise": Case(
        "a decimal(5,2), b varchar(20) generated always as (concat(a, 'x') regexp '50x') stored",
        "(1.5, default)",
        "modify a decimal(6,3)",
        refused=True,
    ),
    "generated column of a text whose bytes change": Case(
        "a varchar(5) character set latin1, b int generated always as (length(a)) stored",
        "('é', default)",
        "modify a varchar(5) character set utf8mb4",
        refused=True,
    ),
    "generated column of a number that gets zeros": Case(
        "a int, b int generated always as (length(concat(a))) stored",
        "(1, default)",
        "modify a int(5) zerofill",
        refused=True,
    ),
    "generated column of what was NULL": Case(
        "a varchar(5), b int generated always as (length(coalesce(a, 'none'))) stored, c int",
        "(null, default, 1)",
        "modify a varchar(5) not null",
        refused=True,
    ),
    "generated column of what became a key": Case(
        "a varchar(5), b int generated always as (length(coalesce(a, 'none'))) stored, c int",
        "(null, default, 1)",
        "add primary key (a, c)",
        refused=True,
    ),
    "generated column of what grows": Case(
        "a int, b varchar(5) character set utf8mb4, c int, "
        "d int generated always as (length(concat(a, b))) stored, e int",
        "(1, 'x', 2, default, null)",
        "modify a bigint, modify b varchar(90) character set utf8mb4, modify c decimal(5,2), modify e int not null",
    ),
    "generated column stays": Case(
        "a int, b int generated always as (a * 2) stored", "(1, default)", "modify a bigint, add c int", {"c": None}
    ),
}


def origins_of(case: Case, after: TableSchema) -> tuple[str | None, ...]:
    return tuple(case.origins.get(column.name, column.name) for column in after.columns)


@pytest.mark.parametrize("case", [*TYPE_CASES.values(), *STRUCTURE_CASES.values()], ids=[*TYPE_CASES, *STRUCTURE_CASES])
def test_altered_table_is_what_a_new_copy_would_be(
    case: Case, source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    if source_server.version < (5, 7) and any(word in case.columns + case.change for word in ("json", "generated")):
        pytest.skip("MySQL 5.6 has neither JSON nor generated columns")
    source.run(f"create table t ({case.columns}) engine=InnoDB", f"insert into t values {case.rows}")
    before = source.structure("t")
    target.make(before, RULES, FOLLOWED, source.lines(before, RULES))
    source.run(case.session or "do 0")
    circumstances = source.alter(f"alter table t {case.change}")
    source.run("set time_zone = '+00:00', sql_mode = ''")
    after = source.structure(case.table)
    fresh = target.make(after, RULES, FRESH, source.lines(after, RULES))
    origins = origins_of(case, after)
    statements = alter_table(
        before,
        after,
        origins,
        RULES,
        schema_name=FOLLOWED,
        new_schema_name=FOLLOWED,
        circumstances=circumstances,
    )
    if case.refused:
        with pytest.raises(psycopg2.errors.RaiseException):
            target.run(statements)
        target.run([f'TRUNCATE "{FOLLOWED}"."t"', *statements])
    else:
        target.run(statements)
        assert target.rows(fresh, FOLLOWED) == target.rows(fresh, FRESH)
    assert target.catalogue(fresh, FOLLOWED) == target.catalogue(fresh, FRESH)


def test_a_new_document_that_may_not_be_null_is_no_document_on_mariadb(
    source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    if source_server.version < (5, 7):
        pytest.skip("MySQL 5.6 has no JSON")
    source.run("set sql_mode = ''", "create table t (a int) engine=InnoDB", "insert into t values (1)")
    before = source.structure("t")
    target.make(before, RULES, FOLLOWED, source.lines(before, RULES))
    circumstances = source.alter("alter table t add b json not null")
    after = source.structure("t")
    statements = alter_table(
        before, after, ("a", None), RULES, schema_name=FOLLOWED, new_schema_name=FOLLOWED, circumstances=circumstances
    )
    (stored,) = source.query("select b from t")
    if source_server.product == "mariadb":
        assert stored == ("",), "which is no document"
        with pytest.raises(psycopg2.errors.RaiseException):
            target.run(statements)
    else:
        target.run(statements)
        assert stored == ("null",)
        assert [row[1] for row in target.rows(target_table(after, RULES), FOLLOWED)] == ["null"]


@pytest.mark.parametrize("change", ["modify a int not null", "add primary key (b, a)"])
def test_null_becomes_a_default_on_mariadb_if_it_alters_in_place(
    change: str, source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    source.run("set sql_mode = ''", "create table t (a int default 5, b int not null) engine=InnoDB")
    source.run("insert into t values (null, 1)")
    before = source.structure("t")
    target.make(before, RULES, FOLLOWED, source.lines(before, RULES))
    circumstances = source.alter(f"alter table t {change}")
    statements = alter_table(
        before,
        source.structure("t"),
        ("a", "b"),
        RULES,
        schema_name=FOLLOWED,
        new_schema_name=FOLLOWED,
        circumstances=circumstances,
    )
    (stored,) = source.query("select a from t")
    if source_server.product == "mariadb":
        assert stored == (5,)
        with pytest.raises(psycopg2.errors.RaiseException):
            target.run(statements)
        target.run([f'UPDATE "{FOLLOWED}"."t" SET a = 7', *statements])
    else:
        target.run(statements)
        assert stored == (0,)
        assert target.rows(target_table(before, RULES), FOLLOWED) == [("0", "1")]
