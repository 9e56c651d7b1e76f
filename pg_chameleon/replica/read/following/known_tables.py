"""The tables of a source as the read process knows them at one position of the binlog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.effect.structures import Structures, lost
from pg_chameleon.ddl.syntax.statements import Statement
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.shadow import is_shadow
from pg_chameleon.model.status import TableState

FROM_THE_BEGINNING = (-1, -1)
_CAPTURED = frozenset({TableState.REPLICATED, TableState.COPYING, TableState.COPIED})


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as the read process sees it: only the source's side. ``start``: file number and offset, to compare."""

    table_id: int
    state: TableState
    start: tuple[int, int]
    schema: TableSchema

    @property
    def name(self) -> TableName:
        """The name on the source."""
        return self.schema.name

    @property
    def captured(self) -> bool:
        """Tell whether changes of the table's rows are stored."""
        return self.state in _CAPTURED

    def covers(self, file_number: int, offset: int) -> bool:
        """Tell whether the table's copy already holds what happened up to there."""
        return (file_number, offset) <= self.start

    def covers_position(self, position: BinlogPosition) -> bool:
        """Tell whether the table's copy already holds what happened up to a position."""
        return self.covers(position.file_number, position.offset)


def stored_table(table_id: int, state: TableState, start: BinlogPosition | None, schema: TableSchema) -> ReadTable:
    """Return a table as the catalogue has it.

    The stored structure of a quarantined table may be outdated: not all statements since were followed.
    """
    place = FROM_THE_BEGINNING if start is None else (start.file_number, start.offset)
    return ReadTable(table_id, state, place, lost(schema.name) if state is TableState.QUARANTINED else schema)


class KnownTables:
    """The one map of the tables: every table of the mapped schemas, whatever its state, even if its structure is lost.

    What the filters say is worked out from it. The tracker's structures are kept beside it, for building them takes
    time with many tables: only ``put`` and ``remove`` change either, and both together.
    """

    def __init__(
        self,
        table_filter: TableFilter,
        traits: ServerTraits,
        known: Iterable[ReadTable],
        schema_defaults: dict[str, Charset],
    ) -> None:
        self.filter = table_filter
        self.traits = traits
        # A table that is copied again is registered twice; the newer registration is the one to fill.
        self._tables = {table.name: table for table in known}
        self.structures = Structures(
            traits,
            (table.schema for table in self._tables.values()),
            schema_defaults=schema_defaults,
            mapped=frozenset(table_filter.mappings),
        )
        """What the tracker works with."""

    def __iter__(self) -> Iterator[ReadTable]:
        return iter(tuple(self._tables.values()))

    def __contains__(self, name: TableName) -> bool:
        return name in self._tables

    def find(self, name: TableName) -> ReadTable | None:
        """Return the table of that name, whatever its state."""
        return self._tables.get(name)

    def put(self, table: ReadTable) -> None:
        """Take in a table, or what it has become under the same name."""
        self._tables[table.name] = table
        self.structures.put(table.schema)

    def remove(self, table: ReadTable) -> None:
        """Forget a table that is gone, or that has another name now."""
        del self._tables[table.name]
        self.structures.remove(table.name)

    def move_schemas(self, statement: Statement) -> None:
        """Follow what a statement makes of the defaults of a schema."""
        self.structures.move(statement, ())

    def is_settled(self, name: TableName, position: BinlogPosition) -> bool:
        """Tell whether what is known of a table is later than a position."""
        table = self._tables.get(name)
        return table is not None and table.covers_position(position)

    @property
    def without_transactions(self) -> frozenset[int]:
        """The ids of the tables whose changes no rollback undoes."""
        return frozenset(table.table_id for table in self._tables.values() if not table.schema.transactional)

    def admits_new(self, name: TableName) -> bool:
        """Tell whether a table that comes to be is to be replicated.

        So are the shadow tables of online schema changes, which the filters may exclude: they take the place of a
        replicated table in the end, and their rows come only once.
        """
        return self.filter.admits(name) or self._is_shadow(name)

    def _is_shadow(self, name: TableName) -> bool:
        return any(
            original.schema == name.schema and is_shadow(name.table, original.table)
            for original in self._tables
            if self.filter.admits(original)
        )
