"""DDL from clients of other character sets, and DDL that is not text in its client's: values arrive exactly."""

from collections.abc import Iterator

import pytest

from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage
from tests.integration.stream_support import execute_all

# The client's charset as PyMySQL knows it (what it encodes in), and the statements of one session about its table
SESSIONS = {
    "latin1": (
        "latin1",
        [
            "alter table {table} add column z varchar(20) charset utf8mb4 not null default 'grün'",
            "create table made (id int primary key, s enum('offen','für später') not null) default charset=utf8mb4",
            "insert into made values (1, 'für später')",
            "create table `größe` (id int primary key, `maß` varchar(10) charset utf8mb4)",
            "insert into `größe` values (1, 'groß')",
        ],
    ),
    "cp1251": ("cp1251", ["alter table {table} add column z varchar(20) charset utf8mb4 not null default 'да'"]),
    "greek": ("greek", ["alter table {table} add column z enum('ω','β') charset utf8mb4 not null default 'β'"]),
    "as_bytes": (
        "utf8mb4",
        [
            "set names binary",
            "alter table {table} add column z varchar(10) charset latin1 not null default 'grün'",
            "create table bytes (id int primary key, s enum('a','ü') charset utf8mb4)",
            "insert into bytes values (1, 'ü')",
        ],
    ),
    "utf8_as_latin1": (
        "utf8mb4",
        ["set names latin1", "alter table {table} add column z varchar(30) charset utf8mb4 not null default 'Íßü'"],
    ),
    "latin1_as_utf8": (
        "latin1",
        [
            "set names utf8mb4",
            "alter table {table} add column z varchar(10) charset latin1 not null default _latin1'grün'",
        ],
    ),
}


@pytest.fixture
def running(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    schema = fresh_schema(source_server)
    with stage(source_server, target_database, schema) as made:
        for table in SESSIONS:
            made.execute(
                f"create table {table} (id int primary key, v varchar(20))",
                f"insert into {table} values (1, 'a'), (2, 'b')",
            )
        made.journey.initialise()
        made.journey.start()
        yield made


def test_ddl_of_any_client_gives_the_values_of_the_source(running: Stage) -> None:
    for table, (charset, statements) in SESSIONS.items():
        texts = [statement.replace("{table}", table) for statement in statements]
        execute_all(running.server, running.schema, texts, charset=charset)
        running.execute(f"insert into {table} (id) values (3)", f"update {table} set v = 'changed' where id = 1")
    running.assert_equal()
