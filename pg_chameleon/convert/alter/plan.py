"""What ALTER TABLE and RENAME TABLE of the source are on the target.

Both structures are turned into tables of the target, and what differs becomes statements, so that the table ends as
``create_table`` and ``create_indexes`` would make it. What a statement did to the rows is done again where it is
certain; where it is not, a guard lets only a table without such rows through, and the error says why.
"""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.alteration import Change, Side
from pg_chameleon.convert.alter.columns import (
    add_columns,
    change_types,
    drop_columns,
    fill_nulls,
    set_defaults,
    set_identities,
    set_nullability,
    stop_generating,
    withdraw_identities,
)
from pg_chameleon.convert.alter.enum_types import drop_types, return_types, set_types_aside
from pg_chameleon.convert.alter.guards import guards
from pg_chameleon.convert.alter.kept_indexes import create_indexes, kept_indexes, withdraw_indexes
from pg_chameleon.convert.alter.renaming import rename_columns, rename_indexes, rename_table
from pg_chameleon.convert.expressions.quoting import quote_literal
from pg_chameleon.convert.rules import Rules, UnknownType
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.convert.values.carried import CarriedColumn, carried_columns
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import TableSchema


class AlterRefused(ChameleonError):
    """A change of structure cannot be carried over to the target; its table has to be copied again."""


def alter_table(
    before: TableSchema,
    after: TableSchema,
    origins: tuple[str | None, ...],
    rules: Rules,
    *,
    schema_name: str,
    new_schema_name: str,
    circumstances: Circumstances | None = None,
) -> list[str]:
    """Return the statements that change the target of ``before``, rows included, into that of ``after``.

    ``origins`` names, for each column of ``after``, the column of ``before`` that it was; None if it is new.
    """
    try:
        change = Change(
            Side(before, target_table(before, rules), schema_name, _by_source(before, rules)),
            Side(after, target_table(after, rules), new_schema_name, _by_source(after, rules)),
            origins,
            circumstances,
        )
    except UnknownType as error:
        raise AlterRefused(error.message, table=after.name) from error
    return [statement for step in _STEPS for statement in step(change)]


def _by_source(schema: TableSchema, rules: Rules) -> dict[str, CarriedColumn]:
    return {carried.source.name: carried for carried in carried_columns(schema, rules)}


def _set_comments(change: Change) -> list[str]:
    before, after = change.before.target, change.after.target
    comments = []
    if before.comment != after.comment:
        comment = quote_literal(after.comment) if after.comment else "NULL"
        comments.append(f"COMMENT ON TABLE {change.after.table} IS {comment}")
    comments += [
        ddl.column_comment(change.after.table, pair.after)
        for pair in change.kept
        if pair.before.comment != pair.after.comment
    ]
    comments += [
        ddl.index_comment(new, change.after.schema_name)
        for old, new in kept_indexes(change)
        if old.comment != new.comment
    ]
    return comments


_STEPS: tuple[Callable[[Change], list[str]], ...] = (
    guards,
    withdraw_indexes,
    withdraw_identities,
    set_types_aside,
    rename_table,
    rename_indexes,
    stop_generating,
    drop_columns,
    rename_columns,
    return_types,
    change_types,
    fill_nulls,
    set_nullability,
    add_columns,
    drop_types,
    set_defaults,
    set_identities,
    create_indexes,
    _set_comments,
)
