"""The read process's knowledge of the tables: which there are, with which structure, from which position on."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pg_chameleon.convert.expressions import names
from pg_chameleon.ddl.doubt.mentions import mentioned_tables
from pg_chameleon.ddl.doubt.programs import Program, reached
from pg_chameleon.ddl.doubt.second_look import second_look
from pg_chameleon.ddl.doubt.subject import Act, Subject, find_subject
from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.effect.tracker import apply
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.ddl.syntax.statements import (
    AlterDatabase,
    CreateDatabase,
    Ignored,
    RenameTable,
    Statement,
    StatementFormatChange,
)
from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.change import (
    Circumstances,
    SchemaChange,
    StatementEvent,
    TableAltered,
    TableCreated,
    TableDropped,
    TableMap,
    TableTruncated,
    TableUncertain,
)
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.log import AlterDetails, SchemaChangeKind
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.shadow import is_shadow
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql.layout import is_like_sequence
from pg_chameleon.postgres import tables
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.sources import Source, set_schema_default
from pg_chameleon.postgres.tables import TrackedTable
from pg_chameleon.replica.read.occasion import Occasion, ReadTable, StructureSource

logger = logging.getLogger(__name__)


_FROM_THE_BEGINNING = (-1, -1)
# They change tables only through a function or a procedure.
_BY_ROUTINE = frozenset({"CALL", "DO", "SELECT", "VALUES", "HANDLER"})
_ADMIT_IT = "limit_tables or skip_tables leave it out; admit tables of such names, or copy this one with sync_tables"
_WHY_NOT = defaultdict(lambda: "it is out of the replica", {TableState.FILTERED: _ADMIT_IT})


class Registry:
    """The tables of one source at the position that is being read, moved forward by the DDL of the binlog."""

    def __init__(
        self,
        source: Source,
        table_filter: TableFilter,
        known: Iterable[TrackedTable],
        traits: ServerTraits,
        *,
        schema_defaults: dict[str, Charset],
        structures: StructureSource,
        locate: Callable[[Circumstances], Circumstances] = lambda circumstances: circumstances,
    ) -> None:
        self._source = source
        self._source_structures = structures
        self._filter = table_filter
        self._mariadb = traits.mariadb
        self._programs: tuple[Program, ...] | None = None
        self._locate = locate
        self.changed = False
        """Whether the registry was changed in the transaction that is open."""
        self._tables: dict[TableName, ReadTable] = {}
        self._sequences: set[TableName] = set()
        # A table that is copied anew is registered twice; the newer registration is the one to fill.
        for table in known:
            start = table.start
            place = _FROM_THE_BEGINNING if start is None else (start.file_number, start.offset)
            self._tables[table.schema.name] = ReadTable(table.table_id, table.state, place, table.schema)
        self._structures = Structures(
            traits,
            [table.schema for table in self._tables.values() if table.tracked],
            schema_defaults=schema_defaults,
            mapped=frozenset(table_filter.mappings),
            uncertain=[name for name, table in self._tables.items() if not table.tracked],
        )

    def find(self, name: TableName) -> ReadTable | None:
        """Return the table of that name, whatever its state."""
        return self._tables.get(name)

    @property
    def without_transactions(self) -> frozenset[int]:
        """The ids of the tables whose changes no rollback undoes."""
        return frozenset(table.table_id for table in self._tables.values() if not table.schema.transactional)

    def quarantine(
        self,
        cursor: Cursor,
        name: TableName,
        reason: str,
        position: BinlogPosition,
        statement: str | None = None,
    ) -> None:
        """Take a table out of the replica, and put it on record."""
        table = self._tables.get(name)
        if table is None or not table.captured or table.covers(position.file_number, position.offset):
            return
        tables.quarantine(cursor, table.table_id, reason, position)
        failure = Failure(reason, table=name, position=position, statement=statement)
        log_failure(cursor, self._source, failure)
        logger.error("%s is taken out of the replica at %s: %s", name, position, reason)
        self._tables[name] = replace(table, state=TableState.QUARANTINED)
        self.changed = True

    def follow(self, occasion: Occasion) -> None:
        """Follow a statement of the binlog: move the structures, and store what the target has to do."""
        event = occasion.event
        if event.ambiguous:
            reason = "whether the server or the client wrote it is not certain"
            self._refuse(occasion, DdlRefused(reason, event.statement, 0))
            return
        try:
            statement = parse(
                event.statement, sql_mode=event.sql_mode, default_schema=event.schema, mariadb=self._mariadb
            )
        except DdlRefused as refused:
            self._refuse(occasion, refused)
            return
        if isinstance(statement, Ignored):
            self._programs = None  # it may have changed one
            return
        if occasion.has_wide_literals:
            self._distrust(occasion, "was changed in a session whose collation_connection has wide characters")
            return
        if isinstance(statement, StatementFormatChange):
            self._statement_format(occasion, statement)
            return
        changes = self._apply(occasion, statement)
        readable = next((each for each in changes if isinstance(each, TableUncertain) and each.readable), None)
        subject = self._subject_of(event) if readable is not None else None
        # Of one that renames the source tells nothing, and the new name has to be followed
        if readable is not None and subject is not None and not subject.names_others:
            self._look_again(occasion, subject, readable.reason)
            return
        self._structures.move(statement, changes)
        if isinstance(statement, CreateDatabase | AlterDatabase):
            self._keep_default(occasion.cursor, statement.name)
        self._carry(occasion, changes)

    def _apply(self, occasion: Occasion, statement: Statement) -> list[SchemaChange]:
        event = occasion.event
        return apply(
            statement,
            self._structures,
            error_code=event.error_code,
            settled=lambda name: (table := self._tables.get(name)) is not None and occasion.is_before(table),
            offset=lambda: event.circumstances and self._locate(event.circumstances).offset,
        )

    def _keep_default(self, cursor: Cursor, schema: str) -> None:
        """Store what new tables of a schema inherit from now on: the source will tell only what is so later."""
        name = self._structures.stored_name(TableName(schema, "")).schema
        if name in self._filter.mappings:
            set_schema_default(cursor, self._source, name, self._structures.schema_defaults.get(name))
            self.changed = True

    def _carry(self, occasion: Occasion, changes: Sequence[SchemaChange]) -> None:
        """Follow the changes of one statement, in order."""
        stored = [
            self._follow_change(occasion, change, final)
            for change, final in zip(changes, _final_names(changes), strict=True)
        ]
        if any(stored):
            occasion.batch.segment += 1

    def _refuse(self, occasion: Occasion, refused: DdlRefused) -> None:
        """An unknown statement never stops the replica: what it did is read from the source, or its tables are out."""
        logger.warning("a statement at %s is not understood: %s", occasion.position, refused)
        reason = f"a statement was not understood: {refused}"
        subject = self._subject_of(occasion.event)
        if subject is not None:
            if subject.new_name is None:
                self._look_again(occasion, subject, reason)
            else:
                self._follow_doubtful_name(occasion, subject.name, subject.new_name, reason)
            if not subject.names_others:
                return
        touched = self._distrust(occasion, reason)
        if subject is None and not touched and occasion.event.schema in self._filter.mappings:
            failure = Failure(str(refused), position=occasion.position, statement=occasion.event.statement)
            log_failure(occasion.cursor, self._source, failure)

    def _subject_of(self, event: StatementEvent) -> Subject | None:
        """Return the one table that a statement is about; None if the source failed halfway through it."""
        if event.error_code:
            return None
        return find_subject(
            event.statement, sql_mode=event.sql_mode, default_schema=event.schema, mariadb=self._mariadb
        )

    def _look_again(self, occasion: Occasion, subject: Subject, reason: str) -> None:
        """Follow a statement by the structures before and after it; ``reason``: why its text does not do.

        The structure after it is read from the source, and only for a table that is, or will be, replicated.
        """
        name = self._structures.stored_name(subject.name)
        before = self._structures.table(name)
        name = name if before is None else before.name
        known = self._tables.get(name)
        if known is not None and occasion.is_before(known):
            return
        creates = subject.act is Act.CREATE
        if self._admits_new(name) if creates else known is not None and known.captured:
            self._second_look(occasion, subject, name, reason)
        elif creates or before is not None:
            self._doubt(occasion, name, reason)

    def _follow_doubtful_name(self, occasion: Occasion, old: TableName, new: TableName, reason: str) -> None:
        """Take out a table under the name that a statement gave it, whatever else that did."""
        self._move(occasion, self._apply(occasion, RenameTable(((old, new),))))
        self._doubt(occasion, new, reason)

    def _doubt(self, occasion: Occasion, name: TableName, reason: str) -> None:
        """Keep in mind that there is a table of which nothing is known."""
        if self._structures.tracks(name.schema):
            self._move(occasion, [TableUncertain(name, reason)])

    def _second_look(self, occasion: Occasion, subject: Subject, name: TableName, reason: str) -> None:
        known = name if name in self._tables else None
        try:
            reading = self._source_structures.read(name, occasion.position)
            later = [self._subject_of(event) for event in reading.later]
            before = self._structures.table(name)
            changes = second_look(subject, before, reading.structure, known=known, later=later)
        except Unfollowable as doubt:
            self._move(occasion, [TableUncertain(name, f"{reason}; {doubt}")])
            return
        self._move(occasion, changes)
        if reading.later:
            self._settle(occasion.cursor, name, reading.later[-1].position)

    def _move(self, occasion: Occasion, changes: Sequence[SchemaChange]) -> None:
        self._structures.apply_changes(changes)
        self._carry(occasion, changes)

    def _settle(self, cursor: Cursor, name: TableName, position: BinlogPosition) -> None:
        """Pass over what concerns a table up to a position: it has the structure that the table has there."""
        table = self._tables[name]
        tables.set_start(cursor, table.table_id, position)
        self._tables[name] = replace(table, start=(position.file_number, position.offset))

    def _statement_format(self, occasion: Occasion, statement: StatementFormatChange) -> None:
        """Take out the tables that a statement may have changed of which the binlog holds the text and no rows.

        Through views, triggers and functions it may change others than it names. If nobody can tell which, all are
        in doubt; if it seems to be none, it is on record.
        """
        names = self._mentioned(occasion.event)
        programs = self._known_programs()
        behind = reached(names, programs, mariadb=self._mariadb)
        by_routine = statement.kind in _BY_ROUTINE and not {name.folded for name in names} & {
            program.name.folded for program in programs
        }
        everything = behind is None or by_routine
        reason = "was changed in statement format; set binlog_format=ROW on the source"
        if everything:
            reason = (
                f"may have been changed in statement format ({statement.kind}); set binlog_format=ROW on the source"
            )
        touched = self._take_out(occasion, reason, None if everything else behind)
        if touched or (statement.tables and all(name in self._tables for name in statement.tables)):
            return
        if any(name.schema in self._filter.mappings for name in names):
            message = (
                f"a statement in statement format ({statement.kind}) changed no table that is replicated, as it seems"
            )
            failure = Failure(message, position=occasion.position, statement=occasion.event.statement)
            log_failure(occasion.cursor, self._source, failure)

    def _known_programs(self) -> tuple[Program, ...]:
        if self._programs is None:
            self._programs = self._source_structures.programs()
        return self._programs

    def _mentioned(self, event: StatementEvent) -> frozenset[TableName]:
        return mentioned_tables(
            event.statement, sql_mode=event.sql_mode, default_schema=event.schema, mariadb=self._mariadb
        )

    def _distrust(self, occasion: Occasion, reason: str) -> bool:
        """Quarantine every replicated table that a statement may have touched; tell whether there was one."""
        return self._take_out(occasion, reason, frozenset(name.folded for name in self._mentioned(occasion.event)))

    def _take_out(self, occasion: Occasion, reason: str, names: frozenset[TableName] | None) -> bool:
        """Quarantine the replicated tables of these folded names, None for all; tell whether there was one."""
        touched = [
            name for name, table in self._tables.items() if table.captured and (names is None or name.folded in names)
        ]
        for name in touched:
            self.quarantine(occasion.cursor, name, reason, occasion.position, occasion.event.statement)
        return bool(touched)

    def _follow_change(self, occasion: Occasion, change: SchemaChange, final: TableName | None) -> bool:
        """Follow one change; tell whether the target has something to do.

        ``final``: the name that an altered table has when the statement is through, None if it is gone by then.
        """
        if isinstance(change, TableCreated):
            return self._created(occasion, change.after)
        if isinstance(change, TableAltered):
            return self._altered(occasion, change, final)
        table = self._tables.get(change.name)
        if table is None and isinstance(change, TableUncertain) and self._filter.admits(change.name):
            self._register_unknown(
                occasion.cursor, change.name, change.reason, occasion.position, occasion.event.statement
            )
        if table is None or occasion.is_before(table):
            return False
        if isinstance(change, TableDropped):
            return self._ended(occasion, table)
        if isinstance(change, TableTruncated):
            return table.captured and occasion.store(table.table_id, SchemaChangeKind.TRUNCATE)
        assert isinstance(change, TableUncertain)
        self._doubted(occasion, table, change.reason)
        return False

    def _admits_new(self, name: TableName) -> bool:
        """Tell whether a table that comes to be is to be replicated.

        So are the shadow tables of online schema changes, which the filters may leave out: they take the place of a
        replicated table in the end, and their rows come only once.
        """
        return self._filter.admits(name) or self._is_shadow(name)

    def _is_shadow(self, name: TableName) -> bool:
        return any(
            original.schema == name.schema and is_shadow(name.table, original.table)
            for original in self._tables
            if self._filter.admits(original)
        )

    def meet_unknown(self, cursor: Cursor, table: TableMap, position: BinlogPosition) -> None:
        """Take out a table that should be replicated, of which rows came and nothing is known."""
        name = table.name
        if not self._filter.admits(name) or name in self._sequences:
            return
        if is_like_sequence(table) and not self._source_structures.is_table(name):
            logger.info("%s is a sequence of the source, which is not replicated", name)
            self._sequences.add(name)
            return
        reason = "rows came of a table whose structure is not known; copy it with sync_tables"
        self._register_unknown(cursor, name, reason, position)

    def _register_unknown(
        self, cursor: Cursor, name: TableName, reason: str, position: BinlogPosition, statement: str | None = None
    ) -> None:
        """Take a table into the registry whose structure is not known, so that it is seen to be missing."""
        self._register(cursor, TableSchema(name, ()), TableState.REPLICATED, position, replayed=True)
        self.quarantine(cursor, name, reason, position, statement)

    def settle_filters(self, cursor: Cursor, position: BinlogPosition) -> None:
        """Follow what the user changed in limit_tables and skip_tables since the tables were registered."""
        for name, table in list(self._tables.items()):
            if table.state is TableState.FILTERED and self._filter.admits(name):
                self._tables[name] = replace(table, state=TableState.REPLICATED, start=_FROM_THE_BEGINNING)
                tables.set_state(cursor, table.table_id, TableState.REPLICATED)
                self.quarantine(cursor, name, "limit_tables and skip_tables admit it now; copy it", position)
            elif table.state is TableState.REPLICATED and not self._admits_new(name):
                logger.warning("%s is no longer replicated: limit_tables or skip_tables leaves it out", name)
                self._tables[name] = replace(table, state=TableState.FILTERED)
                tables.set_state(cursor, table.table_id, TableState.FILTERED)
                self.changed = True

    def _created(self, occasion: Occasion, schema: TableSchema) -> bool:
        present = self._tables.get(schema.name)
        if schema.name.schema not in self._filter.mappings or (present and occasion.is_before(present)):
            return False
        if not self._admits_new(schema.name):
            self._register(occasion.cursor, schema, TableState.FILTERED, occasion.position, replayed=True)
            return False
        table_id, structure_id = self._register(
            occasion.cursor, schema, TableState.REPLICATED, occasion.position, replayed=False
        )
        return occasion.store(table_id, SchemaChangeKind.CREATE, structure_id)

    def _altered(self, occasion: Occasion, change: TableAltered, final: TableName | None) -> bool:
        before, after = change.before.name, change.after.name
        table = self._tables.get(before)
        if table is None or occasion.is_before(table):
            return False
        # A name that a table has only between two steps of one statement is nothing that filters are about
        admitted = self._filter.admits(after) or (final is not None and self._filter.admits(final))
        if after != before and not (table.captured and admitted):
            return self._moved(occasion, table, change.after)
        structure_id = tables.add_structure(
            occasion.cursor, table.table_id, change.after, occasion.position, replayed=not table.captured
        )
        if after != before:
            tables.rename_source(occasion.cursor, table.table_id, after)
            del self._tables[before]
        self._tables[after] = replace(table, schema=change.after)
        self.changed = True
        if not table.captured:
            return False
        details = AlterDetails(change.origins, self._circumstances(occasion.event))
        return occasion.store(table.table_id, SchemaChangeKind.ALTER, structure_id, details)

    def _circumstances(self, event: StatementEvent) -> Circumstances | None:
        """Return what the replay needs to know of the statement itself."""
        found = event.circumstances
        if found is None:
            return None
        return self._locate(found._replace(mariadb=self._mariadb))

    def _doubted(self, occasion: Occasion, table: ReadTable, reason: str) -> None:
        """Quarantine a table, or forget the structure of one that is not replicated: others may be made LIKE it."""
        name = table.schema.name
        if table.state is not TableState.FILTERED:
            self.quarantine(occasion.cursor, name, reason, occasion.position, occasion.event.statement)
            return
        lost = TableSchema(name, ())
        tables.add_structure(occasion.cursor, table.table_id, lost, occasion.position, replayed=True)
        self._tables[name] = replace(table, schema=lost)
        self.changed = True

    def _moved(self, occasion: Occasion, table: ReadTable, schema: TableSchema) -> bool:
        """Follow a table that was renamed into, out of, or outside of what is replicated."""
        stored = self._ended(occasion, table)
        if schema.name.schema not in self._filter.mappings:
            return stored
        if not self._filter.admits(schema.name):
            self._register(occasion.cursor, schema, TableState.FILTERED, occasion.position, replayed=True)
            return stored
        self._register(occasion.cursor, schema, TableState.REPLICATED, occasion.position, replayed=True)
        reason = f"it was renamed from {table.schema.name}, whose rows were not replicated: {_WHY_NOT[table.state]}"
        self.quarantine(occasion.cursor, schema.name, reason, occasion.position, occasion.event.statement)
        return stored

    def _ended(self, occasion: Occasion, table: ReadTable) -> bool:
        """The source no longer has the table: let the target drop it when it has replayed what came before."""
        del self._tables[table.schema.name]
        self.changed = True
        if table.state is TableState.FILTERED:
            tables.set_state(occasion.cursor, table.table_id, TableState.DROPPED)
            return False
        tables.end(occasion.cursor, table.table_id)
        return occasion.store(table.table_id, SchemaChangeKind.DROP)

    def _register(
        self, cursor: Cursor, schema: TableSchema, state: TableState, position: BinlogPosition, *, replayed: bool
    ) -> tuple[int, int]:
        target = TableName(self._filter.mappings[schema.name.schema], names.table_name(schema.name.table))
        table_id, structure_id = tables.register_in_stream(
            cursor, self._source, schema, target, state, position=position, replayed=replayed
        )
        self._tables[schema.name] = ReadTable(table_id, state, _FROM_THE_BEGINNING, schema)
        self.changed = True
        return table_id, structure_id


def _final_names(changes: Sequence[SchemaChange]) -> list[TableName | None]:
    """Return for each change the name that its table has when all are made, None if there is no such table then.

    RENAME TABLE a TO x, b TO a, x TO b gives a table a name for a moment only.
    """
    names: list[TableName | None] = []
    later: dict[TableName, TableName | None] = {}
    for change in reversed(changes):
        before, after = _names(change)
        final = None if after is None else later.pop(after, after)
        later[before] = final
        names.append(final)
    return names[::-1]


def _names(change: SchemaChange) -> tuple[TableName, TableName | None]:
    """Return the name of the table before and after a change."""
    if isinstance(change, TableCreated):
        return change.after.name, change.after.name
    if isinstance(change, TableAltered):
        return change.before.name, change.after.name
    return change.name, None if isinstance(change, TableDropped) else change.name
