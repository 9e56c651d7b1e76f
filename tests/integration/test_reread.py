"""Structures are read from real servers under a lock, together with what concerned the table since a position."""

import threading
from collections.abc import Callable

import pytest

from lab.servers import SourceServer
from pg_chameleon.ddl.doubt.second_look import Reading
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.model.change import StatementEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.mysql.structure.reread import StructureReader
from tests.conftest import FreshSchema
from tests.integration.stream_support import events_of, execute_all, position_of, settings_of

MAKE = "create table t (id int primary key, v varchar(20))"

Reread = Callable[..., Reading]


@pytest.fixture
def reread(source_server: SourceServer, fresh_schema: FreshSchema) -> Reread:
    """Return a function that executes statements, and then reads the table as if it were at the place before them."""
    schema = fresh_schema(source_server)
    execute_all(source_server, schema, [MAKE, "create table other (id int primary key)"])

    def run(*statements: str, table: str = "t", since: BinlogPosition | None = None) -> Reading:
        before = since or position_of(source_server).binlog
        execute_all(source_server, schema, statements)
        return StructureReader(settings_of(source_server)).read(TableName(schema, table), before)

    return run


def columns(reading: Reading) -> tuple[str, ...]:
    assert reading.structure is not None
    return reading.structure.column_names


def test_a_structure_is_read_with_nothing_since(reread: Reread) -> None:
    reading = reread()
    assert (columns(reading), reading.later) == (("id", "v"), ())


@pytest.mark.parametrize(
    "statements",
    [
        ["insert into t values (1, 'one')", "update t set v = 'two'"],
        ["flush logs"],
        ["flush logs", "flush logs", "insert into other values (1)"],
        ["create table more (t int)", "alter table other add column t int", "drop table more"],
        ["alter table other rename to other_2, add column t int"],
        ["truncate table t", "analyze table t", "create view w as select * from t"],
        ["xa start 'x'", "insert into other values (1)", "xa end 'x'", "xa prepare 'x'", "xa rollback 'x'"],
    ],
)
def test_what_does_not_concern_the_structure_is_passed_over(reread: Reread, statements: list[str]) -> None:
    reading = reread(*statements)
    assert (columns(reading), reading.later) == (("id", "v"), ())


def test_later_statements_are_told(reread: Reread) -> None:
    reading = reread("alter table t add column w int", "flush logs", "create index i on t (w)")
    assert columns(reading) == ("id", "v", "w")
    assert [event.statement for event in reading.later] == ["alter table t add column w int", "create index i on t (w)"]


@pytest.mark.parametrize(
    "statement",
    [
        "rename table t to gone, other to t",
        "alter table t add column kind enum(0x61)",
        "drop table t",
    ],
)
def test_statements_of_any_kind_concern_the_table(reread: Reread, statement: str) -> None:
    assert len(reread(statement).later) == 1


def test_a_table_that_is_gone_has_no_structure(reread: Reread) -> None:
    assert reread("drop table t").structure is None
    assert reread("create view t as select 1 as one").structure is None


def test_rows_before_a_later_statement_leave_it_in_doubt(reread: Reread) -> None:
    with pytest.raises(Unfollowable, match="its rows, and then its structure"):
        reread("insert into t values (1, 'one')", "alter table t add column w int")
    reading = reread("insert into other values (1)", "alter table t add column x int", "insert into t (id) values (2)")
    assert columns(reading) == ("id", "v", "w", "x")


@pytest.mark.parametrize(
    "statements",
    [
        ["truncate table t"],
        ["set session binlog_format = statement", "update t set v = 'two'", "set session binlog_format = row"],
        ["set session binlog_format = statement", "delete from other", "set session binlog_format = row"],
    ],
)
def test_rows_that_change_without_row_events_leave_it_in_doubt(reread: Reread, statements: list[str]) -> None:
    with pytest.raises(Unfollowable, match="its rows, and then its structure"):
        reread(*statements, "alter table t add column w int")


@pytest.mark.source_version(mysql=(8, 0, 21), mariadb=(10, 2))
def test_a_place_within_a_transaction_will_do(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    """CREATE TABLE … SELECT and its rows are one transaction."""
    schema = fresh_schema(source_server)
    write = [MAKE, "insert into t values (1, 'one')"]
    events = events_of(
        source_server, lambda: execute_all(source_server, schema, [*write, "create table u select * from t"])
    )
    created = [event for event in events if isinstance(event, StatementEvent)][-1]
    assert "u" in created.statement
    reading = StructureReader(settings_of(source_server)).read(TableName(schema, "u"), created.position)
    assert (columns(reading), reading.later) == (("id", "v"), ())


def test_an_alter_waits_while_a_structure_is_read(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    """Read again and again while somebody alters: each structure is the one of the statements up to its position."""
    schema = fresh_schema(source_server)
    execute_all(source_server, schema, [MAKE])
    before = position_of(source_server).binlog
    alters = [f"alter table t add column c{number} int" for number in range(40)]
    altering = threading.Thread(target=execute_all, args=(source_server, schema, alters))
    altering.start()
    reader = StructureReader(settings_of(source_server))
    seen = set()
    while altering.is_alive():
        reading = reader.read(TableName(schema, "t"), before)
        assert len(columns(reading)) == 2 + len(reading.later)
        seen.add(len(reading.later))
    altering.join()
    assert len(seen) > 1


def test_a_source_that_is_behind_is_not_believed(reread: Reread) -> None:
    with pytest.raises(Unfollowable, match="before the statement"):
        reread(since=BinlogPosition("binlog.999999", 4))
