"""Server processes that never outlive the process that started them."""

import atexit
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import FrameType

Job = tuple[Callable[[], "subprocess.Popen[bytes]"], "Future[subprocess.Popen[bytes]]"]


class Launcher:
    """A thread that starts processes.

    The kernel sends the parent-death signal when the *thread* that forked ends, so servers must be forked by
    one that lives as long as the process: a daemon thread, which no one joins.
    """

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="lab-launcher", daemon=True).start()

    def launch(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Start a process in a session of its own (a Ctrl-C is for us alone) with its output in `log`."""

        def popen() -> "subprocess.Popen[bytes]":
            with log.open("ab") as output:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=environment,
                    start_new_session=True,
                )

        future: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((popen, future))
        return future.result(timeout=30)

    def belongs_to_this_process(self) -> bool:
        return self._owner == os.getpid()

    def _work(self) -> None:
        while True:
            job, future = self._jobs.get()
            try:
                future.set_result(job())
            except OSError as error:
                future.set_exception(error)


class Cleaner:
    """Cleans up when this process ends or is told to end; a forked child of it leaves everything alone."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._tasks: list[Callable[[], None]] = []
        atexit.register(self.run)
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._on_sigterm)

    def add(self, task: Callable[[], None]) -> None:
        self._tasks.append(task)

    def remove(self, task: Callable[[], None]) -> None:
        self._tasks.remove(task)

    def belongs_to_this_process(self) -> bool:
        return self._owner == os.getpid()

    def run(self) -> None:
        if not self.belongs_to_this_process():
            return
        for task in reversed(self._tasks.copy()):
            task()

    def _on_sigterm(self, _signum: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.run()
        os.kill(os.getpid(), signal.SIGTERM)


_launcher: Launcher | None = None
_cleaner: Cleaner | None = None


def launcher() -> Launcher:
    """Return the launcher of this process; a forked child gets its own."""
    global _launcher  # noqa: PLW0603 - one per process, made when first needed
    if _launcher is None or not _launcher.belongs_to_this_process():
        _launcher = Launcher()
    return _launcher


def cleaner() -> Cleaner:
    """Return the cleaner of this process; a forked child gets its own."""
    global _cleaner  # noqa: PLW0603 - one per process, made when first needed
    if _cleaner is None or not _cleaner.belongs_to_this_process():
        _cleaner = Cleaner()
    return _cleaner


def processes_below(pid: int) -> list[int]:
    """List the child processes of a process."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in children.read_text().split()] if children.exists() else []


def kill_and_wait(pid: int, timeout: float) -> None:
    """Kill a process that is not a child of ours and wait until it is gone."""
    deadline = time.monotonic() + timeout
    while _is_alive(pid) and time.monotonic() < deadline:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie that init has not fetched yet does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
