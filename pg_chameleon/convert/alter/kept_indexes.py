"""Which indexes stay while their table is altered, and which are made again."""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.convert.alter.alteration import Change
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.model.schema import Index, IndexPart


def withdraw_indexes(change: Change) -> list[str]:
    """Remove the indexes that are not kept, before their columns change."""
    kept = {old.name for old, _ in kept_indexes(change)}
    return [
        ddl.drop_index(index, change.before.schema_name, change.before.target.name)
        for index in change.before.target.indexes
        if index.name not in kept
    ]


def create_indexes(change: Change) -> list[str]:
    """Make the indexes that are not kept."""
    kept = {new.name for _, new in kept_indexes(change)}
    created = replace(
        change.after.target,
        indexes=tuple(index for index in change.after.target.indexes if index.name not in kept),
    )
    return ddl.create_indexes(created, change.after.schema_name)


def kept_indexes(change: Change) -> list[tuple[TargetIndex, TargetIndex]]:
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
