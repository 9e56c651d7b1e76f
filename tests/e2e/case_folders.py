"""Folders of cases: statements before the first copy and after it, and both sides equal in the end.

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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml
from _pytest.mark import ParameterSet

from lab import compare
from lab.journey import Journey
from lab.servers import Database, PostgreSQL, SourceServer
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.structure.inspect import read_table
from tests.integration.convert_support import Target
from tests.rules import some_rules

SESSION = "set session time_zone = '+00:00'"
FRESH = "a new copy"


@dataclass(frozen=True)
class Case:
    """A folder. Its schema is named after it on both sides."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def schema(self) -> str:
        return f"case_{self.name}"

    @cached_property
    def expectations(self) -> dict[str, Any]:
        file = self.folder / "expect.yml"
        return yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}

    def statements(self, file: str) -> list[str]:
        text = (self.folder / file).read_text(encoding="utf-8")
        lines = (line for line in text.splitlines() if not line.startswith("-- "))
        return [each.strip() for each in ("\n".join(lines) + "\n").split(";\n") if each.strip()]

    def fits(self, server: SourceServer) -> bool:
        minimum = self._version("versions", server, "0")
        limit = self._version("before", server, "99")
        product_fits = server.product in self.expectations.get("products", [server.product])
        return product_fits and minimum <= server.version < limit

    def _version(self, name: str, server: SourceServer, usual: str) -> tuple[int, ...]:
        """Return the version of the server's product that an expectation names."""
        return tuple(map(int, str(self.expectations.get(name, {}).get(server.product, usual)).split(".")))

    def execute(self, server: SourceServer, file: str) -> None:
        with server.connect(self.schema) as connection, connection.cursor() as cursor:
            for statement in [SESSION, *self.statements(file)]:
                cursor.execute(statement)


@dataclass(frozen=True, slots=True)
class CasesStage:
    """The replica that the cases of a folder share."""

    server: SourceServer
    database: Database
    journey: Journey

    def follow(self, case: Case) -> None:
        """Make the changes of a case, and assert that both sides are equal before and after them."""
        if not case.fits(self.server):
            pytest.skip(f"not for {self.server.name}")
        self._assert_equal(case)  # what was copied
        case.execute(self.server, "changes.sql")
        self.journey.wait_until_replayed(60)
        self._assert_nothing_failed(case)
        self._assert_equal(case)
        self._assert_target_answers(case)

    def _assert_equal(self, case: Case) -> None:
        result = compare.compare(self.server.connect, self.database.connect, case.schema, case.schema)
        assert result.equal, f"{result}\n{self.journey.log_tail(20)}"

    def _assert_nothing_failed(self, case: Case) -> None:
        failed = (
            "select source_table, reason from sch_chameleon.tables where state = 'quarantined' and source_schema = %s"
        )
        logged = "select source_table, message, statement from sch_chameleon.errors where source_schema = %s"
        for query in (failed, logged):
            assert self.database.execute(query, (case.schema,)) == []

    def _assert_target_answers(self, case: Case) -> None:
        for expected in case.expectations.get("target", []):
            with self.database.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"set search_path to {case.schema}")
                cursor.execute(expected["query"])
                rows = json.loads(json.dumps(cursor.fetchall(), default=str))
            connection.close()
            assert rows == expected["rows"], expected["query"]

    def assert_structures_are_new(self, case: Case) -> None:
        """Assert that every table is on the target what a new copy of the source's table would be."""
        settings = SourceSettings(self.server.host, self.server.port, "root")
        with connect(settings, schema=case.schema) as source, source.cursor() as cursor:
            cursor.execute("show full tables where table_type = 'BASE TABLE'")
            structures = [read_table(source, TableName(case.schema, row[0])) for row in cursor.fetchall()]
        connection = self.database.connect()
        with connection.cursor() as target_cursor:
            target = Target(target_cursor)
            target.make_schema(FRESH)
            for schema in structures:
                assert schema is not None
                fresh = target.make(schema, some_rules(), FRESH)
                for followed, new in zip(
                    target.catalogue(fresh, case.schema)[:2], target.catalogue(fresh, FRESH)[:2], strict=True
                ):
                    assert followed == new, f"{schema.name}: {followed ^ new}"
            left = target.relations(case.schema) ^ target.relations(FRESH)
            assert not left, left
            target.run([f'DROP SCHEMA "{FRESH}" CASCADE'])
        connection.close()


def cases_of(folder: Path) -> list[Case]:
    """Return the cases in a folder."""
    return [Case(each) for each in sorted(folder.iterdir()) if each.is_dir()]


def parameters(cases: Sequence[Case]) -> list[ParameterSet]:
    """Return the cases as parameters of a test; those that are known to fail have to fail."""
    return [
        pytest.param(case, id=case.name, marks=[pytest.mark.xfail(reason=reason, strict=True)] if reason else [])
        for case in cases
        for reason in [case.expectations.get("fails")]
    ]


@contextmanager
def cases_stage(server: SourceServer, postgres: PostgreSQL, cases: Sequence[Case], name: str) -> Iterator[CasesStage]:
    """Copy the tables of all cases, and start the replica."""
    chosen = [case for case in cases if case.fits(server)]
    for case in chosen:
        server.execute(f"create database {case.schema} character set utf8mb4")
        case.execute(server, "create.sql")
    database = postgres.create_database(f"db_{name}_{server.product}")
    mappings = {case.schema: case.schema for case in chosen}
    with Journey(server.db_conn(), database.pg_conn(), mappings) as journey:
        journey.prepare()
        journey.initialise()
        journey.start()
        yield CasesStage(server, database, journey)
    database.drop()
    for case in chosen:
        server.execute(f"drop database {case.schema}")
