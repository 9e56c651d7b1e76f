"""The default character sets of the source's schemas at one position of its binlog."""

from __future__ import annotations

from collections.abc import Mapping

from pg_chameleon.ddl.effect.charsets import Charset, resolve
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.errors import UnknownCharset
from pg_chameleon.ddl.syntax.statements import AlterDatabase, CreateDatabase, DropDatabase, Statement


class SchemaDefaults:
    """The default of each schema, None where it was set to one that is not known; others have the server's."""

    def __init__(self, server: ServerTraits, defaults: Mapping[str, Charset | None]) -> None:
        self._server = server
        self._of_server = Charset(server.charset, server.collation)
        self._defaults = {server.folded(name): charset for name, charset in defaults.items()}

    @property
    def known(self) -> dict[str, Charset]:
        """The defaults of the schemas that are known."""
        return {name: charset for name, charset in self._defaults.items() if charset is not None}

    def of(self, schema: str) -> Charset:
        """Return the default of a schema; raise ``UnknownCharset`` if it was set to one that is not known."""
        found = self._defaults.get(self._server.folded(schema), self._of_server)
        if found is None:
            raise UnknownCharset(f"of the database {schema}")
        return found

    def put(self, schema: str, charset: Charset) -> None:
        """Set the default of a schema, as it was read from the source or from an event."""
        self._defaults[self._server.folded(schema)] = charset

    def copy(self) -> SchemaDefaults:
        """Return a copy that can be moved on its own."""
        return SchemaDefaults(self._server, self._defaults)

    def move(self, statement: Statement) -> None:
        """Move to after a statement."""
        if isinstance(statement, DropDatabase):
            self._defaults.pop(self._server.folded(statement.name), None)
        elif isinstance(statement, CreateDatabase | AlterDatabase) and self._changes(statement):
            self._defaults[self._server.folded(statement.name)] = self._resolved(statement)

    def _changes(self, statement: CreateDatabase | AlterDatabase) -> bool:
        if isinstance(statement, AlterDatabase):
            return statement.charset is not None
        return not (statement.if_not_exists and self._server.folded(statement.name) in self._defaults)

    def _resolved(self, statement: CreateDatabase | AlterDatabase) -> Charset | None:
        try:
            return resolve(statement.charset, self._of_server, self._server)
        except UnknownCharset:
            return None
