"""Processes and servers die at any moment around DDL: nothing is lost, and nothing is applied twice."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pymysql
import pytest
from pymysql.cursors import Cursor

from lab.servers import Database, PostgreSQL, Server, SourceServer, source_server, target_server
from tests.conftest import SOURCES, TARGETS, FreshSchema
from tests.e2e.stage import Stage, stage

LOST = {0, 1053, 1927, 2003, 2006, 2013}
TABLES = [
    "create table t (id int auto_increment primary key, v varchar(40), n int not null default 0)",
    "create table other (id int auto_increment primary key, v varchar(40), n int not null default 0)",
    "create table logbook (word varchar(40), n int)",
    "create table emptied (id int auto_increment primary key, v varchar(40))",
    "create table remade (id int primary key, v varchar(40))",
]


def round_of(number: int) -> list[str]:
    """Return DDL of every kind with rows before, between and after."""
    return [
        f"insert into t (v) values ('round {number}'), ('again')",
        f"insert into logbook values ('same', 1), ('same', 1), ('round {number}', {number})",
        f"alter table t add column c{number} int not null default {number}",
        f"update t set n = n + 1, c{number} = id where id % 2 = 0",
        f"create table made_{number} (id int primary key, v varchar(20))",
        f"insert into made_{number} values (1, 'one'), (2, 'two')",
        f"create index i{number} on t (v, n)",
        "insert into t (v) values ('after the index')",
        "rename table t to swapping, other to t, swapping to other",
        "update t set n = n + 100",
        "insert into other (v) values ('after the swap')",
        f"insert into emptied (v) values ('round {number}')",
        "truncate table emptied",
        "insert into emptied (v) values ('after it was emptied')",
        "drop table remade",
        f"create table remade (id int primary key, v varchar(40), n{number} int)",
        f"insert into remade values (1, 'made again', {number})",
        f"create table refused_{number} (id int primary key, kind enum(0x61, 0x62))",
        f"insert into refused_{number} values (1, 'a'), (2, 'b')",
        f"create table odd_{number} (id int primary key, v varchar(20))",
        f"insert into odd_{number} values (1, 'one')",
        f"alter table odd_{number} add column kind enum(0x61, 0x62) default 'b'",
        f"insert into odd_{number} values (2, 'two', 'a')",
        "update logbook set n = n + 1 limit 2",
        "delete from logbook where word = 'same' limit 1",
        f"alter table made_{number} add column w int, drop column v",
        f"update made_{number} set w = id",
        f"drop table made_{number}" if number % 2 else "select 1",
    ]


class Changes(threading.Thread):
    """Changes structures and rows, round by round, until asked to stop; continues when the server comes back."""

    def __init__(self, server: SourceServer, schema: str, *, first: int = 1) -> None:
        super().__init__()
        self.number = first
        self.refused: list[str] = []
        self._server, self._schema = server, schema
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                with closing(self._server.connect(self._schema)) as connection, connection.cursor() as cursor:
                    self._rounds(cursor)
            except pymysql.err.OperationalError as error:
                if error.args[0] not in LOST:
                    raise
                time.sleep(0.1)

    def _rounds(self, cursor: Cursor) -> None:
        while not self._ended.is_set():
            for statement in round_of(self.number):
                try:
                    cursor.execute(statement)
                except pymysql.MySQLError as error:
                    if error.args[0] in LOST:
                        raise
                    # After a restart, some of the round may have been done already
                    self.refused.append(f"{statement}: {error}")
                time.sleep(0.01)
            self.number += 1

    def end(self) -> None:
        self._ended.set()
        self.join()


def kill_at_random(made: Stage, kills: int, seed: int) -> None:
    """Kill both processes that often, each at moments that nobody chose, while structures change."""
    moments = random.Random(seed)
    changes = Changes(made.server, made.schema)
    changes.start()
    try:
        for role in moments.sample(["read", "replay"] * kills, 2 * kills):
            time.sleep(moments.random())
            made.journey.kill_worker(role, timeout=120)
    finally:
        changes.end()
    assert changes.refused == []
    assert changes.number > 1


@pytest.fixture
def running(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    with stage(source_server, target_database, fresh_schema(source_server)) as made:
        start(made)
        yield made


def start(made: Stage) -> None:
    made.execute(*TABLES)
    made.journey.initialise()
    made.journey.start()


def test_killed_processes_follow_ddl_once(running: Stage) -> None:
    kill_at_random(running, kills=3, seed=21)
    running.assert_equal()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [22, 23])
def test_processes_that_are_killed_often_follow_ddl_once(running: Stage, seed: int) -> None:
    kill_at_random(running, kills=7, seed=seed)
    running.assert_equal()


@pytest.fixture(params=SOURCES)
def own_servers(request: pytest.FixtureRequest) -> Iterator[tuple[SourceServer, PostgreSQL]]:
    """Give durable servers that a test may stop."""
    with source_server(request.param) as source, target_server(TARGETS[0]) as target:
        yield source, target


@pytest.mark.slow
def test_servers_that_restart_around_ddl_lose_nothing(own_servers: tuple[SourceServer, PostgreSQL]) -> None:
    source, target = own_servers
    source.execute("create database moored")
    with stage(source, target.create_database("db_replica"), "moored") as made:
        start(made)
        changes = Changes(source, "moored")
        changes.start()
        try:
            restarts: list[Callable[[], Server]] = [source.restart, target.restart]
            restarts += [partial(crash, source), partial(crash, target)]
            for restart in restarts:
                time.sleep(3)
                restart()
            time.sleep(3)
        finally:
            changes.end()
        made.journey.wait_until_replayed()
        assert made.journey.daemon_pid is not None, made.journey.log_tail()
        # What a refused statement did cannot be told when the replica was too far behind; nothing else may be out
        quarantined = dict(made.journey.quarantined())
        assert all(table.startswith("odd_") for table in quarantined), quarantined
        made.copy_disabled()
        made.assert_whole()


def crash(server: Server) -> Server:
    server.kill()
    return server.start()
