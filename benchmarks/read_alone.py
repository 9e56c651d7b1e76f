"""The CPU time of the read process for one backlog, by part, for this checkout and others, in turn.

python -m benchmarks.read_alone [--source mariadb-10.11] [--target postgresql-15] [--runs 3] [--beside CHECKOUT]
                                [--functions 15]

A private server writes the backlog of `catch_up` once; each run stores it in the log tables of a private PostgreSQL,
from the same checkpoint, with no replay process beside.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.backlog import CHANGES, TRANSACTIONS, write_backlog
from benchmarks.common import copied_replica, print_results
from benchmarks.first_copy import SCHEMA, fill
from lab.journey import REPOSITORY, Journey
from lab.servers import Database, source_server, target_server

POLL_INTERVAL = 0.05
READ_TIMEOUT = 120.0

# The first that fits a function's name
PARTS: dict[str, tuple[str, ...]] = {
    "receive": ("mysql/packets.py", "mysql/stream.py"),
    "checksum": ("mysql/binlog/events.py:has_valid_checksum",),
    "events": ("mysql/binlog/", "model/"),
    "decode": ("<decoder", "mysql/"),
    "encode": ("<row encoder", "<value encoder", "convert/"),
    "capture": (
        "replica/read/capture.py",
        "replica/read/entries.py",
        "replica/read/images.py",
        "replica/read/reader.py",
        "replica/read/registry.py",
        "replica/read/routes.py",
        "replica/read/session.py",
    ),
    "log rows": ("postgres/log_lines.py:add", "postgres/log_lines.py:_text_field"),
    "copy": ("postgres/batches.py:write_rows", "postgres/log_lines.py:take"),
    "commit": ("",),
}


class Run(NamedTuple):
    """CPU seconds of one run, and the samples that each function got."""

    seconds: float
    functions: Counter[str]

    def parts(self) -> dict[str, float]:
        """Return the seconds of each part."""
        seconds = dict.fromkeys(PARTS, 0.0)
        for name, samples in self.functions.items():
            seconds[part_of(name)] += self.seconds * samples / self.functions.total()
        return seconds


def part_of(function: str) -> str:
    return next(part for part, starts in PARTS.items() if function.startswith(starts))


class Backlog:
    """A replica that has a backlog to read, again and again from the same checkpoint."""

    def __init__(self, journey: Journey, database: Database, changes: int) -> None:
        self._journey = journey
        self._database = database
        self._changes = changes
        self._end = journey.source_position()
        database.execute("create table public.beginning as table sch_chameleon.checkpoints")

    def read(self, checkout: Path) -> Run:
        """Read it all with the code of a checkout."""
        self._rewind()
        command = [sys.executable, str(REPOSITORY / "benchmarks/reading.py")]
        process = subprocess.Popen(
            [*command, str(self._journey.configuration), self._journey.name],
            env={**os.environ, "HOME": str(self._journey.home), "PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            self._wait(process)
            output, _ = process.communicate()
        assert process.returncode == 0
        ((rows,),) = self._database.execute("select sum(rows) from sch_chameleon.batches")
        assert rows == self._changes, f"{rows} row changes are stored of {self._changes}"
        found = json.loads(output)
        assert Path(found["package"]).is_relative_to(checkout), found["package"]
        return Run(found["seconds"], Counter(found["functions"]))

    def _rewind(self) -> None:
        for statement in (
            "truncate sch_chameleon.log_1_1, sch_chameleon.log_1_2",
            "delete from sch_chameleon.batches",
            "delete from sch_chameleon.checkpoints",
            "insert into sch_chameleon.checkpoints table public.beginning",
        ):
            self._database.execute(statement)

    def _wait(self, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + READ_TIMEOUT
        while self._position() < self._end:
            assert process.poll() is None and time.monotonic() < deadline, "the backlog is not read"  # noqa: PT018
            time.sleep(POLL_INTERVAL)

    def _position(self) -> tuple[int, int]:
        ((file, offset),) = self._database.execute("select binlog_file, binlog_offset from sch_chameleon.checkpoints")
        return int(file.rpartition(".")[2]), offset


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="mariadb-10.11")
    parser.add_argument("--target", default="postgresql-15")
    parser.add_argument("--changes", type=int, default=CHANGES)
    parser.add_argument("--transactions", type=int, default=TRANSACTIONS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--beside", type=Path, nargs="*", default=[])
    parser.add_argument("--functions", type=int, default=0, help="show so many functions that took the most time")
    options = parser.parse_args()
    checkouts = [REPOSITORY, *(path.resolve() for path in options.beside)]
    runs: dict[Path, list[Run]] = {checkout: [] for checkout in checkouts}
    with source_server(options.source) as source, target_server(options.target) as target:
        fill(source, 0.2)
        database = target.create_database("db_replica")
        with copied_replica(source, database, SCHEMA) as journey:
            changes = write_backlog(source, options.changes, options.transactions)
            backlog = Backlog(journey, database, changes)
            for _ in range(options.runs):
                for checkout in checkouts:
                    runs[checkout].append(backlog.read(checkout))
    print_results(
        f"python -m benchmarks.read_alone --source {options.source} --target {options.target} --runs {options.runs}"
        f" --changes {options.changes} --transactions {options.transactions}",
        ("CPU seconds", "all", "median", *PARTS),
        [summary(checkout, found) for checkout, found in runs.items()],
    )
    for checkout, found in runs.items():
        print_functions(checkout, found, options.functions)
    return 0


def summary(checkout: Path, runs: list[Run]) -> tuple[str, ...]:
    parts = [run.parts() for run in runs]
    return (
        str(checkout),
        " ".join(f"{run.seconds:.2f}" for run in runs),
        f"{median(run.seconds for run in runs):.2f}",
        *(f"{median(each[part] for each in parts):.2f}" for part in PARTS),
    )


def print_functions(checkout: Path, runs: list[Run], number: int) -> None:
    counts: Counter[str] = sum((run.functions for run in runs), Counter())
    seconds = sum(run.seconds for run in runs) / len(runs)
    for name, samples in counts.most_common(number):
        print(f"{checkout.name:10} {part_of(name):10} {seconds * samples / counts.total():6.3f} s  {name}")


if __name__ == "__main__":
    raise SystemExit(main())
