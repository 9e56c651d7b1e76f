"""The source changes a table between the end of its copy and the swap: it is copied again by the same command."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest

from lab.journey import Journey
from lab.servers import Database, SourceServer
from pg_chameleon.daemon import StopEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyProgress
from pg_chameleon.postgres.connection import connect, transaction
from pg_chameleon.replica.copy.run import copy_tables
from pg_chameleon.replica.copy.settings import CopyKind, CopyReport, CopyRequest, CopySettings
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage

CHANGES = {
    "altered": ("alter table changing add column w int not null default 5", "insert into changing values (9, 'n', 9)"),
    "truncated": ("truncate table changing", "insert into changing values (9, 'n')"),
    "renamed": ("rename table changing to elsewhere", "insert into elsewhere values (9, 'n')"),
    "swapped": (
        "create table _changing_gho like changing",
        "alter table _changing_gho add column w int",
        "insert into _changing_gho (id, t) select * from changing",
        "rename table changing to _changing_del, _changing_gho to changing",
        "insert into changing values (9, 'n', 9)",
    ),
    "doubtful": ("alter table changing add column w int not null auto_increment, add key (w)",),
}


class Meddler:
    """Does something each time that all tables have been copied, before they can be swapped in.

    Not sooner: without BINLOG ADMIN, MariaDB lets nobody alter a table before the last one is read.
    """

    def __init__(self, meddle: Callable[[int], object]) -> None:
        self.copied: list[str] = []
        self._meddle = meddle

    @property
    def times(self) -> int:
        """How often the tables were copied: first both, then one."""
        return max(0, len(self.copied) - 1)

    def progress(self, state: CopyProgress) -> None:
        """Nothing to do."""

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        self.copied.append(name.table)
        if self.times:
            self._meddle(self.times)

    def finished(self) -> None:
        """Nothing to do."""


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    """Set a stage whose replica runs; the copies are made beside it."""
    schema = fresh_schema(source_server)
    with Journey(source_server.db_conn(), target_database.pg_conn(), {schema: f"sch_{schema}"}) as journey:
        for table in ("changing", "steady"):
            source_server.execute(f"create table {table} (id int primary key, t varchar(20))", database=schema)
            source_server.execute(f"insert into {table} values (1, 'one'), (2, 'two')", database=schema)
        journey.prepare()
        journey.initialise()
        journey.start()
        made = Stage(source_server, target_database, schema, name="mysql")
        made.journey = journey
        made.change(workers=1)
        yield made


def change(stage: Stage, statements: Sequence[str]) -> None:
    """Change the table on the source, and wait until the replica knows of it: the swap comes later."""
    stage.execute(*statements)
    stage.journey.wait_until_replayed()


def synchronise(settings: CopySettings, tables: tuple[TableName, ...], meddler: Meddler) -> CopyReport:
    return copy_tables(settings, CopyRequest(CopyKind.SYNC_TABLES, tables=tables), meddler, StopEvent())


def assert_whole(stage: Stage) -> None:
    stage.journey.wait_until_replayed()
    assert stage.journey.quarantined() == []
    stage.assert_equal()


@pytest.mark.parametrize("case", CHANGES)
def test_it_is_copied_again(stage: Stage, case: str) -> None:
    meddler = Meddler(lambda times: change(stage, CHANGES[case]) if times == 1 else None)
    report = synchronise(stage.settings, (stage.name("changing"), stage.name("steady")), meddler)
    assert meddler.times >= 2
    assert report.complete, report
    stage.execute("insert into steady values (3, 'three')")
    assert_whole(stage)


def test_a_whole_schema_is_refreshed_although_one_table_changes(stage: Stage) -> None:
    meddler = Meddler(lambda times: change(stage, CHANGES["altered"]) if times == 1 else None)
    request = CopyRequest(CopyKind.REFRESH_SCHEMA, schema=stage.schema)
    report = copy_tables(stage.settings, request, meddler, StopEvent())
    assert meddler.times == 2
    assert report.complete, report
    assert sorted(copied.name.table for copied in report.copied) == ["changing", "steady"]
    assert_whole(stage)


def test_it_is_given_up_if_it_never_rests(stage: Stage) -> None:
    meddler = Meddler(lambda times: change(stage, [f"alter table changing add column c{times} int"]))
    report = synchronise(stage.settings, (stage.name("changing"), stage.name("steady")), meddler)
    assert meddler.times == 4
    assert [problem.name.table for problem in report.problems] == ["changing"]
    assert [table for table, _ in stage.journey.quarantined()] == ["changing"]
    assert stage.copy(CopyKind.SYNC_TABLES).complete
    assert_whole(stage)


def test_killed_while_it_is_copied_again_it_loses_nothing(stage: Stage) -> None:
    tables = (stage.name("changing"), stage.name("steady"))
    killed = multiprocessing.get_context("spawn").Process(
        target=_killed_in_the_second_copy, args=(stage.settings, tables)
    )
    killed.start()
    _wait_for_copies(stage, 2)
    change(stage, CHANGES["altered"])
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    stage.execute("insert into changing values (10, 'ten', 10)", "insert into steady values (3, 'three')")
    assert stage.copy(CopyKind.SYNC_TABLES, tables=tables).complete
    stage.execute("insert into changing values (11, 'eleven', 11)")
    assert_whole(stage)


COPIED = "select count(*) from sch_chameleon.tables where state = 'copied'"
CHANGED = "select count(*) from sch_chameleon.tables where source_table = 'changing' and state = 'quarantined'"


def _wait_for_copies(stage: Stage, wanted: int) -> None:
    deadline = time.monotonic() + 60
    while stage.database.execute(COPIED) != [(wanted,)] and time.monotonic() < deadline:
        time.sleep(0.05)


def _killed_in_the_second_copy(settings: CopySettings, tables: tuple[TableName, ...]) -> None:
    def meddle(times: int) -> None:
        if times == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        _wait_until_quarantined(settings)

    synchronise(settings, tables, Meddler(meddle))


def _wait_until_quarantined(settings: CopySettings) -> None:
    deadline = time.monotonic() + 60
    with closing(connect(settings.replica.target, "test")) as target:
        while time.monotonic() < deadline:
            with transaction(target) as cursor:
                cursor.execute(CHANGED)
                if cursor.fetchone() == (1,):
                    return
            time.sleep(0.05)
    raise AssertionError("the table was not quarantined")
