"""Read the views, triggers and routines of a source."""

from __future__ import annotations

from pg_chameleon.ddl.doubt.programs import Program
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
