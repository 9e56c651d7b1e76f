"""Several schemas: two are mapped, one is not, and all have tables of the same names."""

from collections.abc import Iterator

import pytest

from lab import compare
from lab.journey import Journey
from lab.servers import Database, SourceServer

SCHEMAS = ("shop_one", "shop_two", "shop_apart")
MAPPED = {"shop_one": "first", "shop_two": "second"}


@pytest.fixture
def shops(source_server: SourceServer, target_database: Database) -> Iterator[Journey]:
    for schema in SCHEMAS:
        source_server.execute(f"create database {schema}")
        for table in ("t", "s"):
            source_server.execute(f"create table {schema}.{table} (id int primary key, v varchar(40))")
            source_server.execute(f"insert into {schema}.{table} values (1, '{schema}'), (2, 'two')")
    with Journey(source_server.db_conn(), target_database.pg_conn(), MAPPED) as journey:
        journey.prepare()
        journey.initialise()
        journey.start()
        yield journey
    for schema in SCHEMAS:
        source_server.execute(f"drop database if exists {schema}")


def execute(server: SourceServer, schema: str, *statements: str) -> None:
    """Execute statements in one session, whose default schema is given."""
    with server.connect(schema) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def assert_both_equal(journey: Journey, server: SourceServer, database: Database) -> None:
    journey.wait_until_replayed()
    for source, target in MAPPED.items():
        result = compare.compare(server.connect, database.connect, source, target)
        assert result.equal, f"{result}\n{journey.log_tail()}"


def test_each_schema_gets_its_own_changes(
    shops: Journey, source_server: SourceServer, target_database: Database
) -> None:
    execute(
        source_server,
        "shop_apart",
        "begin",
        "insert into t values (3, 'apart')",
        "insert into shop_one.t values (3, 'one')",
        "insert into shop_two.t values (3, 'two')",
        "update shop_one.t a join shop_two.t b using (id) join t c using (id) set a.v = 'a', b.v = 'b', c.v = 'c'"
        " where a.id = 1",
        "delete from shop_two.t where id = 2",
        "commit",
        "insert into shop_one.s select id + 10, v from shop_two.t",
        "alter table t add column only_apart int",
        "alter table shop_one.t add column n int not null default 4",
        "truncate table s",
        "truncate table shop_two.s",
        "create table made (id int primary key)",
        "create table shop_two.made like shop_one.t",
        "insert into shop_two.made select * from shop_one.t",
        "drop table t",
        "rename table shop_one.s to shop_two.moved, made to shop_apart.made_later",
        "insert into shop_two.moved values (99, 'moved')",
    )
    assert_both_equal(shops, source_server, target_database)
    assert (shops.quarantined(), shops.errors()) == ([], [])


@pytest.mark.parametrize("binlog_format", ["statement", "mixed"])
def test_a_change_in_statement_format_takes_out_its_table_alone(
    shops: Journey, source_server: SourceServer, target_database: Database, binlog_format: str
) -> None:
    execute(
        source_server,
        "shop_apart",
        f"set session binlog_format = {binlog_format}",
        "update t set v = 'of no matter'",
        "insert into shop_one.s values (7, @@server_id * 0)",
        "update shop_one.t set v = 'unseen' where id = 2",
        "delete from shop_two.s where id = 2",
        "set session binlog_format = row",
        "insert into shop_one.t values (8, 'after')",
        "insert into shop_two.t values (8, 'goes on')",
    )
    shops.wait_until_replayed()
    out = {("shop_one", "t"), ("shop_two", "s")} | ({("shop_one", "s")} if binlog_format == "statement" else set())
    quarantined = target_database.execute(
        "select source_schema, source_table from sch_chameleon.tables where state = 'quarantined'"
    )
    # The server may write a statement that is not safe as rows in MIXED
    assert set(map(tuple, quarantined)) | {("shop_one", "s")} == out | {("shop_one", "s")}
    logged = {(schema, table): statement for schema, table, _, statement, _ in shops.errors()}
    assert "unseen" in logged["shop_one", "t"]
    assert "delete" in logged["shop_two", "s"]
    assert target_database.execute("select v from second.t where id = 8") == [("goes on",)]
    shops.chameleon("sync_tables", "--source", "mysql", "--tables", "disabled")
    shops.wait_until_copied()
    execute(source_server, "shop_one", "insert into t values (9, 'followed again')")
    assert_both_equal(shops, source_server, target_database)
    assert shops.quarantined() == []
