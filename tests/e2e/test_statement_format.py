"""Changes in statement format that reach replicated tables through views, functions and triggers."""

from collections.abc import Iterator

import pytest

from lab.servers import REPLICA_USER, Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage

STATEMENT_FORMAT = "set session binlog_format = statement"


@pytest.fixture
def running(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    """Replicate some tables that others lead to, and one that nothing leads to."""
    schema, apart = fresh_schema(source_server), fresh_schema(source_server)
    source_server.execute("set global log_bin_trust_function_creators = on")
    source_server.execute(f"grant trigger, show view on *.* to {REPLICA_USER}")
    with stage(source_server, target_database, schema) as made:
        for table in ("viewed", "called", "triggered", "quiet"):
            made.execute(
                f"create table {table} (id int primary key, v int)", f"insert into {table} values (1, 1), (2, 2)"
            )
        made.execute(
            "create view view_of_viewed as select * from viewed",
            "create view view_of_view as select * from view_of_viewed where id < 9",
            "create function calling() returns int begin update called set v = 99 where id = 1; return 1; end",
            f"create table {apart}.o (id int primary key)",
            f"create trigger {apart}.o_written after insert on {apart}.o"
            f" for each row delete from {schema}.triggered where id = new.id",
        )
        made.journey.initialise()
        made.journey.start()
        yield made


def test_tables_behind_views_are_taken_out(running: Stage) -> None:
    running.execute(STATEMENT_FORMAT, "update view_of_view set v = 99 where id = 1")
    assert_taken_out(running, "viewed")


def test_tables_behind_functions_are_taken_out(running: Stage) -> None:
    running.execute(STATEMENT_FORMAT, "select calling()")
    assert_taken_out(running, "called")


def test_tables_behind_triggers_are_taken_out(running: Stage) -> None:
    [(apart,)] = running.server.execute(
        "select trigger_schema from information_schema.triggers where trigger_name = 'o_written'"
    )
    running.execute(STATEMENT_FORMAT, f"insert into {apart}.o values (2)")
    running.journey.wait_until_replayed()
    assert [table for table, _ in running.journey.quarantined()] == ["triggered"]
    assert_taken_out(running, "triggered")


def assert_taken_out(running: Stage, table: str) -> None:
    """Assert that a table is quarantined, perhaps with others, and comes back with the source's rows."""
    running.execute("insert into quiet values (3, 3)")
    running.journey.wait_until_replayed()
    assert table in {name for name, _ in running.journey.quarantined()}
    assert all("statement format" in reason for _, reason in running.journey.quarantined())
    running.copy_disabled()
    running.assert_whole()
