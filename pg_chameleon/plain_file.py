"""Files that must be what they seem: in a folder that others share, a symbolic link may lead to any file of ours."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_NOT_REGULAR = "it is not a regular file"


def open_plain(path: Path | str, flags: int) -> int:
    """Open a file that only we may read, but neither a symbolic link nor a pipe; return the descriptor."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, _NOT_REGULAR, str(path))


def why_not(error: OSError) -> str:
    """Say why a file could not be opened."""
    reasons = {errno.ELOOP: "it is a symbolic link", errno.ENXIO: _NOT_REGULAR}
    return reasons.get(error.errno or 0, str(error.strerror))
