"""The log: to a file that is begun anew each day or to stdout, and its errors to Rollbar."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import io
import logging
import os
import sys
import threading
from datetime import date, timedelta
from logging.handlers import BaseRotatingHandler
from pathlib import Path

from pg_chameleon.config import Configuration
from pg_chameleon.errors import ChameleonError

logger = logging.getLogger(__name__)

FORMAT = "%(asctime)s %(processName)s %(levelname)s %(filename)s (%(lineno)d): %(message)s"
DATE_FORMAT = "%Y-%m-%d %H:%M:%S"
_OWN = "pg_chameleon"
_ROLLBAR_TIMEOUT = 3
_ROLLBAR_MOST = 10
# The libraries that send to Rollbar must not have their own failures sent there.
_ROLLBAR_OWN = ("rollbar", "urllib3", "requests")


def log_path(configuration: Configuration, source: str | None) -> Path:
    """Tell which file takes the log of a source, or of the commands that are for none."""
    return configuration.log_dir / f"{configuration.name}_{source or 'general'}.log"


def start_logging(
    configuration: Configuration,
    source: str | None = None,
    *,
    debug: bool = False,
    rollbar_level: str = "error",
) -> None:
    """Begin to log, or, in a new process, begin again; ``debug`` logs everything to stdout."""
    stop_logging()
    to_stdout = debug or configuration.log_dest == "stdout"
    handler = logging.StreamHandler(sys.stdout) if to_stdout else _file_handler(configuration, source)
    handler.setFormatter(logging.Formatter(FORMAT, DATE_FORMAT))
    root = logging.getLogger()
    _add(handler)
    root.setLevel(logging.DEBUG if debug else configuration.log_level.upper())
    for name in _ROLLBAR_OWN:
        logging.getLogger(name).setLevel(logging.WARNING)
    if configuration.rollbar_key and configuration.rollbar_env:
        _add(RollbarHandler(configuration, rollbar_level))


def _add(handler: logging.Handler) -> None:
    """Add a handler under a name that tells it from those of others, such as those of tests."""
    handler.set_name(f"{_OWN} {type(handler).__name__}")
    logging.getLogger().addHandler(handler)


def stop_logging() -> None:
    """Close what ``start_logging`` opened."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if (handler.get_name() or "").startswith(_OWN):
            root.removeHandler(handler)
            handler.close()


def log_destination() -> str:
    """Tell where the log goes: ``in FILE``, or ``above`` if it is on the terminal."""
    files = [each for each in logging.getLogger().handlers if isinstance(each, DailyFileHandler)]
    return f"in {files[0].baseFilename}" if files else "above"


def announce(message: str) -> None:
    """Log a message that Rollbar gets whatever its level, such as the end of a first copy."""
    logger.info(message, extra={"announce": True})


def _file_handler(configuration: Configuration, source: str | None) -> logging.Handler:
    path = log_path(configuration, source)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DailyFileHandler(path, configuration.log_days_keep)
    except OSError as error:
        raise ChameleonError(
            f"the log {path} cannot be written: {error.strerror}",
            advice="Change log_dir, or set log_dest to stdout",
        ) from error


class DailyFileHandler(BaseRotatingHandler):
    """Sets the file aside under its date when a new day begins, and keeps so many of them.

    Several processes write to the same file, and each notices the new day by itself. The one that holds the
    lock on the file while the file still has its name renames it; the others just open the new one.
    """

    def __init__(self, path: Path, days_keep: int) -> None:
        self._day = date.fromtimestamp(path.stat().st_mtime) if path.exists() else date.today()
        self._days_keep = days_keep
        super().__init__(str(path), "a", encoding="utf-8")

    def _open(self) -> io.TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return open(descriptor, "a", encoding="utf-8")

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


class RollbarHandler(logging.Handler):
    """Sends errors and announcements to Rollbar, without the local variables of tracebacks.

    Each message has a thread of its own, so that nobody waits for Rollbar. The library's own threads would
    not do: waiting for them after a fork never ends.
    """

    def __init__(self, configuration: Configuration, level: str) -> None:
        super().__init__()
        self._least = logging.getLevelName(level.upper())
        self._sending: list[threading.Thread] = []
        # Loaded here, because it takes as long as the whole rest and few use it.
        self._rollbar = importlib.import_module("rollbar")
        self._rollbar.init(
            configuration.rollbar_key.reveal(),
            configuration.rollbar_env,
            handler="blocking",
            timeout=_ROLLBAR_TIMEOUT,
            allow_logging_basic_config=False,
            locals={"enabled": False},
            suppress_reinit_warning=True,
        )
        self.addFilter(self._wanted)

    def _wanted(self, record: logging.LogRecord) -> bool:
        own = record.name.split(".")[0] in _ROLLBAR_OWN
        return not own and (record.levelno >= self._least or getattr(record, "announce", False))

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record, unless too many are on their way already."""
        self._sending = [thread for thread in self._sending if thread.is_alive()]
        if len(self._sending) < _ROLLBAR_MOST:
            arguments = (self.format(record), record.levelname.lower())
            thread = threading.Thread(target=self._rollbar.report_message, args=arguments, daemon=True)
            self._sending.append(thread)
            thread.start()

    def close(self) -> None:
        """Wait for the messages that are on their way, but not for ever."""
        for thread in self._sending:
            thread.join(_ROLLBAR_TIMEOUT)
        super().close()
