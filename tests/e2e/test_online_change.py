"""Online schema changes arrive intact, whether or not the filters admit the tables that the tools make."""

from collections.abc import Iterator

import pytest

from lab import compare
from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e import online_change
from tests.e2e.stage import Stage, stage

TOOLS = {
    "ghosted": online_change.run_gh_ost,
    "toolkit": online_change.run_pt_osc,
    "facebook": online_change.run_facebook_osc,
    "hedgehog": online_change.run_lhm,
}
TABLES = (*TOOLS, "swap_a", "swap_b")


@pytest.fixture(params=["admitted", "filtered"])
def running(
    request: pytest.FixtureRequest, source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema
) -> Iterator[Stage]:
    """Replicate some tables, all of the schema or no others."""
    schema = fresh_schema(source_server)
    filtered = {"limit_tables": [f"{schema}.{table}" for table in (*TABLES, "child")]}
    settings = filtered if request.param == "filtered" else None
    with stage(source_server, target_database, schema, settings) as made:
        for table in TABLES:
            made.execute(*online_change.create(table))
        made.journey.initialise()
        made.journey.start()
        yield made


def assert_equal(running: Stage) -> None:
    """Assert that nothing went wrong, that all tables are equal, and that the target has none too many."""
    running.journey.wait_until_replayed()
    assert running.journey.quarantined() == []
    assert running.journey.errors() == []
    result = compare.compare(
        running.server.connect,
        running.database.connect,
        running.schema,
        running.target_schema,
        skip=[online_change.ARCHIVE] if "limit_tables" in running.journey.sources["mysql"] else (),
    )
    assert result.equal, f"{result}\n{running.journey.log_tail()}"


def test_the_tools_leave_both_sides_equal(running: Stage) -> None:
    for table, run in TOOLS.items():
        run(running.server, running.schema, table)
        running.execute(f"update {table} set w = id where id % 2 = 0", f"insert into {table} values (9999, 'last', 1)")
    # A second change of the same table, with the names that the first one left free or did not
    online_change.run_pt_osc(running.server, running.schema, "swap_a", underscores=3)
    running.execute("rename table swap_a to swap_tmp, swap_b to swap_a, swap_tmp to swap_b")
    running.execute("insert into swap_a values (9999, 'was b')", "insert into swap_b values (9999, 'was a', 1)")
    assert_equal(running)


def test_the_real_pt_online_schema_change_leaves_both_sides_equal(running: Stage) -> None:
    server, schema = running.server, running.schema
    running.execute(
        "create table child (id int primary key, parent int, constraint of_parent foreign key (parent)"
        " references ghosted (id) on delete cascade)",
        "insert into child values (1, null)",
    )
    online_change.run_real_pt_osc(
        server, schema, "toolkit", "add column w int not null default 5, modify v varchar(80) not null default '-'"
    )
    running.execute("update toolkit set w = id where id % 2 = 0", "insert into toolkit values (9999, 'last', 1)")
    # Again, with what the first run left behind; twice, as each run changes the names of foreign keys
    online_change.run_real_pt_osc(server, schema, "toolkit", "change w width bigint, drop key by_v", "--no-check-alter")
    for column in ("first", "second"):
        online_change.run_real_pt_osc(
            server,
            schema,
            "ghosted",
            f"add column {column} date",
            *("--alter-foreign-keys-method", "rebuild_constraints"),
        )
    assert_equal(running)
