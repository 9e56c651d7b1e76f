"""Statements of PostgreSQL that make, fill in and remove the tables of the target.

Every function takes the schema's name, because a table is loaded in another schema than it ends in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.expressions import check_expression
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal, quote_qualified
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.attempts import set_default
from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.convert.structure.target import EnumType, TargetColumn, TargetTable
from pg_chameleon.model.schema import ForeignKey, TableSchema


class Constraint(NamedTuple):
    """A constraint in two statements: ``add`` does not look at the rows there are, ``validate`` does."""

    name: str
    add: str
    validate: str


class LeftOut(NamedTuple):
    """A check or foreign key that the target does not get, and why."""

    name: str
    kind: str
    reason: str


def create_table(
    target: TargetTable, schema_name: str, table_name: str | None = None, fillfactor: int | None = None
) -> list[str]:
    """Return the statements that make the table and its types, without its indexes."""
    table = quote_qualified(schema_name, table_name or target.name)
    tentative = [column for column in target.columns if column.tentative]
    columns = ", ".join(column_definition(without_tentative(column), schema_name) for column in target.columns)
    storage = f" WITH (fillfactor = {fillfactor:d})" if fillfactor is not None else ""
    return [
        *(create_enum(enum, schema_name) for enum in target.enums),
        f"CREATE TABLE {table} ({columns}){storage}",
        *(set_default(table, column) for column in tentative),
        *([f"COMMENT ON TABLE {table} IS {quote_literal(target.comment)}"] if target.comment else []),
        *(column_comment(table, column) for column in target.columns if column.comment),
    ]


def create_indexes(target: TargetTable, schema_name: str, table_name: str | None = None) -> list[str]:
    """Return the statements that make the primary key and all indexes, the key first."""
    ordered = sorted(target.indexes, key=lambda index: not index.primary)
    table = table_name or target.name
    return [statement for index in ordered for statement in create_index(index, schema_name, table)]


def create_index(index: TargetIndex, schema_name: str, table_name: str) -> list[str]:
    """Return the statements that make one index."""
    table, parts = quote_qualified(schema_name, table_name), ", ".join(index.parts)
    name = quote_identifier(index.name)
    if index.primary:
        made = f"ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY ({parts})"
    else:
        unique = "UNIQUE " if index.unique else ""
        made = f"CREATE {unique}INDEX {name} ON {table} USING {index.method} ({parts})"
    return [made, *([index_comment(index, schema_name)] if index.comment else [])]


def drop_index(index: TargetIndex, schema_name: str, table_name: str) -> str:
    """Return the statement that removes one index, if it is there."""
    if index.primary:
        table = quote_qualified(schema_name, table_name)
        return f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quote_identifier(index.name)}"
    return f"DROP INDEX IF EXISTS {quote_qualified(schema_name, index.name)}"


def drop_table(target: TargetTable, schema_name: str, table_name: str | None = None) -> list[str]:
    """Return the statements that remove the table and its types, if they are there."""
    return [
        f"DROP TABLE IF EXISTS {quote_qualified(schema_name, table_name or target.name)}",
        *(f"DROP TYPE IF EXISTS {quote_qualified(schema_name, enum.name)}" for enum in target.enums),
    ]


def truncate_table(target: TargetTable, schema_name: str) -> str:
    """Return the statement that removes all rows."""
    return f"TRUNCATE TABLE {quote_qualified(schema_name, target.name)}"


def sequence_resets(target: TargetTable, schema_name: str) -> list[str]:
    """Return the statements that let each identity continue after the largest value in its column."""
    table = quote_qualified(schema_name, target.name)
    return [
        f"SELECT setval(pg_get_serial_sequence({quote_literal(table)}, {quote_literal(column.name)}), "
        f"greatest(max({quote_identifier(column.name)}), 1), "
        f"coalesce(max({quote_identifier(column.name)}), 0) >= 1) FROM {table}"
        for column in target.columns
        if column.identity
    ]


def foreign_keys(schema: TableSchema, mappings: Mapping[str, str]) -> list[Constraint]:
    """Return the foreign keys whose tables are both in mapped schemas (source schema to target schema)."""
    return [
        _constraint(schema, key.name, _foreign_key(key, mappings), mappings)
        for key in schema.foreign_keys
        if key.referenced.schema in mappings
    ]


def checks(schema: TableSchema, rules: Rules, mappings: Mapping[str, str]) -> list[Constraint]:
    """Return the enforced checks whose expressions mean the same in PostgreSQL."""
    return [
        _constraint(schema, check.name, f"CHECK ({expression})", mappings)
        for check in schema.checks
        if check.enforced and (expression := check_expression(schema, check.expression, rules)) is not None
    ]


def left_out(schema: TableSchema, rules: Rules, mappings: Mapping[str, str]) -> list[LeftOut]:
    """Return the checks and foreign keys that the target does not get."""
    found = []
    for check in schema.checks:
        if not check.enforced:
            found.append(LeftOut(check.name, "check", "the source does not enforce it"))
        elif check_expression(schema, check.expression, rules) is None:
            found.append(LeftOut(check.name, "check", f"its expression is not translated: {check.expression}"))
    found += [
        LeftOut(key.name, "foreign key", f"it refers to {key.referenced}, whose schema is not mapped")
        for key in schema.foreign_keys
        if key.referenced.schema not in mappings
    ]
    return found


def without_tentative(column: TargetColumn) -> TargetColumn:
    """Return a column without a default that its type may refuse."""
    return replace(column, default=None) if column.tentative else column


def column_definition(column: TargetColumn, schema_name: str) -> str:
    """Return what stands for a column in CREATE TABLE and in ADD COLUMN."""
    parts = [quote_identifier(column.name), column.type_in(schema_name)]
    if not column.nullable:
        parts.append("NOT NULL")
    if column.identity:
        parts.append(identity_definition(column, schema_name))
    if column.generated is not None:
        parts.append(f"GENERATED ALWAYS AS ({column.generated}) STORED")
    if column.default is not None:
        parts.append(f"DEFAULT {column.default.sql}")
    return " ".join(parts)


def identity_definition(column: TargetColumn, schema_name: str) -> str:
    """Return what makes a column an identity."""
    sequence = quote_qualified(schema_name, column.sequence)
    return f"GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME {sequence})"


def create_enum(enum: EnumType, schema_name: str) -> str:
    """Return the statement that makes an enum type."""
    labels = ", ".join(map(quote_literal, enum.labels))
    return f"CREATE TYPE {quote_qualified(schema_name, enum.name)} AS ENUM ({labels})"


def column_comment(table: str, column: TargetColumn) -> str:
    """Return the statement that sets the comment of a column; ``table`` is quoted already."""
    comment = quote_literal(column.comment) if column.comment else "NULL"
    return f"COMMENT ON COLUMN {table}.{quote_identifier(column.name)} IS {comment}"


def index_comment(index: TargetIndex, schema_name: str) -> str:
    """Return the statement that sets the comment of an index."""
    comment = quote_literal(index.comment) if index.comment else "NULL"
    return f"COMMENT ON INDEX {quote_qualified(schema_name, index.name)} IS {comment}"


def _constraint(schema: TableSchema, name: str, definition: str, mappings: Mapping[str, str]) -> Constraint:
    table = quote_qualified(mappings[schema.name.schema], names.table_name(schema.name.table))
    quoted = quote_identifier(names.constraint_name(name))
    return Constraint(
        name,
        f"ALTER TABLE {table} ADD CONSTRAINT {quoted} {definition} NOT VALID",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {quoted}",
    )


def _foreign_key(key: ForeignKey, mappings: Mapping[str, str]) -> str:
    referenced = quote_qualified(mappings[key.referenced.schema], names.table_name(key.referenced.table))
    return (
        f"FOREIGN KEY ({_column_list(key.columns)}) REFERENCES {referenced} "
        f"({_column_list(key.referenced_columns)}) "
        f"ON DELETE {_rule(key.on_delete)} ON UPDATE {_rule(key.on_update)}"
    )


def _column_list(columns: tuple[str, ...]) -> str:
    return ", ".join(quote_identifier(names.column_name(column)) for column in columns)


_RULES = ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION")


def _rule(rule: str) -> str:
    """Return the rule, which becomes SQL, only if it is one."""
    wanted = " ".join(rule.upper().split())
    if wanted not in _RULES:
        raise ValueError(f"not a rule of a foreign key: {rule!r}")
    return wanted
