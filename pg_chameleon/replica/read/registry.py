"""The registry of the read process: carries out what ``following`` decides, and answers what it asks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pg_chameleon.ddl.doubt.programs import Program
from pg_chameleon.ddl.doubt.second_look import Reading
from pg_chameleon.model.change import Circumstances, StatementEvent, TableMap
from pg_chameleon.model.log import StoredChange
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.postgres import batches, tables
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import Failure, log_failure
from pg_chameleon.postgres.log_lines import OpenBatch
from pg_chameleon.postgres.sources import Source, set_schema_default
from pg_chameleon.replica.read.following import steps
from pg_chameleon.replica.read.following.statements import Following
from pg_chameleon.replica.read.following.steps import Step, Steps, drive

logger = logging.getLogger(__name__)


class StructureSource(Protocol):
    """Where the structure of a table can be asked for that is not understood from the binlog."""

    def read(self, name: TableName, since: BinlogPosition) -> Reading:
        """Read the structure, and what concerned it since a position; raise ``Unfollowable`` if it cannot be told."""

    def is_table(self, name: TableName) -> bool:
        """Tell whether the source has a table of that name, and not a view or a sequence."""

    def programs(self) -> tuple[Program, ...]:
        """Return the views, triggers and routines of the source."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers questions from the source: about structures, and about what clocks showed (``locate``)."""

    structures: StructureSource
    locate: Callable[[Circumstances], Circumstances] = lambda circumstances: circumstances

    def to(self, question: steps.Question[Any]) -> object:
        """Ask the source."""
        match question:
            case steps.ReadStructure(name, since):
                return self.structures.read(name, since)
            case steps.IsTable(name):
                return self.structures.is_table(name)
            case steps.ListPrograms():
                return self.structures.programs()
            case steps.Locate(circumstances):
                return self.locate(circumstances)
        raise AssertionError(question)


class Registry:
    """The tables of one source at the position that is being read, in memory and in the catalogue."""

    def __init__(self, source: Source, following: Following, answers: Answers) -> None:
        self._source = source
        self._following = following
        self._answers = answers
        self.find = following.known.find  # bound once, because it is called for each row event
        self.changed = False
        """Whether the registry was changed in the transaction that is open."""

    @property
    def without_transactions(self) -> frozenset[int]:
        """The ids of the tables whose changes no rollback undoes."""
        return self._following.known.without_transactions

    def follow(self, cursor: Cursor, batch: OpenBatch, event: StatementEvent) -> None:
        """Follow a statement of the binlog: move the structures, and store what the target has to do."""
        self._carry_out(self._following.follow(event), cursor, batch)

    def meet_unknown(self, cursor: Cursor, table: TableMap, position: BinlogPosition) -> None:
        """Follow rows of a table that is not known."""
        self._carry_out(self._following.meet_unknown(table, position), cursor)

    def settle_filters(self, cursor: Cursor, position: BinlogPosition) -> None:
        """Follow what the user changed in the filters since the tables were registered."""
        self._carry_out(self._following.settle_filters(position), cursor)

    def quarantine(self, cursor: Cursor, name: TableName, reason: str, position: BinlogPosition) -> None:
        """Quarantine a table because of its rows."""
        self._carry_out(self._following.quarantine(name, reason, position), cursor)

    def _carry_out(self, decided: Steps[None], cursor: Cursor, batch: OpenBatch | None = None) -> None:
        def carry_out(step: Step[Any]) -> object:
            if isinstance(step, steps.Question):
                return self._answers.to(step)
            if isinstance(step, steps.RegistryChange):
                self.changed = True
                return _change(cursor, self._source, step)
            if isinstance(step, steps.Store | steps.EndSegment):
                assert batch is not None  # only statements have something to store
                _store(cursor, batch, step)
            else:
                _tell(cursor, self._source, step)
            return None

        drive(decided, carry_out)


def _change(cursor: Cursor, source: Source, change: steps.RegistryChange[Any]) -> object:
    """Change the registry; return the ids that the database gave."""
    match change:
        case steps.Register(schema, target, state, position, replayed):
            return steps.Registered(
                *tables.register_in_stream(cursor, source, schema, target, state, position=position, replayed=replayed)
            )
        case steps.AddStructure(table_id, schema, position, replayed):
            return tables.add_structure(cursor, table_id, schema, position, replayed=replayed)
        case steps.Rename(table_id, name):
            tables.rename_source(cursor, table_id, name)
        case steps.End(table_id):
            tables.end(cursor, table_id)
        case steps.SetState(table_id, state):
            tables.set_state(cursor, table_id, state)
        case steps.SetStart(table_id, position):
            tables.set_start(cursor, table_id, position)
        case steps.SetDefault(schema_name, charset):
            set_schema_default(cursor, source, schema_name, charset)
        case steps.Quarantine():
            _quarantine(cursor, source, change)
        case _:
            raise AssertionError(change)
    return None


def _quarantine(cursor: Cursor, source: Source, found: steps.Quarantine) -> None:
    tables.quarantine(cursor, found.table_id, found.reason, found.position)
    failure = Failure(found.reason, table=found.name, position=found.position, statement=found.statement)
    log_failure(cursor, source, failure)
    logger.error("%s is quarantined at %s: %s", found.name, found.position, found.reason)


def _store(cursor: Cursor, batch: OpenBatch, step: steps.Store | steps.EndSegment) -> None:
    if isinstance(step, steps.EndSegment):
        batch.segment += 1
        return
    change = StoredChange(
        batch.segment, step.table_id, step.kind, step.structure_id, step.details, step.statement, step.position
    )
    batches.add_schema_change(cursor, batch, change)


def _tell(cursor: Cursor, source: Source, step: Step[Any]) -> None:
    match step:
        case steps.Record(message, position, statement):
            log_failure(cursor, source, Failure(message, position=position, statement=statement))
        case steps.Tell(message, is_warning):
            logger.log(logging.WARNING if is_warning else logging.INFO, "%s", message)
        case _:
            raise AssertionError(step)
