"""Run random DDL beside a replica whose processes are killed, and compare both sides after each round."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pymysql

from lab import compare
from lab.journey import Journey, JourneyFailed
from lab.servers import Database, PostgreSQL, SourceServer
from pg_chameleon.convert.expressions.names import table_name
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.structure.inspect import read_table
from tests.ddl_corpus.filler import Filler
from tests.ddl_corpus.live import is_lost
from tests.integration.convert_support import Target
from tests.random_ddl.columns import Traits
from tests.random_ddl.sessions import Session, random_session, send
from tests.random_ddl.statements import Known, RandomDdl, known_tables
from tests.rules import some_rules

MAPPED = ("rnd", "rnd_more")
OUTSIDE = "rnd_out"
_QUARANTINED = """
select source_schema, source_table, reason from sch_chameleon.tables where state = 'quarantined'
order by source_schema, source_table"""
# Rows that PostgreSQL cannot hold by documented rules, such as keys with two values of the same text
_ROWS_REFUSED = "row(s) were not copied"
_FRESH = "a new copy"
_REPLAY_SECONDS = 120
_HISTORY = 150
_LOG_LINES = 300
# Reasons that are found only later: what came before them was not followed as it should have been
_LATE = ("could not be applied", "does not fit", "structure is not known; copy")
_SESSION_LIFE = 6


@dataclass(slots=True)
class Round:
    """What became of a round. ``sent``: the statements that the server took; ``refused``: those that it did not."""

    seed: int
    sent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)


@contextmanager
def replica(server: SourceServer, postgres: PostgreSQL) -> Iterator[Stage]:
    """Start a replica of empty schemas."""
    for schema in (*MAPPED, OUTSIDE):
        server.execute(f"create database {schema}")
    database = postgres.create_database("db_random_ddl")
    with Journey(server.db_conn(), database.pg_conn(), {name: f"sch_{name}" for name in MAPPED}) as journey:
        journey.prepare()
        journey.initialise()
        journey.start()
        yield Stage(server, database, journey)
    database.drop()
    for schema in (*MAPPED, OUTSIDE):
        server.execute(f"drop database {schema}")


class Stage:
    """A source that changes at random, and its replica."""

    def __init__(self, server: SourceServer, database: Database, journey: Journey) -> None:
        self.server = server
        self.database = database
        self.journey = journey
        self.traits = Traits(server.product == "mariadb", server.version)
        self.history: deque[str] = deque(maxlen=_HISTORY)

    def run(self, seed: int, statements: int, *, kills: float) -> Round:
        """Send random statements with rows between, then compare both sides, and once more after ``sync_tables``."""
        rng = random.Random(seed)
        result = Round(seed)
        with closing(self.server.connect()) as writing, closing(self.server.connect()) as looking:
            ddl = RandomDdl(rng, self.traits, MAPPED, OUTSIDE)
            filler = Filler(writing, seed)
            session: Session | None = None
            for number in range(statements):
                if session is None or number % _SESSION_LIFE == 0:
                    if session is not None:
                        session.connection.close()
                    session = random_session(rng, self.server, self.traits, (*MAPPED, OUTSIDE))
                    self.history.append(session.label)
                tables = known_tables(looking, (*MAPPED, OUTSIDE))
                statement = ddl.statement(tables)
                self._send(rng, session, statement, result)
                if self.traits.mariadb and statement.startswith("create temporary"):
                    # MariaDB writes the RENAME of a temporary table into the binlog as if it were the other one's
                    session.connection.close()
                    session = None
                self._fill(rng, filler, known_tables(looking, MAPPED))
                role = rng.choice(("read", "replay"))
                # One that was killed often is not started again at once
                if rng.random() < kills and self.journey.worker_pid(role) is not None:
                    self.journey.kill_worker(role)
            if session is not None:
                session.connection.close()
        self._compare(result)
        result.history = [*self.history, *self._log_lines()]
        return result

    def _send(self, rng: random.Random, session: Session, statement: str, result: Round) -> None:
        try:
            sent = send(rng, session, statement, self.traits)
        except (pymysql.err.MySQLError, UnicodeEncodeError) as error:
            if isinstance(error, pymysql.err.MySQLError) and is_lost(error):
                raise
            result.refused.append(f"{statement}: {error}")
            self.history.append(f"REFUSED {statement}: {error}")
        else:
            result.sent.append(sent)
            self.history.append(sent)

    def _fill(self, rng: random.Random, filler: Filler, tables: list[Known]) -> None:
        for table in rng.sample(tables, min(len(tables), rng.choice((0, 1, 2, 4)))):
            filler.fill(table.schema, [table.name])

    def _log_lines(self) -> list[str]:
        """Return what the replica complained of lately."""
        lines = self.journey.log_tail(_LOG_LINES).splitlines()
        return [line for line in lines if " ERROR " in line or " WARNING " in line]

    def _compare(self, result: Round) -> None:
        try:
            self._compare_when_replayed(result)
        except JourneyFailed as error:
            result.problems.append(str(error))

    def _compare_when_replayed(self, result: Round) -> None:
        self.journey.wait_until_replayed(_REPLAY_SECONDS)
        if self.journey.daemon_pid is None:
            result.problems.append(f"the replica does not run any more:\n{self.journey.log_tail()}")
            return
        out = self.journey.query_target(_QUARANTINED)
        result.quarantined = [f"{schema}.{table}: {reason}" for schema, table, reason in out]
        result.problems += [line for line in result.quarantined if any(word in line for word in _LATE)]
        result.problems += self._differences({(schema, table) for schema, table, _ in out})
        if not out:
            return
        self.journey.chameleon("sync_tables", "--source", self.journey.name, "--tables", "disabled")
        self.journey.wait_until_copied(_REPLAY_SECONDS)
        self.journey.wait_until_replayed(_REPLAY_SECONDS)
        left = self.journey.query_target(_QUARANTINED)
        result.problems += [f"still out after sync_tables: {row}" for row in left if _ROWS_REFUSED not in row[2]]
        result.problems += [f"after sync_tables: {each}" for each in self._differences({row[:2] for row in left})]

    def _differences(self, without: set[tuple[str, str]]) -> list[str]:
        found = []
        for schema in MAPPED:
            skipped = [name for other, table in without if other == schema for name in (table, table_name(table))]
            result = compare.compare(self.server.connect, self.database.connect, schema, f"sch_{schema}", skip=skipped)
            if not result.equal:
                found.append(str(result))
            found += self._structure_differences(schema, skipped)
        return found

    def _structure_differences(self, schema: str, skipped: list[str]) -> list[str]:
        """Compare each table of the target with a new copy of the source's."""
        found = []
        with (
            closing(connect(SourceSettings(self.server.host, self.server.port, "root"))) as source,
            closing(self.database.connect()) as connection,
            closing(self.server.connect()) as looking,
        ):
            target = Target(connection.cursor())
            names = {table.name for table in known_tables(looking, (schema,))}
            for name in sorted(names.difference(skipped)):
                structure = read_table(source, TableName(schema, name))
                assert structure is not None
                target.make_schema(_FRESH)
                fresh = target.make(structure, some_rules(), _FRESH)
                followed, new = target.catalogue(fresh, f"sch_{schema}"), target.catalogue(fresh, _FRESH)
                if followed[:2] != new[:2]:
                    found.append(
                        f"{schema}.{name}: only followed {followed[0] - new[0]} {followed[1] - new[1]}, "
                        f"only new {new[0] - followed[0]} {new[1] - followed[1]}"
                    )
        return found


def summary(rounds: list[Round]) -> str:
    """Tell what became of the rounds."""
    reasons = Counter(line.partition(": ")[2] for each in rounds for line in each.quarantined)
    return "\n".join(
        [
            f"{len(rounds)} rounds, {sum(len(each.sent) for each in rounds):,} statements, "
            f"{sum(len(each.refused) for each in rounds):,} refused by the server",
            f"{reasons.total()} tables quarantined and brought back by sync_tables:",
            *(f"  {number:5} {reason}" for reason, number in reasons.most_common()),
            *(f"NOT EQUAL in round {each.seed}: {problem}" for each in rounds for problem in each.problems),
        ]
    )
