"""Tables that a statement may have changed unseen: the statement tells only which names it mentions."""

from __future__ import annotations

from collections.abc import Iterable

from pg_chameleon.ddl.doubt.mentions import mentioned_tables
from pg_chameleon.ddl.doubt.programs import Program, reached
from pg_chameleon.ddl.syntax.statements import StatementFormatChange
from pg_chameleon.model.change import StatementEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.replica.read.following.known_tables import KnownTables
from pg_chameleon.replica.read.following.steps import ListPrograms, Record, Steps, ask
from pg_chameleon.replica.read.following.table_changes import TableChanges

# They change tables only through a function or a procedure.
_BY_ROUTINE = frozenset({"CALL", "DO", "SELECT", "VALUES", "HANDLER"})
_IN_STATEMENT_FORMAT = "changed in statement format"
_REMEDY = "set binlog_format=ROW on the source"


class Suspects:
    """Quarantines the tables that a statement may have changed, where neither rows nor its text tell what it did."""

    def __init__(self, known: KnownTables, changes: TableChanges) -> None:
        self._known = known
        self._changes = changes
        self._programs: tuple[Program, ...] | None = None

    def forget_programs(self) -> None:
        """Ask for views, triggers and routines again when they are needed: a statement may have changed one."""
        self._programs = None

    def distrust(self, event: StatementEvent, reason: str) -> Steps[bool]:
        """Quarantine every replicated table that a statement mentions; tell whether there was one."""
        return (yield from self._quarantine(event, reason, _folded(self._mentioned(event))))

    def follow(self, event: StatementEvent, statement: StatementFormatChange) -> Steps[None]:
        """Quarantine the tables that a statement may have changed of which the binlog holds the text and no rows.

        Through views, triggers and functions it may change others than it names. If nobody can tell which, all are
        in doubt; if it seems to be none, it is recorded.
        """
        mentioned = self._mentioned(event)
        programs = yield from self._known_programs()
        behind = reached(mentioned, programs, mariadb=self._known.traits.mariadb)
        calls_unknown = statement.kind in _BY_ROUTINE and not _folded(mentioned) & _folded(
            program.name for program in programs
        )
        if behind is None or calls_unknown:
            reason = f"may have been {_IN_STATEMENT_FORMAT} ({statement.kind}); {_REMEDY}"
            touched = yield from self._quarantine(event, reason, None)
        else:
            touched = yield from self._quarantine(event, f"was {_IN_STATEMENT_FORMAT}; {_REMEDY}", behind)
        known_already = bool(statement.tables) and all(name in self._known for name in statement.tables)
        is_ours = any(name.schema in self._known.filter.mappings for name in mentioned)
        if is_ours and not touched and not known_already:
            message = f"a statement in statement format ({statement.kind}) seems to have changed no replicated table"
            yield Record(message, event.position, event.statement)

    def _known_programs(self) -> Steps[tuple[Program, ...]]:
        if self._programs is None:
            self._programs = yield from ask(ListPrograms())
        return self._programs

    def _mentioned(self, event: StatementEvent) -> frozenset[TableName]:
        return mentioned_tables(
            event.statement,
            sql_mode=event.sql_mode,
            default_schema=event.schema,
            mariadb=self._known.traits.mariadb,
        )

    def _quarantine(self, event: StatementEvent, reason: str, names: frozenset[TableName] | None) -> Steps[bool]:
        """Quarantine the replicated tables of these folded names, None for all; tell whether there was one."""
        touched = [
            table.name for table in self._known if table.captured and (names is None or table.name.folded in names)
        ]
        for name in touched:
            yield from self._changes.quarantine(name, reason, event.position, event.statement)
        return bool(touched)


def _folded(names: Iterable[TableName]) -> frozenset[TableName]:
    return frozenset(name.folded for name in names)
