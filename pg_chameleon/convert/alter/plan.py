"""What ALTER TABLE and RENAME TABLE of the source are on the target.

Both structures are turned into tables of the target, and what differs becomes statements, so that the table ends as
``create_table`` and ``create_indexes`` would make it. What a statement did to the rows is done again where it is
certain; where it is not, a guard lets only a table without such rows through, and the error says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pg_chameleon.convert.alter.alteration import Change, Pair, Side, becomes_not_null, is_nullable, null_fill
from pg_chameleon.convert.alter.guards import added_doubt, filling, guards
from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal, quote_qualified
from pg_chameleon.convert.rules import Rules, UnknownType
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.attempts import attempt_on_rows, set_default
from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.convert.structure.target import EnumType, TargetColumn, target_table
from pg_chameleon.convert.values.carried import INFINITY, CarriedColumn, carried_columns
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Index, IndexPart, TableSchema


class Unfollowable(ChameleonError):
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
        raise Unfollowable(error.message, table=after.name) from error
    return [statement for step in _STEPS for statement in step(change)]


def _by_source(schema: TableSchema, rules: Rules) -> dict[str, CarriedColumn]:
    return {carried.source.name: carried for carried in carried_columns(schema, rules)}


def _alter_column(change: Change, column: TargetColumn, action: str) -> str:
    return f"ALTER TABLE {change.after.table} ALTER COLUMN {quote_identifier(column.name)} {action}"


# ---- Names: the table, its types and its indexes.


def _withdraw_indexes(change: Change) -> list[str]:
    """Remove the indexes that are not kept, before their columns change."""
    kept = {old.name for old, _ in _kept_indexes(change)}
    return [
        ddl.drop_index(index, change.before.schema_name, change.before.target.name)
        for index in change.before.target.indexes
        if index.name not in kept
    ]


def _withdraw_identities(change: Change) -> list[str]:
    """Take off the identities that are not kept just as they are; their sequences go too."""
    kept = {pair.before.source for pair in change.kept if _keeps_identity(change, pair)}
    return [
        f"ALTER TABLE {change.before.table} ALTER COLUMN {quote_identifier(column.name)} DROP IDENTITY IF EXISTS"
        for column in change.before.target.columns
        if column.identity and column.source not in kept
    ]


def _keeps_identity(change: Change, pair: Pair) -> bool:
    same = pair.before.sequence == pair.after.sequence and pair.before.type == pair.after.type
    return pair.after.identity and same and not change.renames


def _set_types_aside(change: Change) -> list[str]:
    """Give the types that are not kept names that are in nobody's way."""
    return [
        f"ALTER TYPE {quote_qualified(change.before.schema_name, enum.name)} "
        f"RENAME TO {quote_identifier(names.temporary_name(enum.name))}"
        for enum in change.before.target.enums
        if enum.name not in _untouched_types(change)
    ]


def _untouched_types(change: Change) -> set[str]:
    if change.renames:
        return set()
    return {pair.before.enum.name for pair in change.kept if pair.before.enum and pair.before.enum == pair.after.enum}


def _renamed_types(change: Change) -> dict[str, EnumType]:
    """Return the types that are kept under another name: the former name, and what it becomes."""
    return {
        pair.before.enum.name: pair.after.enum
        for pair in change.kept
        if pair.before.enum is not None
        and pair.after.enum is not None
        and pair.before.enum.labels == pair.after.enum.labels
        and not pair.changes_type
        and pair.before.enum.name not in _untouched_types(change)
    }


def _rename_table(change: Change) -> list[str]:
    if not change.renames:
        return []
    before, after = change.before, change.after
    if not change.moves:
        return [f"ALTER TABLE {before.table} RENAME TO {quote_identifier(after.target.name)}"]
    # In either schema another table, or an index of one, may have the name that this one has in the other.
    passing = names.temporary_name(after.target.name)
    moved = [before.table, quote_qualified(before.schema_name, passing), quote_qualified(after.schema_name, passing)]
    new_schema = quote_identifier(after.schema_name)
    return [
        *(
            _rename_index(before.schema_name, old.name, names.temporary_name(old.name))
            for old, _ in _kept_indexes(change)
        ),
        f"ALTER TABLE {moved[0]} RENAME TO {quote_identifier(passing)}",
        f"ALTER TABLE {moved[1]} SET SCHEMA {new_schema}",
        f"ALTER TABLE {moved[2]} RENAME TO {quote_identifier(after.target.name)}",
        *(
            f"ALTER TYPE {quote_qualified(before.schema_name, names.temporary_name(enum.name))} SET SCHEMA {new_schema}"
            for enum in before.target.enums
        ),
    ]


def _rename_index(schema_name: str, name: str, new_name: str) -> str:
    return f"ALTER INDEX IF EXISTS {quote_qualified(schema_name, name)} RENAME TO {quote_identifier(new_name)}"


def _rename_indexes(change: Change) -> list[str]:
    renamed = [
        (names.temporary_name(old.name) if change.moves else old.name, new.name) for old, new in _kept_indexes(change)
    ]
    return [_rename_index(change.after.schema_name, old, new) for old, new in _renaming_steps(renamed)]


def _return_types(change: Change) -> list[str]:
    """Make the types of after: those that are kept get their names, the others are new."""
    schema_name = change.after.schema_name
    renamed = _renamed_types(change)
    untouched = _untouched_types(change)
    returned = {enum.name for enum in renamed.values()} | untouched
    return [
        *(
            f"ALTER TYPE {quote_qualified(schema_name, names.temporary_name(old))} "
            f"RENAME TO {quote_identifier(enum.name)}"
            for old, enum in renamed.items()
        ),
        *(ddl.create_enum(enum, schema_name) for enum in change.after.target.enums if enum.name not in returned),
    ]


def _drop_types(change: Change) -> list[str]:
    kept = _untouched_types(change) | set(_renamed_types(change))
    return [
        f"DROP TYPE {quote_qualified(change.after.schema_name, names.temporary_name(enum.name))}"
        for enum in change.before.target.enums
        if enum.name not in kept
    ]


# ---- Columns


def _drop_columns(change: Change) -> list[str]:
    # What is generated from another column goes before it.
    ordered = sorted(change.dropped, key=lambda column: column.generated is None)
    return [f"ALTER TABLE {change.after.table} DROP COLUMN {quote_identifier(column.name)}" for column in ordered]


def _rename_columns(change: Change) -> list[str]:
    renamed = [(pair.before.name, pair.after.name) for pair in change.kept]
    return [
        f"ALTER TABLE {change.after.table} RENAME COLUMN {quote_identifier(old)} TO {quote_identifier(new)}"
        for old, new in _renaming_steps(renamed)
    ]


def _renaming_steps(renamed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return in order what to rename; where a name is taken by what is renamed too, by way of a third name."""
    changed = [(old, new) for old, new in renamed if old != new]
    taken = {old for old, _ in changed} & {new for _, new in changed}
    steps = [(old, names.temporary_name(old)) for old, _ in changed if old in taken]
    return steps + [(names.temporary_name(old) if old in taken else old, new) for old, new in changed]


def _stop_generating(change: Change) -> list[str]:
    """Let columns that are generated no more keep their values, before what they are generated from goes."""
    return [
        _alter_column(change, pair.before, "DROP EXPRESSION")
        for pair in change.kept
        if pair.before.generated is not None and pair.after.generated is None
    ]


def _change_types(change: Change) -> list[str]:
    return [statement for pair in change.kept if pair.changes_type for statement in _change_type(change, pair)]


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


def _fill_nulls(change: Change) -> list[str]:
    """Do to NULL, and to dates that do not exist, what the new structure means."""
    return [update for pair in change.kept for update in _null_updates(change, pair)]


def _null_updates(change: Change, pair: Pair) -> list[str]:
    table, column = change.after.table, quote_identifier(pair.after.name)
    fill = null_fill(change, pair) if becomes_not_null(change, pair) else None
    if fill is None and pair.after.infinite and not pair.before.infinite:
        was_nullable = is_nullable(change.before, change.before.source(pair.before))
        fill = None if was_nullable else quote_literal(INFINITY)
    if fill is not None and fill != "NULL":
        update = f"UPDATE {table} SET {column} = {fill} WHERE {column} IS NULL"
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


def _set_nullability(change: Change) -> list[str]:
    return [
        _alter_column(change, pair.after, f"{'DROP' if pair.after.nullable else 'SET'} NOT NULL")
        for pair in change.kept
        if pair.before.nullable != pair.after.nullable
    ]


def _add_columns(change: Change) -> list[str]:
    # What is generated comes after the columns that it is generated from.
    ordered = sorted(change.added, key=lambda column: column.generated is not None)
    return [statement for column in ordered for statement in _add_column(change, column)]


def _add_column(change: Change, column: TargetColumn) -> list[str]:
    fill = None if column.generated is not None or added_doubt(change, column) else filling(change, column)
    filled = replace(column, default=fill) if fill not in (None, "NULL") else ddl.without_tentative(column)
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


def _set_defaults(change: Change) -> list[str]:
    return [
        set_default(change.after.table, pair.after)
        for pair in change.kept
        if (None if pair.changes_type else pair.before.default) != pair.after.default
    ]


def _set_identities(change: Change) -> list[str]:
    return [
        _alter_column(change, pair.after, f"ADD {ddl.identity_definition(pair.after, change.after.schema_name)}")
        for pair in change.kept
        if pair.after.identity and not (pair.before.identity and _keeps_identity(change, pair))
    ]


# ---- Indexes and comments


def _kept_indexes(change: Change) -> list[tuple[TargetIndex, TargetIndex]]:
    """Return the indexes that stay, perhaps under another name: each as it was and as it is."""
    before = {index.source: index for index in change.before.target.indexes}
    after = {index.source: index for index in change.after.target.indexes}
    renamed = {_renamed(change, index): index.name for index in change.before.schema.indexes}
    named = {index.name: _renamed(change, index) for index in change.before.schema.indexes}
    kept = []
    free = set(before)
    # An index of the same name first, then one that is the same but for its name.
    for index in sorted(change.after.schema.indexes, key=lambda each: _nameless(each) != named.get(each.name)):
        nameless = _nameless(index)
        origin = index.name if named.get(index.name) == nameless else renamed.get(nameless)
        if origin in free and index.name in after and _stays(change, before[origin], after[index.name]):
            free.discard(origin)
            kept.append((before[origin], after[index.name]))
    return kept


def _stays(change: Change, old: TargetIndex, new: TargetIndex) -> bool:
    """Tell whether PostgreSQL keeps an index right while its columns change."""
    if (old.primary, old.unique, old.method, old.plain) != (new.primary, new.unique, new.method, new.plain):
        return False
    touched = {pair.after.name for pair in change.kept if not pair.is_stable}
    return new.plain or (old.parts == new.parts and touched.isdisjoint(new.columns))


def _nameless(index: Index) -> Index:
    """Leave out what does not change the index itself; the name of a primary key does."""
    parts = tuple(part._replace(column=part.column and part.column.casefold()) for part in index.parts)
    name = index.name if index.primary else ""
    return Index(name=name, parts=parts, unique=index.unique or index.primary, kind=index.kind)


def _renamed(change: Change, index: Index) -> Index:
    """Return an index of before with the columns' names of after, without its own."""
    new_names = {pair.before.source.casefold(): pair.after.source for pair in change.kept}

    def part(part: IndexPart) -> IndexPart:
        # A column that is gone has no name, so the index is no other one's likeness.
        return part if part.column is None else part._replace(column=new_names.get(part.column.casefold(), "\0"))

    return _nameless(replace(index, parts=tuple(map(part, index.parts))))


def _create_indexes(change: Change) -> list[str]:
    kept = {new.name for _, new in _kept_indexes(change)}
    created = replace(
        change.after.target,
        indexes=tuple(index for index in change.after.target.indexes if index.name not in kept),
    )
    return ddl.create_indexes(created, change.after.schema_name)


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
        for old, new in _kept_indexes(change)
        if old.comment != new.comment
    ]
    return comments


_STEPS: tuple[Callable[[Change], list[str]], ...] = (
    guards,
    _withdraw_indexes,
    _withdraw_identities,
    _set_types_aside,
    _rename_table,
    _rename_indexes,
    _stop_generating,
    _drop_columns,
    _rename_columns,
    _return_types,
    _change_types,
    _fill_nulls,
    _set_nullability,
    _add_columns,
    _drop_types,
    _set_defaults,
    _set_identities,
    _create_indexes,
    _set_comments,
)
