"""The comparison is the oracle of other tests: it must see every difference, and none where there is none."""

import hashlib
import struct

import pytest

from lab import compare as comparison
from lab.compare import Comparison, Policy
from lab.servers import Database, MySQL, SourceServer
from tests.conftest import FreshSchema

Value = tuple[str, str, str, str]  # source type, source literal, target type, target literal

ALIKE = [
    ("tinyint(1)", "1", "boolean", "true"),
    ("tinyint", "-128", "smallint", "-128"),
    ("int(6) unsigned zerofill", "42", "bigint", "42"),
    ("bigint unsigned", "18446744073709551615", "numeric(20)", "18446744073709551615"),
    ("decimal(65,30)", f"'-{'9' * 35}.{'8' * 29}0'", "numeric(65,30)", f"-{'9' * 35}.{'8' * 29}0"),
    ("float", "1.1", "real", "1.1"),
    ("float", "16777216", "real", "16777216"),
    ("double", "0.1e0 + 0.2e0", "double precision", "0.30000000000000004"),
    ("double", "-1.7976931348623157e308", "double precision", "-1.7976931348623157e308"),
    ("bit(12)", "b'101'", "bit(12)", "B'000000000101'"),
    ("bit(64)", "~0", "bit(64)", f"B'{'1' * 64}'"),
    ("year", "1901", "smallint", "1901"),
    ("char(10)", "'a   '", "char(10)", "'a'"),
    ("varchar(10)", "'a   '", "varchar(10)", "'a   '"),
    ("text", "'NULL'", "text", "'NULL'"),
    ("text", "'🐬 \\\\N \\t\\r\\n'", "text", "E'🐬 \\\\N \\t\\r\\n'"),
    ("text character set latin1", "'é'", "text", "'é'"),
    ("binary(4)", "x'ff00'", "bytea", r"'\xff000000'"),
    ("longblob", "x'00ff5c27'", "bytea", r"'\x00ff5c27'"),
    ("date", "'0999-12-31'", "date", "'0999-12-31'"),
    ("datetime", "'2024-02-29 23:59:59'", "timestamp", "'2024-02-29 23:59:59'"),
    ("datetime(6)", "'2024-02-29 23:59:59.100000'", "timestamp", "'2024-02-29 23:59:59.1'"),
    ("datetime", "'0000-00-00 00:00:00'", "timestamp", "null"),
    ("datetime", "'2024-00-10 00:00:00'", "timestamp", "null"),
    ("timestamp(3) null", "'2024-07-01 12:00:00.5'", "timestamptz", "'2024-07-01 14:00:00.5+02'"),
    ("time(6)", "'-838:59:58.999999'", "interval", "'-838:59:58.999999'"),
    ("time", "'25:00:00'", "interval", "'1 day 01:00:00'"),
    ("enum('a','it''s')", "'it''s'", "text", "'it''s'"),
    ("enum('a')", "0", "text", "''"),
    ("set('a','b','c')", "'c,a'", "text", "'a,c'"),
    ("json", """'{"b": [1, 1.50, "é", null], "a": 1e3}'""", "jsonb", """'{"a":1000,"b":[1,1.5,"é",null]}'"""),
    ("json", "'null'", "jsonb", "'null'"),
    ("point", "ST_GeomFromText('POINT(1 2)')", "bytea", f"'\\x{struct.pack('<BIdd', 1, 1, 1, 2).hex()}'"),
]
UNALIKE = [
    ("int", "1", "integer", "2"),
    ("int", "null", "integer", "0"),
    ("varchar(10)", "'a '", "varchar(10)", "'a'"),
    ("varchar(10)", "'NULL'", "varchar(10)", "null"),
    ("varchar(10)", "''", "varchar(10)", "null"),
    ("tinyint(1)", "2", "boolean", "true"),
    ("float", "1.1", "double precision", "1.2"),
    ("double", "0.1e0 + 0.2e0", "double precision", "0.3"),
    ("binary(4)", "x'ff00'", "bytea", r"'\xff00'"),
    ("text", "'🐬'", "text", "'?'"),
    ("timestamp null", "'2024-07-01 12:00:00'", "timestamptz", "'2024-07-01 12:00:00+02'"),
    ("time", "'25:00:00'", "interval", "'01:00:00'"),
    ("json", "'1'", "jsonb", "'\"1\"'"),
    ("json", "'null'", "jsonb", "null"),
    ("json", "'9007199254740993'", "jsonb", "'9007199254740992'"),
    ("bit(3)", "b'101'", "bit(3)", "B'100'"),
]


@pytest.fixture
def schema(source_server: SourceServer, fresh_schema: FreshSchema, target_database: Database) -> str:
    """Make a schema of one name on both sides."""
    name = fresh_schema(source_server)
    target_database.execute(f"create schema {name} authorization usr_replica")
    return name


def write_source(server: SourceServer, schema: str, *statements: str) -> None:
    with server.connect(schema) as connection, connection.cursor() as cursor:
        cursor.execute("set session time_zone = '+00:00', sql_mode = ''")
        for statement in statements:
            cursor.execute(statement)


def write_target(database: Database, schema: str, *statements: str) -> None:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"set search_path to {schema}")
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def write_values(server: SourceServer, database: Database, schema: str, values: list[Value]) -> None:
    """Make a table of one row on both sides, with a column for each value."""
    source_columns = ", ".join(f"v{number} {value[0]}" for number, value in enumerate(values))
    target_columns = ", ".join(f"v{number} {value[2]}" for number, value in enumerate(values))
    source_row, target_row = (", ".join(value[side] for value in values) for side in (1, 3))
    write_source(
        server,
        schema,
        f"create table one (id int primary key, {source_columns})",
        f"insert into one select 1, {source_row}",
    )
    write_target(
        database,
        schema,
        f"create table one (id int primary key, {target_columns})",
        f"insert into one values (1, {target_row})",
    )


def compared(server: SourceServer, database: Database, schema: str) -> Comparison:
    return comparison.compare(server.connect, database.connect, schema, schema)


def test_equal_values_of_each_type_are_equal(
    source_server: SourceServer, target_database: Database, schema: str
) -> None:
    write_values(source_server, target_database, schema, ALIKE)

    result = compared(source_server, target_database, schema)

    assert str(result) == "1 tables with 1 rows are equal"


def test_different_values_of_each_type_are_different(
    source_server: SourceServer, target_database: Database, schema: str
) -> None:
    write_values(source_server, target_database, schema, UNALIKE)

    result = compared(source_server, target_database, schema)

    differences = result.tables[0].differences
    assert [difference.column for difference in differences] == [f"v{n}" for n in range(len(UNALIKE))]
    assert {difference.key for difference in differences} == {"id 1"}


def test_missing_changed_and_surplus_rows_are_told_apart(
    source_server: SourceServer, target_database: Database, schema: str
) -> None:
    table = "create table t (a int, b varchar(20), c int, primary key (a, b))"
    write_source(source_server, schema, table, "insert into t values (1,'x',1),(2,'x',2),(2,'y',3)")
    write_target(target_database, schema, table, "insert into t values (1,'x',1),(2,'x',9),(3,'z',3)")

    result = compared(source_server, target_database, schema)

    assert str(result).splitlines() == [
        "t (a 2, b x).c: source '2', target '9'",
        "t (a 2, b y): the row is only on the source",
        "t (a 3, b z): the row is only on the target",
    ]


def test_rows_without_a_key_are_counted(source_server: SourceServer, target_database: Database, schema: str) -> None:
    write_source(source_server, schema, "create table t (a int)", "insert into t values (1),(1),(1),(null)")
    write_target(target_database, schema, "create table t (a int)", "insert into t values (1),(1),(null),(null)")

    result = compared(source_server, target_database, schema)

    assert str(result).splitlines() == [
        "t (a 1): the row is only on the source",
        "t (a None): the row is only on the target",
    ]


def test_tables_and_columns_of_one_side_only_are_told(
    source_server: SourceServer, target_database: Database, schema: str
) -> None:
    write_source(source_server, schema, "create table t (a int, b int)", "create table here (a int)")
    write_target(target_database, schema, "create table t (a int, c int)", "create table there (a int)")

    result = compared(source_server, target_database, schema)

    assert str(result).splitlines() == [
        "table here is only on the source",
        "table there is only on the target",
        "column t.b is only on the source",
        "column t.c is only on the target",
    ]


def test_odd_names_are_quoted(source_server: SourceServer, target_database: Database, schema: str) -> None:
    columns = ["100%s", 'say "hi"', "größe {}", "it's"]
    source_columns = ", ".join(f"`{name}` int" for name in columns)
    quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
    target_columns = ", ".join(f"{name} int" for name in quoted)
    write_source(
        source_server,
        schema,
        f"create table `a b%` ({source_columns})",
        "insert into `a b%` values (1,2,3,4)",
    )
    write_target(
        target_database,
        schema,
        f'create table "a b%" ({target_columns})',
        'insert into "a b%" values (1,2,3,4)',
    )

    result = compared(source_server, target_database, schema)

    assert str(result) == "1 tables with 1 rows are equal"


def test_only_and_skip_choose_tables(source_server: SourceServer, target_database: Database, schema: str) -> None:
    write_source(source_server, schema, "create table a (x int)", "create table b (x int)")
    write_target(target_database, schema, "create table a (x int)")

    both = (source_server.connect, target_database.connect, schema, schema)

    assert comparison.compare(*both, only={"a"}).equal
    assert comparison.compare(*both, skip={"b"}).equal
    assert not comparison.compare(*both).equal


def test_mysql_vectors_compare_as_floats(
    mysql_server: MySQL, fresh_schema: FreshSchema, target_database: Database
) -> None:
    if mysql_server.version < (9, 0):
        pytest.skip("vectors came with MySQL 9")
    schema = fresh_schema(mysql_server)
    target_database.execute(f"create schema {schema} authorization usr_replica")
    value = ("vector(3)", "string_to_vector('[1.1, -2, 3e10]')", "real[]", "'{1.1,-2,3e10}'")
    write_values(mysql_server, target_database, schema, [value])

    assert compared(mysql_server, target_database, schema).equal


# The source's values in a table with the key (day, id), and what the target shall have by the policies.
POLICIES = (
    "create table t (day date not null, id int, moment datetime, v varchar(20) character set cp1251,"
    " w varchar(20) character set ucs2, primary key (day, id)) charset utf8mb4",
    "insert into t values ('0000-00-00', 1, '2024-00-01', x'cf98c4003f', x'0061d8000062')",
    "insert into t values ('2024-01-01', 2, null, '?', '?')",
)
TARGET = "create table t (day date, id int, moment timestamp, v text, w text, primary key (day, id))"


def test_what_the_policies_say_is_equal_and_listed(
    source_server: SourceServer, target_database: Database, schema: str
) -> None:
    write_source(source_server, schema, *POLICIES)
    rows = "('-infinity', 1, null, 'П?Д?', 'a?b'), ('2024-01-01', 2, null, '?', '?')"
    write_target(target_database, schema, TARGET, f"insert into t values {rows}")

    result = compared(source_server, target_database, schema)

    assert result.equal, str(result)
    assert {(change.key, change.column, change.policy) for change in result.changed} == {
        ("day infinity, id 1", column, policy)
        for column, policy in (
            ("day", Policy.ZERO_DATE),
            ("moment", Policy.ZERO_DATE),
            ("v", Policy.UNDECODABLE),
            ("v", Policy.NUL),
            ("w", Policy.UNDECODABLE),
        )
    }


def test_what_no_policy_says_is_different(source_server: SourceServer, target_database: Database, schema: str) -> None:
    write_source(source_server, schema, *POLICIES)
    rows = "('-infinity', 1, '2024-01-01', '????', 'a'), ('2024-01-01', 2, null, null, '')"
    write_target(target_database, schema, TARGET, f"insert into t values {rows}")

    result = compared(source_server, target_database, schema)

    assert [(difference.key, difference.column) for difference in result.tables[0].differences] == [
        ("day 2024-01-01, id 2", "v"),
        ("day 2024-01-01, id 2", "w"),
        ("day infinity, id 1", "moment"),
        ("day infinity, id 1", "v"),
        ("day infinity, id 1", "w"),
    ]


def test_long_and_reserved_names_are_found_by_their_hash(
    source_server: SourceServer, target_database: Database, schema: str
) -> None:
    long_name = "é" * 40
    write_source(
        source_server, schema, f"create table `{long_name}` (`ctid` int)", f"insert into `{long_name}` values (1)"
    )
    cut, hashed = "é" * 27, hashlib.sha256(long_name.encode()).hexdigest()[:8]
    column = f"ctid_{hashlib.sha256(b'ctid').hexdigest()[:8]}"
    write_target(
        target_database,
        schema,
        f'create table "{cut}_{hashed}" ({column} int)',
        f'insert into "{cut}_{hashed}" values (1)',
    )

    assert str(compared(source_server, target_database, schema)) == "1 tables with 1 rows are equal"
