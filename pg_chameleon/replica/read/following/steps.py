"""What is to be done, or to be found out, as values: whoever drives a generator of steps carries them out.

Each step has an answer: ids that the database gave, what the source said, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pg_chameleon.ddl.doubt.programs import Program
from pg_chameleon.ddl.doubt.second_look import Reading
from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.log import AlterDetails, SchemaChangeKind
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.status import TableState

Answer = TypeVar("Answer")


class Step(Generic[Answer]):
    """Something to do or to find out before the next one; ``Answer`` is what comes back."""

    __slots__ = ()


# Any: each step has an answer of a type of its own, which ``ask`` restores.
Steps = Generator[Step[Any], Any, Answer]


def ask(step: Step[Answer]) -> Steps[Answer]:
    """Yield one step and return its answer."""
    answer: Answer = yield step
    return answer


def drive(steps: Steps[None], carry_out: Callable[[Step[Any]], object]) -> None:
    """Carry out every step, in order, and hand back the answers; ``Unfollowable`` is an answer, too."""
    try:
        step = next(steps)
        while True:
            try:
                answer = carry_out(step)
            except Unfollowable as doubt:
                step = steps.throw(doubt)
            else:
                step = steps.send(answer)
    except StopIteration:
        return


class RegistryChange(Step[Answer]):
    """A change of what the catalogue says of the tables."""

    __slots__ = ()


class Registered(NamedTuple):
    """The ids of a new registration: of the table, and of its structure."""

    table_id: int
    structure_id: int


@dataclass(frozen=True, slots=True)
class Register(RegistryChange[Registered]):
    """Register a table that came to be at a position. ``replayed``: the target has nothing to do for it."""

    schema: TableSchema
    target: TableName
    state: TableState
    position: BinlogPosition
    replayed: bool


@dataclass(frozen=True, slots=True)
class AddStructure(RegistryChange[int]):
    """Store the structure that a table has from a position on; the answer is the id of the structure."""

    table_id: int
    schema: TableSchema
    position: BinlogPosition
    replayed: bool


@dataclass(frozen=True, slots=True)
class Rename(RegistryChange[None]):
    """Store the name that the table has on the source now."""

    table_id: int
    name: TableName


@dataclass(frozen=True, slots=True)
class End(RegistryChange[None]):
    """Note that the source no longer has the table; the replay still applies what came before."""

    table_id: int


@dataclass(frozen=True, slots=True)
class SetState(RegistryChange[None]):
    """Put a table into a state that needs no reason."""

    table_id: int
    state: TableState


@dataclass(frozen=True, slots=True)
class SetStart(RegistryChange[None]):
    """Note that the structure of a table is that of a later position, up to which its statements are passed over."""

    table_id: int
    position: BinlogPosition


@dataclass(frozen=True, slots=True)
class Quarantine(RegistryChange[None]):
    """Quarantine a table, and record why."""

    table_id: int
    name: TableName
    reason: str
    position: BinlogPosition
    statement: str | None


@dataclass(frozen=True, slots=True)
class SetDefault(RegistryChange[None]):
    """Store the character set that new tables of a schema inherit, None if it is not known."""

    schema: str
    charset: Charset | None


@dataclass(frozen=True, slots=True)
class Store(Step[None]):
    """Store in the batch what the target has to do to a table between the rows before and those after it."""

    table_id: int
    kind: SchemaChangeKind
    statement: str
    position: BinlogPosition
    structure_id: int | None = None
    details: AlterDetails | None = None


@dataclass(frozen=True, slots=True)
class EndSegment(Step[None]):
    """Let the rows that follow come after the changes of structure that were stored."""


@dataclass(frozen=True, slots=True)
class Record(Step[None]):
    """Record an error that concerns no single table."""

    message: str
    position: BinlogPosition
    statement: str


@dataclass(frozen=True, slots=True)
class Tell(Step[None]):
    """Write a message into the log."""

    message: str
    is_warning: bool = False


class Question(Step[Answer]):
    """Something that only the source knows."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ReadStructure(Question[Reading]):
    """Ask for the structure of a table and what concerned it since a position; ``Unfollowable`` if none can tell."""

    name: TableName
    since: BinlogPosition


@dataclass(frozen=True, slots=True)
class IsTable(Question[bool]):
    """Ask whether there is a table of that name, and not a view or a sequence."""

    name: TableName


@dataclass(frozen=True, slots=True)
class ListPrograms(Question[tuple[Program, ...]]):
    """Ask for the views, triggers and routines."""


@dataclass(frozen=True, slots=True)
class Locate(Question[Circumstances]):
    """Ask what the clock of a session showed, which few statements depend on."""

    circumstances: Circumstances
