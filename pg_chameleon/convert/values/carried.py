"""The columns of a table whose values are carried over, each with its name and its rule on the target."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.generated import generated_expression
from pg_chameleon.convert.rules import ChangeReason, Rules
from pg_chameleon.convert.values.members import Ambiguous, ambiguous_values
from pg_chameleon.convert.values.types import TypeRule, type_rule
from pg_chameleon.model.choices import ZeroDates
from pg_chameleon.model.schema import Column, TableSchema

INFINITY = "-infinity"


@dataclass(frozen=True, slots=True)
class CarriedColumn:
    """A column of the source, its target's name, and its rule.

    ``checked``: dates that do not exist are found and give way to ``substitute``, of which None is NULL;
    otherwise PostgreSQL refuses them. ``overridden``: the user chose the type. ``ambiguous``: the values of an enum or
    set in a key that have the text of another value.
    """

    source: Column
    name: str
    rule: TypeRule
    checked: bool
    substitute: str | None
    overridden: bool
    ambiguous: Ambiguous | None = None

    @property
    def nullable(self) -> bool:
        """Tell whether the text of a value can be NULL."""
        return self.source.nullable or (self.checked and self.substitute is None)

    @property
    def absent_reason(self) -> ChangeReason:
        """What is recorded of a date that does not exist."""
        return ChangeReason.NO_DATE if self.substitute is None else ChangeReason.INFINITE_DATE


@lru_cache(maxsize=256)
def carried_columns(schema: TableSchema, rules: Rules) -> tuple[CarriedColumn, ...]:
    """Return the columns that the copy and the stream fill, in the order of the source.

    Those that the target generates by itself are not among them.
    """
    return tuple(
        _carried(schema, column, rules)
        for column in schema.columns
        if generated_expression(schema, column, rules) is None
    )


def _carried(schema: TableSchema, column: Column, rules: Rules) -> CarriedColumn:
    rule = type_rule(schema, column, rules)
    in_key = column.name in schema.key_columns or in_primary_key(schema, column)
    infinite = rules.zero_dates is ZeroDates.INFINITY or (rules.zero_dates is ZeroDates.NULL and in_key)
    return CarriedColumn(
        source=column,
        name=names.column_name(column.name),
        rule=rule,
        checked=rule.dates is not None and rules.zero_dates is not ZeroDates.ERROR,
        substitute=INFINITY if infinite else None,
        overridden=rules.override(schema.name, column) is not None,
        ambiguous=ambiguous_values(column) if column.name in schema.key_columns else None,
    )


def in_primary_key(schema: TableSchema, column: Column) -> bool:
    """Tell whether the column, or its beginning, is a part of the primary key, so that it is never NULL."""
    key = schema.primary_key
    name = column.name.casefold()
    return key is not None and any((part.column or "").casefold() == name for part in key.parts)
