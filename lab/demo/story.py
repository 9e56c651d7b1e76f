"""The acts of the demonstration up to the cutover."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from lab import compare, example
from lab.compare import Comparison
from lab.demo.places import SourcePlace, TargetPlace
from lab.demo.show import say, show_command, show_file, title
from lab.journey import Journey
from lab.workload import Lag, Probe, Tally, Writer

if TYPE_CHECKING:
    from typing_extensions import Self

TRANSACTIONS_PER_SECOND = 40
REPLICATED_SECONDS = 12
LONGEST_SECONDS = 600
DDL = "alter table harbour add column has_crane tinyint(1) not null default 0 after country"


@dataclass(slots=True)
class Facts:
    """The figures of the summary."""

    tables: int = 0
    rows: int = 0
    copy_seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)
    lag: Lag | None = None
    rest_seconds: float = 0.0


class Story:
    """A user, a writer and an observer."""

    def __init__(self, source: SourcePlace, target: TargetPlace) -> None:
        self.source = source
        self.target = target
        self.facts = Facts()
        self.comparison = Comparison(())
        roles = {"grant_write_to": [target.application]} if target.application else {}
        self.journey = Journey(
            source.db_conn,
            target.pg_conn,
            {source.schema: target.schema},
            settings=roles,
            configured=False,
        )
        self._stop_writing, self._stop_observing = Event(), Event()
        self._threads = ThreadPoolExecutor(max_workers=2)
        self._writing: Future[Tally] | None = None
        self._observing: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_writing.set()
        self._stop_observing.set()
        self._threads.shutdown()
        self.journey.close()

    def load(self) -> None:
        title("Loading the example database of a boat hire company")
        with closing(self.source.connect()) as connection:
            counts = example.load(connection, self.source.schema)
        self.probe = Probe(self.source.connect, self.source.schema)
        self.facts.tables, self.facts.rows = len(counts) + 1, sum(counts.values())
        say(f"{len(counts)} tables with {self.facts.rows:,} rows; views and triggers stay where they are")

    def configure(self) -> None:
        title("Configuring, as a user does")
        show_command(self.journey.chameleon("set_configuration_files"))
        self.journey.write_configuration()
        show_file(self.journey.configuration)
        for command in (["create_replica_schema"], ["add_source", "--source", "mysql"], ["show_status"]):
            show_command(self.journey.chameleon(*command))

    def copy_first(self) -> None:
        """Copy everything, while the writer already writes."""
        title("The first copy, while an application keeps writing to the source")
        self._writing = self._threads.submit(self._write)
        began = time.monotonic()
        show_command(self.journey.chameleon("init_replica", "--source", "mysql"))
        self.journey.wait_until_copied()
        self.facts.copy_seconds = time.monotonic() - began
        say("", f"the copy took {self.facts.copy_seconds:.1f} s")
        show_command(self.journey.chameleon("show_status"))

    def replicate(self) -> None:
        title(f"The replica runs, and the application writes {TRANSACTIONS_PER_SECOND} transactions a second")
        show_command(self.journey.chameleon("start_replica", "--source", "mysql"))
        self.journey.wait_until_replayed()
        self._observing = self._threads.submit(
            self.probe.observe, self.target.connect, self.target.schema, self._stop_observing
        )
        time.sleep(REPLICATED_SECONDS / 2)
        say("", f"meanwhile, on the source: {DDL};")
        with closing(self.source.connect()) as connection, connection.cursor() as cursor:
            connection.select_db(self.source.schema)
            cursor.execute(DDL)
        time.sleep(REPLICATED_SECONDS / 2)
        show_command(self.journey.chameleon("show_status", "--source", "mysql"))

    def come_to_rest(self) -> None:
        """Let the application stop, wait for the replay, and look at what was measured."""
        assert self._writing is not None
        assert self._observing is not None
        self._stop_writing.set()
        self.facts.tally = self._writing.result()
        began = time.monotonic()
        self.journey.wait_until_replayed()
        self.facts.rest_seconds = time.monotonic() - began
        self._stop_observing.set()
        self._observing.result()
        self.facts.lag = self.probe.lag()
        say("", f"the application wrote {self.facts.tally} and has stopped")

    def compare(self) -> None:
        title("Comparing both sides row by row")
        self.comparison = compare.compare(
            self.source.connect, self.target.connect, self.source.schema, self.target.schema
        )
        for line in str(self.comparison).splitlines():
            say(line)

    def show_state(self) -> int:
        """Show the status and the errors; return how many errors and quarantined tables there are."""
        title("Looking at the replica before the cutover")
        show_command(self.journey.chameleon("show_status", "--source", "mysql"))
        show_command(self.journey.chameleon("show_errors"))
        return len(self.journey.errors()) + len(self.journey.quarantined())

    def cut_over(self) -> None:
        title("The cutover")
        show_command(self.journey.chameleon("detach_replica", "--source", "mysql", answer="YES"))

    def _write(self) -> Tally:
        writer = Writer(
            self.source.connect,
            self.source.schema,
            skip={self.probe.table},
            truncated=["radio_log"],
            probe=self.probe,
            stop=self._stop_writing,
        )
        with closing(writer):
            return writer.run_at(TRANSACTIONS_PER_SECOND, LONGEST_SECONDS)
