"""The sources in the catalogue: their names, mappings, status and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_chameleon.convert.expressions.names import temporary_name
from pg_chameleon.convert.expressions.quoting import quote_identifier
from pg_chameleon.errors import CatalogueError
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.model.status import SourceStatus
from pg_chameleon.postgres.connection import Connection, Cursor, transaction
from pg_chameleon.postgres.positions import place, stored_position, whole_position
from pg_chameleon.postgres.queries import query


@dataclass(frozen=True, slots=True)
class Source:
    """A registered source."""

    source_id: int
    name: str
    type: str
    status: SourceStatus
    status_reason: str | None

    @property
    def channel(self) -> str:
        """The notification channel on which the replay process is woken."""
        return f"chameleon_{self.source_id}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the read process has come. ``position`` is None before the first copy."""

    generation: int
    position: Position | None
    log_number: int


def all_sources(connection: Connection) -> list[Source]:
    """Return the registered sources in the order of their ids."""
    with transaction(connection) as cursor:
        cursor.execute(query("sources.all"))
        return [_source(row) for row in cursor.fetchall()]


def find_source(connection: Connection, name: str) -> Source:
    """Return the source of that name; raise ``CatalogueError`` with the names of the registered ones if it has none."""
    with transaction(connection) as cursor:
        cursor.execute(query("sources.by_name"), (name,))
        row = cursor.fetchone()
    if row is None:
        known = ", ".join(source.name for source in all_sources(connection)) or "none"
        raise CatalogueError(
            f"the source {name!r} is not registered in the catalogue (registered: {known})",
            advice=f"Run chameleon add_source --source {name}",
        )
    return _source(row)


def _source(row: tuple[int, str, str, str, str | None]) -> Source:
    return Source(row[0], row[1], row[2], SourceStatus(row[3]), row[4])


def add_source(connection: Connection, name: str, kind: str, mappings: Mapping[str, str]) -> Source:
    """Register a source with its mappings, checkpoint and log tables in one transaction."""
    with transaction(connection) as cursor:
        cursor.execute(query("sources.by_name"), (name,))
        if cursor.fetchone() is not None:
            raise CatalogueError(
                f"the source {name!r} is already registered",
                advice="Use update_schema_mappings for changed mappings, or drop_source first",
            )
        cursor.execute(query("sources.add"), (name, kind))
        source_id = _one(cursor)[0]
        for source_schema, target_schema in mappings.items():
            _refuse_taken(cursor, source_id, target_schema)
            cursor.execute(query("sources.add_mapping"), (source_id, source_schema, target_schema))
        cursor.execute(query("sources.add_checkpoint"), (source_id,))
        cursor.execute(query("sources.add_replay"), (source_id,))
        cursor.execute(query("sources.create_log_tables"), (source_id,))
    return find_source(connection, name)


def remove_source(connection: Connection, source: Source, *, detached: bool) -> None:
    """Forget a source: everything of it in the catalogue goes; the replicated tables stay.

    If it is ``detached``, they are the user's. Otherwise the next first copy into the same schemas replaces them.
    """
    with transaction(connection) as cursor:
        if detached:
            cursor.execute(query("ownership.let_go_all"), (source.source_id,))
        cursor.execute(query("sources.remove_held_rows"), (source.source_id,))
        cursor.execute(query("sources.remove"), (source.source_id,))
        cursor.execute(query("sources.drop_log_tables"), (source.source_id,))


def read_mappings(connection: Connection, source: Source) -> dict[str, str]:
    """Return the registered mappings, source schema to target schema."""
    with transaction(connection) as cursor:
        cursor.execute(query("sources.mappings"), (source.source_id,))
        return dict(cursor.fetchall())


def read_schema_defaults(cursor: Cursor, source: Source) -> dict[str, tuple[str, str]]:
    """Return the character set and the collation that new tables inherit at the checkpoint, where they are stored."""
    cursor.execute(query("sources.schema_defaults"), (source.source_id,))
    return {schema: (charset, collation) for schema, charset, collation in cursor.fetchall()}


def set_schema_default(cursor: Cursor, source: Source, schema: str, default: tuple[str, str] | None) -> None:
    """Store what new tables of a schema inherit from the checkpoint on; None if that is not known."""
    charset, collation = default or (None, None)
    values = {"source_id": source.source_id, "schema": schema, "charset": charset, "collation": collation}
    cursor.execute(query("sources.set_schema_default"), values)


def read_server(cursor: Cursor, source: Source) -> ServerVersion | None:
    """Return the product and version that the source last reported; None if it was never asked."""
    cursor.execute(query("sources.server"), (source.source_id,))
    text = _one(cursor)[0]
    return None if text is None else ServerVersion.parse(text)


def record_server(cursor: Cursor, source: Source, server: ServerVersion) -> None:
    """Record what the source is, for those who do not ask it."""
    cursor.execute(query("sources.record_server"), {"source_id": source.source_id, "version": server.text})


def update_mappings(connection: Connection, source: Source, wanted: Mapping[str, str]) -> list[str]:
    """Rename, add and remove registered mappings until they are ``wanted``; return what was done, for people."""
    done: list[str] = []
    with transaction(connection) as cursor:
        cursor.execute(query("sources.mappings"), (source.source_id,))
        present: dict[str, str] = dict(cursor.fetchall())
        for target_schema in wanted.values():
            _refuse_taken(cursor, source.source_id, target_schema)
        done += _rename_schemas(cursor, source, present, wanted)
        for gone in present.keys() - wanted.keys():
            cursor.execute(query("sources.remove_mapping"), (source.source_id, gone))
            cursor.execute(query("tables.drop_schema"), (source.source_id, gone))
            cursor.execute(query("ownership.let_go"), {"source_id": source.source_id, "schema": present[gone]})
            done.append(f"removed the mapping {gone} -> {present[gone]}; the target schema stays as it is")
        for new in wanted.keys() - present.keys():
            cursor.execute(query("sources.add_mapping"), (source.source_id, new, wanted[new]))
            done.append(f"added the mapping {new} -> {wanted[new]}; copy it with refresh_schema --schema {new}")
        cursor.execute(query("sources.bump_generation"), (source.source_id,))
    return done


def _rename_schemas(cursor: Cursor, source: Source, present: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    changed = [schema for schema in present.keys() & wanted.keys() if present[schema] != wanted[schema]]
    # Two schemas may swap their names, so all get temporary names first.
    for schema in changed:
        _rename_schema(
            cursor, source, schema, present[schema], temporary_name(f"_chameleon_{source.source_id}_{schema}")
        )
    for schema in changed:
        _rename_schema(
            cursor, source, schema, temporary_name(f"_chameleon_{source.source_id}_{schema}"), wanted[schema]
        )
    return [f"renamed the target schema {present[schema]} of {schema} to {wanted[schema]}" for schema in changed]


def _rename_schema(cursor: Cursor, source: Source, schema: str, before: str, after: str) -> None:
    cursor.execute(query("swap.schema_exists"), (before,))
    if cursor.fetchone() is not None:
        cursor.execute(f"alter schema {quote_identifier(before)} rename to {quote_identifier(after)}")
    values = {"source_id": source.source_id, "schema": schema, "target": after}
    cursor.execute(query("sources.rename_mapping"), values)
    cursor.execute(query("sources.rename_tables"), values)


def _refuse_taken(cursor: Cursor, source_id: int, target_schema: str) -> None:
    cursor.execute(query("sources.mapping_owner"), (target_schema, source_id))
    owner = cursor.fetchone()
    if owner is not None:
        raise CatalogueError(
            f"the target schema {target_schema!r} belongs to the source {owner[0]!r}",
            advice="Map this source to another target schema",
        )


def set_status(connection: Connection, source: Source, status: SourceStatus, reason: str | None = None) -> None:
    """Write down what the source is doing, with the reason of an error."""
    with transaction(connection) as cursor:
        cursor.execute(
            query("sources.set_status"),
            {"source_id": source.source_id, "status": status.value, "reason": reason},
        )


def read_checkpoint(cursor: Cursor, source: Source, *, lock: bool = False) -> Checkpoint:
    """Return the read process's checkpoint; ``lock`` keeps it from moving until the transaction ends."""
    cursor.execute(query("sources.lock_checkpoint" if lock else "sources.checkpoint"), (source.source_id,))
    generation, file, offset, mark, gtid, log_number = _one(cursor)
    position = None if file is None else stored_position(file, offset, gtid, mark)
    return Checkpoint(generation, position, log_number)


def reset_checkpoint(cursor: Cursor, source: Source, position: Position) -> None:
    """Let the read process begin at a position, as a whole new first copy does."""
    values = {"source_id": source.source_id, **whole_position(position)}
    cursor.execute(query("sources.reset_checkpoint"), values)
    cursor.execute(query("sources.reset_replay"), values)


def set_consistent_from(cursor: Cursor, source: Source, position: BinlogPosition) -> None:
    """Note the latest snapshot: once everything up to here is replayed, the target shows states of the source."""
    cursor.execute(query("sources.set_consistent_from"), {"source_id": source.source_id, **place(position)})


def bump_generation(cursor: Cursor, source: Source) -> None:
    """Make the read process load the tables again before it stores anything more."""
    cursor.execute(query("sources.bump_generation"), (source.source_id,))


def _one(cursor: Cursor) -> tuple:  # type: ignore[type-arg]  # the columns differ from query to query
    row = cursor.fetchone()
    if row is None:
        raise CatalogueError("the catalogue lacks a required row", advice="Run chameleon upgrade_replica_schema")
    return row


def has_checkpoint(connection: Connection, source: Source) -> bool:
    """Tell whether there is a position to read from, as there is after the first copy."""
    with transaction(connection) as cursor:
        return read_checkpoint(cursor, source).position is not None
