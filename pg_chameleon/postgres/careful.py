"""Applying changes of which PostgreSQL refuses some: all are applied except the rows that are to blame.

The changes are numbered in a temporary table, one number for each row of the source (each image, without a key), so
that any part of them is named by two numbers, however many they are, and halving a part is arithmetic.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import psycopg2

from pg_chameleon.convert.expressions.quoting import quote_qualified
from pg_chameleon.errors import TargetError
from pg_chameleon.model.log import Counts
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.postgres.answers import one_value
from pg_chameleon.postgres.apply import (
    LoggedRow,
    LogSlice,
    Part,
    apply_rows,
    insert_rows,
    last_logged,
    remove_rows,
)
from pg_chameleon.postgres.apply_table import ApplyTable
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import (
    DiscardedRow,
    Failure,
    index_too_small,
    keep_discarded,
    log_failure,
    savepoint,
)
from pg_chameleon.postgres.sources import Source

logger = logging.getLogger(__name__)


class _Refusal(NamedTuple):
    """Why PostgreSQL refuses a part.

    ``integrity``: it would be against a constraint, which may be different once other rows have changed.
    ``too_small``: the index that takes no value of such a size.
    """

    message: str
    integrity: bool
    too_small: str | None = None


_Attempt = Callable[[Sequence[int]], None]
_Refused = dict[int, _Refusal]


def apply_carefully(
    cursor: Cursor, source: Source, name: TableName, table: ApplyTable, rows: LogSlice
) -> list[Failure]:
    """Apply a slice; if it is refused, find the rows that are to blame, apply all others and log these.

    A slice that has to be applied in its order cannot be taken apart, so nothing of it is applied then.
    """
    refusal = _tried(cursor, partial(apply_rows, cursor, table, rows.part))
    while refusal is not None and _drop_too_small(cursor, source, name, table, refusal):
        refusal = _tried(cursor, partial(apply_rows, cursor, table, rows.part))
    if refusal is not None and refusal.integrity and table.key:
        refusal = _tried(cursor, partial(apply_rows, cursor, table, rows.part, replace=True))
    if refusal is None:
        return []
    if rows.counts.ordered:
        return [Failure(f"changes could not be applied: {refusal.message}", name, batch_id=rows.last_batch)]
    suspects = _Suspects.of(cursor, table, rows)
    refused = _find_at_once(cursor, table, suspects)
    if refused is None:
        refused = _apply_in_rounds(cursor, table, suspects)
    else:
        _apply_others(cursor, table, suspects, refused)
    return [
        _put_aside(cursor, source, name, rows, last_logged(cursor, suspects.part((number, -number))), refusal)
        for number, refusal in sorted(refused.items())
    ]


def _drop_too_small(cursor: Cursor, source: Source, name: TableName, table: ApplyTable, refusal: _Refusal) -> bool:
    """Drop the index that cannot hold a long value, if the table can do without it; a copy omits it too."""
    index = refusal.too_small
    if index is None or index not in table.spare_indexes:
        return False
    drop = f"drop index {quote_qualified(table.name.schema, index)}"
    if _tried(cursor, lambda: cursor.execute(drop)) is not None:
        return False
    message = f"the index {table.spare_indexes[index]} was dropped because it cannot hold a value: {refusal.message}"
    logger.warning("%s: %s", name, message)
    log_failure(cursor, source, Failure(message, name))
    return True


@dataclass(frozen=True, slots=True)
class _Suspects:
    """The changes of a slice in a temporary table, whose rows of the source have the numbers of ``everyone``."""

    everyone: range
    counts: Counts

    LOG = "pg_temp.chameleon_suspects"

    @classmethod
    def of(cls, cursor: Cursor, table: ApplyTable, rows: LogSlice) -> _Suspects:
        """Number the changes of a slice."""
        # Images may be long and differ only near their ends
        identity = "key" if table.key else "hashtextextended(image, 0), image"
        with savepoint(cursor):
            cursor.execute(
                f"drop table if exists {cls.LOG};"
                f" create temporary table chameleon_suspects on commit drop as"
                f" select dense_rank() over (order by {identity}) as number, * from {rows.log} where {rows.condition};"
                f" create index on {cls.LOG} (number)"
            )
        cursor.execute(f"select max(number) from {cls.LOG}")
        highest = one_value(cursor) or 0
        counts = rows.counts
        # What nets to one operation in this slice may net to another one in a part of it
        any_counts = counts._replace(deletes=max(counts.deletes, 1), updates=max(counts.updates, 1))
        return cls(range(1, highest + 1), any_counts)

    def part(self, numbers: Sequence[int]) -> Part:
        """The changes of the rows with these numbers."""
        if isinstance(numbers, range):
            condition = f"number between {numbers.start:d} and {numbers.stop - 1:d}"
        else:
            condition = f"number = any('{{{','.join(f'{number:d}' for number in numbers)}}}'::bigint[])"
        return Part(self.LOG, condition, self.counts)

    def set_aside(self, cursor: Cursor, refused: _Refused) -> None:
        """Take rows out of ``everyone``: their numbers become negative."""
        cursor.execute(f"update {self.LOG} set number = -number where number = any(%s)", (list(refused),))


def _tried(cursor: Cursor, attempt: Callable[[], None]) -> _Refusal | None:
    """Try something, and undo it if it is refused."""
    try:
        with savepoint(cursor):
            attempt()
    except TargetError as error:
        if error.transient:
            raise
        # Not the error itself, whose traceback would keep everything alive that it refers to
        return _Refusal(error.message, isinstance(error.__cause__, psycopg2.IntegrityError), index_too_small(error))
    return None


def _narrow(cursor: Cursor, numbers: Sequence[int], attempt: _Attempt, *, hopeless: bool = False) -> _Refused:
    """Try these rows, halving what is refused; return the single rows that are left.

    ``hopeless``: it is known that not all of them will pass.
    """
    if not hopeless or len(numbers) <= 1:
        refusal = _tried(cursor, partial(attempt, numbers))
        if refusal is None:
            return {}
        if len(numbers) <= 1:
            return dict.fromkeys(numbers, refusal)
    middle = len(numbers) // 2
    refused = _narrow(cursor, numbers[:middle], attempt)
    return refused | _narrow(cursor, numbers[middle:], attempt, hopeless=not refused)


def _find_at_once(cursor: Cursor, table: ApplyTable, suspects: _Suspects) -> _Refused | None:
    """Find the rows to blame: once all touched rows are removed, no row can conflict with another.

    Nothing stays applied. Return None if they cannot be removed all at once.
    """
    if table.may_coincide or suspects.counts.partials:
        return None
    with _undone(cursor):
        if _tried(cursor, lambda: remove_rows(cursor, table, suspects.part(suspects.everyone))) is not None:
            return None
        return _narrow(
            cursor,
            suspects.everyone,
            lambda numbers: insert_rows(cursor, table, suspects.part(numbers)),
            hopeless=True,
        )


@contextmanager
def _undone(cursor: Cursor) -> Iterator[None]:
    """Undo what the block does."""
    cursor.execute("savepoint chameleon_search")
    yield
    cursor.execute("rollback to savepoint chameleon_search; release savepoint chameleon_search")


def _apply_others(cursor: Cursor, table: ApplyTable, suspects: _Suspects, refused: _Refused) -> None:
    """Apply all rows except these, which stay as they were unless another row needs their value of a unique key."""
    suspects.set_aside(cursor, refused)
    others = suspects.part(suspects.everyone)
    for replacing in (False, True):
        if _tried(cursor, partial(apply_rows, cursor, table, others, replace=replacing)) is None:
            return
    end = suspects.everyone.stop
    with savepoint(cursor):
        remove_rows(cursor, table, suspects.part(range(-end, end)))
        insert_rows(cursor, table, others)


def _apply_in_rounds(cursor: Cursor, table: ApplyTable, suspects: _Suspects) -> _Refused:
    """Apply what can be applied part by part; return the rows that cannot.

    Rows may be in each other's way until they are tried together: they are, until nothing more passes.
    """

    def apply(replacing: bool, numbers: Sequence[int]) -> None:
        apply_rows(cursor, table, suspects.part(numbers), replace=replacing)

    refused: _Refused = {}
    waiting: Sequence[int] = suspects.everyone
    # A reference to a row may prevent its removal, but not its update
    for replacing in (True, False):
        tried = 0
        while waiting and len(waiting) != tried:
            tried = len(waiting)
            found = _narrow(cursor, waiting, partial(apply, replacing))
            refused = {number: refusal for number, refusal in refused.items() if not refusal.integrity} | found
            waiting = [number for number, refusal in found.items() if refusal.integrity]
    return refused


def _put_aside(  # noqa: PLR0917 - a row and all that is to be told of it
    cursor: Cursor, source: Source, name: TableName, rows: LogSlice, row: LoggedRow, refusal: _Refusal
) -> Failure:
    """Keep a row that is to blame; return what the error log is to say of it."""
    operation = row.operation.row_kind.value
    message = f"{operation} could not be applied: {refusal.message}"
    position = BinlogPosition(numbered_file(rows.file, row.file_number), row.offset)
    keep_discarded(cursor, source, DiscardedRow(name, operation, row.key, row.image, position, message))
    return Failure(message, name, position, batch_id=rows.last_batch, row_key=row.key or row.image)


def numbered_file(file: str, number: int) -> str:
    """Return the binlog file with another number: the files of a source share name and width of number."""
    base, _, digits = file.rpartition(".")
    return f"{base}.{number:0{len(digits)}d}"
