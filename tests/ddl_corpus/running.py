"""Run the sequences of the corpus on a real source while its replica runs, with rows between the statements.

After each sequence both sides are compared, row by row and structure by structure. Tables that were quarantined in the
replica are brought back by ``sync_tables``, and compared then.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from lab import compare
from lab.journey import Journey, JourneyFailed
from lab.servers import Database, PostgreSQL, SourceServer, source_server
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.structure.inspect import read_table
from tests.ddl_corpus.filler import Filler
from tests.ddl_corpus.live import MODES_EVERYWHERE, SYSTEM, SYSTEM_SCHEMAS, is_lost, quoted
from tests.integration.convert_support import Target
from tests.rules import some_rules

_TABLES = "select table_name from information_schema.tables where table_schema = %s and table_type = 'BASE TABLE'"
_QUARANTINED = """
select source_schema, source_table, reason from sch_chameleon.tables where state = 'quarantined'
order by source_schema, source_table"""
_FRESH = "a new copy"
_REPLAY_SECONDS = 120
_PROBLEM_CHARACTERS = 2000


@dataclass(slots=True)
class Result:
    """What became of one sequence. ``refused``: the statements that the server did not take, with its reasons."""

    name: str
    executed: int = 0
    rows: int = 0
    refused: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run_beside_replica(name: str, documents: Iterable[dict[str, Any]], postgres: PostgreSQL) -> Iterator[Result]:
    """Run sequences on a server of their own; a server that a statement kills is replaced by a new one."""
    waiting = deque(documents)
    while waiting:
        with source_server(name, durable=False) as server, _replica(server, postgres, waiting) as stage:
            while waiting:
                result = stage.run(waiting.popleft())
                yield result
                if result.problems:
                    break  # whatever went wrong shall not spoil the next ones


def schemas_of(document: dict[str, Any]) -> set[str]:
    """Return the schemas that a sequence may use."""
    named = {step["db"] for step in document["steps"]}
    named |= {table.partition(".")[0] for step in document["steps"] for table in step["changed"]}
    return {"test", *named} - {"", *SYSTEM_SCHEMAS}


@contextmanager
def _replica(server: SourceServer, postgres: PostgreSQL, documents: Iterable[dict[str, Any]]) -> Iterator[_Stage]:
    schemas = sorted(set().union(*map(schemas_of, documents)))
    for schema in schemas:
        server.execute(f"create database `{schema}`")
    database = postgres.create_database(f"db_sequences_{server.product}")
    mappings = {schema: f"sch_{schema}" for schema in schemas}
    with Journey(server.db_conn(), database.pg_conn(), mappings) as journey:
        journey.prepare()
        journey.initialise()
        journey.start()
        yield _Stage(server, database, journey, mappings)
    database.drop()


@dataclass(frozen=True, slots=True)
class _Stage:
    server: SourceServer
    database: Database
    journey: Journey
    mappings: dict[str, str]

    def run(self, document: dict[str, Any]) -> Result:
        """Run one sequence, and note what is not as it should be."""
        result = Result(document["id"])
        try:
            self._execute(document, result)
        except pymysql.err.MySQLError as error:
            result.problems.append(f"the server is gone: {error}")
            return result
        try:
            self._compare(document, result)
        except JourneyFailed as error:
            result.problems.append(f"{error}"[:_PROBLEM_CHARACTERS])
        return result

    def _execute(self, document: dict[str, Any], result: Result) -> None:
        with closing(self.server.connect()) as writing, closing(self.server.connect()) as connection:
            filler = Filler(writing, seed=len(document["steps"]))
            with connection.cursor() as cursor:
                self._start_anew(cursor)
                for step in document["steps"]:
                    _step(connection, cursor, step, result)
                    _fill(filler, step)
            result.rows = filler.written

    def _start_anew(self, cursor: Cursor) -> None:
        cursor.execute("set foreign_key_checks = 0")
        cursor.execute("show databases")
        for (schema,) in cursor.fetchall():
            if schema not in SYSTEM_SCHEMAS:
                cursor.execute(f"drop database `{schema}`")
        cursor.execute("create database test")

    def _compare(self, document: dict[str, Any], result: Result) -> None:
        self.journey.wait_until_replayed(_REPLAY_SECONDS)
        if self.journey.daemon_pid is None:
            result.problems.append(f"the replica does not run any more:\n{self.journey.log_tail()}")
            return
        out = [tuple(row) for row in self.journey.query_target(_QUARANTINED)]
        result.quarantined = [f"{schema}.{table}: {reason}" for schema, table, reason in out]
        without = {(schema, table) for schema, table, _ in out}
        result.problems += self._differences(document, without)
        if out and not result.problems:
            self.journey.chameleon("sync_tables", "--source", self.journey.name, "--tables", "disabled")
            self.journey.wait_until_copied(_REPLAY_SECONDS)
            self.journey.wait_until_replayed(_REPLAY_SECONDS)
            left = self.journey.query_target(_QUARANTINED)
            result.problems += [
                f"still out after sync_tables: {row}" for row in left if self._is_readable(row[0], row[1])
            ]
            missing = {(schema, table) for schema, table, _ in left}
            result.problems += [f"after sync_tables: {text}" for text in self._differences(document, missing)]

    def _is_readable(self, schema: str, table: str) -> bool:
        """Tell whether the source itself can read a table; one whose tablespace was discarded it cannot."""
        with closing(self.server.connect(schema)) as connection, connection.cursor() as cursor:
            try:
                cursor.execute(f"select * from {quoted(table)} limit 1")
            except pymysql.err.MySQLError as error:
                if is_lost(error):
                    raise
                return False
        return True

    def _differences(self, document: dict[str, Any], without: set[tuple[str, str]]) -> list[str]:
        found = []
        for schema in sorted(schemas_of(document) & self.mappings.keys()):
            skipped = [table for other, table in without if other == schema]
            result = compare.compare(
                self.server.connect, self.database.connect, schema, self.mappings[schema], skip=skipped
            )
            if not result.equal:
                found.append(str(result))
            found += self._structure_differences(schema, skipped)
        return found

    def _structure_differences(self, schema: str, skipped: list[str]) -> list[str]:
        """Compare each table of the target with a new copy of the source's."""
        settings = SourceSettings(self.server.host, self.server.port, "root")
        found = []
        with closing(connect(settings)) as source, closing(self.database.connect()) as connection:
            target = Target(connection.cursor())
            with source.cursor() as cursor:
                cursor.execute(_TABLES, (schema,))
                names = [row[0] for row in cursor.fetchall() if row[0] not in skipped]
            for name in names:
                structure = read_table(source, TableName(schema, name))
                assert structure is not None
                target.make_schema(_FRESH)
                fresh = target.make(structure, some_rules(), _FRESH)
                followed, new = target.catalogue(fresh, self.mappings[schema]), target.catalogue(fresh, _FRESH)
                if followed[:2] != new[:2]:
                    found.append(f"{schema}.{name}: {followed[0] ^ new[0]} {followed[1] ^ new[1]}")
        return found


def _step(connection: Connection[Cursor], cursor: Cursor, step: dict[str, Any], result: Result) -> None:
    """Execute the statements of a step with the mode and the schema of their events."""
    for text in step["stmt"] if isinstance(step["stmt"], list) else [step["stmt"]]:
        if SYSTEM.search(text):
            continue
        try:
            cursor.execute(f"set sql_mode = {step.get('sql_mode', 1411383296) & MODES_EVERYWHERE}")
            if step["db"]:
                connection.select_db(step["db"])
            cursor.execute(text)
            result.executed += 1
        except pymysql.err.MySQLError as error:
            if is_lost(error):
                raise
            result.refused.append(f"{text}: {error}")


def _fill(filler: Filler, step: dict[str, Any]) -> None:
    wanted: dict[str, list[str]] = {}
    for name, structure in step["changed"].items():
        if structure is not None:
            schema, _, table = name.partition(".")
            wanted.setdefault(schema, []).append(table)
    for schema, tables in wanted.items():
        filler.fill(schema, tables)


def summary(results: Iterable[Result]) -> str:
    """Say what became of the sequences, and for which reasons tables were quarantined meanwhile."""
    found = list(results)
    whole = [result for result in found if not result.problems]
    reasons = Counter(line.partition(": ")[2] for result in found for line in result.quarantined)
    lines = [
        f"{len(found)} sequences: {len(whole)} equal in the end, {len(found) - len(whole)} not",
        f"{sum(result.executed for result in found):,} statements executed, "
        f"{sum(len(result.refused) for result in found):,} refused by the server, "
        f"{sum(result.rows for result in found):,} row changes between them",
        f"{reasons.total()} tables quarantined and brought back by sync_tables:",
        *(f"  {number:5} {reason}" for reason, number in reasons.most_common()),
        *(f"NOT EQUAL {result.name}: {problem}" for result in found for problem in result.problems),
    ]
    return "\n".join(lines)
