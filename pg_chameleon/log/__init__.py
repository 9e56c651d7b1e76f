"""The log: to a file for each day or to stdout, and its errors to Rollbar."""

from __future__ import annotations

import importlib
import logging
import sys
from datetime import datetime
from pathlib import Path

from pg_chameleon.config import Configuration
from pg_chameleon.errors import ChameleonError
from pg_chameleon.log.daily import DailyFileHandler
from pg_chameleon.plain_file import why_not

logger = logging.getLogger(__name__)

FORMAT = "%(asctime)s [%(process)d] %(source)s %(role)s %(levelname)s %(filename)s (%(lineno)d): %(message)s"
_OWN = "pg_chameleon"


def log_path(configuration: Configuration, source: str | None) -> Path:
    """Tell which file takes the log of a source, or of the commands that are for none."""
    return configuration.log_dir / f"{configuration.name}_{source or 'general'}.log"


def start_logging(
    configuration: Configuration,
    source: str | None = None,
    *,
    role: str = "command",
    debug: bool = False,
    rollbar_level: str = "error",
) -> None:
    """Begin to log, or, in a new process, begin again; ``debug`` logs everything to stdout.

    ``role``: what the process is for the source, which each line says.
    """
    stop_logging()
    to_stdout = debug or configuration.log_dest == "stdout"
    handler = logging.StreamHandler(sys.stdout) if to_stdout else _file_handler(configuration, source)
    handler.setFormatter(LineFormatter(source or "-", role))
    _add(handler)
    logging.getLogger().setLevel(logging.DEBUG if debug else configuration.log_level.upper())
    if configuration.rollbar_key and configuration.rollbar_env:
        module = importlib.import_module("pg_chameleon.log.to_rollbar")
        _add(module.BoundedRollbarHandler(configuration, rollbar_level))


class LineFormatter(logging.Formatter):
    """Writes in each line when it was, with the time zone, and which process says it."""

    def __init__(self, source: str, role: str) -> None:
        super().__init__(FORMAT, defaults={"source": source, "role": role})

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002
        """Write the local time to the millisecond, and how far it is from UTC."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(" ", "milliseconds")


def _add(handler: logging.Handler) -> None:
    """Add a handler under a name that tells it from those of others, such as those of tests."""
    handler.set_name(f"{_OWN} {type(handler).__name__}")
    logging.getLogger().addHandler(handler)


def stop_logging() -> None:
    """Close what ``start_logging`` opened, the log last: it takes what goes wrong with Rollbar."""
    root = logging.getLogger()
    for handler in reversed(root.handlers[:]):
        if (handler.get_name() or "").startswith(_OWN):
            root.removeHandler(handler)
            handler.close()


def log_destination() -> str:
    """Tell where the log goes: ``in FILE``, or ``above`` if it is on the terminal."""
    files = [each for each in logging.getLogger().handlers if isinstance(each, DailyFileHandler)]
    return f"in {files[0].baseFilename}" if files else "above"


def announce(message: str) -> None:
    """Log a message that Rollbar gets whatever its level, such as the end of a first copy."""
    logger.info(message, extra={"announce": True}, stacklevel=2)


def _file_handler(configuration: Configuration, source: str | None) -> logging.Handler:
    path = log_path(configuration, source)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DailyFileHandler(path, configuration.log_days_keep)
    except OSError as error:
        raise ChameleonError(
            f"the log {path} cannot be written: {why_not(error)}", advice="Change log_dir, or set log_dest to stdout"
        ) from error
