"""The foreign keys of a source's tables, with their rules.

MariaDB shows ``referential_constraints`` only to users who may change the table. A replica's user may only read it,
and reads the rules from SHOW CREATE TABLE.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, NamedTuple

from pg_chameleon.model.names import TableName, quote_mysql_table, unquote_mysql_identifier
from pg_chameleon.model.schema import ForeignKey
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.queries import one_table, query
from pg_chameleon.mysql.server import rows

_RULE = "(RESTRICT|CASCADE|SET NULL|SET DEFAULT|NO ACTION)"
_CONSTRAINT = re.compile(
    rf"^ +CONSTRAINT (`(?:[^`]|``)+`) FOREIGN KEY .*?(?: ON DELETE {_RULE})?(?: ON UPDATE {_RULE})?,?$", re.MULTILINE
)


class ReferentialActions(NamedTuple):
    """What happens to the rows of a foreign key when those that they refer to go or change."""

    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"


def read_foreign_keys(
    connection: SourceConnection, schema: str, table: str | None = None
) -> dict[str, list[ForeignKey]]:
    """Return the foreign keys of each table of a schema, or of one of them."""
    parts: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for name, constraint, *part in _query(connection, "foreign_keys.columns", schema, table):
        parts[name, constraint].append(tuple(part))
    rules = _read_rules(connection, schema, table, {name for name, _ in parts})
    keys: dict[str, list[ForeignKey]] = defaultdict(list)
    for (name, constraint), found in parts.items():
        columns, referenced_columns = tuple(part[0] for part in found), tuple(part[3] for part in found)
        referenced = TableName(found[0][1], found[0][2])
        on_delete, on_update = rules.get((name, constraint), ReferentialActions())
        keys[name].append(ForeignKey(constraint, columns, referenced, referenced_columns, on_delete, on_update))
    return keys


def _read_rules(
    connection: SourceConnection, schema: str, table: str | None, tables: set[str]
) -> dict[tuple[str, str], ReferentialActions]:
    rules = {
        (name, constraint): ReferentialActions(*found)
        for name, constraint, *found in _query(connection, "foreign_keys.rules", schema, table)
    }
    for name in tables - {name for name, _ in rules}:
        ((_, statement, *_),) = rows(connection, f"SHOW CREATE TABLE {quote_mysql_table(TableName(schema, name))}")
        rules |= {(name, constraint): found for constraint, found in rules_in(statement).items()}
    return rules


def rules_in(create_table: str) -> dict[str, ReferentialActions]:
    """Find the rules of each foreign key in what SHOW CREATE TABLE shows."""
    return {
        unquote_mysql_identifier(match[1]): ReferentialActions(match[2] or "NO ACTION", match[3] or "NO ACTION")
        for match in _CONSTRAINT.finditer(create_table)
    }


def _query(connection: SourceConnection, name: str, schema: str, table: str | None) -> list[tuple[Any, ...]]:
    return rows(connection, query(name, one_table=one_table(table)), *filter(None, (schema, table)))
