"""Daemons start visibly, are recognised as long as they live, and stop."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from pg_chameleon.daemon import StopEvent, StopOutcome, Stopped, run_as_daemon, running_pid, stop_daemon
from pg_chameleon.errors import ChameleonError, ReplicaBusy

LIMIT = 10.0
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pid_file(tmp_path: Path) -> Iterator[Path]:
    """A pid file whose daemon is stopped at the end of the test."""
    path = tmp_path / "pid" / "test.pid"
    yield path
    stop_daemon(path, 1)


def until_stopped(started: Callable[[], None]) -> None:
    """The simplest daemon."""
    stop = StopEvent.on_signals()
    started()
    stop.wait(LIMIT)


def stubborn(started: Callable[[], None]) -> None:
    """A daemon that does not stop when asked."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    started()
    time.sleep(60)


def test_daemon_runs_in_the_background_until_it_is_stopped(pid_file: Path) -> None:
    run_as_daemon(pid_file, until_stopped)
    pid = running_pid(pid_file)
    assert pid is not None
    assert pid != os.getpid()
    assert stop_daemon(pid_file, LIMIT) == Stopped(StopOutcome.STOPPED, pid)
    assert running_pid(pid_file) is None
    assert not pid_file.exists()


def test_daemon_is_waited_for_by_a_process_with_many_open_files(pid_file: Path) -> None:
    """``select`` knows no descriptor from 1,024 on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2048)), hard))
    opened = [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(1100)]
    try:
        run_as_daemon(pid_file, until_stopped)
        assert stop_daemon(pid_file, LIMIT).outcome is StopOutcome.STOPPED
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_pid_file_that_is_a_symbolic_link_is_refused(pid_file: Path) -> None:
    pid_file.parent.mkdir()
    precious = pid_file.parent / "precious"
    precious.write_text("mine")
    pid_file.symlink_to(precious)
    for act in (running_pid, lambda path: run_as_daemon(path, until_stopped)):
        with pytest.raises(ChameleonError, match="it is a symbolic link"):
            act(pid_file)
    assert precious.read_text() == "mine"
    pid_file.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_pid_file_of_another_user_signals_nobody(pid_file: Path) -> None:
    pid_file.parent.mkdir()
    pid_file.write_text(str(os.getpid()))
    os.chown(pid_file, 65534, 65534)
    with pid_file.open() as forger:
        fcntl.flock(forger, fcntl.LOCK_EX)
        with pytest.raises(ChameleonError, match="belongs to another user"):
            stop_daemon(pid_file, 1)


def test_second_daemon_is_refused(pid_file: Path) -> None:
    run_as_daemon(pid_file, until_stopped)
    with pytest.raises(ReplicaBusy, match=f"pid {running_pid(pid_file)}"):
        run_as_daemon(pid_file, until_stopped)


def test_failure_before_the_daemon_is_up_reaches_the_caller(pid_file: Path) -> None:
    def fail(started: Callable[[], None]) -> None:
        raise ChameleonError("the target is away", advice="Start it")

    with pytest.raises(ChameleonError, match=r"the target is away. Start it"):
        run_as_daemon(pid_file, fail)
    assert running_pid(pid_file) is None


def test_defect_before_the_daemon_is_up_reaches_the_caller(pid_file: Path) -> None:
    def fail(started: Callable[[], None]) -> None:
        raise ZeroDivisionError("oh")

    with pytest.raises(ChameleonError, match="unexpected ZeroDivisionError: oh"):
        run_as_daemon(pid_file, fail)


def test_death_before_the_daemon_is_up_reaches_the_caller(pid_file: Path) -> None:
    with pytest.raises(ChameleonError, match="ended before it was up"):
        run_as_daemon(pid_file, lambda _: os.kill(os.getpid(), signal.SIGKILL))


def test_stale_pid_file_does_not_hinder_a_start(pid_file: Path) -> None:
    pid_file.parent.mkdir()
    pid_file.write_text(str(os.getpid()))
    assert running_pid(pid_file) is None
    assert stop_daemon(pid_file, 1) == Stopped(StopOutcome.NOT_RUNNING, None)
    run_as_daemon(pid_file, until_stopped)
    assert running_pid(pid_file) not in (None, os.getpid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_another_user_s_daemon_left_does_not_hinder_one_of_root(pid_file: Path) -> None:
    pid_file.parent.mkdir()
    pid_file.write_text("1234567")
    os.chown(pid_file, 65534, 65534)
    run_as_daemon(pid_file, until_stopped)
    assert running_pid(pid_file) is not None
    assert stop_daemon(pid_file, LIMIT).outcome is StopOutcome.STOPPED


def test_stopping_what_does_not_run_says_so(tmp_path: Path) -> None:
    assert stop_daemon(tmp_path / "none.pid", 1) == Stopped(StopOutcome.NOT_RUNNING, None)


def test_daemon_that_does_not_stop_is_killed(pid_file: Path) -> None:
    run_as_daemon(pid_file, stubborn)
    pid = running_pid(pid_file)
    assert stop_daemon(pid_file, 0.2) == Stopped(StopOutcome.KILLED, pid)
    assert running_pid(pid_file) is None


def test_children_of_a_killed_daemon_are_seen_and_stopped(pid_file: Path, tmp_path: Path) -> None:
    def with_child(started: Callable[[], None]) -> None:
        if os.fork() == 0:
            stop = StopEvent.on_signals()
            stop.wait(LIMIT)
            (tmp_path / "child_stopped").touch()
            os._exit(0)
        started()
        time.sleep(LIMIT)

    run_as_daemon(pid_file, with_child)
    pid = running_pid(pid_file)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert running_pid(pid_file) == pid
    assert stop_daemon(pid_file, LIMIT / 2).outcome is StopOutcome.STOPPED
    assert (tmp_path / "child_stopped").exists()


def test_pid_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ChameleonError, match=r"cannot be.*file/test.pid|file/test.pid.*cannot be"):
        run_as_daemon(tmp_path / "file" / "test.pid", until_stopped)


FOREGROUND = """
import sys
from pathlib import Path
from pg_chameleon.daemon import StopEvent, run_as_daemon
def act(started):
    stop = StopEvent.on_signals()
    started()
    print("up", flush=True)
    stop.wait(10)
    if sys.argv[2] == "fail":
        raise ValueError("on purpose")
    print("ended", flush=True)
run_as_daemon(Path(sys.argv[1]), act, foreground=True)
"""


@pytest.mark.parametrize(("manner", "status"), [("end", 0), ("fail", 1)])
def test_foreground_daemon_keeps_its_terminal_and_ends_with_its_action(
    pid_file: Path, manner: str, status: int
) -> None:
    command = [sys.executable, "-c", FOREGROUND, str(pid_file), manner]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        assert running_pid(pid_file) == process.pid
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == status
    assert (out == "ended\n") == (manner == "end")
    assert ("ValueError: on purpose" in err) == (manner == "fail")
    assert not pid_file.exists()


def test_stop_event_ends_a_wait_at_once() -> None:
    stop = StopEvent()
    timer = threading.Timer(0.05, stop.set)
    begin = time.monotonic()
    timer.start()
    assert stop.wait(LIMIT)
    assert time.monotonic() - begin < LIMIT / 2
    assert wait([stop.fileno()], 0) == [stop.fileno()]
    stop.set()
    timer.join()
    stop.close()


def test_stop_event_is_set_by_signals() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stop = StopEvent.on_signals()
    try:
        assert not stop.wait(0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(LIMIT)
        assert stop.is_set()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
