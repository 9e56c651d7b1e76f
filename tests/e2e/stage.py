"""A source, a target and a user of chameleon between them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lab import compare
from lab.journey import Journey
from lab.servers import Database, SourceServer
from lab.workload import Writer


@dataclass(frozen=True, slots=True)
class Stage:
    """The schema `schema` of the source becomes `sch_SCHEMA` of the target."""

    server: SourceServer
    database: Database
    schema: str
    journey: Journey

    @property
    def target_schema(self) -> str:
        return f"sch_{self.schema}"

    def writer(self, seed: int = 1, truncated: Collection[str] = ()) -> Writer:
        return Writer(self.server.connect, self.schema, seed=seed, truncated=truncated)

    def execute(self, *statements: str) -> None:
        """Execute statements on the source, in one session."""
        with self.server.connect(self.schema) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def copy_disabled(self) -> None:
        """Copy the tables that are quarantined again."""
        self.journey.chameleon("sync_tables", "--source", self.journey.name, "--tables", "disabled")
        self.journey.wait_until_copied()

    def assert_equal(self) -> None:
        """Assert that both sides are equal row by row once everything is replayed, and that nothing went wrong."""
        self.journey.wait_until_replayed()
        errors = self.journey.errors()
        assert errors == [], errors
        self.assert_whole()

    def assert_whole(self) -> None:
        """Assert that both sides are equal once everything is replayed, whatever went wrong before."""
        self.journey.wait_until_replayed()
        quarantined = self.journey.quarantined()
        assert quarantined == [], quarantined
        result = compare.compare(self.server.connect, self.database.connect, self.schema, self.target_schema)
        assert result.equal, f"{result}\n{self.journey.log_tail()}"


@contextmanager
def stage(
    server: SourceServer, database: Database, schema: str, settings: Mapping[str, Any] | None = None
) -> Iterator[Stage]:
    """Set a stage whose catalogue is installed and whose source is registered."""
    with Journey(server.db_conn(), database.pg_conn(), {schema: f"sch_{schema}"}, settings=settings) as journey:
        journey.prepare()
        yield Stage(server, database, schema, journey)
