"""The structures of a source's tables at one position of its binlog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy

from pg_chameleon.ddl.effect.charsets import Charset, resolve
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.errors import UnknownCharset
from pg_chameleon.ddl.syntax.statements import AlterDatabase, CreateDatabase, DropDatabase, Statement
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
    """The tracked tables, the tables whose structure was lost, and the default charset of each schema.

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
        self._defaults: dict[str, Charset | None] = {
            self._folded(name): charset for name, charset in (schema_defaults or {}).items()
        }
        self._mapped = None if mapped is None else frozenset(map(self._folded, mapped))

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
        made._defaults = dict(self._defaults)
        return made

    def _folded(self, name: str) -> str:
        return name.lower() if self.server.lower_case_table_names else name

    def key(self, name: TableName) -> TableName:
        """Return the form of a name under which the server finds the table."""
        if not self.server.lower_case_table_names:
            return name
        return TableName(self._folded(name.schema), self._folded(name.table))

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
        return self._mapped is None or self._folded(schema) in self._mapped

    def tables(self) -> Iterator[TableSchema]:
        """Go over the tracked tables."""
        return iter(tuple(self._tables.values()))

    def names_in(self, schema: str) -> tuple[TableName, ...]:
        """Return the names of the tables of a schema, those of lost structure among them."""
        wanted = self._folded(schema)
        known = [table.name for key, table in self._tables.items() if key.schema == wanted]
        return (*known, *sorted(key for key in self._uncertain if key.schema == wanted))

    def schema_default(self, schema: str) -> Charset:
        """Return the default charset of a schema; raise ``UnknownCharset`` if it was set to one that is not known."""
        found = self._defaults.get(self._folded(schema), Charset(self.server.charset, self.server.collation))
        if found is None:
            raise UnknownCharset(f"of the database {schema}")
        return found

    def set_schema_default(self, schema: str, charset: Charset) -> None:
        """Set the default charset of a schema, as it was read from the source or is told by an event."""
        self._defaults[self._folded(schema)] = charset

    @property
    def schema_defaults(self) -> dict[str, Charset]:
        """The default charsets of the schemas that are known."""
        return {name: charset for name, charset in self._defaults.items() if charset is not None}

    def copy(self) -> Structures:
        """Return a copy that can be moved on its own."""
        copied = copy(self)
        copied._tables = dict(self._tables)
        copied._uncertain = set(self._uncertain)
        copied._defaults = dict(self._defaults)
        return copied

    def move(self, statement: Statement, changes: Iterable[SchemaChange]) -> None:
        """Move to after a statement, whose ``changes`` the tracker has computed."""
        self.apply_changes(changes)
        if isinstance(statement, DropDatabase):
            self._defaults.pop(self._folded(statement.name), None)
        elif isinstance(statement, CreateDatabase | AlterDatabase):
            self._set_default(statement)

    def _set_default(self, statement: CreateDatabase | AlterDatabase) -> None:
        name = self._folded(statement.name)
        if isinstance(statement, AlterDatabase):
            if statement.charset is None:
                return
        elif statement.if_not_exists and name in self._defaults:
            return
        try:
            server_default = Charset(self.server.charset, self.server.collation)
            self._defaults[name] = resolve(statement.charset, server_default, self.server)
        except UnknownCharset:
            self._defaults[name] = None

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
