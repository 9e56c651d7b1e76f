"""The enum types of a table, set aside and returned while it is altered."""

from __future__ import annotations

from pg_chameleon.convert.alter.alteration import Change
from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import EnumType


def set_types_aside(change: Change) -> list[str]:
    """Give the types that are not kept names that are in nobody's way."""
    return [
        f"ALTER TYPE {quote_qualified(change.before.schema_name, enum.name)} "
        f"RENAME TO {quote_identifier(names.temporary_name(enum.name))}"
        for enum in change.before.target.enums
        if enum.name not in _untouched_types(change)
    ]


def return_types(change: Change) -> list[str]:
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


def drop_types(change: Change) -> list[str]:
    """Drop the types that were set aside and are not kept."""
    kept = _untouched_types(change) | set(_renamed_types(change))
    return [
        f"DROP TYPE {quote_qualified(change.after.schema_name, names.temporary_name(enum.name))}"
        for enum in change.before.target.enums
        if enum.name not in kept
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
