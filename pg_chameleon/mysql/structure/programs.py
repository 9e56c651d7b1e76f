"""Read the views, triggers and routines of a source."""

from __future__ import annotations

from pg_chameleon.ddl.doubt.programs import Program
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.queries import query
from pg_chameleon.mysql.server import rows


def read_programs(connection: SourceConnection) -> tuple[Program, ...]:
    """Return all that the user of the replica may see; triggers only with the privilege TRIGGER."""
    return tuple(
        Program(TableName(_text(schema), _text(name)), _text(definition) or None)
        for kind in ("programs.views", "programs.triggers", "programs.routines")
        for schema, name, definition in rows(connection, query(kind))
    )


def _text(value: str | bytes | None) -> str:
    """Return a text; bytes that are not UTF-8 are replaced, since no name that matters here holds any."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
