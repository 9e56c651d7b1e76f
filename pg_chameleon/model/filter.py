"""Which tables of a source are replicated, and which of their events."""

from __future__ import annotations

from dataclasses import dataclass, field

from pg_chameleon.model.change import RowKind
from pg_chameleon.model.names import TableName


@dataclass(frozen=True, slots=True)
class TableFilter:
    """``mappings``: source schema to target schema. ``limit``: if not empty, only these; ``skip`` wins over it."""

    mappings: dict[str, str]
    limit: frozenset[TableName] = frozenset()
    skip: frozenset[TableName] = frozenset()

    def admits(self, name: TableName) -> bool:
        """Tell whether the table is to be replicated. A limit binds only the schemas that it names."""
        if name.schema not in self.mappings or name in self.skip:
            return False
        limited = {limit.schema for limit in self.limit}
        return name.schema not in limited or name in self.limit


@dataclass(frozen=True, slots=True)
class EventFilter:
    """The row events that the user does not want: per kind, whole schemas and single tables."""

    schemas: dict[RowKind, frozenset[str]] = field(default_factory=dict)
    tables: dict[RowKind, frozenset[TableName]] = field(default_factory=dict)

    def skips(self, kind: RowKind, name: TableName) -> bool:
        """Tell whether events of this kind are excluded for the table."""
        return name.schema in self.schemas.get(kind, ()) or name in self.tables.get(kind, ())
