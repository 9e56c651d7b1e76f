"""A table whose structure was changed behind the binlog is found at its next rows, before anything wrong is written."""

from collections.abc import Iterator

import pytest

from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage

BEHIND = {
    "counted": ("alter table counted add column more int", "4 columns where 3 are expected"),
    "typed": ("alter table typed modify n bigint", "column n (int"),
    "sized": ("alter table sized modify v varchar(30)", "column v (varchar(20)) is stored with the size"),
    "nullable": ("alter table nullable modify n int null", "column n can be NULL"),
    "renamed": ("alter table renamed change v w varchar(20)", "column v is called w"),
    "swapped": ("alter table swapped change n m int not null, change m n int not null", "column n is called m"),
    "keyed": ("alter table keyed drop primary key, add primary key (n)", "the primary key is (n) where (id)"),
}


@pytest.fixture
def running(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    schema = fresh_schema(source_server)
    with stage(source_server, target_database, schema) as made:
        for table in ("beside", *BEHIND):
            m = ", m int not null" if table == "swapped" else ", v varchar(20)"
            made.execute(f"create table {table} (id int primary key, n int not null{m})")
            made.execute(f"insert into {table} (id, n) values (1, 1)" if table != "swapped" else "select 1")
        made.journey.initialise()
        made.journey.start()
        yield made


@pytest.mark.source_version(mysql=(8, 0, 1), mariadb=(10, 5))
def test_what_changed_behind_the_binlog_is_found_before_it_is_written(running: Stage) -> None:
    journey = running.journey
    running.server.execute("set global binlog_row_metadata = full")
    try:
        running.execute("set session sql_log_bin = 0", *(statement for statement, _ in BEHIND.values()))
        running.execute(
            *(f"insert into {table} values (2, 2, {'3, 4' if table == 'counted' else '3'})" for table in BEHIND),
            "insert into beside values (2, 2, 'goes on')",
        )
        journey.wait_until_replayed()
        reasons = dict(journey.quarantined())
        assert reasons.keys() == BEHIND.keys()
        for table, (_, words) in BEHIND.items():
            assert words in reasons[table], reasons[table]
            count = f"select count(*) from {running.target_schema}.{table} where id = 2"
            assert running.database.execute(count) == [(0,)], table
        assert {error[1] for error in journey.errors()} == BEHIND.keys()
        running.copy_disabled()
        running.execute(*(f"update {table} set id = 5 where id = 2" for table in BEHIND))
        running.assert_whole()
    finally:
        running.server.execute("set global binlog_row_metadata = default")
