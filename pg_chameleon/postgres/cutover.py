"""The target's side of the cutover: sequences, constraints and permissions; each step can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pg_chameleon.convert.expressions.names import constraint_name
from pg_chameleon.convert.expressions.quoting import quote_identifier
from pg_chameleon.convert.structure.ddl import Constraint
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.grants import existing_roles
from pg_chameleon.postgres.queries import query


@dataclass(frozen=True, slots=True)
class ConstraintResult:
    """What became of a constraint. ``failure`` is None if it exists and all rows satisfy it."""

    table: TableName
    name: str
    added: bool
    failure: str | None = None


def set_sequences(connection: Connection, statements: Sequence[str]) -> int:
    """Let the identity columns continue after their largest values; return how many there are."""
    with transaction(connection) as cursor:
        for statement in statements:
            cursor.execute(statement)
    return len(statements)


def add_constraint(connection: Connection, table: TableName, constraint: Constraint) -> ConstraintResult:
    """Create a constraint that holds for new rows, unless an earlier run did."""
    try:
        with transaction(connection) as cursor:
            if not _has_constraint(cursor, table, constraint_name(constraint.name)):
                cursor.execute(constraint.add)
    except TargetError as error:
        if error.transient:
            raise
        return ConstraintResult(table, constraint.name, added=False, failure=error.message)
    return ConstraintResult(table, constraint.name, added=True)


def validate_constraint(connection: Connection, table: TableName, constraint: Constraint) -> ConstraintResult:
    """Let PostgreSQL check the existing rows."""
    try:
        with transaction(connection) as cursor:
            cursor.execute(constraint.validate)
    except TargetError as error:
        if error.transient:
            raise
        return ConstraintResult(table, constraint.name, added=True, failure=error.message)
    return ConstraintResult(table, constraint.name, added=True)


def _has_constraint(cursor: Cursor, table: TableName, name: str) -> bool:
    cursor.execute(query("cutover.has_constraint"), (table.schema, table.table, name))
    return cursor.fetchone() is not None


def make_trigger(connection: Connection, table: TableName, columns: str, statements: Sequence[str]) -> ConstraintResult:
    """Make the trigger that sets the times of updates in these columns, replacing one of an earlier run."""
    try:
        with transaction(connection) as cursor:
            for statement in statements:
                cursor.execute(statement)
    except TargetError as error:
        if error.transient:
            raise
        return ConstraintResult(table, columns, added=False, failure=error.message)
    return ConstraintResult(table, columns, added=True)


def restore_not_null(connection: Connection, table: TableName, columns: Sequence[str]) -> list[str]:
    """Forbid NULL again in columns that had to allow it for dates that do not exist; return those that hold some."""
    refused = []
    for column in columns:
        try:
            with transaction(connection) as cursor:
                cursor.execute(
                    f"alter table {quote_identifier(table.schema)}.{quote_identifier(table.table)}"
                    f" alter column {quote_identifier(column)} set not null"
                )
        except TargetError as error:
            if error.transient:
                raise
            refused.append(column)
    return refused


def let_write(connection: Connection, schema: str, wanted: Sequence[str]) -> list[str]:
    """Let roles change rows and use sequences in a schema, also of later tables; return those that exist."""
    quoted = quote_identifier(schema)
    with transaction(connection) as cursor:
        roles = existing_roles(cursor, wanted)
        for role in map(quote_identifier, roles):
            cursor.execute(f"grant usage on schema {quoted} to {role}")
            for kind, privileges in (
                ("tables", "select, insert, update, delete"),
                ("sequences", "usage, select, update"),
            ):
                cursor.execute(f"grant {privileges} on all {kind} in schema {quoted} to {role}")
                cursor.execute(f"alter default privileges in schema {quoted} grant {privileges} on {kind} to {role}")
    return roles
