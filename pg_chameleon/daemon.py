"""Daemons: how they start, how others know that they run, and how they stop.

A pid file is locked by its daemon, and by the processes that the daemon forked, for as long as any of them
lives. So a pid file that nobody has locked is stale, whatever process may have got its number since.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import logging
import os
import signal
import sys
import time
import weakref
from collections.abc import Callable
from enum import Enum
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn

from daemonize import Daemonize

from pg_chameleon.errors import ChameleonError, ReplicaBusy
from pg_chameleon.plain_file import open_plain, why_not

logger = logging.getLogger(__name__)

Action = Callable[[Callable[[], None]], None]
"""What a daemon does. It calls the function that it is given once it is up; the caller waits for that."""

START_LIMIT = 120.0
_KILL_LIMIT = 10.0
_POLL = 0.05

_UP = b"+"
_FAILED = b"-"


class StopEvent:
    """Set by SIGTERM and SIGINT, and good to wait for.

    Others wait for it together with connections, by ``multiprocessing.connection.wait``.
    Unlike that of ``threading``, it can be set in a signal handler that interrupts its own wait. It must not
    be shared by fork: a child makes its own.
    """

    def __init__(self) -> None:
        self._set = False
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._closing = weakref.finalize(self, _close, self._reading, self._writing)

    @classmethod
    def on_signals(cls) -> StopEvent:
        """Make an event that this process's SIGTERM and SIGINT set."""
        event = cls()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, event._on_signal)
        return event

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.set()

    def set(self) -> None:
        """Ask for the end; the pipe stays readable from now on."""
        if not self._set:
            self._set = True
            os.write(self._writing, b"!")

    def is_set(self) -> bool:
        """Tell whether the end was asked for."""
        return self._set

    def fileno(self) -> int:
        """The descriptor that becomes readable when the event is set."""
        return self._reading

    def wait(self, seconds: float) -> bool:
        """Wait for at most so long; tell whether the event is set."""
        if not self._set:
            wait([self._reading], max(0.0, seconds))
        return self._set

    def close(self) -> None:
        """Give the pipe back, as an event that nobody holds any more does by itself."""
        self._closing()


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def running_pid(pid_file: Path) -> int | None:
    """Return the pid of the daemon, if it or a process that it forked is alive."""
    try:
        with open(open_plain(pid_file, os.O_RDONLY), encoding="ascii") as file:
            if _lockable(file.fileno()):
                return None
            pid = _read_pid(pid_file)
            owner = os.fstat(file.fileno()).st_uid
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ChameleonError(f"the pid file {pid_file} cannot be read: {why_not(error)}") from error
    if pid is not None and _owner_of(pid) not in (owner, None):
        raise ChameleonError(
            f"the pid file {pid_file} belongs to another user than the process {pid} that it names",
            advice="Find out who wrote it; set pid_dir to a folder that only you can write to",
        )
    return pid


def _owner_of(pid: int) -> int | None:
    """Return the user of a process; None if it is gone, as a daemon may be whose children outlive it."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        return None


def _lockable(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_pid(pid_file: Path) -> int | None:
    """Read the number, which a daemon that has just begun writes a moment after it took the lock."""
    for _ in range(20):
        text = pid_file.read_text(encoding="ascii").strip()
        if text.isdigit():
            return int(text)
        time.sleep(_POLL)
    return None


def run_as_daemon(pid_file: Path, action: Action, *, foreground: bool = False) -> None:
    """Run the action in the background and return when it is up; raise what kept it from that.

    In the foreground, return when the action has ended. Connections must be closed before: the daemon would
    share them with its caller.
    """
    _prepare(pid_file)
    if foreground:
        _run_in_foreground(pid_file, action)
        return
    reading, writing = os.pipe2(os.O_CLOEXEC)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _become_daemon(pid_file, action, writing)
    os.close(writing)
    try:
        _, status = os.waitpid(child, 0)
        if status != 0:
            raise ReplicaBusy(f"the pid file {pid_file} is in use", advice="Try again in a moment")
        _await_start(reading, pid_file)
    finally:
        os.close(reading)


def _prepare(pid_file: Path) -> None:
    pid = running_pid(pid_file)
    if pid is not None:
        raise ReplicaBusy(
            f"a process for this source is already running, with pid {pid}",
            advice="Wait for it to end, or stop it with chameleon stop_replica",
        )
    try:
        pid_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_that_of_another_user(pid_file)
        os.close(open_plain(pid_file, os.O_WRONLY | os.O_CREAT))
    except OSError as error:
        raise ChameleonError(
            f"the pid file {pid_file} cannot be written: {why_not(error)}", advice="Change pid_dir"
        ) from error


def _remove_that_of_another_user(pid_file: Path) -> None:
    """Remove what a daemon left behind that nobody runs any more: its owner would not be that of the new process."""
    with contextlib.suppress(FileNotFoundError):
        if pid_file.lstat().st_uid != os.geteuid():
            pid_file.unlink()


def _run_in_foreground(pid_file: Path, action: Action) -> None:
    failures: list[Exception] = []

    def act() -> None:
        try:
            action(lambda: None)
        except Exception as error:  # noqa: BLE001 - the library would swallow it; it is raised below
            failures.append(error)

    _start(pid_file, act, foreground=True)
    if failures:
        raise failures[0]


def _start(pid_file: Path, act: Callable[[], None], *, foreground: bool, keep: tuple[int, ...] = ()) -> None:
    """Let the library do its work, and remove the pid file at the end, while it is still locked."""

    def act_and_remove() -> None:
        try:
            act()
        finally:
            pid_file.unlink(missing_ok=True)

    # Descriptors stay open: one that an object of Python still means to close would be closed a second time,
    # by then as somebody else's. The library writes no log of its own; ours says what matters.
    daemon = Daemonize(
        app="chameleon",
        pid=str(pid_file),
        action=act_and_remove,
        keep_fds=list(keep),
        auto_close_fds=False,
        logger=_quiet_logger(),
        foreground=foreground,
        chdir=os.getcwd() if foreground else "/",
    )
    try:
        daemon.start()
    finally:
        atexit.unregister(daemon.exit)


def _quiet_logger() -> logging.Logger:
    quiet = logging.getLogger(f"{__name__}.daemonize")
    quiet.setLevel(logging.CRITICAL)
    return quiet


def _become_daemon(pid_file: Path, action: Action, writing: int) -> NoReturn:
    """Run as the daemon, or as the process between it and its caller; never return into the caller's code."""
    status = 1
    try:
        # With a descriptor to keep, the library leaves the process in between without any cleaning up.
        _start(pid_file, lambda: _act(action, writing), foreground=False, keep=(writing,))
        status = 0
    except Exception:
        logger.exception("the daemon could not be started")
    finally:
        logging.shutdown()
        os._exit(status)


def _act(action: Action, writing: int) -> None:
    told = False

    def tell(message: bytes) -> None:
        nonlocal told
        if not told:
            told = True
            with contextlib.suppress(BrokenPipeError):  # the caller did not wait
                os.write(writing, message)
            os.close(writing)

    try:
        action(lambda: tell(_UP))
        tell(_UP)
    except ChameleonError as error:
        logger.error("the daemon failed: %s", error)
        tell(_FAILED + str(error).encode())
    except Exception as error:
        logger.exception("the daemon failed unexpectedly")
        tell(_FAILED + f"unexpected {type(error).__name__}: {error}; the log has the traceback".encode())


def _await_start(reading: int, pid_file: Path) -> None:
    """Wait until the daemon is up; a daemon that dies silently closes the pipe."""
    if not wait([reading], START_LIMIT):
        raise ChameleonError(f"the daemon is not up after {START_LIMIT:.0f} s", advice="See its log")
    message = os.read(reading, 65536)
    if not message:
        raise ChameleonError("the daemon ended before it was up", advice="See its log")
    if message.startswith(_FAILED):
        # Whoever corrects the cause and tries again at once must not find the failed one still there.
        _ends_within(pid_file, _KILL_LIMIT)
        raise ChameleonError(message[len(_FAILED) :].decode())


class StopOutcome(Enum):
    """What it took to stop a daemon."""

    NOT_RUNNING = "was not running"
    STOPPED = "stopped"
    KILLED = "did not stop in time and was killed"


class Stopped(NamedTuple):
    """The end of a daemon."""

    outcome: StopOutcome
    pid: int | None


def stop_daemon(pid_file: Path, timeout: float) -> Stopped:
    """Ask the daemon to stop, and wait; kill it and the processes that it forked if it does not."""
    pid = running_pid(pid_file)
    if pid is None:
        return Stopped(StopOutcome.NOT_RUNNING, None)
    _send(pid, signal.SIGTERM, to_group=not _alive(pid))
    if _ends_within(pid_file, timeout):
        return Stopped(StopOutcome.STOPPED, pid)
    logger.warning("the daemon with pid %s did not stop within %s s, and is killed", pid, timeout)
    _send(pid, signal.SIGKILL, to_group=not _alive(pid) or os.getpgid(pid) == pid)
    if not _ends_within(pid_file, _KILL_LIMIT):
        raise ChameleonError(f"the daemon with pid {pid} does not end even when killed")
    return Stopped(StopOutcome.KILLED, pid)


def _alive(pid: int) -> bool:
    """Tell whether the process runs; one that nobody collects, as in some containers, stays as a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")


def _send(pid: int, number: signal.Signals, *, to_group: bool) -> None:
    """Send the signal to the daemon, or to its group, which outlives it as long as there are children."""
    send: Callable[[int, int], Any] = os.killpg if to_group else os.kill
    try:
        send(pid, number)
    except ProcessLookupError:
        logger.debug("the process %s has just ended", pid)
    except PermissionError as error:
        raise ChameleonError(f"the daemon with pid {pid} belongs to another user") from error


def _ends_within(pid_file: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while running_pid(pid_file) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
