"""New names for the table, its indexes and columns, some of which may trade theirs."""

from __future__ import annotations

from pg_chameleon.convert.alter.alteration import Change
from pg_chameleon.convert.alter.kept_indexes import kept_indexes
from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified


def rename_table(change: Change) -> list[str]:
    """Give the table its new name, in another schema if it moves."""
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
            for old, _ in kept_indexes(change)
        ),
        f"ALTER TABLE {moved[0]} RENAME TO {quote_identifier(passing)}",
        f"ALTER TABLE {moved[1]} SET SCHEMA {new_schema}",
        f"ALTER TABLE {moved[2]} RENAME TO {quote_identifier(after.target.name)}",
        *(
            f"ALTER TYPE {quote_qualified(before.schema_name, names.temporary_name(enum.name))} SET SCHEMA {new_schema}"
            for enum in before.target.enums
        ),
    ]


def rename_indexes(change: Change) -> list[str]:
    """Give the indexes that are kept their new names."""
    renamed = [
        (names.temporary_name(old.name) if change.moves else old.name, new.name) for old, new in kept_indexes(change)
    ]
    return [_rename_index(change.after.schema_name, old, new) for old, new in _renaming_steps(renamed)]


def rename_columns(change: Change) -> list[str]:
    """Give the columns that are kept their new names."""
    renamed = [(pair.before.name, pair.after.name) for pair in change.kept]
    return [
        f"ALTER TABLE {change.after.table} RENAME COLUMN {quote_identifier(old)} TO {quote_identifier(new)}"
        for old, new in _renaming_steps(renamed)
    ]


def _rename_index(schema_name: str, name: str, new_name: str) -> str:
    return f"ALTER INDEX IF EXISTS {quote_qualified(schema_name, name)} RENAME TO {quote_identifier(new_name)}"


def _renaming_steps(renamed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return in order what to rename; where a name is taken by what is renamed too, by way of a third name."""
    changed = [(old, new) for old, new in renamed if old != new]
    taken = {old for old, _ in changed} & {new for _, new in changed}
    steps = [(old, names.temporary_name(old)) for old, _ in changed if old in taken]
    return steps + [(names.temporary_name(old) if old in taken else old, new) for old, new in changed]
