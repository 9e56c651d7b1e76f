"""Carry the tracked changes over to an empty PostgreSQL, and compare each table with a new copy of its structure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.errors import RaiseException

from pg_chameleon.convert.alter.plan import AlterRefused, alter_table
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal, quote_qualified
from pg_chameleon.convert.rules import UnknownType
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.convert.values.carried import carried_columns
from pg_chameleon.model.change import (
    SchemaChange,
    TableAltered,
    TableCreated,
    TableDropped,
    TableTruncated,
    TableUncertain,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, TableSchema
from tests.ddl_corpus.tally import Tally
from tests.ddl_corpus.truth import exact
from tests.integration.convert_support import Target
from tests.rules import MARIADB, some_rules

FRESH = "a new copy"
_ROWS = 2
_SCHEMAS = (
    "select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')"
)


class Translation:
    """The target of one sequence. ``filled``: tables get rows before they are altered."""

    def __init__(self, connection: Any, *, filled: bool, tally: Tally) -> None:
        self._connection = connection
        self._target = Target(connection.cursor())
        self._filled = filled
        self._tally = tally
        self._rules = some_rules(MARIADB)
        self._tables: dict[TableName, TableSchema] = {}
        self._start_anew()

    def _start_anew(self) -> None:
        self._target.cursor.execute(_SCHEMAS)
        for (name,) in self._target.cursor.fetchall():
            self._target.run([f"DROP SCHEMA {quote_identifier(name)} CASCADE"])
        self._target.make_schema(FRESH)

    def follow(
        self,
        where: str,
        changes: Iterable[SchemaChange],
        statement: str,
        truth: Mapping[TableName, TableSchema],
    ) -> None:
        """Carry changes over, one after the other, and note what became of each.

        ``truth``: the structures that the source has then, by which the new copies are made; where there is none, the
        tracked one has to do.
        """
        for change in changes:
            kind, name = type(change).__name__, _name_after(change)
            try:
                self._act(change)
                difference = self._difference(name, truth)
            except (AlterRefused, UnknownType, RaiseException) as error:
                outcome, reason = "confined", str(error)
            except psycopg2.Error as error:
                # The rows are made without regard to what a later statement demands of them.
                impossible = self._filled and isinstance(error, psycopg2.IntegrityError)
                outcome, reason = "confined" if impossible else "wrong", f"{name}: {error}"
            else:
                outcome, reason = ("wrong", f"{name}: {difference}") if difference else ("right", "")
            self._tally.note(kind, outcome, where, reason, statement)
            if outcome != "right":
                self.restore(name, change.after if isinstance(change, TableAltered | TableCreated) else None)

    def restore(self, name: TableName, schema: TableSchema | None) -> None:
        """Continue with a new table: what is tracked of it was lost, or is not what the target has."""
        self._tables.pop(name, None)
        self._target.run([f"DROP SCHEMA IF EXISTS {quote_identifier(name.schema)} CASCADE"])
        for other in (*self._tables.values(), *((schema,) if schema else ())):
            if other.name.schema == name.schema:
                self._make(other)

    def _make(self, schema: TableSchema) -> None:
        try:
            self._create(schema)
        except UnknownType:
            self._tables.pop(schema.name, None)

    def _act(self, change: SchemaChange) -> None:
        if isinstance(change, TableCreated):
            self._create(change.after)
        elif isinstance(change, TableAltered):
            self._alter(change)
        elif isinstance(change, TableUncertain):
            self._drop(self._tables.get(change.name))
        else:
            self._remove(change, self._tables.get(change.name))

    def _create(self, schema: TableSchema) -> None:
        name = schema.name.schema
        target = target_table(schema, self._rules)
        created = [*ddl.create_table(target, name), *ddl.create_indexes(target, name)]
        self._run([f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(name)}", *created])
        self._tables[schema.name] = schema

    def _alter(self, change: TableAltered) -> None:
        before = self._tables.get(change.before.name)
        if before is None:  # its type has no rule
            raise AlterRefused("the target does not have the table")
        old, new = before.name.schema, change.after.name.schema
        statements = alter_table(
            before, change.after, change.origins, self._rules, schema_name=old, new_schema_name=new
        )
        if self._filled:
            self._fill(before)
        self._run([f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(new)}", *statements])
        del self._tables[before.name]
        self._tables[change.after.name] = change.after

    def _remove(self, change: TableDropped | TableTruncated, schema: TableSchema | None) -> None:
        if schema is not None and isinstance(change, TableTruncated):
            self._run([ddl.truncate_table(target_table(schema, self._rules), schema.name.schema)])
        else:
            self._drop(schema)

    def _drop(self, schema: TableSchema | None) -> None:
        if schema is not None:
            self._run(ddl.drop_table(target_table(schema, self._rules), schema.name.schema))
            del self._tables[schema.name]

    def _run(self, statements: list[str]) -> None:
        """Run statements in one transaction, as the replay does."""
        with self._transaction("COMMIT"):
            self._target.run(statements)

    @contextmanager
    def _transaction(self, end: str) -> Iterator[None]:
        self._target.run(["BEGIN"])
        try:
            yield
        except psycopg2.Error:
            self._target.run(["ROLLBACK"])
            raise
        self._target.run([end])

    def _difference(self, name: TableName, truth: Mapping[TableName, TableSchema]) -> str:
        """Compare a table with a new copy; the new one vanishes again."""
        schema = self._tables.get(name)
        if schema is None:
            return ""
        schema = exact(truth[name], schema) if name in truth else schema
        target = target_table(schema, self._rules)
        with self._transaction("ROLLBACK"):
            self._target.make(schema, self._rules, FRESH)
            made = self._target.catalogue(target, FRESH)[:2]
        followed = self._target.catalogue(target, name.schema)[:2]
        return "" if followed == made else f"\n  followed {followed}\n  new copy {made}"

    def finish(self, where: str) -> None:
        """Drop all tables in the end, and note what is left that belonged to one: it would be in the way later."""
        names = {name.schema for name in self._tables}
        with self._transaction("ROLLBACK"):
            for schema in self._tables.values():
                self._target.run(ddl.drop_table(target_table(schema, self._rules), schema.name.schema))
            left = [each for name in names for each in sorted(self._target.relations(name))]
        self._tally.note("leftovers", "wrong" if left else "right", where, f"left behind: {left}")

    def _fill(self, schema: TableSchema) -> None:
        """Insert a few rows into an empty table."""
        columns = [each for each in carried_columns(schema, self._rules) if each.source.generated is None]
        names = ", ".join(quote_identifier(each.name) for each in columns)
        table = quote_qualified(schema.name.schema, target_table(schema, self._rules).name)
        self._target.cursor.execute(f"SELECT FROM {table} LIMIT 1")
        if self._target.cursor.rowcount:
            return
        for number in range(_ROWS):
            values = ", ".join(_value(each.source, number) for each in columns)
            self._target.cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")


def _name_after(change: SchemaChange) -> TableName:
    return change.after.name if isinstance(change, TableCreated | TableAltered) else change.name


def _value(column: Column, number: int) -> str:
    """Return a value as a literal; the last row has NULL where it may."""
    if column.nullable and number == _ROWS - 1:
        return "NULL"
    base = column.type.base
    if base in ("enum", "set"):
        return quote_literal(column.type.members[0])
    if base == "decimal":
        return "0"  # the one number that every precision has
    if base == "bit":
        return quote_literal(str(number).rjust((*column.type.arguments, 1)[0], "0"))
    return quote_literal(_VALUES.get(base, str(number)))


_VALUES = {
    **dict.fromkeys(("date", "datetime"), "2024-02-29"),
    "timestamp": "2024-02-29 10:00:00+00",
    "time": "10:00:00",
    "json": "[1]",
    "uuid": "12345678-1234-1234-1234-123456789012",
    "inet4": "10.0.0.1",
    "inet6": "::1",
    "year": "2024",
    "vector": "{1,2}",
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), "\\x31"),
    **dict.fromkeys(
        (
            *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"),
            *("geometrycollection", "geomcollection"),
        ),
        "\\x0101000000000000000000f03f000000000000f03f",
    ),
}
