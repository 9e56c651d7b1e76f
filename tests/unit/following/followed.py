"""A replica of which only the registry is there: what it decides about each statement, as short lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pg_chameleon.ddl.doubt.programs import Program
from pg_chameleon.ddl.doubt.second_look import Reading
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.model.change import Circumstances, StatementEvent, TableMap
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.model.status import TableState
from pg_chameleon.replica.read.following import steps
from pg_chameleon.replica.read.following.known_tables import KnownTables, ReadTable, stored_table
from pg_chameleon.replica.read.following.statements import Following
from pg_chameleon.replica.read.following.steps import Step, Steps, drive

MARIADB = ServerTraits(ServerVersion.parse("10.11.19-MariaDB"), "utf8mb4", "utf8mb4_general_ci")
MYSQL = ServerTraits(ServerVersion.parse("9.7.0"), "utf8mb4", "utf8mb4_0900_ai_ci")
FILE = "binlog.000007"


def name_of(text: str) -> TableName:
    schema, _, table = text.rpartition(".")
    return TableName(schema or "shop", table)


def names_of(texts: Iterable[str]) -> frozenset[TableName]:
    return frozenset(map(name_of, texts))


class Replica:
    """Follows statements and keeps what was decided; ``readings`` and others are what the source would answer.

    Ids are given as the database does: 1, 2, 3 for tables, 101, 102, 103 for structures.
    """

    def __init__(
        self,
        server: ServerTraits = MARIADB,
        *,
        limit: Iterable[str] = (),
        skip: Iterable[str] = (),
    ) -> None:
        self.server = server
        self.mappings = {"shop": "sch_shop", "mill": "sch_mill"}
        self.limit, self.skip = names_of(limit), names_of(skip)
        self.programs: tuple[Program, ...] = ()
        self.readings: dict[TableName, Reading] = {}
        self.tables_of_source: set[TableName] = set()
        self.session_offset: int | None = None
        self.asked: list[str] = []
        self.done: list[Step[Any]] = []
        self.offset = 0
        self.last_ids = (0, 100)
        self.registered: dict[int, TableName] = {}
        self.following = self.start(())

    def start(self, tables: Iterable[ReadTable], **filters: Iterable[str]) -> Following:
        """Begin with these tables, as after a restart; perhaps with other filters."""
        self.limit = names_of(filters["limit"]) if "limit" in filters else self.limit
        self.skip = names_of(filters["skip"]) if "skip" in filters else self.skip
        table_filter = TableFilter(self.mappings, self.limit, self.skip)
        self.following = Following(KnownTables(table_filter, self.server, tables, {}))
        return self.following

    def restart(self, **filters: Iterable[str]) -> list[str]:
        """Read the registry again, and settle what the user changed in the filters."""
        stored = [stored_table(each.table_id, each.state, None, each.schema) for each in self.following.known]
        self.start(stored, **filters)
        return self.lines(self.following.settle_filters(self.position))

    @property
    def position(self) -> BinlogPosition:
        return BinlogPosition(FILE, self.offset)

    def event(self, statement: str, schema: str = "shop", **more: Any) -> StatementEvent:
        """Put a statement at the end of the binlog."""
        self.offset += 100
        fields = {"sql_mode": 0, "error_code": 0, **more}
        return StatementEvent(statement, schema, position=self.position, **fields)

    def run(self, *statements: str, **more: Any) -> list[str]:
        """Follow statements; return what was decided about the last one."""
        lines: list[str] = []
        for statement in statements:
            lines = self.lines(self.following.follow(self.event(statement, **more)))
        return lines

    def meet(self, table: str, types: bytes = b"\x03") -> list[str]:
        """Meet rows of a table that is not known."""
        found = TableMap(1, name_of(table), types, (0,) * len(types), b"", b"")
        return self.lines(self.following.meet_unknown(found, self.position))

    def quarantine(self, table: str) -> list[str]:
        """Quarantine a table because of its rows."""
        return self.lines(self.following.quarantine(name_of(table), "its rows are odd", self.position))

    def lines(self, decided: Steps[None]) -> list[str]:
        self.done = []

        def carry_out(step: Step[Any]) -> object:
            if isinstance(step, steps.Question):
                return self.answer(step)
            self.done.append(step)
            return self.ids_for(step)

        drive(decided, carry_out)
        self.check()
        return list(filter(None, map(line_of, self.done)))

    @property
    def reasons(self) -> list[str]:
        """Why tables were quarantined, and what was recorded, by the last statement."""
        why = {steps.Quarantine: "reason", steps.Record: "message"}
        return [getattr(step, why[type(step)]) for step in self.done if type(step) in why]

    def ids_for(self, step: Step[Any]) -> object:
        """Give the ids that the database would, and refuse what it would."""
        table_id, structure_id = self.last_ids
        if isinstance(step, steps.Register):
            self.last_ids = (table_id + 1, structure_id + 1)
            self.name(table_id + 1, step.schema.name)
            return steps.Registered(*self.last_ids)
        if isinstance(step, steps.AddStructure):
            self.last_ids = (table_id, structure_id + 1)
            return structure_id + 1
        if isinstance(step, steps.Rename):
            self.name(step.table_id, step.name)
        elif isinstance(step, steps.End) or (isinstance(step, steps.SetState) and step.state is TableState.DROPPED):
            del self.registered[step.table_id]
        return None

    def name(self, table_id: int, name: TableName) -> None:
        assert name not in self.registered.values(), f"duplicate key: {name} is registered already"
        self.registered[table_id] = name

    def answer(self, question: steps.Question[Any]) -> object:
        self.asked.append(type(question).__name__)
        if isinstance(question, steps.ReadStructure):
            if question.name not in self.readings:
                raise Unfollowable("the table stayed locked")
            return self.readings[question.name]
        if isinstance(question, steps.IsTable):
            return question.name in self.tables_of_source
        if isinstance(question, steps.Locate):
            return question.circumstances._replace(offset=self.session_offset)
        return self.programs

    def check(self) -> None:
        """Hold what is known against what is in the catalogue."""
        assert {table.table_id: table.name for table in self.following.known} == self.registered
        assert all(self.following.known.find(table.name) is table for table in self.following.known)
        self.check_structures()

    def check_structures(self) -> None:
        """Hold the structures that are kept current against those built from what is known."""
        known = self.following.known
        built = Structures(self.server, (table.schema for table in known), mapped=frozenset(self.mappings))
        assert list(known.structures.tables()) == list(built.tables())
        for schema in self.mappings:
            assert known.structures.names_in(schema) == built.names_in(schema)

    def table(self, name: str) -> ReadTable:
        found = self.following.known.find(name_of(name))
        assert found is not None, f"{name} is not known"
        return found

    def copied(self, name: str, at: int) -> None:
        """Let the table have been copied at a position of the file."""
        self.following.known.put(replace(self.table(name), start=(self.position.file_number, at)))

    def states(self) -> dict[str, TableState]:
        return {str(table.name): table.state for table in self.following.known}


def line_of(step: Step[Any]) -> str:
    """Say what a step does, as short as tests want it; nothing of what only the log is told."""
    word, show = _LINES[type(step)]
    return f"{word} {show(step)}".rstrip()


def _registered(step: steps.Register) -> str:
    return f"{'' if step.schema.columns else 'lost '}{step.schema.name} {step.state.value}{' replayed' * step.replayed}"


def _structure(step: steps.AddStructure) -> str:
    return f"{step.table_id} {','.join(step.schema.column_names) or 'lost'}{' replayed' * step.replayed}"


# Any: each is about a step of a type of its own
_LINES: dict[type[Step[Any]], tuple[str, Callable[[Any], str]]] = {
    steps.Register: ("register", _registered),
    steps.AddStructure: ("structure", _structure),
    steps.Rename: ("rename", lambda step: f"{step.table_id} {step.name}"),
    steps.End: ("end", lambda step: f"{step.table_id}"),
    steps.SetState: ("state", lambda step: f"{step.table_id} {step.state.value}"),
    steps.SetStart: ("start", lambda step: f"{step.table_id} {step.position.offset}"),
    steps.SetDefault: ("default", lambda step: f"{step.schema} {step.charset and step.charset.name}"),
    steps.Quarantine: ("quarantine", lambda step: f"{step.table_id} {step.name}"),
    steps.Store: ("store", lambda step: f"{step.kind.value} {step.table_id} {step.structure_id or ''}"),
    steps.EndSegment: ("segment", lambda _: ""),
    steps.Record: ("record", lambda _: ""),
    steps.Tell: ("", lambda _: ""),
}


def told(**fields: Any) -> Circumstances:
    """Return the circumstances of a statement."""
    return Circumstances(1_700_000_000, **fields)
