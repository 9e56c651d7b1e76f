"""Private folders of servers, which are removed even when their process could not do it."""

import fcntl
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PREFIX = "pgc-lab-"
ABANDONED_AFTER = 60.0


class PrivateFolder:
    """A temporary folder of this process, which holds `owner.lock` in it as long as it lives."""

    def __init__(self, parent: Path) -> None:
        _remove_abandoned(parent)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self.path.chmod(0o755)
        self._lock = (self.path / "owner.lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def copy_folder(origin: Path, copy: Path) -> None:
    """Copy a folder with owners and modes, sharing or leaving out what need not be written."""
    subprocess.run(["cp", "-a", "--reflink=auto", "--sparse=always", str(origin), str(copy)], check=True)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        if _is_abandoned(folder / "owner.lock"):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(lock: Path) -> bool:
    """Tell whether no one holds a lock that was made long enough ago for its owner to have taken it."""
    try:
        if time.time() - lock.stat().st_mtime < ABANDONED_AFTER:
            return False
        with lock.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
