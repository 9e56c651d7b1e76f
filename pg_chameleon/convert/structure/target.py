"""The structure that a table of the source has on the target, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.generated import generated_expression
from pg_chameleon.convert.expressions.quoting import quote_qualified
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.defaults import NULL, TargetDefault, target_default
from pg_chameleon.convert.structure.indexes import TargetIndex, target_index
from pg_chameleon.convert.values.carried import CarriedColumn, carried_columns, in_primary_key
from pg_chameleon.convert.values.text import without_nul
from pg_chameleon.convert.values.types import type_rule
from pg_chameleon.model.schema import Column, TableSchema

_IDENTITY_TYPES = frozenset({"smallint", "integer", "bigint"})


@dataclass(frozen=True, slots=True)
class EnumType:
    """A type of its own for one enum column."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A column of the target.

    ``source`` is its name on the source. ``type`` is empty where ``enum`` is its type. ``generated``
    is an expression of PostgreSQL. ``tentative``: the type chosen by the user may be unable to read the default; then
    the target has none. ``sequence`` is that of the identity. ``infinite``: '-infinity' stands for dates that
    do not exist.
    """

    source: str
    name: str
    type: str
    nullable: bool
    default: TargetDefault | None = None
    tentative: bool = False
    identity: bool = False
    sequence: str = ""
    generated: str | None = None
    enum: EnumType | None = None
    infinite: bool = False
    comment: str = ""

    def type_in(self, schema_name: str) -> str:
        """Return the type as SQL; an enum type is in the schema of its table."""
        return self.type if self.enum is None else quote_qualified(schema_name, self.enum.name)


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table of the target. ``key``: the columns by which a row is found, empty if there are none.

    ``notes`` say what of the source's structure the target does not have.
    """

    name: str
    columns: tuple[TargetColumn, ...]
    indexes: tuple[TargetIndex, ...]
    key: tuple[str, ...]
    comment: str = ""
    notes: tuple[str, ...] = ()

    @property
    def spare_indexes(self) -> dict[str, str]:
        """The indexes without which rows can be applied all the same, with their names on the source."""
        return {
            index.name: index.source
            for index in self.indexes
            if not index.primary and not (index.unique and index.columns == self.key)
        }

    @property
    def enums(self) -> tuple[EnumType, ...]:
        """The enum types that the table needs."""
        return tuple(column.enum for column in self.columns if column.enum is not None)

    def column(self, source: str) -> TargetColumn:
        """Return the column that stands for a column of the source."""
        return next(column for column in self.columns if column.source == source)


@lru_cache(maxsize=256)
def target_table(schema: TableSchema, rules: Rules) -> TargetTable:
    """Return what a table of the source is on the target."""
    carried = {each.source.name: each for each in carried_columns(schema, rules)}
    notes: list[str] = []
    columns = tuple(_column(schema, column, carried.get(column.name), rules, notes) for column in schema.columns)
    indexes = tuple(index for each in schema.indexes if (index := target_index(schema, each, rules, notes)) is not None)
    return TargetTable(
        name=names.table_name(schema.name.table),
        columns=columns,
        indexes=indexes,
        key=tuple(map(names.column_name, schema.key_columns)),
        comment=without_nul(schema.comment),
        notes=tuple(notes),
    )


def _column(
    schema: TableSchema, column: Column, carried: CarriedColumn | None, rules: Rules, notes: list[str]
) -> TargetColumn:
    rule = type_rule(schema, column, rules)
    target = TargetColumn(
        source=column.name,
        name=names.column_name(column.name),
        type=rule.target,
        nullable=_nullable(schema, column, carried),
        enum=_enum(schema, column, rule.labels),
        comment=without_nul(column.comment),
    )
    if carried is None:
        return replace(target, generated=generated_expression(schema, column, rules))
    identity = column.auto_increment and rule.target in _IDENTITY_TYPES
    if column.auto_increment and not identity:
        notes.append(f"column {column.name}: AUTO_INCREMENT on the type {rule.target} is omitted")
    default = target_default(column, carried, notes)
    return replace(
        target,
        identity=identity,
        sequence=names.sequence_name(schema.name.table, column.name) if identity else "",
        default=default,
        tentative=carried.overridden and default not in (None, NULL),
        infinite=carried.checked and carried.substitute is not None,
    )


def _nullable(schema: TableSchema, column: Column, carried: CarriedColumn | None) -> bool:
    if in_primary_key(schema, column):
        return False
    return column.nullable if carried is None else carried.nullable


def _enum(schema: TableSchema, column: Column, labels: tuple[str, ...]) -> EnumType | None:
    return EnumType(names.enum_name(schema.name.table, column.name), labels) if labels else None
