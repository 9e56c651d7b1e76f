"""The first copy from one PostgreSQL to another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from lab.servers import REPLICA_PASSWORD, REPLICA_USER, Database, PostgreSQL
from pg_chameleon.daemon import StopEvent
from pg_chameleon.errors import UsageError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres import catalogue
from pg_chameleon.postgres.connection import TargetSettings, connect
from pg_chameleon.postgres.sources import add_source
from pg_chameleon.replica.copy.run import copy_tables
from pg_chameleon.replica.copy.settings import CopyKind, CopyReport, CopyRequest, CopySettings
from tests.integration.copy_support import Watcher, plain_settings

STRUCTURE = """
create schema app;
set search_path = app;
create type mood as enum ('sad', 'it''s ok', 'happy');
create domain positive as integer check (value > 0);
create table "Pe""ople" (
    id serial primary key, name text not null, mood mood default 'happy', born date, amount numeric(10, 2),
    tags text[], doc jsonb, size positive, raw bytea, twice integer generated always as (id * 2) stored,
    constraint name_not_empty check (name <> ''), unique (name, born)
);
comment on table "Pe""ople" is 'who''s who';
comment on column "Pe""ople".mood is 'today';
create index people_lower on "Pe""ople" (lower(name)) where mood <> 'sad';
create table visits (
    id bigint generated always as identity (start with 100),
    person integer references "Pe""ople" (id) on delete cascade,
    at timestamptz default now(), primary key (id)
);
create table parted (id integer, day date) partition by range (day);
create table parted_1 partition of parted for values from ('2024-01-01') to ('2025-01-01');
create table no_rows (x point, y mood);
insert into "Pe""ople" (name, mood, born, amount, tags, doc, size, raw)
    select E'n\\t' || n, 'it''s ok', '2000-01-01'::date + n, n / 7.0, array['a', null, 'b,c'], '{"a": null}',
    n, '\\x00ff'
    from generate_series(1, 1000) n;
insert into "Pe""ople" (name) values ('\\N'), ('NULL');
insert into visits (person) select id from "Pe""ople";
insert into parted select n, '2024-03-01'::date + n from generate_series(1, 10) n;
"""


class Peers:
    """Two databases, the second of which gets the schema app as sch_app."""

    def __init__(self, here: Database, there: Database) -> None:
        self.here = here
        self.there = there
        target = _settings(there)
        replica = dataclasses.replace(plain_settings(there, {"app": "sch_app"}, "peer"), target=target)
        self.settings = CopySettings(replica, peer=_settings(here))
        with closing(connect(target, "test")) as connection:
            catalogue.install(connection)
            add_source(connection, "peer", "pgsql", {"app": "sch_app"})

    def copy(self, kind: CopyKind = CopyKind.INIT_REPLICA, **request: Any) -> CopyReport:
        return copy_tables(self.settings, CopyRequest(kind, **request), Watcher(), StopEvent())


def _settings(database: Database) -> TargetSettings:
    server = database.server
    return TargetSettings(server.host, server.port, REPLICA_USER, REPLICA_PASSWORD, database.name)


@pytest.fixture
def peers(postgres: PostgreSQL, target_database: Database) -> Iterator[Peers]:
    here = postgres.create_database("db_peer")
    with closing(here.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(STRUCTURE)
    yield Peers(here, target_database)
    here.drop()


def rows(database: Database, schema: str, table: str) -> list[tuple[object, ...]]:
    return database.execute(f'select t::text from {schema}."{table}" t order by 1')


@pytest.mark.parametrize("times", [1, 2])
def test_tables_arrive_equal_with_all_that_belongs_to_them(peers: Peers, times: int) -> None:
    for _ in range(times):
        report = peers.copy()
        assert report.complete, report.problems
        assert not report.problems
    assert report.rows == 1002 + 1002 + 10
    for table in ('Pe""ople', "visits", "parted", "no_rows"):
        assert rows(peers.there, "sch_app", table) == rows(peers.here, "app", table)
    there = peers.there
    shown = "select pg_get_constraintdef(oid) from pg_constraint where connamespace = %s::regnamespace order by 1"
    kept = [row[0].replace("sch_app.", "app.") for row in there.execute(shown, ("sch_app",))]
    assert kept == [row[0] for row in peers.here.execute(shown, ("app",)) if "VALUE" not in row[0]]
    assert there.execute("select indexdef from pg_indexes where indexname = 'people_lower'") != []
    assert there.execute('select obj_description(\'sch_app."Pe""ople"\'::regclass)') == [("who's who",)]
    there.execute('insert into sch_app."Pe""ople" (name) values (\'new\')')
    assert there.execute('select id, mood::text from sch_app."Pe""ople" where name = \'new\'') == [(1003, "happy")]
    there.execute("insert into sch_app.visits (person) values (1)")
    assert there.execute("select max(id) from sch_app.visits") == [(1102,)]
    assert there.execute("select 1 from pg_namespace where nspname ~ '^_chameleon'") == []


def test_a_table_that_needs_what_is_not_copied_is_reported(peers: Peers) -> None:
    with closing(peers.here.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("create function app.now2() returns timestamptz language sql as 'select now()'")
        cursor.execute("create table app.special (at timestamptz default app.now2())")
    report = peers.copy()
    assert [problem.name.table for problem in report.problems] == ["special"]
    assert len(report.copied) == 4


def test_structure_alone(peers: Peers) -> None:
    assert peers.copy(CopyKind.COPY_SCHEMA).complete
    assert rows(peers.there, "sch_app", "visits") == []


def test_a_table_that_is_named_and_does_not_exist_makes_the_copy_incomplete(peers: Peers) -> None:
    report = peers.copy(CopyKind.SYNC_TABLES, tables=(TableName("app", "visits"), TableName("app", "nosuch")))
    assert [copied.name.table for copied in report.copied] == ["visits"]
    assert [problem.name.table for problem in report.problems if problem.missing] == ["nosuch"]
    assert not report.complete


def test_tables_that_are_not_replicated_are_refused(peers: Peers) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.t"):
        peers.copy(CopyKind.SYNC_TABLES, tables=(TableName("nowhere", "t"),))
