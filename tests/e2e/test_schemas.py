"""Whole schemas come, go and change while they are replicated, and tables move between them and through the filters."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from lab import compare
from lab.journey import Journey
from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema

FILTERED = ("hidden", "passing")


class Schemas:
    """Two mapped schemas of a source, and one that is not mapped."""

    def __init__(self, server: SourceServer, database: Database, fresh: FreshSchema) -> None:
        self.server, self.database = server, database
        self.one, self.two, self.outside = (fresh(server) for _ in range(3))
        self.journey = Journey(
            server.db_conn(),
            database.pg_conn(),
            {self.one: "sch_one", self.two: "sch_two"},
            settings={"skip_tables": [f"{self.one}.{table}" for table in FILTERED]},
        )

    def execute(self, *statements: str) -> None:
        """Execute statements, in which {one}, {two} and {outside} stand for the schemas."""
        with closing(self.server.connect(self.one)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.format(one=self.one, two=self.two, outside=self.outside))

    def assert_equal(self) -> None:
        self.journey.wait_until_replayed()
        assert self.journey.quarantined() == []
        assert self.journey.errors() == []
        self.assert_same()

    def assert_same(self) -> None:
        for schema, target in ((self.one, "sch_one"), (self.two, "sch_two")):
            result = compare.compare(self.server.connect, self.database.connect, schema, target, skip=FILTERED)
            assert result.equal, f"{result}\n{self.journey.log_tail()}"

    def target_tables(self) -> set[str]:
        query = """select table_schema || '.' || table_name from information_schema.tables
                   where table_schema in ('sch_one', 'sch_two')"""
        return {row[0] for row in self.database.execute(query)}


@pytest.fixture
def schemas(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Schemas]:
    made = Schemas(source_server, target_database, fresh_schema)
    with made.journey as journey:
        made.execute(
            *(f"create table {table} (id int primary key, v varchar(20))" for table in ("a", "b", "hidden")),
            "create table {two}.c (id int primary key, v varchar(20))",
            "create table {outside}.o (id int primary key, v varchar(20))",
            *(f"insert into {table} values (1, 'of {table[-1]}')" for table in ("a", "b", "{two}.c", "{outside}.o")),
        )
        journey.prepare()
        journey.initialise()
        journey.start()
        yield made


def test_a_schema_is_dropped_and_made_again(schemas: Schemas) -> None:
    schemas.execute(
        "insert into a values (2, 'before')",
        "alter database {one} character set latin1",
        "create table late (id int primary key, v varchar(20))",
        "insert into late values (1, 'é')",
        "drop database {two}",
        "create database {two} character set utf8mb4",
        "create table {two}.c (id bigint primary key, v varchar(40), w int)",
        "insert into {two}.c values (1, 'made again', 5)",
        "create table {two}.d (id int primary key)",
        "insert into {two}.d values (1)",
    )
    schemas.assert_equal()
    schemas.execute("drop database {one}", "drop database {two}", "create database {one}", "create database {two}")
    schemas.journey.wait_until_replayed()
    assert schemas.target_tables() == set()
    schemas.execute("create table {one}.a (id int primary key)", "insert into {one}.a values (7)")
    schemas.assert_equal()


def test_tables_move_between_mapped_schemas(schemas: Schemas) -> None:
    schemas.execute(
        "rename table a to {two}.a",
        "insert into {two}.a values (2, 'moved')",
        "alter table b rename to {two}.b2, add column w int not null default 3",
        "insert into {two}.b2 values (2, 'moved', 4)",
        "rename table {two}.a to {two}.x, {two}.c to {two}.a, {two}.x to {one}.c",
        "insert into {two}.a values (3, 'was c')",
        "insert into c values (3, 'was a')",
    )
    schemas.assert_equal()


def test_a_name_for_a_moment_is_nothing_that_filters_are_about(schemas: Schemas) -> None:
    schemas.execute(
        "insert into a values (2, 'a')",
        "rename table a to passing, b to a, passing to b",
        "insert into a values (3, 'was b')",
        "insert into b values (3, 'was a')",
    )
    schemas.assert_equal()


def test_tables_move_out_and_in(schemas: Schemas) -> None:
    schemas.execute(
        "rename table a to {outside}.a",
        "insert into {outside}.a values (2, 'outside')",
        "rename table b to passing",
        "insert into passing values (2, 'filtered')",
    )
    schemas.assert_equal()
    assert schemas.target_tables() == {"sch_two.c"}
    schemas.execute("rename table {outside}.o to o", "insert into o values (2, 'came in')")
    schemas.execute("rename table hidden to shown", "insert into shown values (2, 'came in')")
    schemas.journey.wait_until_replayed()
    reasons = dict(schemas.journey.quarantined())
    assert reasons.keys() == {"o", "shown"}
    assert "which is not tracked" in reasons["o"]
    assert "limit_tables or skip_tables exclude it" in reasons["shown"]
    schemas.journey.chameleon("sync_tables", "--source", "mysql", "--tables", "disabled")
    schemas.journey.wait_until_copied()
    schemas.execute("insert into o values (3, 'goes on')", "insert into shown values (3, 'goes on')")
    schemas.journey.wait_until_replayed()
    assert schemas.journey.quarantined() == []
    schemas.assert_same()


def test_a_table_like_one_whose_structure_was_lost_is_read_from_the_source(schemas: Schemas) -> None:
    """The filters leave the original out, and nobody looks at what a statement did to it that is not understood."""
    schemas.execute("alter table hidden add column kind enum(0x61, 0x62)")
    schemas.journey.wait_until_replayed()
    schemas.journey.kill_worker("read")
    schemas.execute("create table alike like hidden", "insert into alike values (1, 'one', 'b')")
    schemas.assert_equal()


def test_tables_inherit_what_their_schema_had_when_they_were_made(schemas: Schemas) -> None:
    """The reader comes to them when the source says something else already."""
    schemas.execute("alter database {one} character set utf8mb4")
    schemas.journey.wait_until_replayed()
    schemas.journey.stop()
    schemas.execute(
        "set names utf8mb4",
        "create table early (id int primary key, v text)",
        "insert into early values (1, 'é漢')",
        "alter database {one} character set latin1",
        "create table late (id int primary key, v text)",
        "insert into late values (1, 'é')",
    )
    schemas.journey.start()
    schemas.assert_equal()
    schemas.journey.stop()
    schemas.execute("create table latest (id int primary key, v text)", "insert into latest values (1, 'é')")
    schemas.execute("alter database {one} character set utf8mb4")
    schemas.journey.start()
    schemas.assert_equal()
