"""Measure how long a commit on the source takes to be seen on the target."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from statistics import quantiles
from threading import Event
from typing import TYPE_CHECKING

from psycopg2 import sql

from lab.workload.structure import Connect, quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as TargetConnection
    from pymysql.cursors import Cursor

POLL_INTERVAL = 0.004


@dataclass(frozen=True, slots=True)
class Lag:
    """The time from a commit to its sight, in seconds; `unseen` commits never arrived."""

    p50: float
    p95: float
    p99: float
    worst: float
    commits: int
    unseen: int


class Probe:
    """A table that gets one row with each transaction, and the moments at which each was written and seen."""

    table = "probe"

    def __init__(self, connect: Connect, schema: str) -> None:
        self._place = f"{quoted(schema)}.{quoted(self.table)}"
        self._sent: dict[int, float] = {}
        self._seen: dict[int, float] = {}
        self._number = 0
        with closing(connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"create table {self._place} (number int primary key)", ())

    def write(self, cursor: "Cursor") -> int:
        """Add a row to the transaction that is about to be committed."""
        self._number += 1
        cursor.execute(f"insert into {self._place} values (%s)", (self._number,))
        return self._number

    def committed(self, number: int) -> None:
        self._sent[number] = time.monotonic()

    def observe(self, connect: "Callable[[], TargetConnection]", target_schema: str, stop: Event) -> None:
        """Watch the target until `stop` is set; for a thread of its own. Only commits from now on count."""
        statement = sql.SQL("select number from {} where number > %s").format(sql.Identifier(target_schema, self.table))
        last = self._number
        self._sent.clear()
        with closing(connect()) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not stop.wait(POLL_INTERVAL):
                cursor.execute(statement, (last,))
                now = time.monotonic()
                for (number,) in cursor.fetchall():
                    self._seen[number] = now
                    last = max(last, number)

    @property
    def all_seen(self) -> bool:
        return self._sent.keys() <= self._seen.keys()

    def lag(self) -> Lag:
        times = sorted(
            max(0.0, self._seen[number] - sent) for number, sent in self._sent.items() if number in self._seen
        )
        cuts = quantiles(times, n=100, method="inclusive")
        return Lag(cuts[49], cuts[94], cuts[98], times[-1], len(self._sent), len(self._sent) - len(times))
