"""One run: all kinds of a source, carried to a target by the commands of chameleon, and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from lab.journey import Journey
from lab.matrix.answers import TableAnswer, answers_of
from lab.matrix.catalogue import KINDS
from lab.matrix.kinds import Kind
from lab.matrix.tables import KindTable, Shape, tables_of
from lab.servers import Database, SourceServer

SCHEMA, TARGET_SCHEMA = "matrix", "sch_matrix"
SESSION = ("set session time_zone = '+00:00'", "set session sql_mode = ''")
REPLAY_TIMEOUT = 300.0
SHOWN_LINES = 5


@dataclass(frozen=True, slots=True)
class KindResult:
    """What became of a kind: the differences after the copy, and those of the stream."""

    kind: Kind
    copied: tuple[str, ...]
    streamed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairResult:
    """What became of all kinds between two servers. Kinds that the source does not have are not among the results."""

    source: str
    target: str
    results: tuple[KindResult, ...]
    seconds: float

    @property
    def green(self) -> bool:
        return not any(result.copied or result.streamed for result in self.results)

    def differences(self) -> list[str]:
        return [
            f"{self.source} → {self.target}: {result.kind.name}, {way}: {line}"
            for result in self.results
            for way, lines in (("copy", result.copied), ("stream", result.streamed))
            for line in first_of(lines)
        ]


def first_of(lines: Sequence[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = len(lines) - SHOWN_LINES
    return [*lines[:SHOWN_LINES], *([f"… and {more} more"] if more > 0 else [])]


def run_matrix(
    server: SourceServer, database: Database, chosen: Callable[[Kind], bool] = bool, label: str = ""
) -> PairResult:
    """Carry the kinds that the source has, and that are chosen, over to an empty database, and compare them."""
    began = time.monotonic()
    kinds = [kind.on(server) for kind in KINDS if kind.exists_on(server) and chosen(kind)]
    tables = {number: tables_of(kind, number) for number, kind in enumerate(kinds)}
    every = [table for group in tables.values() for table in group]
    server.execute(f"drop database if exists {SCHEMA}")
    server.execute(f"create database {SCHEMA} character set utf8mb4")
    with Journey(server.db_conn(), database.pg_conn(), {SCHEMA: TARGET_SCHEMA}) as journey:
        make_and_fill(server, [table for table in every if table.shape is not Shape.LIVE])
        journey.prepare()
        journey.initialise(REPLAY_TIMEOUT)
        journey.start()
        change(server, every)
        journey.wait_until_replayed(REPLAY_TIMEOUT)
        answers = answers_of(server, database, every, (SCHEMA, TARGET_SCHEMA))
        journey.stop()
    server.execute(f"drop database {SCHEMA}")
    results = tuple(
        kind_result(kind, [answers[table.name] for table in tables[number]]) for number, kind in enumerate(kinds)
    )
    return PairResult(server.name, label or database.server.name, results, time.monotonic() - began)


def kind_result(kind: Kind, answers: Sequence[TableAnswer]) -> KindResult:
    return KindResult(
        kind,
        tuple(line for answer in answers for line in answer.copied),
        tuple(line for answer in answers for line in answer.streamed),
    )


def make_and_fill(server: SourceServer, tables: Sequence[KindTable]) -> None:
    """Make the tables with the rows that the first copy finds."""
    execute(server, tables, lambda table: table.before_the_copy(), made=tables)


def change(server: SourceServer, tables: Sequence[KindTable]) -> None:
    """Make the last tables and change the rows of all, while the replica runs."""

    def statements(table: KindTable) -> list[str]:
        first = list(table.fill()) if table.shape is Shape.LIVE else []
        return [*first, *table.while_it_runs()]

    execute(server, tables, statements, made=[table for table in tables if table.shape is Shape.LIVE])


def execute(
    server: SourceServer,
    tables: Sequence[KindTable],
    statements: Callable[[KindTable], Iterable[str]],
    made: Sequence[KindTable],
) -> None:
    """Make tables, and execute the statements of each in a transaction."""
    with closing(server.connect(SCHEMA, autocommit=False)) as connection, connection.cursor() as cursor:
        for statement in SESSION:
            cursor.execute(statement)
        for table in tables:
            for statement in [*table.kind.settings, *([table.create()] if table in made else []), *statements(table)]:
                cursor.execute(statement)
            connection.commit()
            for statement in table.kind.undo:
                cursor.execute(statement)
