"""Free TCP ports below the range that the system hands out by itself."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

from lab.servers.errors import LabError

FIRST, LAST = 20000, 32767
_reservations: list[IO[str]] = []


def reserve_port() -> int:
    """Choose a free port on 127.0.0.1 that no other process of the lab takes while this one lives."""
    for port in random.sample(range(FIRST, LAST + 1), k=500):
        if _reserve(port):
            return port
    raise LabError(f"no free port between {FIRST} and {LAST}")


def _reserve(port: int) -> bool:
    folder = Path(tempfile.gettempdir()) / f"pgc-lab-ports-{os.geteuid()}"
    folder.mkdir(exist_ok=True)
    lock = (folder / str(port)).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        lock.close()
        return False
    _reservations.append(lock)
    return True
