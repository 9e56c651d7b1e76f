"""Guards: statements that end ALTER TABLE on the target where nobody can tell what the source did to a row."""

from __future__ import annotations

from pg_chameleon.convert.alter.alteration import Change, Pair, becomes_not_null, null_fill
from pg_chameleon.convert.alter.statement_time import statement_time
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal
from pg_chameleon.convert.structure.defaults import NULL, TargetDefault, implicit_default
from pg_chameleon.convert.structure.source_defaults import source_default
from pg_chameleon.convert.structure.target import TargetColumn
from pg_chameleon.ddl.syntax.expressions import made_of, renamed_columns, same_expression
from pg_chameleon.model.source.types import INTEGERS, TEXTS

_GROWING_TEXTS = TEXTS | {"varchar"}


def guards(change: Change) -> list[str]:
    """Return the guards of a change; they run first, with the names of before."""
    return [
        *_table_guards(change),
        *(guard for pair in change.kept for guard in _row_guards(change, pair)),
    ]


def _table_guards(change: Change) -> list[str]:
    """Return the guards against rows whose values cannot be told any longer."""
    doubts = [pair.conversion.doubt for pair in change.kept if pair.conversion.doubt]
    doubts += [doubt for column in change.added if (doubt := added_doubt(change, column))]
    doubts += [doubt for pair in change.kept if (doubt := _generated_doubt(change, pair))]
    doubts += [doubt for pair in change.kept if (doubt := _key_doubt(change, pair))]
    return [_guard(change, "true", doubt) for doubt in doubts]


def _guard(change: Change, condition: str, doubt: str) -> str:
    reason = f"{doubt}; the table has to be copied again"
    body = (
        f"BEGIN IF EXISTS (SELECT FROM {change.before.table} WHERE {condition}) "
        f"THEN RAISE EXCEPTION USING MESSAGE = {quote_literal(reason)}; END IF; END"
    )
    return f"DO {quote_literal(body)}"


def added_doubt(change: Change, column: TargetColumn) -> str:
    """Say why it cannot be told what the rows hold in a new column; empty if it can."""
    if column.generated is not None:
        return ""
    source = change.after.source(column)
    if source.generated is not None:
        return f"the values of the new generated column {source.name} are not in the binlog"
    if column.identity or source.auto_increment:
        return f"the numbers that the rows got in the new column {source.name} are not in the binlog"
    return "" if filling(change, column) is not None else f"cannot tell what the new column {source.name} holds"


def filling(change: Change, column: TargetColumn) -> TargetDefault | None:
    """Return what the existing rows get in a new column; None if it cannot be told."""
    source, carried = change.after.source(column), change.after.carried[column.source]
    default = source_default(source)
    if default is not None:
        return column.default if default.is_constant else statement_time(source, change.circumstances)
    return NULL if source.nullable else implicit_default(source, carried)


def _generated_doubt(change: Change, pair: Pair) -> str:
    """Tell why the values of a generated column may be others now; the binlog does not have them."""
    old, new = change.before.source(pair.before).generated, change.after.source(pair.after).generated
    if new is None:
        return ""
    same = old is not None and same_expression(renamed_columns(old.expression, change.renamed), new.expression)
    if same and all(_computes_alike(change, other) for other in change.kept if _is_base(change, other, pair)):
        return ""
    return f"the values of the generated column {pair.after.source} are not in the binlog"


def _is_base(change: Change, other: Pair, generated: Pair) -> bool:
    """Tell whether a generated column whose values are carried over may be made from another column."""
    source = change.before.source(generated.before).generated
    if source is None or generated.after.generated is not None:
        return False
    name = other.before.source
    return name in made_of(change.before.generated, (name,))[generated.before.source]


def _computes_alike(change: Change, pair: Pair) -> bool:
    """Tell whether every expression gives the same for the values of a column as before."""
    old, new = change.before.source(pair.before), change.after.source(pair.after)
    if (old.charset, old.collation) != (new.charset, new.collation):
        return False
    if old.column_type == new.column_type:
        return True
    families = {old.type.base, new.type.base}
    grows = families <= INTEGERS or families <= _GROWING_TEXTS
    return grows and pair.conversion.exact and not (old.type.zerofill or new.type.zerofill)


def _key_doubt(change: Change, pair: Pair) -> str:
    """Say why values of a key may no longer be distinguishable from others, as they were before."""
    old = change.before.carried.get(pair.before.source)
    new = change.after.carried.get(pair.after.source)
    if new is None or new.ambiguous is None:
        return ""
    same = old is not None and old.ambiguous == new.ambiguous
    if old is not None and same and set(old.source.type.members) <= set(new.source.type.members):
        return ""
    return f"cannot tell which of the values with the same text the key column {pair.after.source} holds"


def _row_guards(change: Change, pair: Pair) -> list[str]:
    """Return the guards against single values that the server replaced by something that cannot be told."""
    old, new = change.before.source(pair.before), change.after.source(pair.after)
    column = quote_identifier(pair.before.name)
    found: list[str] = []
    if pair.conversion.doubt:
        return found
    if pair.conversion.certain:
        condition = pair.conversion.certain.replace("{column}", column)
        doubt = f"cannot tell what some values of {new.name} became when {old.column_type} became {new.column_type}"
        found.append(_guard(change, f"({condition}) IS NOT TRUE", doubt))
    if new.auto_increment and not old.auto_increment:
        doubt = f"the rows without a number got one when {new.name} became AUTO_INCREMENT"
        found.append(_guard(change, f"{column} IS NULL OR {column} = 0", doubt))
    elif becomes_not_null(change, pair) and null_fill(change, pair) is None:
        doubt = f"cannot tell what NULL became in {new.name}"
        found.append(_guard(change, f"{column} IS NULL", doubt))
    elif becomes_not_null(change, pair) and any(_is_base(change, pair, other) for other in change.kept):
        doubt = f"what is generated from {new.name} where it was NULL is not in the binlog"
        found.append(_guard(change, f"{column} IS NULL", doubt))
    return found
