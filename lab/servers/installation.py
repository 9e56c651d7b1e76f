"""Where the programs of a database server lie, on this machine or in a folder to chroot into."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from lab.servers.errors import ServerFailed

PRODUCTS = ("mysql", "mariadb", "postgresql")
HOST = Path("/")


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of one server; `program` is its path as seen from inside `root`."""

    product: str
    version: tuple[int, ...]
    program: str
    root: Path = HOST

    @property
    def name(self) -> str:
        """Name the product with its series, as in `mariadb-10.11`."""
        return f"{self.product}-{series_of(self.product, self.version)}"

    @property
    def is_chroot(self) -> bool:
        return self.root != HOST

    @property
    def entrance(self) -> list[str]:
        """The start of a command line that runs inside `root`."""
        return ["chroot", str(self.root)] if self.is_chroot else []

    def path_outside(self, inside: str) -> Path:
        """Say where this machine finds a path that the server's programs see."""
        return self.root / inside.lstrip("/")

    def path_inside(self, outside: Path) -> str:
        """Say how the server's programs see a path of this machine."""
        return "/" + str(outside.relative_to(self.root))

    def sibling(self, name: str) -> str:
        """Return the path, as seen from inside, of another program of this installation."""
        folders = (str(Path(self.program).parent), "/usr/bin", "/usr/sbin")
        for folder in folders:
            if self.path_outside(f"{folder}/{name}").exists():
                return f"{folder}/{name}"
        raise ServerFailed(self.name, f"has no program {name} in {', '.join(folders)} of {self.root}")

    def command(
        self,
        program: str,
        arguments: Sequence[str] = (),
        *,
        user: str | None = None,
        death_signal: Signals = Signals.SIGKILL,
    ) -> list[str]:
        """Build the command line that runs a program as `user`, sent `death_signal` when its starter dies."""
        identity = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return [*self.entrance, "setpriv", f"--pdeathsig={death_signal.name}", *identity, program, *arguments]


def series_of(product: str, version: tuple[int, ...]) -> str:
    """Return the part of a version that names a series: `15` for PostgreSQL, `10.11` for the others."""
    return ".".join(map(str, version[: 1 if product == "postgresql" else 2]))


def environment_of(program: str) -> dict[str, str]:
    """Return the environment of a program: one that is not the system's may have its libraries beside it."""
    if program.startswith("/usr/"):
        return dict(os.environ)
    return {**os.environ, "LD_LIBRARY_PATH": str(Path(program).parent)}


def identify(program: str, root: Path = HOST) -> Installation | None:
    """Ask a server program what it is; None when it is no server program that the lab knows."""
    enter = ["chroot", str(root)] if root != HOST else []
    answer = subprocess.run(
        [*enter, program, "--version"],
        env=environment_of(program),
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    version = re.search(r"(?:Ver |PostgreSQL\) )(\d+(?:\.\d+)*)", answer)
    if version is None:
        return None
    numbers = tuple(map(int, version[1].split(".")))
    if "PostgreSQL" in answer:
        return Installation("postgresql", numbers, program, root)
    return Installation("mariadb" if "MariaDB" in answer else "mysql", numbers, program, root)
