"""The structures of a source's tables at one position of its binlog."""

from __future__ import annotations

from collections import ChainMap
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


def lost(name: TableName) -> TableSchema:
    """Return what stands for the structure of a table that is not known: one without columns."""
    return TableSchema(name, ())


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
        # The first layer is what was moved since the copy was made; None hides a table of the layer below
        self._tables: ChainMap[TableName, TableSchema | None] = ChainMap({})
        self.defaults = SchemaDefaults(server, schema_defaults or {})
        self._mapped = None if mapped is None else frozenset(map(server.folded, mapped))
        for table in tables:
            self.put(table)

    def put(self, table: TableSchema) -> None:
        """Take in a table, or what it has become under the same name."""
        self._tables[self.key(table.name)] = table

    def remove(self, name: TableName) -> None:
        """Forget a table, if it is known."""
        key = self.key(name)
        self._tables.pop(key, None)
        if key in self._tables:
            self._tables[key] = None

    def key(self, name: TableName) -> TableName:
        """Return the form of a name under which the server finds the table."""
        return TableName(self.server.folded(name.schema), self.server.folded(name.table))

    def stored_name(self, name: TableName) -> TableName:
        """Return the name as the server stores it and writes it into row events."""
        return self.key(name) if self.server.lower_case_table_names == 1 else name

    def table(self, name: TableName) -> TableSchema | None:
        """Find a table."""
        found = self._tables.get(self.key(name))
        return found if found is not None and found.columns else None

    def is_uncertain(self, name: TableName) -> bool:
        """Tell whether there is such a table whose structure was lost."""
        found = self._tables.get(self.key(name))
        return found is not None and not found.columns

    def tracks(self, schema: str) -> bool:
        """Tell whether the tables of a schema are tracked."""
        return self._mapped is None or self.server.folded(schema) in self._mapped

    def tables(self) -> Iterator[TableSchema]:
        """Go over the tracked tables."""
        return (table for table in self._all().values() if table is not None and table.columns)

    def names_in(self, schema: str) -> tuple[TableName, ...]:
        """Return the names of the tables of a schema, those of lost structure among them."""
        wanted = self.server.folded(schema)
        inside = [(key, table) for key, table in self._all().items() if table is not None and key.schema == wanted]
        known = [table.name for _, table in inside if table.columns]
        return (*known, *sorted(key for key, table in inside if not table.columns))

    def _all(self) -> dict[TableName, TableSchema | None]:
        """Return the layers as one."""
        merged: dict[TableName, TableSchema | None] = {}
        for layer in reversed(self._tables.maps):
            merged.update(layer)
        return merged

    def copy(self) -> Structures:
        """Return a copy that can be moved on its own, as long as these structures are left as they are.

        It holds only what is moved: a source may have ten thousand tables, and each statement needs a copy.
        """
        copied = copy(self)
        copied._tables = self._tables.new_child()
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
            self.put(change.after)
        elif isinstance(change, TableAltered):
            self.remove(change.before.name)
            self.put(change.after)
        elif isinstance(change, TableDropped):
            self.remove(change.name)
        elif isinstance(change, TableUncertain):
            self.put(lost(change.name))
        else:
            assert isinstance(change, TableTruncated)
