"""Errors and announcements for Rollbar. Loaded only if they are wanted: the library takes as long as all the rest."""

from __future__ import annotations

import logging
import threading
import time

from rollbar.logger import RollbarHandler

from pg_chameleon.config import Configuration

_TIMEOUT = 3
"""So many seconds may a message take, and so many may all that are on their way keep a process from its end."""
_MOST = 10
# The libraries that send to Rollbar must not have their own failures sent there.
_OWN = ("rollbar", "urllib3", "requests")


class BoundedRollbarHandler(RollbarHandler):
    """Sends from threads, so that nobody waits for Rollbar, and drops what is too much for it.

    The threads of the library itself would not do: each process waits for them at its end, for however long.
    Neither local variables nor earlier records go with a message, because rows may be in them.
    """

    def __init__(self, configuration: Configuration, level: str) -> None:
        super().__init__(
            configuration.rollbar_key.reveal(),
            configuration.rollbar_env,
            level=logging.DEBUG,  # the filter decides
            history_size=0,
            handler="blocking",
            timeout=_TIMEOUT,
            locals={"enabled": False},
            suppress_reinit_warning=True,
        )
        self._minimum = logging.getLevelName(level.upper())
        self._sending: list[threading.Thread] = []
        self.addFilter(self._wanted)
        for name in _OWN:
            logging.getLogger(name).setLevel(logging.WARNING)

    def _wanted(self, record: logging.LogRecord) -> bool:
        own = record.name.split(".")[0] in _OWN
        return not own and (record.levelno >= self._minimum or getattr(record, "announce", False))

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record, unless too many are on their way already."""
        self._sending = [thread for thread in self._sending if thread.is_alive()]
        if len(self._sending) < _MOST:
            thread = threading.Thread(target=super().emit, args=(record,), daemon=True)
            self._sending.append(thread)
            thread.start()

    def close(self) -> None:
        """Wait for the messages that are on their way, but not for long."""
        deadline = time.monotonic() + _TIMEOUT
        for thread in self._sending:
            thread.join(max(0.0, deadline - time.monotonic()))
        super().close()
