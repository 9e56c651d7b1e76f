"""The errors that people see: what happened, to what, at which position, and what to do next."""

from __future__ import annotations

from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position


class ChameleonError(Exception):
    """Base of every error that the tool raises on purpose.

    ``message`` says what happened, ``table`` and ``position`` to what and where, ``advice`` what to do next.
    ``code`` is the server's own name of the error: a number of MySQL or MariaDB, or an SQLSTATE of PostgreSQL.
    ``transient`` errors may go away by themselves (a lost connection, a process that is about to end): whatever met one
    is worth another try.
    """

    transient = False

    def __init__(
        self,
        message: str,
        *,
        table: TableName | None = None,
        position: BinlogPosition | Position | None = None,
        advice: str | None = None,
        code: int | str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.table = table
        self.position = position
        self.advice = advice
        self.code = code

    @property
    def binlog_position(self) -> BinlogPosition | None:
        """The position as file and offset, without GTIDs."""
        return self.position.binlog if isinstance(self.position, Position) else self.position

    def __str__(self) -> str:
        where = ", ".join(
            f"{label} {value}"
            for label, value in (("table", self.table), ("position", self.position))
            if value is not None
        )
        text = f"{self.message} ({where})" if where else self.message
        return f"{text}. {self.advice}" if self.advice else text


class UsageError(ChameleonError):
    """The command line asks for something that does not exist or does not fit together."""


class Interrupted(ChameleonError):
    """The user stopped a command, by Ctrl-C or a signal; nothing failed."""


class ConfigurationError(ChameleonError):
    """The configuration file has problems; all of them are reported together."""

    def __init__(self, path: str, problems: tuple[str, ...]) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"the configuration {path} has {len(problems)} problem(s):{listed}")
        self.path = path
        self.problems = problems


class SourceError(ChameleonError):
    """The source server refused something, or is not set up for a replica."""


class SourceUnreachable(SourceError):
    """The connection to the source could not be made, or was lost."""

    transient = True


class BinlogPurged(SourceError):
    """The source no longer has the binlog from which the replica must continue."""


class StreamError(ChameleonError):
    """The binlog holds something that cannot be read reliably; nothing may be skipped."""


class DecodeError(StreamError):
    """A row event cannot be decoded with the structure that is tracked for its table."""


class DdlRefused(ChameleonError):
    """A DDL statement is not understood to its last token. ``offset`` is the place in ``statement``."""

    def __init__(self, reason: str, statement: str, offset: int) -> None:
        super().__init__(f"{reason} at character {offset}: …{statement[max(0, offset - 20) : offset + 40]}…")
        self.reason = reason
        self.statement = statement
        self.offset = offset


class TargetError(ChameleonError):
    """PostgreSQL refused something."""


class TargetUnreachable(TargetError):
    """The connection to PostgreSQL could not be made, or was lost."""

    transient = True


class CatalogueError(ChameleonError):
    """The catalogue is missing, has another version, or does not hold what was asked for."""


class ReplicaBusy(ChameleonError):
    """Another process works on this source."""

    transient = True


class ReplicaStopped(ChameleonError):
    """The replica met an error after which it must not continue by itself."""
