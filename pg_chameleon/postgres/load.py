"""Loading rows into a table: lines of COPY from wherever they come, and the search for those that are refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psycopg2

from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.convert.values.mending import LineMender, RefusedLine
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.connection import Cursor

Lines = Iterator[list[bytes | None]]
"""What the source gives for its rows; None for one that it cannot write as one line."""
Moved = Callable[[int, int], None]
"""Is called with the rows and bytes that were handed to PostgreSQL."""

MOST_REFUSED = 1000
_COPY_BUFFER = 1 << 20
# https://www.postgresql.org/docs/current/errcodes-appendix.html: data exceptions, broken constraints, limits
_ROW_CLASSES = ("22", "23", "54")
_KEPT_OF_LINE = 100_000


class LineTooLarge(Exception):
    """The source could not write a row as one line."""


class RowRefused(TargetError):
    """PostgreSQL refuses a row; which one is found by loading with ``load_carefully``."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be loaded: its line, and the reason. ``key``: if it is known by more than the line."""

    line: str
    reason: str
    key: str | None = None


Refuse = Callable[[RefusedRow], None]


class Block(NamedTuple):
    """Many lines, each with its newline, as COPY wants them."""

    data: bytes
    rows: int


Blocks = Iterator[Block]


def copy_statement(table: TableName, columns: Sequence[str], *, freeze: bool = False) -> str:
    """Return the COPY that fills the columns of a table. ``freeze``: the table was made in this transaction."""
    names = ", ".join(map(quote_identifier, columns))
    options = " with (freeze)" if freeze else ""
    return f"copy {quote_qualified(table.schema, table.table)} ({names}) from stdin{options}"


def blocks(lines: Lines, mender: LineMender, refuse: Refuse) -> Blocks:
    """Join the lines, and mend those that need it.

    Raise ``LineTooLarge`` for a row without a line, ``RowRefused`` when too many rows must not be loaded.
    """
    limited = _Limited(refuse)
    for values in lines:
        values.append(b"")
        try:
            data = b"\n".join(values)  # type: ignore[arg-type]  # a None among them is found by the join itself
        except TypeError as error:
            raise LineTooLarge from error
        if mender.suspects(data):
            block = _mended(data.split(b"\n")[:-1], mender, limited)
        else:
            block = Block(data, len(values) - 1)
        # An empty one would be the end of the COPY
        if block.rows:
            yield block


def _mended(lines: list[bytes], mender: LineMender, refuse: Refuse) -> Block:
    fit = []
    for line in lines:
        mended = mender.mended(line) if mender.suspects(line) else line
        if isinstance(mended, RefusedLine):
            refuse(RefusedRow(_shown(mended.line), mended.reason, mended.label))
        else:
            fit.append(mended)
    fit.append(b"")
    return Block(b"\n".join(fit), len(fit) - 1)


def _shown(line: bytes) -> str:
    """Return a line as text that PostgreSQL can hold."""
    return line[:_KEPT_OF_LINE].decode("utf-8", "backslashreplace").replace("\0", "\\x00")


class _Limited:
    """Hands refused rows on, but not so many that something else must be wrong."""

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._count = 0

    def __call__(self, row: RefusedRow) -> None:
        self._count += 1
        if self._count > MOST_REFUSED:
            raise RowRefused(f"more than {MOST_REFUSED} rows cannot be loaded, the last because of: {row.reason}")
        self._refuse(row)


def load(cursor: Cursor, statement: str, lines: Blocks, moved: Moved) -> int:
    """Load all lines by one COPY and return their number; raise ``RowRefused`` if PostgreSQL does not take one."""
    stream = _BlockStream(lines, moved)
    try:
        cursor.copy_expert(statement, stream, size=_COPY_BUFFER)  # type: ignore[arg-type]  # it reads, nothing else
    except psycopg2.Error as error:
        if stream.failure is not None:
            raise stream.failure from None
        if is_refusal(error):
            raise RowRefused(f"PostgreSQL: {reason_of(error)}") from error
        raise
    if cursor.rowcount != stream.rows:
        raise TargetError(f"{stream.rows} rows were sent to PostgreSQL, but it stored {cursor.rowcount}")
    return stream.rows


class _BlockStream:
    """The lines as the file that COPY reads. What reading them raises is kept: psycopg2 passes on only its text."""

    def __init__(self, lines: Blocks, moved: Moved) -> None:
        self._blocks = lines
        self._moved = moved
        self.rows = 0
        self.failure: BaseException | None = None

    def read(self, _size: int = -1, /) -> bytes:
        """Return the next lines, however many: libpq takes any amount."""
        try:
            block = next(self._blocks, None)
        except BaseException as error:
            self.failure = error
            raise
        if block is None:
            return b""
        self.rows += block.rows
        self._moved(block.rows, len(block.data))
        return block.data


def spool(file: io.BufferedIOBase, lines: Blocks) -> int:
    """Write all lines to a file and return their number."""
    rows = 0
    for block in lines:
        rows += block.rows
        file.write(block.data)
    return rows


def spooled_blocks(file: io.BufferedIOBase, size: int) -> Blocks:
    """Read lines back from a file, in blocks of about ``size`` bytes."""
    while lines := file.readlines(size):
        yield Block(b"".join(lines), len(lines))


def load_carefully(cursor: Cursor, statement: str, lines: Blocks, moved: Moved, refuse: Refuse) -> int:
    """Load all lines that PostgreSQL takes, and hand the others over; return the number loaded.

    Raise ``RowRefused`` when so many are refused that something else must be wrong.
    """
    loader = _CarefulLoader(cursor, statement, _Limited(refuse))
    rows = 0
    for block in lines:
        rows += loader.load(block.data.split(b"\n")[:-1])
        moved(block.rows, len(block.data))
    return rows


class _CarefulLoader:
    """Loads lines behind savepoints, and halves what fails until the single row is found."""

    def __init__(self, cursor: Cursor, statement: str, refuse: Refuse) -> None:
        self._cursor = cursor
        self._statement = statement
        self._refuse = refuse

    def load(self, lines: list[bytes]) -> int:
        error = self._try(lines)
        if error is None:
            return len(lines)
        if len(lines) > 1:
            middle = len(lines) // 2
            return self.load(lines[:middle]) + self.load(lines[middle:])
        self._refuse(RefusedRow(_shown(lines[0]), reason_of(error)))
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
