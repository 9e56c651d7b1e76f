"""A server of which only the DDL is seen, for the tests of the tracker."""

from __future__ import annotations

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.model.change import (
    SchemaChange,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.server import ServerVersion

MARIADB = ServerTraits(ServerVersion.parse("10.11.19-MariaDB"), "utf8mb4", "utf8mb4_general_ci")
MYSQL = ServerTraits(ServerVersion.parse("9.7.0"), "utf8mb4", "utf8mb4_0900_ai_ci")
OLD_MYSQL = ServerTraits(ServerVersion.parse("5.6.51"), "latin1", "latin1_swedish_ci")


class Source:
    """A server of which only the DDL is seen."""

    def __init__(self, server: ServerTraits = MARIADB, mapped: frozenset[str] | None = None) -> None:
        self.state = Structures(server, mapped=mapped)
        self.offset: int | None = 0

    def run(self, *statements: str, error_code: int = 0, schema: str = "harbour") -> list[SchemaChange]:
        """Execute statements; return the changes of the last one."""
        changes: list[SchemaChange] = []
        for text in statements:
            found = parse(text, default_schema=schema, mariadb=self.state.server.mariadb)
            changes = changes_by(found, self.state, error_code=error_code, offset=lambda: self.offset)
            self.state.move(found, changes)
        return changes

    def table(self, name: str = "boats") -> TableSchema:
        found = self.state.table(name_of(name))
        assert found is not None
        return found

    def columns(self, name: str = "boats") -> list[str]:
        return list(self.table(name).column_names)

    def column(self, column: str, table: str = "boats") -> Column:
        found = self.table(table).column(column)
        assert found is not None
        return found

    def indexes(self, name: str = "boats") -> dict[str, list[str | None]]:
        return {index.name: [part.column for part in index.parts] for index in self.table(name).indexes}


def name_of(text: str) -> TableName:
    schema, _, table = text.rpartition(".")
    return TableName(schema or "harbour", table)


def made(definition: str, server: ServerTraits = MARIADB, options: str = "") -> Column:
    source = Source(server)
    source.run(f"create table boats (c {definition}) {options}")
    return source.table().columns[0]
