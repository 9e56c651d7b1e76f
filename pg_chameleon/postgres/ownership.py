"""Which tables of the target are the replica's: those that it made, or was given; it changes and drops no others.

A name tells nothing: the user may have a table where the source makes one of that name. So each table that the replica
makes is noted by its identity, which stays with it however it is renamed.
"""

from __future__ import annotations

from collections.abc import Iterable

from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source


class ForeignTable(TargetError):
    """A name on the target is taken by what the replica of this source did not make."""

    def __init__(self, name: TableName) -> None:
        super().__init__(
            f"{name} on the target is none of this replica, which did not make it and leaves it as it is",
            advice="Move it to another schema, or drop it, then copy the source's table with sync_tables",
        )


def claim(cursor: Cursor, source: Source, name: TableName) -> None:
    """Note that a table of the target is the replica's from now on."""
    values = {"source_id": source.source_id, "schema": name.schema, "table": name.table}
    cursor.execute(query("ownership.claim"), values)


def find_own(cursor: Cursor, source: Source, name: TableName) -> int | None:
    """Return the replica's table of a name, None if nothing has it; raise ``ForeignTable`` if another one does."""
    values = {"source_id": source.source_id, "schema": name.schema, "relation": name.table}
    cursor.execute(query("ownership.find"), values)
    row = cursor.fetchone()
    if row is None:
        return None
    relation, own = row
    if not own:
        raise ForeignTable(name)
    return int(relation)


def find_foreign(cursor: Cursor, source: Source, schemas: Iterable[str]) -> set[TableName]:
    """Return the tables and views in schemas of the target that are not the replica's."""
    cursor.execute(query("ownership.foreign"), {"source_id": source.source_id, "schemas": list(schemas)})
    return {TableName(*row) for row in cursor.fetchall()}


def forget_dropped(cursor: Cursor, source: Source) -> None:
    """Forget tables that are gone."""
    cursor.execute(query("ownership.forget_dropped"), {"source_id": source.source_id})
