"""Odd names on real servers: no two objects become one, and what is renamed is shown."""

from __future__ import annotations

from contextlib import closing

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.convert.expressions.names import column_name, table_name
from pg_chameleon.model.overview import RenamedRow
from pg_chameleon.model.status import TableState
from pg_chameleon.replica.status import Wanted, read_status
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage

# Both have 63 bytes in common, and more
LONG = "ü" * 40 + "x" * 23
TABLES = (LONG + "a", LONG + "b", table_name(LONG + "a"), "Mixed", "mixed", "a", "a_pkey", "MIXED_pkey")
COLUMNS = (LONG + "c", LONG + "d", column_name(LONG + "c"), "ctid", column_name("ctid"), "percent %s")


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(source_server, target_database, fresh_schema(source_server))


def create(table: str) -> str:
    columns = ", ".join(f"`{column}` int" for column in COLUMNS)
    return (
        f"create table `{table}` (id int auto_increment primary key, {columns}, unique key `{LONG}i` (`{COLUMNS[0]}`))"
    )


def insert(table: str, number: int) -> str:
    return f"insert into `{table}` values (null, {', '.join(str(number + place) for place in range(len(COLUMNS)))})"


def assert_values(stage: Stage, tables: tuple[str, ...], first: int) -> None:
    for number, table in enumerate(tables, first):
        names = ", ".join(f'"{column_name(column)}"' for column in COLUMNS)
        rows = stage.database.execute(f'select {names} from {stage.target_schema}."{table_name(table)}" order by id')
        assert (10 * number + 0, *(10 * number + place for place in range(1, len(COLUMNS)))) in rows, table


def test_names_that_could_become_equal_stay_apart(stage: Stage) -> None:
    for number, table in enumerate(TABLES):
        stage.execute(create(table), insert(table, 10 * number))
    report = stage.copy()
    assert report.complete, report.problems
    assert len(stage.tables()) == len({table.target for table in stage.tables().values()}) == len(TABLES)
    assert_values(stage, TABLES, 0)
    new = ("Mixed2", "mixed2", LONG + "z")
    moved = table_name(new[-1])
    stage.execute(
        *(create(table) for table in new),
        *(insert(table, 10 * number) for number, table in enumerate((*TABLES, *new), 20)),
        f"rename table `{new[-1]}` to `{moved}`",
        f"update `{moved}` set `{COLUMNS[1]}` = `{COLUMNS[1]}`",
    )
    stage.follow()
    assert {table.state for table in stage.tables().values()} == {TableState.REPLICATED}, stage.errors()
    assert_values(stage, (*TABLES, *new[:2], moved), 20)


def test_names_that_are_changed_are_shown(stage: Stage) -> None:
    stage.execute(
        f"create table `{LONG}a` (id int primary key, ctid int)",
        f"create table `plain` (id int primary key, `{LONG}b` int)",
    )
    assert stage.copy().complete
    with closing(stage.connect()) as target:
        found = read_status(target, Wanted(stage.settings.replica)).details
    assert found is not None
    assert sorted(found.renamed, key=repr) == sorted(
        [
            RenamedRow(stage.name(f"{LONG}a"), None, table_name(f"{LONG}a")),
            RenamedRow(stage.name(f"{LONG}a"), "ctid", column_name("ctid")),
            RenamedRow(stage.name("plain"), f"{LONG}b", column_name(f"{LONG}b")),
        ],
        key=repr,
    )
