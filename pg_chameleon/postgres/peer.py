"""PostgreSQL as a source: the structure of its tables as statements, and their rows as they stream by.

Names inside expressions and index definitions come from the source as text. They are written without a schema, because
the source's schema is in the search path there; on the target the schema that is loaded takes its place.
"""

from __future__ import annotations

import os
import threading
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2

from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal, quote_qualified
from pg_chameleon.errors import SourceError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.answers import one_row, one_value
from pg_chameleon.postgres.connection import Connection, Cursor, translated
from pg_chameleon.postgres.queries import query

_PIPE_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class PeerSequence:
    """A sequence of a column. ``internal``: it is that of an identity, which makes it by itself."""

    schema: str
    name: str
    column: str
    internal: bool
    options: str


@dataclass(frozen=True, slots=True)
class PeerTable:
    """A table of the source. ``columns`` are those that hold values of their own; the definitions are SQL."""

    name: TableName
    rows: int
    columns: tuple[str, ...]
    definitions: tuple[str, ...]
    defaults: tuple[tuple[str, str], ...]
    comments: tuple[tuple[str | None, str], ...]
    sequences: tuple[PeerSequence, ...]
    constraints: tuple[tuple[str, str], ...]
    foreign_keys: tuple[tuple[str, str], ...]
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeerSchema:
    """A schema of the source: its enum types, each with its labels, and its tables, largest first."""

    name: str
    enums: tuple[tuple[str, tuple[str, ...]], ...]
    tables: tuple[PeerTable, ...]


def begin_snapshot(connection: Connection) -> str:
    """Open a snapshot that other sessions can share as long as the transaction lasts; return its name."""
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with connection.cursor() as cursor:
        cursor.execute(query("peer.export_snapshot"))
        return str(one_value(cursor))


def share_snapshot(connection: Connection, snapshot: str) -> None:
    """Begin a transaction that sees what the exported snapshot sees."""
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with connection.cursor() as cursor:
        cursor.execute("set transaction snapshot %s", (snapshot,))


def use_schema(cursor: Cursor, schema: str) -> None:
    """Let names without a schema mean those of this one, until the transaction ends."""
    cursor.execute("select set_config('search_path', %s, true)", (quote_identifier(schema),))


def read_schema(connection: Connection, schema: str) -> PeerSchema:
    """Read the structure of a schema."""
    with connection.cursor() as cursor:
        cursor.execute(query("peer.schemas"), ([schema],))
        if cursor.fetchone() is None:
            raise SourceError(f"the source has no schema {schema}", advice="Check schema_mappings and db_conn.database")
        use_schema(cursor, schema)
        cursor.execute(query("peer.enums"), (schema,))
        enums = tuple((name, tuple(labels)) for name, labels in cursor.fetchall())
        cursor.execute(query("peer.tables"), (schema,))
        found = cursor.fetchall()
        return PeerSchema(schema, enums, tuple(_table(cursor, schema, row) for row in found))


def _table(cursor: Cursor, schema: str, row: tuple[int, str, int, str | None]) -> PeerTable:
    oid, name, rows, comment = row
    cursor.execute(query("peer.columns"), (oid,))
    columns = [_Column(*row) for row in cursor.fetchall()]
    cursor.execute(query("peer.sequences"), (oid,))
    sequences = tuple(_sequence(*row) for row in cursor.fetchall())
    cursor.execute(query("peer.constraints"), (oid,))
    constraints = cursor.fetchall()
    cursor.execute(query("peer.indexes"), (oid,))
    comments: list[tuple[str | None, str | None]] = [(None, comment)]
    comments += [(column.name, column.comment) for column in columns]
    return PeerTable(
        name=TableName(schema, name),
        rows=rows,
        columns=tuple(column.name for column in columns if not column.generated),
        definitions=tuple(column.definition for column in columns),
        defaults=tuple((column.name, column.default) for column in columns if column.default and not column.generated),
        comments=tuple((place, text) for place, text in comments if text is not None),
        sequences=sequences,
        constraints=tuple((each, definition) for each, definition, foreign in constraints if not foreign),
        foreign_keys=tuple((each, definition) for each, definition, foreign in constraints if foreign),
        indexes=tuple(row[0] for row in cursor.fetchall()),
    )


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    required: bool
    default: str | None
    identity: str
    generated: str
    collation: str | None
    comment: str | None

    @property
    def definition(self) -> str:
        """What stands for the column in CREATE TABLE; a default follows later, when its sequence is there."""
        parts = [quote_identifier(self.name), self.type]
        if self.collation is not None:
            parts.append(f"collate {self.collation}")
        if self.required:
            parts.append("not null")
        if self.identity:
            parts.append(f"generated {'always' if self.identity == 'a' else 'by default'} as identity")
        if self.generated:
            parts.append(f"generated always as ({self.default}) stored")
        return " ".join(parts)


def _sequence(schema: str, name: str, column: str, internal: bool, kind: str, *numbers: Any) -> PeerSequence:
    start, increment, least, greatest, cache, cycles = numbers
    options = (
        f"as {kind} start with {start:d} increment by {increment:d} minvalue {least:d} maxvalue {greatest:d}"
        f" cache {cache:d} {'cycle' if cycles else 'no cycle'}"
    )
    return PeerSequence(schema, name, column, internal, options)


def create_enums(cursor: Cursor, schema: PeerSchema, target_schema: str) -> None:
    """Make the enum types of a schema."""
    for name, labels in schema.enums:
        listed = ", ".join(map(quote_literal, labels))
        cursor.execute(f"create type {quote_qualified(target_schema, name)} as enum ({listed})")


def create_table(cursor: Cursor, table: PeerTable, target: TableName) -> None:
    """Make a table with its sequences and defaults, without keys and indexes."""
    use_schema(cursor, target.schema)
    quoted = quote_qualified(target.schema, target.table)
    cursor.execute(f"create table {quoted} ({', '.join(table.definitions)})")
    for sequence in table.sequences:
        if not sequence.internal:
            name = quote_qualified(target.schema, sequence.name)
            owner = f"{quoted}.{quote_identifier(sequence.column)}"
            cursor.execute(f"create sequence {name} {sequence.options} owned by {owner}")
    for column, default in table.defaults:
        cursor.execute(f"alter table {quoted} alter column {quote_identifier(column)} set default {default}")
    for place, comment in table.comments:
        what = f"table {quoted}" if place is None else f"column {quoted}.{quote_identifier(place)}"
        cursor.execute(f"comment on {what} is {quote_literal(comment)}")


def finish_table(source: Cursor, cursor: Cursor, table: PeerTable, target: TableName) -> None:
    """Make keys, checks and indexes, set the sequences, and gather statistics."""
    use_schema(cursor, target.schema)
    quoted = quote_qualified(target.schema, target.table)
    for name, definition in table.constraints:
        cursor.execute(f"alter table {quoted} add constraint {quote_identifier(name)} {definition}")
    for index in table.indexes:
        cursor.execute(index)
    for sequence in table.sequences:
        source.execute(f"select last_value, is_called from {quote_qualified(sequence.schema, sequence.name)}")
        cursor.execute(
            "select setval(pg_get_serial_sequence(%s, %s), %s, %s)", (quoted, sequence.column, *one_row(source))
        )
    cursor.execute(f"analyze {quoted}")


def add_foreign_key(cursor: Cursor, table: TableName, name: str, definition: str) -> None:
    """Make a foreign key of a table that is in its place."""
    use_schema(cursor, table.schema)
    quoted = quote_qualified(table.schema, table.table)
    cursor.execute(f"alter table {quoted} add constraint {quote_identifier(name)} {definition}")


def stream(source: Cursor, target: Cursor, table: PeerTable, loaded: TableName) -> int:
    """Let the rows of a table flow from one server to the other; return their number, which both agree on."""
    columns = ", ".join(map(quote_identifier, table.columns))
    reading = f"copy (select {columns} from {quote_qualified(*table.name)}) to stdout"
    writing = f"copy {quote_qualified(loaded.schema, loaded.table)} ({columns}) from stdin with (freeze)"
    receiving, sending = os.pipe()
    failure: list[psycopg2.Error | OSError] = []

    def read() -> None:
        try:
            with closing(os.fdopen(sending, "wb", _PIPE_BUFFER)) as file:
                source.copy_expert(reading, file, size=_PIPE_BUFFER)
        except (psycopg2.Error, OSError) as error:  # OSError: the target stopped taking
            failure.append(error)

    reader = threading.Thread(target=read, name=f"reading {table.name}")
    reader.start()
    try:
        with closing(os.fdopen(receiving, "rb", _PIPE_BUFFER)) as file:
            target.copy_expert(writing, file, size=_PIPE_BUFFER)
    finally:
        reader.join()
    if failure:
        error = failure[0]
        raise translated(error) if isinstance(error, psycopg2.Error) else SourceError(str(error)) from error
    if source.rowcount != target.rowcount:
        raise SourceError(f"{source.rowcount} rows were read, {target.rowcount} were stored", table=table.name)
    return target.rowcount
