"""What changes in the columns of a table: types, values, nullability, defaults and identities."""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.convert.alter.alteration import Change, Pair, becomes_not_null, is_nullable, null_fill
from pg_chameleon.convert.alter.guards import added_doubt, filling
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.attempts import attempt_on_rows, set_default
from pg_chameleon.convert.structure.defaults import NULL, quoted
from pg_chameleon.convert.structure.target import TargetColumn
from pg_chameleon.convert.values.carried import INFINITY


def withdraw_identities(change: Change) -> list[str]:
    """Take off the identities that are not kept just as they are; their sequences go too."""
    kept = {pair.before.source for pair in change.kept if _keeps_identity(change, pair)}
    return [
        f"ALTER TABLE {change.before.table} ALTER COLUMN {quote_identifier(column.name)} DROP IDENTITY IF EXISTS"
        for column in change.before.target.columns
        if column.identity and column.source not in kept
    ]


def stop_generating(change: Change) -> list[str]:
    """Let columns that are generated no more keep their values, before what they are generated from goes."""
    return [
        _alter_column(change, pair.before, "DROP EXPRESSION")
        for pair in change.kept
        if pair.before.generated is not None and pair.after.generated is None
    ]


def drop_columns(change: Change) -> list[str]:
    """Drop the columns that are not kept."""
    # What is generated from another column goes before it.
    ordered = sorted(change.dropped, key=lambda column: column.generated is None)
    return [f"ALTER TABLE {change.after.table} DROP COLUMN {quote_identifier(column.name)}" for column in ordered]


def change_types(change: Change) -> list[str]:
    """Give the columns their new types, with the values that they have in them."""
    return [statement for pair in change.kept if pair.changes_type for statement in _change_type(change, pair)]


def fill_nulls(change: Change) -> list[str]:
    """Do to NULL, and to dates that do not exist, what the new structure means."""
    return [update for pair in change.kept for update in _null_updates(change, pair)]


def set_nullability(change: Change) -> list[str]:
    """Let columns be NULL, or no longer."""
    return [
        _alter_column(change, pair.after, f"{'DROP' if pair.after.nullable else 'SET'} NOT NULL")
        for pair in change.kept
        if pair.before.nullable != pair.after.nullable
    ]


def add_columns(change: Change) -> list[str]:
    """Add the columns that are new or made again, filled for the rows that are there."""
    # What is generated comes after the columns that it is generated from.
    ordered = sorted(change.added, key=lambda column: column.generated is not None)
    return [statement for column in ordered for statement in _add_column(change, column)]


def set_defaults(change: Change) -> list[str]:
    """Set the defaults that changed."""
    return [
        set_default(change.after.table, pair.after)
        for pair in change.kept
        if (None if pair.changes_type else pair.before.default) != pair.after.default
    ]


def set_identities(change: Change) -> list[str]:
    """Make identities of the columns that are numbered from now on."""
    return [
        _alter_column(change, pair.after, f"ADD {ddl.identity_definition(pair.after, change.after.schema_name)}")
        for pair in change.kept
        if pair.after.identity and not (pair.before.identity and _keeps_identity(change, pair))
    ]


def _change_type(change: Change, pair: Pair) -> list[str]:
    column, kind = quote_identifier(pair.after.name), pair.after.type_in(change.after.schema_name)
    using = pair.conversion.using.replace("{column}", column)
    # A cast to an enum leads through text, also from a type with the same labels.
    if pair.after.enum is not None and not pair.conversion.rewrites:
        using = f"{column}::text"
    plain = not (pair.conversion.rewrites or pair.before.enum or pair.after.enum)
    action = f"TYPE {kind}" if plain else f"TYPE {kind} USING ({using})::{kind}"
    dropped = [_alter_column(change, pair.after, "DROP DEFAULT")] if pair.before.default is not None else []
    return [*dropped, _alter_column(change, pair.after, action)]


def _null_updates(change: Change, pair: Pair) -> list[str]:
    table, column = change.after.table, quote_identifier(pair.after.name)
    fill = null_fill(change, pair) if becomes_not_null(change, pair) else None
    if fill is None and pair.after.infinite and not pair.before.infinite:
        was_nullable = is_nullable(change.before, change.before.source(pair.before))
        fill = None if was_nullable else quoted(INFINITY)
    if fill not in (None, NULL):
        update = f"UPDATE {table} SET {column} = {fill.sql} WHERE {column} IS NULL"
        return [attempt_on_rows(update, table, f"{column} IS NULL") if _is_chosen(change, pair.after) else update]
    if pair.before.infinite and not pair.after.infinite and _are_dates(change, pair) and not pair.conversion.doubt:
        return [
            *([_alter_column(change, pair.after, "DROP NOT NULL")] if not pair.before.nullable else []),
            f"UPDATE {table} SET {column} = NULL WHERE {column} = {quote_literal(INFINITY)}",
        ]
    return []


def _are_dates(change: Change, pair: Pair) -> bool:
    carried = change.after.carried.get(pair.after.source)
    return carried is not None and carried.rule.dates is not None


def _add_column(change: Change, column: TargetColumn) -> list[str]:
    fill = None if column.generated is not None or added_doubt(change, column) else filling(change, column)
    filled = replace(column, default=fill) if fill not in (None, NULL) else ddl.without_tentative(column)
    added = [_add_filled(change, column, filled)]
    if filled.default != column.default:
        added.append(set_default(change.after.table, column))
    if column.comment:
        added.append(ddl.column_comment(change.after.table, column))
    return added


def _add_filled(change: Change, column: TargetColumn, filled: TargetColumn) -> str:
    """Add a column with what fills the rows; if its type refuses that, only a table without rows gets the column."""
    add = f"ALTER TABLE {change.after.table} ADD COLUMN "
    wanted = add + ddl.column_definition(filled, change.after.schema_name)
    if filled.default is None or not _is_chosen(change, column):
        return wanted
    bare = add + ddl.column_definition(replace(filled, default=None), change.after.schema_name)
    return attempt_on_rows(wanted, change.after.table, otherwise=bare)


def _is_chosen(change: Change, column: TargetColumn) -> bool:
    """Tell whether the user chose the type of a column."""
    carried = change.after.carried.get(column.source)
    return carried is not None and carried.overridden


def _keeps_identity(change: Change, pair: Pair) -> bool:
    same = pair.before.sequence == pair.after.sequence and pair.before.type == pair.after.type
    return pair.after.identity and same and not change.renames


def _alter_column(change: Change, column: TargetColumn, action: str) -> str:
    return f"ALTER TABLE {change.after.table} ALTER COLUMN {quote_identifier(column.name)} {action}"
