"""Files that must be what they seem: in a folder that others share, a symbolic link may lead to any file of ours."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def open_plain(path: Path | str, flags: int) -> int:
    """Open a file that only we may read, but no symbolic link; return the descriptor."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def why_not(error: OSError) -> str:
    """Say why a file could not be opened."""
    return "it is a symbolic link" if error.errno == errno.ELOOP else str(error.strerror)
