"""What the benchmarks share: the memory of processes, a running replica, and tables of results."""

import os
import platform
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tabulate import tabulate

from lab.journey import Journey
from lab.servers import Database, SourceServer

SAMPLE_INTERVAL = 0.2


class Memory:
    """The peak resident memory, in MB, of the daemon and its processes."""

    def __init__(self) -> None:
        self.peaks: dict[str, float] = {}

    def sample(self, journey: Journey) -> None:
        pids = {
            "daemon": journey.daemon_pid,
            "read": journey.worker_pid("read"),
            "replay": journey.worker_pid("replay"),
        }
        for role, pid in pids.items():
            if pid is not None:
                self.peaks[role] = max(self.peaks.get(role, 0.0), peak_of(pid))

    def __str__(self) -> str:
        return ", ".join(f"{role} {peak:.0f} MB" for role, peak in self.peaks.items())


def peak_of(pid: int) -> float:
    """Return the peak resident memory of a process in MB; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


@contextmanager
def sampled_memory(journey: Journey) -> Iterator[Memory]:
    """Watch the memory of a replica's processes as long as the block runs."""
    memory, done = Memory(), threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_INTERVAL):
            memory.sample(journey)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
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
    """Print a table of results with the command that makes it again."""
    print(f"\n$ {command}")
    print(f"({os.cpu_count()} processors, Python {platform.python_version()}, all servers on this machine)\n")
    print(tabulate([list(row) for row in rows], headers=list(headers), disable_numparse=True), flush=True)
