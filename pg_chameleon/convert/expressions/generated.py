"""Generated columns: those that PostgreSQL can generate with certainty are generated there too."""

from __future__ import annotations

from pg_chameleon.convert.expressions.expressions import translated
from pg_chameleon.convert.expressions.translated import Kind, Use
from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.schema import Column, TableSchema

# Types of which PostgreSQL refuses what does not fit, where MySQL's lax modes would clamp or cut it.
_EXACT = {
    **dict.fromkeys(("smallint", "int", "bigint", "decimal"), Kind.NUMBER),
    **dict.fromkeys(("varchar", "longtext"), Kind.TEXT),
}


def generated_expression(schema: TableSchema, column: Column, rules: Rules) -> str | None:
    """Return PostgreSQL's expression of a generated column; None where its values are carried over."""
    if column.generated is None or column.type.unsigned or rules.override(schema.name, column) is not None:
        return None
    if _is_in_key(schema, column) or column.charset not in (None, "utf8mb4"):
        return None
    if all(each.generated is not None for each in schema.columns):
        return None  # nothing of a row would be left to carry over
    found = translated(schema, column.generated.expression, rules, Use.VALUE)
    return found.sql if found is not None and found.kind is _EXACT.get(column.type.base) else None


def _is_in_key(schema: TableSchema, column: Column) -> bool:
    """Tell whether rows are found by the column; its values are needed then."""
    parts = [part for index in schema.indexes if index.unique or index.primary for part in index.parts]
    keys = [part.column or "" for part in parts] + [name for key in schema.foreign_keys for name in key.columns]
    return column.name.casefold() in {name.casefold() for name in keys}
