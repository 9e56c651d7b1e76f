"""Decide what each statement of the binlog means for the tables of a source.

Nothing here acts: the steps that are yielded are carried out, and answered, by whoever drives the generator.
"""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.ddl.effect.moments import Offset
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.ddl.syntax.statements import (
    AlterDatabase,
    CreateDatabase,
    Ignored,
    Statement,
    StatementFormatChange,
)
from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.change import SchemaChange, StatementEvent, TableMap, TableUncertain
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.source.charsets import WIDE
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql.charsets import charset_of_collation
from pg_chameleon.mysql.decode.layout import is_like_sequence
from pg_chameleon.replica.read.following.doubtful import DoubtfulStatements
from pg_chameleon.replica.read.following.known_tables import FROM_THE_BEGINNING, KnownTables
from pg_chameleon.replica.read.following.steps import IsTable, SetDefault, SetState, Steps, Tell, ask
from pg_chameleon.replica.read.following.suspects import Suspects
from pg_chameleon.replica.read.following.table_changes import TableChanges, located


class Following:
    """Follows the tables of one source through its binlog: its statements, and rows of tables that are not known."""

    def __init__(self, known: KnownTables) -> None:
        self.known = known
        self._changes = TableChanges(known)
        self._suspects = Suspects(known, self._changes)
        self._doubtful = DoubtfulStatements(known, self._changes, self._suspects)
        self._sequences: set[TableName] = set()

    def follow(self, event: StatementEvent) -> Steps[None]:
        """Follow a statement of the binlog."""
        try:
            statement = self._parsed(event)
        except DdlRefused as refused:
            yield from self._doubtful.refuse(event, refused)
            return
        if isinstance(statement, Ignored):
            self._suspects.forget_programs()
        elif _has_wide_literals(event):
            reason = "was changed in a session whose collation_connection has wide characters"
            yield from self._suspects.distrust(event, reason)
        elif isinstance(statement, StatementFormatChange):
            yield from self._suspects.follow(event, statement)
        else:
            yield from self._understood(event, statement)

    def _parsed(self, event: StatementEvent) -> Statement:
        if event.ambiguous:
            raise DdlRefused("cannot tell in which character set it is written", event.statement, 0)
        return parse(
            event.statement,
            sql_mode=event.sql_mode,
            default_schema=event.schema,
            mariadb=self.known.traits.mariadb,
        )

    def _understood(self, event: StatementEvent, statement: Statement) -> Steps[None]:
        """Follow what the tracker says; where only the structure cannot be told, the source may show it."""
        changes = yield from self._changes_of(event, statement)
        readable = next((each for each in changes if isinstance(each, TableUncertain) and each.readable), None)
        subject = None if readable is None else self._doubtful.subject_of(event)
        # Of one that renames the source tells nothing, and the new name has to be followed
        if readable is not None and subject is not None and not subject.names_others:
            yield from self._doubtful.look_again(event, subject, readable.reason)
            return
        self.known.move_schemas(statement)
        if isinstance(statement, CreateDatabase | AlterDatabase):
            yield from self._keep_default(statement.name)
        yield from self._changes.follow(event, changes)

    def _changes_of(self, event: StatementEvent, statement: Statement) -> Steps[list[SchemaChange]]:
        """Compute the changes; the source is asked about the session's clock only if they depend on it."""
        depends_on_clock = False

        def unknown() -> None:
            nonlocal depends_on_clock
            depends_on_clock = True

        changes = self._applied(event, statement, unknown)
        if depends_on_clock and event.circumstances is not None:
            offset = (yield from located(event.circumstances)).offset
            changes = self._applied(event, statement, lambda: offset)
        return changes

    def _applied(self, event: StatementEvent, statement: Statement, offset: Offset) -> list[SchemaChange]:
        return changes_by(
            statement,
            self.known.structures,
            error_code=event.error_code,
            settled=lambda name: self.known.is_settled(name, event.position),
            offset=offset,
        )

    def _keep_default(self, schema: str) -> Steps[None]:
        """Store what new tables of a schema inherit from now on: the source will tell only what is so later."""
        name = self.known.structures.stored_name(TableName(schema, "")).schema
        if name in self.known.filter.mappings:
            yield SetDefault(name, self.known.structures.defaults.known.get(name))

    def meet_unknown(self, table: TableMap, position: BinlogPosition) -> Steps[None]:
        """Follow rows of a table that is not known: if it should be replicated, it is missing."""
        name = table.name
        if not self.known.filter.admits(name) or name in self._sequences:
            return
        if is_like_sequence(table) and not (yield from ask(IsTable(name))):
            yield Tell(f"{name} is a sequence of the source, which is not replicated")
            self._sequences.add(name)
            return
        reason = "rows arrived for a table whose structure is not known; copy it with sync_tables"
        yield from self._changes.register_unknown(name, reason, position)

    def quarantine(self, name: TableName, reason: str, position: BinlogPosition) -> Steps[None]:
        """Quarantine a table because of its rows."""
        yield from self._changes.quarantine(name, reason, position)

    def settle_filters(self, position: BinlogPosition) -> Steps[None]:
        """Follow what the user changed in limit_tables and skip_tables since the tables were registered."""
        for table in self.known:
            if table.state is TableState.FILTERED and self.known.filter.admits(table.name):
                self.known.put(replace(table, state=TableState.REPLICATED, start=FROM_THE_BEGINNING))
                yield SetState(table.table_id, TableState.REPLICATED)
                reason = "limit_tables and skip_tables admit it now; copy it with sync_tables"
                yield from self._changes.quarantine(table.name, reason, position)
            elif table.state is TableState.REPLICATED and not self.known.admits_new(table.name):
                message = f"{table.name} is no longer replicated: limit_tables or skip_tables excludes it"
                yield Tell(message, is_warning=True)
                self.known.put(replace(table, state=TableState.FILTERED))
                yield SetState(table.table_id, TableState.FILTERED)


def _has_wide_literals(event: StatementEvent) -> bool:
    """Tell whether the session's literals were of a character set with wide characters.

    A binary default or member has other bytes then than its text in the binlog.
    """
    told = event.circumstances
    return told is not None and charset_of_collation(told.connection_collation or 0) in WIDE
