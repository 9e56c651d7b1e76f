"""DDL from clients of other character sets, and DDL that is not text in its client's: values arrive exactly."""

from collections.abc import Iterator

import pytest

from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage
from tests.integration.stream_support import execute_all

# The client's charset as PyMySQL knows it (what it encodes in), and the statements of one session
SESSIONS = {
    "latin1": (
        "latin1",
        [
            "create table made (id int primary key, s enum('offen','für später') not null) default charset=utf8mb4",
            "insert into made values (1, 'für später')",
            "alter table filled add column z varchar(20) charset utf8mb4 not null default 'grün'",
            "create table `größe` (id int primary key, `maß` varchar(10) charset utf8mb4)",
            "insert into `größe` values (1, 'groß')",
        ],
    ),
    "cp1251": ("cp1251", ["alter table filled add column z varchar(20) charset utf8mb4 not null default 'да'"]),
    "greek": ("greek", ["alter table filled add column z enum('ω','β') charset utf8mb4 not null default 'β'"]),
    "binary": (
        "utf8mb4",
        [
            "set names binary",
            "alter table filled add column z varchar(10) charset latin1 not null default 'grün'",
            "create table made (id int primary key, s enum('a','ü') charset utf8mb4)",
            "insert into made values (1, 'ü')",
        ],
    ),
    "utf-8 sent as latin1": (
        "utf8mb4",
        ["set names latin1", "alter table filled add column z varchar(30) charset utf8mb4 not null default 'Íßü'"],
    ),
    "bytes sent as utf-8": (
        "latin1",
        [
            "set names utf8mb4",
            "alter table filled add column z varchar(10) charset latin1 not null default _latin1'grün'",
        ],
    ),
}


@pytest.fixture
def running(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    schema = fresh_schema(source_server)
    with stage(source_server, target_database, schema) as made:
        made.execute(
            "create table filled (id int primary key, v varchar(20))", "insert into filled values (1, 'a'), (2, 'b')"
        )
        made.journey.initialise()
        made.journey.start()
        yield made


@pytest.mark.parametrize("session", SESSIONS)
def test_ddl_of_any_client_gives_the_source_s_values(running: Stage, session: str) -> None:
    charset, statements = SESSIONS[session]
    execute_all(running.server, running.schema, statements, charset=charset)
    running.execute("insert into filled (id, v) values (3, 'after')", "update filled set v = 'changed' where id = 1")
    running.assert_equal()
