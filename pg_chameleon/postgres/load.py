"""Loading rows into a table: lines of COPY from wherever they come, and the search for those that are refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg2

from pg_chameleon.convert.lines import repaired_line
from pg_chameleon.convert.quoting import quote_identifier, quote_qualified
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.connection import Cursor

Lines = Iterator[list[bytes | None]]
Moved = Callable[[int, int], None]
"""Is told of rows and bytes that were handed to PostgreSQL."""

MOST_REFUSED = 1000
_COPY_BUFFER = 1 << 20
# https://www.postgresql.org/docs/current/errcodes-appendix.html: data exceptions, broken constraints, limits
_ROW_CLASSES = ("22", "23", "54")
_NOT_UTF8 = "22021"
_KEPT_OF_LINE = 100_000


class LineTooLarge(Exception):
    """The source could not write a row as one line."""


class RowRefused(TargetError):
    """PostgreSQL refuses a row; which one is found by loading with ``load_carefully``."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be loaded: its line, and PostgreSQL's reason."""

    line: str
    reason: str


def copy_statement(table: TableName, columns: Sequence[str], *, freeze: bool = False) -> str:
    """Return the COPY that fills the columns of a table. ``freeze``: the table was made in this transaction."""
    names = ", ".join(map(quote_identifier, columns))
    options = " with (freeze)" if freeze else ""
    return f"copy {quote_qualified(table.schema, table.table)} ({names}) from stdin{options}"


def load(cursor: Cursor, statement: str, lines: Lines, moved: Moved) -> int:
    """Load all lines by one COPY and return their number.

    Raise ``LineTooLarge`` for a row without a line, ``RowRefused`` for one that PostgreSQL does not take.
    """
    stream = _LineStream(lines, moved)
    try:
        cursor.copy_expert(statement, stream, size=_COPY_BUFFER)  # type: ignore[arg-type]  # it reads, nothing else
    except psycopg2.Error as error:
        if stream.failure is not None:
            raise stream.failure from None
        if is_refusal(error):
            raise RowRefused(f"PostgreSQL: {reason_of(error)}") from error
        raise
    if cursor.rowcount != stream.rows:
        raise TargetError(f"{stream.rows} rows were sent to PostgreSQL, but it took {cursor.rowcount}")
    return stream.rows


class _LineStream:
    """The lines as the file that COPY reads. What reading them raises is kept: psycopg2 passes on only its text."""

    def __init__(self, lines: Lines, moved: Moved) -> None:
        self._lines = lines
        self._moved = moved
        self.rows = 0
        self.failure: BaseException | None = None

    def read(self, _size: int = -1, /) -> bytes:
        """Return the next lines, however many: libpq takes any amount."""
        try:
            return self._next()
        except BaseException as error:
            self.failure = error
            raise

    def _next(self) -> bytes:
        values = next(self._lines, None)
        if values is None:
            return b""
        count = len(values)
        values.append(b"")
        data = _joined(values)
        self.rows += count
        self._moved(count, len(data))
        return data


def _joined(values: list[bytes | None]) -> bytes:
    try:
        return b"\n".join(values)  # type: ignore[arg-type]  # a None among them is found by the join itself
    except TypeError as error:
        raise LineTooLarge from error


def spool(file: io.BufferedIOBase, lines: Lines) -> int:
    """Write all lines to a file and return their number."""
    rows = 0
    for values in lines:
        rows += len(values)
        values.append(b"")
        file.write(_joined(values))
    return rows


def spooled_lines(file: io.BufferedIOBase, size: int) -> Lines:
    """Read lines back from a file, in lists of about ``size`` bytes."""
    while lines := file.readlines(size):
        yield [line[:-1] for line in lines]


def load_carefully(
    cursor: Cursor, statement: str, lines: Lines, moved: Moved, refused: Callable[[RefusedRow], None]
) -> int:
    """Load all lines that PostgreSQL takes, and hand the others over; return the number loaded.

    Raise ``RowRefused`` when so many are refused that something else must be wrong.
    """
    loader = _CarefulLoader(cursor, statement, refused)
    rows = 0
    for values in lines:
        if None in values:
            raise LineTooLarge
        rows += loader.load([value for value in values if value is not None])
        moved(len(values), sum(len(value) for value in values if value is not None))
    return rows


class _CarefulLoader:
    """Loads lines behind savepoints, and halves what fails until the single row is found."""

    def __init__(self, cursor: Cursor, statement: str, refused: Callable[[RefusedRow], None]) -> None:
        self._cursor = cursor
        self._statement = statement
        self._refused = refused
        self._count = 0

    def load(self, lines: list[bytes]) -> int:
        error = self._try(lines)
        if error is not None and error.pgcode == _NOT_UTF8:
            lines = [repaired_line(line) for line in lines]
            error = self._try(lines)
        if error is None:
            return len(lines)
        if len(lines) > 1:
            middle = len(lines) // 2
            return self.load(lines[:middle]) + self.load(lines[middle:])
        self._refuse(lines[0], error)
        return 0

    def _try(self, lines: list[bytes]) -> psycopg2.Error | None:
        self._cursor.execute("savepoint piece")
        try:
            self._cursor.copy_expert(self._statement, io.BytesIO(b"\n".join([*lines, b""])), size=_COPY_BUFFER)
        except psycopg2.Error as error:
            if not is_refusal(error):
                raise
            self._cursor.execute("rollback to savepoint piece")
            return error
        self._cursor.execute("release savepoint piece")
        return None

    def _refuse(self, line: bytes, error: psycopg2.Error) -> None:
        self._count += 1
        if self._count > MOST_REFUSED:
            last = reason_of(error)
            raise RowRefused(f"PostgreSQL refuses more than {MOST_REFUSED} rows, the last because of: {last}")
        self._refused(RefusedRow(line[:_KEPT_OF_LINE].decode("utf-8", "replace"), reason_of(error)))


def is_refusal(error: psycopg2.Error) -> bool:
    """Tell whether an error is about the data, so that it may be one row's."""
    return (error.pgcode or "").startswith(_ROW_CLASSES)


def reason_of(error: psycopg2.Error) -> str:
    """Return PostgreSQL's message with its detail, without the place in the COPY, which is no place of the source."""
    detail = error.diag.message_detail
    message = error.diag.message_primary or str(error).strip()
    return f"{message} ({detail})" if detail else message


def field_of_line(line: str, place: int) -> str:
    """Return a field of a COPY line for people to read."""
    fields = line.split("\t")
    return fields[place] if place < len(fields) else "?"
