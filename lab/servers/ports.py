"""Free TCP ports below the range that the system hands out by itself."""

import fcntl
import os
import random
import socket
import tempfile
import weakref
from pathlib import Path
from typing import IO

from lab.servers.errors import LabError

FIRST, LAST = 20000, 32767


class PortReservation:
    """A free port on 127.0.0.1 that no other process of the lab takes until it is given back by `give_back`."""

    def __init__(self) -> None:
        for port in random.sample(range(FIRST, LAST + 1), k=500):
            lock = _lock_free(port)
            if lock is not None:
                self.port = port
                self.give_back = weakref.finalize(self, lock.close)  # also when it is forgotten
                return
        raise LabError(f"no free port between {FIRST} and {LAST}")


def _lock_free(port: int) -> IO[str] | None:
    folder = Path(tempfile.gettempdir()) / f"pgc-lab-ports-{os.geteuid()}"
    folder.mkdir(exist_ok=True)
    lock = (folder / str(port)).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        lock.close()
        return None
    return lock
