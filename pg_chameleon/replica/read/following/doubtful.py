"""Statements whose text does not tell what they did: the source is asked, or their tables are quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pg_chameleon.ddl.doubt.second_look import second_look
from pg_chameleon.ddl.doubt.subject import Act, Subject, find_subject
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.ddl.syntax.statements import RenameTable
from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.change import SchemaChange, StatementEvent, TableUncertain
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.replica.read.following.known_tables import KnownTables
from pg_chameleon.replica.read.following.steps import ReadStructure, Record, SetStart, Steps, Tell, ask
from pg_chameleon.replica.read.following.suspects import Suspects
from pg_chameleon.replica.read.following.table_changes import TableChanges


@dataclass(frozen=True, slots=True)
class DoubtfulStatements:
    """Follows statements that are not understood, by the structures before and after them where that is sound."""

    known: KnownTables
    changes: TableChanges
    suspects: Suspects

    def refuse(self, event: StatementEvent, refused: DdlRefused) -> Steps[None]:
        """Follow a statement that the parser refused: it never stops the replica."""
        yield Tell(f"a statement at {event.position} is not understood: {refused}", is_warning=True)
        reason = f"a statement was not understood: {refused}"
        subject = self.subject_of(event)
        if subject is not None:
            if subject.new_name is None:
                yield from self.look_again(event, subject, reason)
            else:
                yield from self._follow_name(event, subject.name, subject.new_name, reason)
            if not subject.names_others:
                return
        touched = yield from self.suspects.distrust(event, reason)
        if subject is None and not touched and event.schema in self.known.filter.mappings:
            yield Record(str(refused), event.position, event.statement)

    def subject_of(self, event: StatementEvent) -> Subject | None:
        """Return the one table that a statement is about; None if the source failed halfway through it."""
        if event.error_code:
            return None
        return find_subject(
            event.statement,
            sql_mode=event.sql_mode,
            default_schema=event.schema,
            mariadb=self.known.traits.mariadb,
        )

    def look_again(self, event: StatementEvent, subject: Subject, reason: str) -> Steps[None]:
        """Follow a statement by the structures before and after it; ``reason``: why its text does not do.

        The structure after it is read from the source, and only for a table that is, or will be, replicated.
        """
        name = self.known.structures.stored_name(subject.name)
        before = self.known.structures.table(name)
        name = name if before is None else before.name
        table = self.known.find(name)
        if self.known.is_settled(name, event.position):
            return
        creates = subject.act is Act.CREATE
        if self.known.admits_new(name) if creates else table is not None and table.captured:
            yield from self._second_look(event, subject, name, reason)
        elif creates or before is not None:
            yield from self._doubt(event, name, reason)

    def _second_look(self, event: StatementEvent, subject: Subject, name: TableName, reason: str) -> Steps[None]:
        try:
            reading = yield from ask(ReadStructure(name, event.position))
            changes = second_look(
                subject,
                self.known.structures.table(name),
                reading.structure,
                known=name if name in self.known else None,
                later=[self.subject_of(each) for each in reading.later],
            )
        except Unfollowable as doubt:
            yield from self._doubt(event, name, f"{reason}; {doubt}")
            return
        yield from self.changes.follow(event, changes)
        if reading.later:
            yield from self._settle(name, reading.later[-1].position)

    def _settle(self, name: TableName, position: BinlogPosition) -> Steps[None]:
        """Pass over what concerns a table up to a position: it has the structure that the table has there."""
        table = self.known.find(name)
        assert table is not None  # the source has it, and so do we by now
        self.known.put(replace(table, start=(position.file_number, position.offset)))
        yield SetStart(table.table_id, position)

    def _follow_name(self, event: StatementEvent, old: TableName, new: TableName, reason: str) -> Steps[None]:
        """Quarantine a table under the name that a statement gave it, whatever else that did."""
        renamed: Sequence[SchemaChange] = changes_by(
            RenameTable(((old, new),)),
            self.known.structures,
            settled=lambda name: self.known.is_settled(name, event.position),
        )
        yield from self.changes.follow(event, renamed)
        yield from self._doubt(event, new, reason)

    def _doubt(self, event: StatementEvent, name: TableName, reason: str) -> Steps[None]:
        """Remember that there is a table of which nothing is known."""
        if self.known.structures.tracks(name.schema):
            yield from self.changes.follow(event, [TableUncertain(name, reason)])
