"""A log file for each day, which several processes write to."""

from __future__ import annotations

import contextlib
import fcntl
import io
import logging
import os
import sys
from datetime import date, timedelta
from logging.handlers import BaseRotatingHandler
from pathlib import Path

from pg_chameleon.plain_file import open_plain


class DailyFileHandler(BaseRotatingHandler):
    """Sets the file aside under its date when a new day begins, and keeps as many days.

    Several processes write to the same file, and each notices the new day by itself. The one that holds the
    lock on the file while the file still has its name renames it; the others just open the new one.

    concurrent-log-handler does this too, but follows symbolic links (and changes the mode of what they lead to), counts
    files instead of days, adds a lock file for each log, and needs three times the processor time for a line.
    """

    def __init__(self, path: Path, days_keep: int) -> None:
        self._day = date.fromtimestamp(path.stat().st_mtime) if path.exists() else date.today()
        self._days_keep = days_keep
        self._lost = False
        super().__init__(str(path), "a", encoding="utf-8")

    def _open(self) -> io.TextIOWrapper:
        descriptor = open_plain(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        return open(descriptor, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002
        """Say once that lines are lost, as on a full disk, instead of a traceback for each of them."""
        if not self._lost:
            self._lost = True
            with contextlib.suppress(OSError):
                sys.stderr.write(f"warning: the log {self.baseFilename} cannot be written: {sys.exc_info()[1]}\n")

    def close(self) -> None:
        """Close the file; what it has no room for is lost."""
        try:
            super().close()
        except OSError:
            self.handleError(logging.makeLogRecord({}))

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is of a later day than those in the file."""
        return date.fromtimestamp(record.created) > self._day

    def doRollover(self) -> None:
        """Set the file aside, unless another process did, and open the new one."""
        base = Path(self.baseFilename)
        if self.stream:
            fcntl.flock(self.stream, fcntl.LOCK_EX)
            if _is_named(self.stream, base):
                base.rename(f"{base}.{self._day.isoformat()}")
            self.stream.close()
        self._day = date.today()
        self.stream = self._open()
        self._remove_old(base)

    def _remove_old(self, base: Path) -> None:
        oldest = (self._day - timedelta(days=self._days_keep)).isoformat()
        for path in base.parent.glob(f"{base.name}.????-??-??"):
            if path.name.removeprefix(f"{base.name}.") < oldest:
                path.unlink(missing_ok=True)


def _is_named(stream: io.TextIOWrapper, path: Path) -> bool:
    """Tell whether the path still leads to the open file."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    return False
