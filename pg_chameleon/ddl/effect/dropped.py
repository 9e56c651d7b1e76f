"""Find indexes and constraints by their names, and those that ALTER TABLE drops."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pg_chameleon.ddl.effect.altered_columns import AlteredColumns
from pg_chameleon.ddl.syntax.actions import ConstraintKind, DropConstraint
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.model.schema import Check, ForeignKey, Index

Named = TypeVar("Named", Index, ForeignKey, Check)


def find_named(constraints: Iterable[Named], name: str) -> Named | None:
    """Find an index or a constraint by its name, which the servers compare without case."""
    wanted = name.casefold()
    return next((constraint for constraint in constraints if constraint.name.casefold() == wanted), None)


def dropped_names(columns: AlteredColumns, existing: Iterable[Named], kind: ConstraintKind) -> set[str]:
    """Return which of these constraints the statement drops; DROP CONSTRAINT drops whichever has the name."""
    dropped = set()
    for action in columns.of(DropConstraint):
        if action.kind not in (kind, ConstraintKind.ANY):
            continue
        found = find_named(existing, action.name)
        if found is not None:
            dropped.add(found.name)
        elif not action.if_exists and not _knows(columns, action):
            raise Unfollowable(f"{action.kind.value} {action.name} is not known")
    return dropped


def _knows(columns: AlteredColumns, action: DropConstraint) -> bool:
    """Tell whether the constraint is there, or is of a kind of which not every one is known."""
    if action.kind is ConstraintKind.ANY:
        before = columns.before
        names = [index.name for index in before.indexes] + [key.name for key in before.foreign_keys]
        names += [check.name for check in before.checks]
        return action.name.casefold() in map(str.casefold, names)
    return action.kind is not ConstraintKind.KEY
