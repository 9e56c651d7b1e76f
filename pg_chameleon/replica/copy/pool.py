"""The processes of a copy, as the coordinator sees them: who is free, what they answer, and who died."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import NamedTuple

from pg_chameleon.errors import ChameleonError, SourceUnreachable
from pg_chameleon.postgres.connection import Stop
from pg_chameleon.replica.copy.messages import Failed, Reply, Request, RowsMoved, WorkerSettings
from pg_chameleon.replica.copy.worker import run_worker

_TICK = 0.2
_PATIENCE = 5.0
_RESUME = "Run the same command again; it resumes with what is missing"


class CopyStopped(ChameleonError):
    """The copy was asked to stop; what is done is kept."""


class Answer(NamedTuple):
    """What a worker reported. ``reply`` is a ``RowsMoved`` while it is still at work."""

    worker: int
    reply: Reply | RowsMoved


class WorkerPool:
    """Workers, each a process of its own with a pipe to it; a worker does one request at a time."""

    def __init__(self, settings: WorkerSettings, number: int) -> None:
        # Not forked: connections and threads of this process must not be in the workers.
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Pipe] = []
        self._processes: list[SpawnProcess] = []
        self._busy: set[int] = set()
        for count in range(number):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=run_worker, args=(theirs, settings), name=f"copy worker {count + 1}", daemon=True
            )
            with _interrupts_held():
                process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers: those at rest by themselves, the others by a signal; their transactions roll back."""
        for pipe in self._pipes:
            pipe.close()
        for worker, process in enumerate(self._processes):
            if worker in self._busy:
                process.terminate()
        for process in self._processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()

    @property
    def everyone(self) -> Sequence[int]:
        """The numbers of all workers."""
        return range(len(self._pipes))

    @property
    def free(self) -> list[int]:
        """The numbers of the workers without a request."""
        return [worker for worker in self.everyone if worker not in self._busy]

    def ask(self, worker: int, request: Request) -> None:
        """Give a free worker something to do."""
        assert worker not in self._busy, "a worker does one request at a time"
        self._busy.add(worker)
        try:
            self._pipes[worker].send(request)
        except OSError as error:
            raise self._died(worker) from error

    def answers(self, stop: Stop) -> Iterator[Answer]:
        """Yield what workers report, waiting a moment for it; raise ``CopyStopped`` when the stop event is set."""
        if stop.is_set():
            raise CopyStopped("the copy was stopped")
        workers = {self._pipes[worker].fileno(): worker for worker in self._busy}
        for ready in wait([stop.fileno(), *workers], _TICK):
            if ready == stop.fileno():
                raise CopyStopped("the copy was stopped")
            assert isinstance(ready, int), "descriptors were waited for"
            worker = workers[ready]
            try:
                reply = self._pipes[worker].recv()
            except (EOFError, OSError) as error:
                raise self._died(worker) from error
            if not isinstance(reply, RowsMoved):
                self._busy.discard(worker)
            yield Answer(worker, reply)

    def ask_all(self, request: Request, stop: Stop) -> list[Reply]:
        """Let every worker do the same, and return all their replies."""
        for worker in self.everyone:
            self.ask(worker, request)
        replies: dict[int, Reply] = {}
        while len(replies) < len(self._pipes):
            for worker, reply in self.answers(stop):
                if not isinstance(reply, RowsMoved):
                    replies[worker] = reply
        return [replies[worker] for worker in self.everyone]

    def _died(self, worker: int) -> ChameleonError:
        process = self._processes[worker]
        process.join(_PATIENCE)
        return ChameleonError(
            f"the {process.name} ended unexpectedly (exit code {process.exitcode})",
            advice=_RESUME,
        )


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from processes that begin in the block, until they can ignore it; ours gets it after the block."""
    resource_tracker.ensure_running()  # its beginning would end the block's mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def raise_if_lost(reply: Reply | RowsMoved) -> None:
    """Raise the error of a worker that has lost a connection."""
    if isinstance(reply, Failed) and reply.lost:
        raise SourceUnreachable(reply.reason, advice=_RESUME)
