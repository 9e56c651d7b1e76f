"""What all private servers share: folder, port, process, and their end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lab.servers.errors import ServerFailed
from lab.servers.folders import PrivateFolder, copy_folder
from lab.servers.installation import Installation, environment_of
from lab.servers.ports import PortReservation
from lab.servers.processes import cleaner, kill_and_wait, launcher, processes_below
from lab.servers.provision import cache, locked, provision

if TYPE_CHECKING:
    from typing_extensions import Self

HOST = "127.0.0.1"
REPLICA_USER = "usr_replica"
REPLICA_PASSWORD = "replica"
START_TIMEOUT = 90.0
STOP_TIMEOUT = 60.0
POLL_INTERVAL = 0.02

OptionValue = str | int | bool | None
Options = Mapping[str, OptionValue]


class Server(ABC):
    """A database server with a data folder and a port of its own.

    `options` are server settings by name and win over the lab's; None omits one that the lab would set.
    `durable=False` trades safety against a power cut (not against `kill -9`) for speed.
    """

    product: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    end_signal: ClassVar[signal.Signals]  # for a server that is not started again

    def __init__(
        self,
        series: str | None = None,
        *,
        options: Options | None = None,
        durable: bool = True,
        installation: Installation | None = None,
    ) -> None:
        name = f"{self.product}-{series}" if series else self.product
        self.installation = installation or provision(name)
        self.options: dict[str, OptionValue] = dict(options or {})
        self.durable = durable
        self.host = HOST
        self._reservation = PortReservation()
        self.port = self._reservation.port
        self._private_folder: PrivateFolder | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _initialise(self, data: Path) -> None:
        """Make a pristine data folder in the empty folder `data`."""

    @abstractmethod
    def _arguments(self) -> list[str]:
        """Return the arguments of the server program."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Tell whether the server answers a query."""

    @abstractmethod
    def _make_users(self) -> None:
        """Make the users, once, after the first start."""

    @property
    def _system_user(self) -> str | None:
        """The user to run as; None is the user who runs the lab."""
        return None

    @property
    def name(self) -> str:
        return self.installation.name

    @property
    def version(self) -> tuple[int, ...]:
        return self.installation.version

    @property
    def folder(self) -> Path:
        """The private folder of this server, with `data` and `server.log` in it."""
        if self._private_folder is None:
            raise ServerFailed(self.name, "was never started, or is closed")
        return self._private_folder.path

    @property
    def data_folder(self) -> Path:
        return self.folder / "data"

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(self.name, "is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start the server, the first time with a pristine data folder, and wait until it answers."""
        self.launch()
        return self.wait_until_ready()

    def launch(self) -> Self:
        """Start the server without waiting for it, so that several can start at the same time."""
        if self.is_running:
            return self
        if self._private_folder is None:
            self._make_folder()
        program = self.installation.program
        command = self.installation.command(
            program, self._arguments(), user=self._system_user, death_signal=self.end_signal
        )
        self._process = launcher().launch(command, self.log_file, environment_of(program))
        return self

    def wait_until_ready(self, timeout: float = START_TIMEOUT) -> Self:
        """Wait until the server answers and has its users."""
        deadline = time.monotonic() + timeout
        while not self._is_ready():
            if not self.is_running:
                raise ServerFailed(self.name, "ended while starting", self.log_tail())
            if time.monotonic() > deadline:
                raise ServerFailed(self.name, f"did not answer within {timeout:.0f} s", self.log_tail())
            time.sleep(POLL_INTERVAL)
        users_made = self.folder / "users-made"
        if not users_made.exists():
            self._make_users()
            users_made.touch()
        return self

    def stop(self, timeout: float = STOP_TIMEOUT) -> None:
        """Shut the server down cleanly, or kill it if it takes too long. Its data stay for the next start."""
        self._end(self.stop_signal, timeout)

    def _end(self, end_signal: signal.Signals, timeout: float) -> None:
        if self._process is None:
            return
        self._process.send_signal(end_signal)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End the server with all its processes as `kill -9` does, without a shutdown."""
        if self._process is None:
            return
        below = processes_below(self._process.pid)
        self._process.kill()
        self._process.wait(STOP_TIMEOUT)
        self._process = None
        for pid in below:
            kill_and_wait(pid, STOP_TIMEOUT)

    def restart(self, options: Options | None = None) -> Self:
        """Stop and start the server, on the same port and data, with `options` added to its settings."""
        self.stop()
        self.options.update(options or {})
        return self.start()

    def close(self) -> None:
        """End the server, without the care of a shutdown, and remove its folder."""
        self._reservation.give_back()
        if self._private_folder is None:
            return
        self._end(self.end_signal, STOP_TIMEOUT)
        self._private_folder.remove()
        self._private_folder = None
        cleaner().remove(self.close)

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of the server's log."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self) -> Self:
        return self if self.is_running else self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.name} on {self.host}:{self.port}>"

    def _make_folder(self) -> None:
        root = self.installation.root
        parent = root / "tmp" if self.installation.is_chroot else Path(tempfile.gettempdir())
        self._private_folder = PrivateFolder(parent)
        cleaner().add(self.close)
        (self.folder / "tmp").mkdir()
        self._copy_template()
        self._give_to_system_user(self.folder)

    def _copy_template(self) -> None:
        """Copy the pristine data folder of this version, which the first server of the version makes."""
        template = cache() / "templates" / f"{self.product}-{'.'.join(map(str, self.version))}"
        with locked(template.name):
            if not template.exists():
                self._make_template(template)
        copy_folder(template, self.data_folder)

    def _make_template(self, template: Path) -> None:
        """Initialise a data folder where the server may write, then put it where the next servers find it."""
        fresh = self.folder / "fresh"
        fresh.mkdir(mode=0o700)
        self._give_to_system_user(fresh)
        self._initialise(fresh)
        partial = template.with_name(f"{template.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(exist_ok=True)
        copy_folder(fresh, partial)
        partial.rename(template)
        shutil.rmtree(fresh)

    def _give_to_system_user(self, folder: Path) -> None:
        if self._system_user is not None:
            # By a program inside the installation: the same user may have another number there.
            command = ["chown", "--recursive", f"{self._system_user}:", self.installation.path_inside(folder)]
            subprocess.run([*self.installation.entrance, *command], check=True)

    def _run(self, program: str, arguments: list[str], script: bytes = b"") -> None:
        """Run a program of the installation to its end, fed with `script`."""
        result = subprocess.run(
            self.installation.command(program, arguments, user=self._system_user),
            input=script,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment_of(self.installation.program),
            cwd="/",
            check=False,
            timeout=2 * START_TIMEOUT,
        )
        if result.returncode != 0:
            raise ServerFailed(self.name, f"could not run {program}", result.stdout.decode(errors="replace"))


def system_user(preferred: str) -> str | None:
    """Return `preferred` where the lab runs as root, for servers that refuse to."""
    return preferred if os.geteuid() == 0 else None
