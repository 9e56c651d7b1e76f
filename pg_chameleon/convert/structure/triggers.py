"""ON UPDATE CURRENT_TIMESTAMP for a database that stands on its own: a trigger for each table that has such columns."""

from __future__ import annotations

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal, quote_qualified
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.target import TargetColumn, target_table
from pg_chameleon.model.schema import TableSchema

_FULL_PRECISION = 6


def stamped_columns(schema: TableSchema, rules: Rules) -> tuple[TargetColumn, ...]:
    """Return the target's columns that the source sets to the time of an update, and that hold a time there too."""
    stamped = {column.name for column in schema.columns if column.on_update is not None}
    return tuple(
        column
        for column in target_table(schema, rules).columns
        if column.source in stamped and column.type.startswith("timestamp")
    )


def update_trigger(schema: TableSchema, rules: Rules, schema_name: str) -> list[str]:
    """Return the statements that make the trigger of a table, or replace it; none if it needs no trigger.

    As on the source, a row that does not really change keeps its time, and so does one whose time is set to another.
    Rows are compared by their bytes, because not every type has an operator for it, without the columns that
    PostgreSQL generates, which it does after the trigger.
    """
    stamped = stamped_columns(schema, rules)
    if not stamped:
        return []
    found = target_table(schema, rules)
    compared = [quote_identifier(column.name) for column in found.columns if column.generated is None]
    old, new = (f"ROW({', '.join(f'{row}.{name}' for name in compared)})::record" for row in ("OLD", "NEW"))
    body = (
        f"BEGIN IF {old} OPERATOR(pg_catalog.*<>) {new} THEN {' '.join(_stamp(schema, column) for column in stamped)}"
        " END IF; RETURN NEW; END"
    )
    name = names.trigger_name(schema.name.table)
    table, function = quote_qualified(schema_name, found.name), quote_qualified(schema_name, name)
    trigger = quote_identifier(name)
    return [
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {quote_literal(body)}",
        f"DROP TRIGGER IF EXISTS {trigger} ON {table}",
        f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    ]


def _stamp(schema: TableSchema, column: TargetColumn) -> str:
    name = quote_identifier(column.name)
    return f"IF NEW.{name} IS NOT DISTINCT FROM OLD.{name} THEN NEW.{name} := {_now(schema, column)}; END IF;"


def _now(schema: TableSchema, column: TargetColumn) -> str:
    """Return the time of the statement, cut to the digits of the column as MySQL does; PostgreSQL would round."""
    of_source = schema.column(column.source)
    assert of_source is not None  # it was found by that name
    digits = of_source.type.fraction
    if digits >= _FULL_PRECISION:
        return "statement_timestamp()"
    if digits == 0:
        return "date_trunc('second', statement_timestamp())"
    return f"to_timestamp(trunc(extract(epoch FROM statement_timestamp())::numeric, {digits}))"
