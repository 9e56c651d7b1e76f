"""Schemas and tables of a source that cannot be replicated, or not without surprises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pg_chameleon.model.names import TableName, quote_mysql_identifier, quote_mysql_table
from pg_chameleon.model.schema import TRANSACTIONAL_ENGINES
from pg_chameleon.mysql.preflight.privileges import Privileges
from pg_chameleon.mysql.preflight.problem import Problem, error, warning
from pg_chameleon.mysql.queries import query
from pg_chameleon.mysql.server import SourceServer, rows, rows_if_permitted
from pg_chameleon.mysql.structure.foreign_keys import read_foreign_keys
from pg_chameleon.mysql.structure.inspect import database_defaults

_CASCADING = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
_MOST_NAMES = 10


class _Kind(NamedTuple):
    """What a table is."""

    name: str
    engine: str
    type: str


def schema_problems(server: SourceServer, privileges: Privileges, schemas: Sequence[str]) -> Iterator[Problem]:
    """Look at each schema, and at the tables that it has now."""
    present = database_defaults(server.connection).keys()
    for schema in schemas:
        if schema in present:
            yield from _table_problems(server, privileges, schema)
        else:
            yield error(
                f"the source has no schema {schema}, or the user may not see it",
                "Check schema_mappings, and that the user has SELECT on it",
            )._replace(may_come_later=True)


def _table_problems(server: SourceServer, privileges: Privileges, schema: str) -> Iterator[Problem]:
    found = rows(server.connection, query("tables.kinds"), schema)
    tables = [_Kind(str(name), str(engine), str(kind)) for name, engine, kind in found]
    if not privileges.has("SELECT"):
        yield from _unreadable(server, schema, tables)
    yield from _cascades(server, schema)
    yield from _engines(schema, tables)
    yield from _versioned(schema, tables)
    yield from _generated_columns(server, schema)


def _unreadable(server: SourceServer, schema: str, tables: Iterable[_Kind]) -> Iterator[Problem]:
    refused = [table.name for table in tables if not _can_read(server, TableName(schema, table.name))]
    if refused:
        yield error(
            f"the user may not read {_listed(schema, refused)}",
            f"GRANT SELECT ON {quote_mysql_identifier(schema)}.* to the user",
        )


def _can_read(server: SourceServer, name: TableName) -> bool:
    return rows_if_permitted(server.connection, f"SELECT * FROM {quote_mysql_table(name)} LIMIT 0") is not None


def _cascades(server: SourceServer, schema: str) -> Iterator[Problem]:
    """Find tables with cascades, unless they are in the binlog: MySQL 9.6 and newer write those rows too."""
    if (server.variable("innodb_native_foreign_keys") or "").upper() == "OFF":
        return
    tables = sorted(
        name
        for name, keys in read_foreign_keys(server.connection, schema).items()
        if any({key.on_delete, key.on_update} & _CASCADING for key in keys)
    )
    if tables:
        yield warning(
            f"foreign keys change rows of {_listed(schema, tables)} by CASCADE or SET NULL,"
            " and the source does not write such changes into its binlog",
            "Change the referencing rows in the application, or compare these tables before relying on them",
        )


def _engines(schema: str, tables: Iterable[_Kind]) -> Iterator[Problem]:
    found = [table.name for table in tables if table.engine.lower() not in TRANSACTIONAL_ENGINES]
    if found:
        yield warning(
            f"{_listed(schema, found)} have an engine without transactions:"
            " they are locked while they are copied, and their changes are outside of transactions",
            "ALTER TABLE … ENGINE=InnoDB where possible",
        )


def _versioned(schema: str, tables: Iterable[_Kind]) -> Iterator[Problem]:
    found = [table.name for table in tables if table.type == "SYSTEM VERSIONED"]
    if found:
        yield warning(
            f"{_listed(schema, found)} keep their history (SYSTEM VERSIONING), which the binlog mixes with"
            " the present rows: they will be quarantined at their first change",
            "Put them into skip_tables, or ALTER TABLE … DROP SYSTEM VERSIONING",
        )


def _generated_columns(server: SourceServer, schema: str) -> Iterator[Problem]:
    """Find generated columns that may be missing: MariaDB 11.8 omits them from images of updates, 10.11 does not."""
    if not server.version.mariadb_since(11):
        return
    found = [str(name) for (name,) in rows(server.connection, query("tables.with_generated_columns"), schema)]
    if found:
        yield warning(
            f"{_listed(schema, found)} have generated columns, which the source omits from its binlog when rows are"
            " updated: tables with one that PostgreSQL cannot generate will be quarantined then",
            "docs/types.md says which ones PostgreSQL can generate; put the others into skip_tables",
        )


def _listed(schema: str, tables: Sequence[str]) -> str:
    shown = [f"{schema}.{table}" for table in tables[:_MOST_NAMES]]
    more = len(tables) - len(shown)
    return ", ".join(shown) + (f" and {more} more tables" if more else "")
