"""Views, triggers and routines of a source: through them a statement changes tables that it does not name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pg_chameleon.ddl.doubt.mentions import mentioned_tables
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.server import rows

# Of schemas of the server itself nothing leads to others.
_OWN = "('mysql', 'sys', 'information_schema', 'performance_schema')"
_VIEWS = f"""
SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN {_OWN}
"""
_TRIGGERS = f"""
SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, ACTION_STATEMENT FROM information_schema.TRIGGERS
WHERE EVENT_OBJECT_SCHEMA NOT IN {_OWN}
"""
_ROUTINES = f"""
SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES
WHERE ROUTINE_SCHEMA NOT IN {_OWN}
"""


@dataclass(frozen=True, slots=True)
class Program:
    """What is done where ``name`` is used: that of a view, of a routine, or of the table of a trigger.

    ``definition`` is None if the user of the replica may not see it.
    """

    name: TableName
    definition: str | None


def read_programs(connection: SourceConnection) -> tuple[Program, ...]:
    """Return all that the user of the replica may see; triggers only with the privilege TRIGGER."""
    return tuple(
        Program(TableName(_text(schema), _text(name)), _text(definition) or None)
        for query in (_VIEWS, _TRIGGERS, _ROUTINES)
        for schema, name, definition in rows(connection, query)
    )


def _text(value: str | bytes | None) -> str:
    """Return a text; one that is no UTF-8 is None of whose names matter here."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""


def reached(names: Iterable[TableName], programs: Iterable[Program], *, mariadb: bool) -> frozenset[TableName] | None:
    """Return these names and all that lie behind them, without case; None if a definition is not to be seen."""
    definitions: dict[TableName, list[str | None]] = {}
    for program in programs:
        definitions.setdefault(program.name.folded, []).append(program.definition)
    found = {name.folded for name in names}
    waiting = list(found)
    while waiting:
        name = waiting.pop()
        for definition in definitions.get(name, ()):
            if definition is None:
                return None
            mentioned = {
                each.folded for each in mentioned_tables(definition, default_schema=name.schema, mariadb=mariadb)
            }
            waiting += mentioned - found
            found |= mentioned
    return frozenset(found)
