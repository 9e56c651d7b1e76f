"""The folders of `cases`: statements before the first copy and after it, and both sides equal in the end.

`create.sql` is executed before the first copy, `changes.sql` while the replica runs; statements end with a
semicolon at the end of a line. A case may have an `expect.yml`:

    products: [mysql]              # only for these
    versions: {mysql: "8.0"}       # only from these versions on
    before: {mariadb: "11.0"}      # only for older versions
    target:                        # queries to the target, in the case's schema, with their rows as JSON
      - query: select a from t
        rows: [[1]]
    fails: why                     # a problem that is known and not solved yet

All cases run in one replica, each in a schema of its own, so none may stop it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from _pytest.mark import ParameterSet

from lab import compare
from lab.journey import Journey
from lab.servers import Database, PostgreSQL, SourceServer

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
SESSION = "set session time_zone = '+00:00'"


@dataclass(frozen=True, slots=True)
class Stage:
    """The replica that all cases share."""

    server: SourceServer
    database: Database
    journey: Journey


def statements(case: str, name: str) -> list[str]:
    text = (FOLDER / case / name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("-- "))
    return [each.strip() for each in ("\n".join(lines) + "\n").split(";\n") if each.strip()]


@cache
def expectations(case: str) -> dict[str, Any]:
    file = FOLDER / case / "expect.yml"
    return yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}


def fits(case: str, server: SourceServer) -> bool:
    expected = expectations(case)
    minimum = str(expected.get("versions", {}).get(server.product, "0"))
    limit = tuple(map(int, str(expected.get("before", {}).get(server.product, "99")).split(".")))
    product_fits = server.product in expected.get("products", [server.product])
    return product_fits and tuple(map(int, minimum.split("."))) <= server.version < limit


def execute(server: SourceServer, case: str, file: str) -> None:
    with server.connect(schema_of(case)) as connection, connection.cursor() as cursor:
        for statement in [SESSION, *statements(case, file)]:
            cursor.execute(statement)


def schema_of(case: str) -> str:
    return f"case_{case}"


@pytest.fixture(scope="module")
def cases_stage(source_server: SourceServer, postgres: PostgreSQL) -> Iterator[Stage]:
    """Copy the tables of all cases, and start the replica."""
    cases = [case for case in CASES if fits(case, source_server)]
    for case in cases:
        source_server.execute(f"create database {schema_of(case)} character set utf8mb4")
        execute(source_server, case, "create.sql")
    database = postgres.create_database(f"db_cases_{source_server.product}")
    mappings = {schema_of(case): schema_of(case) for case in cases}
    with Journey(source_server.db_conn(), database.pg_conn(), mappings) as journey:
        journey.prepare()
        journey.initialise()
        journey.start()
        yield Stage(source_server, database, journey)
    database.drop()
    for case in cases:
        source_server.execute(f"drop database {schema_of(case)}")


def parameters() -> list[ParameterSet]:
    return [
        pytest.param(case, marks=[pytest.mark.xfail(reason=reason, strict=True)] if reason else [])
        for case in CASES
        for reason in [expectations(case).get("fails")]
    ]


@pytest.mark.parametrize("case", parameters())
def test_both_sides_are_equal(cases_stage: Stage, case: str) -> None:
    if not fits(case, cases_stage.server):
        pytest.skip(f"not for {cases_stage.server.name}")
    assert_equal(cases_stage, case)  # what was copied
    execute(cases_stage.server, case, "changes.sql")
    cases_stage.journey.wait_until_replayed(60)
    assert_nothing_failed(cases_stage, case)
    assert_equal(cases_stage, case)
    assert_target_answers(cases_stage, case)


def assert_equal(stage: Stage, case: str) -> None:
    schema = schema_of(case)
    result = compare.compare(stage.server.connect, stage.database.connect, schema, schema)
    assert result.equal, f"{result}\n{stage.journey.log_tail(20)}"


def assert_nothing_failed(stage: Stage, case: str) -> None:
    failed = "select source_table, reason from sch_chameleon.tables where state = 'quarantined' and source_schema = %s"
    logged = "select source_table, message, statement from sch_chameleon.errors where source_schema = %s"
    for query in (failed, logged):
        assert stage.database.execute(query, (schema_of(case),)) == []


def assert_target_answers(stage: Stage, case: str) -> None:
    for expected in expectations(case).get("target", []):
        with stage.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"set search_path to {schema_of(case)}")
            cursor.execute(expected["query"])
            rows = json.loads(json.dumps(cursor.fetchall(), default=str))
        connection.close()
        assert rows == expected["rows"], expected["query"]
