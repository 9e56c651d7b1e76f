"""What detaching makes of properties that only a database which is written to needs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.replica import detach
from pg_chameleon.replica.detach import Report
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage

TABLE = """
create table `we"ird %s` (
    id int primary key,
    v varchar(20),
    doc json,
    twice int generated always as (id * 2) stored,
    seconds timestamp null default null on update current_timestamp,
    tenths datetime(1) null on update current_timestamp(1),
    exact timestamp(6) null default null on update current_timestamp(6),
    `plain text` datetime null on update current_timestamp
)"""
NAME = '"we""ird %s"'


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(source_server, target_database, fresh_schema(source_server))


def complete(stage: Stage) -> Report:
    settings, source = stage.settings.replica, stage.source()
    with closing(stage.connect()) as target:
        return detach.complete(settings, target, source)


class Writer:
    """Changes the one row of the table on the target, and tells its times."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._table = f"{stage.target_schema}.{NAME}"

    def update(self, assignments: str) -> Sequence[Any]:
        self._stage.database.execute(
            f"with done as (update {self._table} set {assignments} returning 1) select * from done"
        )
        [row] = self._stage.database.execute(f"select seconds, tenths, exact from {self._table}")
        return row


def test_updates_set_the_time_by_a_trigger_if_asked_for(stage: Stage) -> None:
    stage.change_replica(on_update_timestamps=True, overrides=(TypeOverride("json", "json"),))
    stage.execute(TABLE, "insert into `we\"ird %s` (id, v, doc) values (1, 'a', '{}')")
    assert stage.copy().complete
    for _ in range(2):  # as after an interruption
        report = complete(stage)
        assert [trigger.failure for trigger in report.triggers] == [None]
        assert report.unstamped == []
    writer = Writer(stage)
    assert list(writer.update("v = 'a', doc = doc")) == [None] * 3, "nothing changed"
    first = writer.update("v = 'b'")
    assert None not in first
    seconds, tenths, exact = first
    assert seconds.microsecond == 0
    assert tenths.microsecond % 100_000 == 0
    assert seconds <= exact
    second = writer.update("""doc = '{"a": 1}'""")
    assert second[2] > exact
    assert writer.update("v = 'c', exact = '2024-01-01 00:00:00+00'")[2].year == 2024, "it was set to something"
    assert writer.update("exact = null")[2] is None
    [(now,)] = stage.database.execute("select clock_timestamp()")
    assert abs((now - writer.update("v = 'd'")[0]).total_seconds()) < 600


def test_without_being_asked_detaching_only_tells(stage: Stage) -> None:
    stage.execute(TABLE)
    assert stage.copy().complete
    report = complete(stage)
    assert report.triggers == []
    assert [name.rpartition(".")[2] for name in report.unstamped] == ["seconds", "tenths", "exact", "plain text"]
    assert stage.database.execute("select count(*) from pg_trigger where not tgisinternal") == [(0,)]


def test_a_column_of_another_type_gets_no_trigger(stage: Stage) -> None:
    stage.change_replica(on_update_timestamps=True, overrides=(TypeOverride("datetime", "text"),))
    stage.execute("create table t (id int primary key, a datetime on update current_timestamp)")
    assert stage.copy().complete
    report = complete(stage)
    assert report.triggers == []
    assert report.unstamped == [f"{stage.target_schema}.t.a"]


@pytest.mark.source_version(mysql=(8, 0, 16), mariadb=(10, 2))
def test_checks_are_made_and_those_that_are_not_are_named(stage: Stage) -> None:
    stage.execute(
        "create table t (id int primary key, n int, v varchar(20), constraint small check (n < 10),"
        " constraint odd check (n % 2 = 1), constraint listed check (v in ('a', 'b')),"
        " constraint broken check (n > 0))",
        "insert into t values (1, 1, 'a')",
    )
    assert stage.copy().complete
    stage.database.execute(f"update {stage.target_schema}.t set n = -1 where id = 1 returning id")
    report = complete(stage)
    failures = {check.name: check.failure for check in report.checks}
    assert failures.keys() == {"small", "odd", "listed", "broken"}
    assert failures["small"] is failures["listed"] is None
    assert "not translated" in (failures["odd"] or "")
    assert "violated" in (failures["broken"] or "")
    for wrong in ("(2, 11, 'a')", "(3, 1, 'c')"):
        with pytest.raises(psycopg2.errors.CheckViolation):
            stage.database.execute(f"insert into {stage.target_schema}.t values {wrong} returning id")


def test_a_foreign_key_into_another_schema_is_named(stage: Stage, fresh_schema: FreshSchema) -> None:
    other = fresh_schema(stage.server)
    stage.execute(
        f"create table {other}.parent (id int primary key)",
        "create table child"
        f" (id int primary key, constraint `to parent` foreign key (id) references {other}.parent (id))",
    )
    assert stage.copy().complete
    [key] = complete(stage).foreign_keys
    assert key.name == "to parent"
    assert "not mapped" in (key.failure or "")
