"""Which tables of the target belong to the replica: those that it created, or was given; it touches no others.

A name proves nothing: the user may have a table where the source creates one of that name. So each table that the
replica creates is recorded by its identity, which survives renames.
"""

from __future__ import annotations

from collections.abc import Iterable

from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source


class ForeignTable(TargetError):
    """A name on the target is taken by a relation that was not created by the replica of this source."""

    def __init__(self, name: TableName) -> None:
        super().__init__(
            f"{name} on the target was not created by this replica, which therefore leaves it untouched",
            advice="Move it to another schema, or drop it, then copy the source's table with sync_tables",
        )


def claim(cursor: Cursor, source: Source, name: TableName) -> None:
    """Record that a table of the target belongs to the replica from now on."""
    values = {"source_id": source.source_id, "schema": name.schema, "table": name.table}
    cursor.execute(query("ownership.claim"), values)


def find_own(cursor: Cursor, source: Source, name: TableName) -> int | None:
    """Return the replica's table of a name, None if the name is free; raise ``ForeignTable`` if it is the user's."""
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
