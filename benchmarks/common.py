"""What the benchmarks share: the memory of processes, a running replica, and tables of results."""

import os
import platform
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tabulate import tabulate

from lab.journey import Journey
from lab.servers import Database, SourceServer

SAMPLE_INTERVAL = 0.2


class Usage:
    """What the daemon and its processes took: peak resident memory in MB, and seconds of CPU time."""

    def __init__(self) -> None:
        self.memory: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    def sample(self, journey: Journey) -> None:
        pids = {
            "daemon": journey.daemon_pid,
            "read": journey.worker_pid("read"),
            "replay": journey.worker_pid("replay"),
        }
        for role, pid in pids.items():
            if pid is not None:
                with suppress(FileNotFoundError, ProcessLookupError):
                    self.memory[role] = max(self.memory.get(role, 0.0), peak_of(pid))
                    self.processor[role] = processor_seconds_of(pid)

    def __str__(self) -> str:
        return ", ".join(f"{role} {self.memory[role]:.0f} MB {self.processor[role]:.1f} s" for role in self.memory)


def peak_of(pid: int) -> float:
    """Return the peak resident memory of a process in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def processor_seconds_of(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def sampled_usage(journey: Journey) -> Iterator[Usage]:
    """Watch what a replica's processes use while the block runs."""
    usage, done = Usage(), threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_INTERVAL):
            usage.sample(journey)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield usage
    finally:
        done.set()
        thread.join()


@contextmanager
def copied_replica(source: SourceServer, database: Database, schema: str) -> Iterator[Journey]:
    """Give a replica whose first copy is made and whose daemon does not run yet."""
    with Journey(source.db_conn(), database.pg_conn(), {schema: schema}) as journey:
        journey.prepare()
        journey.initialise()
        yield journey


def print_results(command: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table of results with the command that reproduces it."""
    print(f"\n$ {command}")
    load = os.getloadavg()[0]
    print(f"({os.cpu_count()} processors with a load of {load:.1f}, Python {platform.python_version()}, all on them)\n")
    print(tabulate([list(row) for row in rows], headers=list(headers), disable_numparse=True), flush=True)
