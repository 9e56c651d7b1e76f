"""What could not be applied: the error log, the discarded rows, and the savepoint that undoes a refused step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2

from pg_chameleon.convert.values.text import without_nul
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.postgres.answers import one_value
from pg_chameleon.postgres.connection import Cursor, translated
from pg_chameleon.postgres.positions import place
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be applied, for the error log."""

    message: str
    table: TableName | None = None
    position: BinlogPosition | None = None
    batch_id: int | None = None
    row_key: str | None = None
    statement: str | None = None


def log_failure(cursor: Cursor, source: Source, failure: Failure) -> int:
    """Write a failure into the error log; return its number, by which ``show_errors --logid`` shows it."""
    cursor.execute(
        query("failures.add_error"),
        {
            "source_id": source.source_id,
            "schema": None if failure.table is None else failure.table.schema,
            "table": None if failure.table is None else failure.table.table,
            "batch_id": failure.batch_id,
            **place(failure.position),
            "row_key": failure.row_key,
            "statement": None if failure.statement is None else without_nul(failure.statement),
            "message": without_nul(failure.message),
        },
    )
    return int(one_value(cursor))


@dataclass(frozen=True, slots=True)
class DiscardedRow:
    """A row that the target does not have: the operation that failed, its key and its image as far as they are known.

    ``image`` and ``row_key`` are composite literals, lines of COPY, or what people can read.
    """

    table: TableName
    operation: str
    row_key: str | None
    image: str | None
    position: BinlogPosition | None
    reason: str


def keep_discarded(cursor: Cursor, source: Source, row: DiscardedRow) -> None:
    """Keep a row that could not be applied, so that nothing of it is lost."""
    cursor.execute(
        query("failures.add_discarded"),
        {
            "source_id": source.source_id,
            "schema": row.table.schema,
            "table": row.table.table,
            "operation": row.operation,
            "row_key": row.row_key,
            "image": row.image,
            **place(row.position),
            "reason": row.reason,
        },
    )


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PROGRAM_LIMIT_EXCEEDED = "54000"


def index_too_small(error: TargetError) -> str | None:
    """Return the name of the index that cannot hold so large a value, if that is the error."""
    cause = error.__cause__
    if isinstance(cause, psycopg2.Error) and cause.pgcode == _PROGRAM_LIMIT_EXCEEDED:
        return cause.diag.constraint_name
    return None


@contextmanager
def savepoint(cursor: Cursor) -> Iterator[None]:
    """Undo what the block did if PostgreSQL refuses any of it; a lost connection is raised as such."""
    cursor.execute("savepoint chameleon_step")
    try:
        yield
    except (psycopg2.Error, TargetError) as error:
        failed = translated(error) if isinstance(error, psycopg2.Error) else error
        if failed.transient:
            raise failed from error
        # Released too, so that the name refers to an enclosing savepoint again.
        cursor.execute("rollback to savepoint chameleon_step; release savepoint chameleon_step")
        raise failed from error
    cursor.execute("release savepoint chameleon_step")


def run_statements(cursor: Cursor, statements: Sequence[str]) -> None:
    """Run statements of a change of structure inside a savepoint; raise ``TargetError`` if one is refused."""
    with savepoint(cursor):
        for statement in statements:
            cursor.execute(statement)
