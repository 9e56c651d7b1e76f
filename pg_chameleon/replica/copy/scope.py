"""What a copy is about: which tables are meant, and whether an earlier copy was about the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pg_chameleon.errors import UsageError
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.replica.copy.settings import CopyKind, CopyRequest, CopySettings


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for. ``names`` are the tables of SYNC_TABLES, and those of a repetition; None means all."""

    request: CopyRequest
    filter: TableFilter
    names: frozenset[TableName] | None = None

    def of(self, names: Iterable[TableName] | None) -> Scope:
        """Return the same for these tables only; None means all."""
        return replace(self, names=None if names is None else frozenset(names))

    @property
    def kind(self) -> CopyKind:
        """Which of the copies it is."""
        return self.request.kind

    @property
    def schemas(self) -> list[str]:
        """The source schemas that the copy is about."""
        if self.kind is CopyKind.REFRESH_SCHEMA:
            return [self.request.schema or ""]
        if self.kind is CopyKind.SYNC_TABLES:
            return sorted({name.schema for name in self.names or ()})
        return sorted(self.filter.mappings)

    @property
    def target_schemas(self) -> list[str]:
        """The target schemas that the copy is about."""
        return [self.filter.mappings[schema] for schema in self.schemas]

    def means(self, name: TableName) -> bool:
        """Tell whether the copy is about a table, if the source has it."""
        return name.schema in self.schemas and (self.names is None or name in self.names)

    def wants(self, name: TableName) -> bool:
        """Tell whether the rows of a table are to be copied."""
        return self.means(name) and self.filter.admits(name)

    def check(self) -> None:
        """Refuse what the configuration or the registered mappings do not have."""
        known = self.filter.mappings
        if self.kind is CopyKind.REFRESH_SCHEMA and self.request.schema not in known:
            raise UsageError(
                f"the schema {self.request.schema} is not mapped (mapped: {', '.join(sorted(known)) or 'none'})",
                advice="Name one of these, or add it with update_schema_mappings",
            )
        refused = [str(name) for name in self.request.tables or () if not self.filter.admits(name)]
        if refused:
            raise UsageError(
                f"not replicated by this configuration: {', '.join(refused)}",
                advice="Check the names, schema_mappings, limit_tables and skip_tables",
            )

    def record(self, settings: CopySettings) -> dict[str, Any]:
        """Return what the catalogue keeps of a copy, as JSON: what was asked for, and the tables of that."""
        return {
            "asked": self._asked(settings),
            "names": None if self.names is None else sorted(map(list, self.names)),
        }

    def continues(self, recorded: dict[str, Any], settings: CopySettings) -> bool:
        """Tell whether an earlier copy, as the catalogue has it, was asked for the same."""
        return bool(recorded["asked"] == self._asked(settings))

    def as_recorded(self, recorded: dict[str, Any]) -> Scope:
        """Return the scope with the tables that an earlier copy was about."""
        names = recorded["names"]
        return self.of(None if names is None else (TableName(*name) for name in names))

    def _asked(self, settings: CopySettings) -> dict[str, Any]:
        """What must be the same for a copy to be resumed."""
        tables = self.request.tables
        return {
            "schema": self.request.schema,
            "tables": None if tables is None else sorted(map(str, tables)),
            "mappings": self.filter.mappings,
            "limit": sorted(map(str, self.filter.limit)),
            "skip": sorted(map(str, self.filter.skip)),
            "keep_existing": settings.keep_existing,
            "overrides": [[each.column_type, each.target, sorted(each.tables)] for each in settings.replica.overrides],
            "zero_dates": settings.replica.zero_dates.value,
        }
