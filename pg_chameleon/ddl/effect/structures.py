"""The structures of a source's tables at one position of its binlog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy

from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.ddl.effect.schema_defaults import SchemaDefaults
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.statements import Statement
from pg_chameleon.model.change import (
    SchemaChange,
    TableAltered,
    TableCreated,
    TableDropped,
    TableTruncated,
    TableUncertain,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema


class Structures:
    """The tracked tables, and the tables whose structure was lost. ``defaults``: those of their schemas.

    ``mapped``: the schemas that are tracked (all of their tables are, whatever the filters); None for all schemas.
    A table without columns is one whose structure was lost.
    """

    def __init__(
        self,
        server: ServerTraits,
        tables: Iterable[TableSchema] = (),
        *,
        schema_defaults: Mapping[str, Charset | None] | None = None,
        mapped: frozenset[str] | None = None,
    ) -> None:
        self.server = server
        self._take(tables)
        self.defaults = SchemaDefaults(server, schema_defaults or {})
        self._mapped = None if mapped is None else frozenset(map(server.folded, mapped))

    def _take(self, tables: Iterable[TableSchema]) -> None:
        self._tables: dict[TableName, TableSchema] = {}
        self._uncertain: set[TableName] = set()
        for table in tables:
            if table.columns:
                self._tables[self.key(table.name)] = table
            else:
                self._uncertain.add(self.key(table.name))

    def with_tables(self, tables: Iterable[TableSchema]) -> Structures:
        """Return these schemas with other tables."""
        made = copy(self)
        made._take(tables)
        made.defaults = self.defaults.copy()
        return made

    def key(self, name: TableName) -> TableName:
        """Return the form of a name under which the server finds the table."""
        return TableName(self.server.folded(name.schema), self.server.folded(name.table))

    def stored_name(self, name: TableName) -> TableName:
        """Return the name as the server stores it and writes it into row events."""
        return self.key(name) if self.server.lower_case_table_names == 1 else name

    def table(self, name: TableName) -> TableSchema | None:
        """Find a table."""
        return self._tables.get(self.key(name))

    def is_uncertain(self, name: TableName) -> bool:
        """Tell whether there is such a table whose structure was lost."""
        return self.key(name) in self._uncertain

    def tracks(self, schema: str) -> bool:
        """Tell whether the tables of a schema are tracked."""
        return self._mapped is None or self.server.folded(schema) in self._mapped

    def tables(self) -> Iterator[TableSchema]:
        """Go over the tracked tables."""
        return iter(tuple(self._tables.values()))

    def names_in(self, schema: str) -> tuple[TableName, ...]:
        """Return the names of the tables of a schema, those of lost structure among them."""
        wanted = self.server.folded(schema)
        known = [table.name for key, table in self._tables.items() if key.schema == wanted]
        return (*known, *sorted(key for key in self._uncertain if key.schema == wanted))

    def copy(self) -> Structures:
        """Return a copy that can be moved on its own."""
        copied = copy(self)
        copied._tables = dict(self._tables)
        copied._uncertain = set(self._uncertain)
        copied.defaults = self.defaults.copy()
        return copied

    def move(self, statement: Statement, changes: Iterable[SchemaChange]) -> None:
        """Move to after a statement, whose ``changes`` the tracker has computed."""
        self.apply_changes(changes)
        self.defaults.move(statement)

    def apply_changes(self, changes: Iterable[SchemaChange]) -> None:
        """Move the tables to after these changes."""
        for change in changes:
            self._apply(change)

    def _apply(self, change: SchemaChange) -> None:
        if isinstance(change, TableCreated):
            self._uncertain.discard(self.key(change.after.name))
            self._tables[self.key(change.after.name)] = change.after
        elif isinstance(change, TableAltered):
            self._tables.pop(self.key(change.before.name), None)
            self._tables[self.key(change.after.name)] = change.after
            self._uncertain.discard(self.key(change.after.name))
        elif isinstance(change, TableDropped):
            self._tables.pop(self.key(change.name), None)
            self._uncertain.discard(self.key(change.name))
        elif isinstance(change, TableUncertain):
            self._tables.pop(self.key(change.name), None)
            self._uncertain.add(self.key(change.name))
        else:
            assert isinstance(change, TableTruncated)
