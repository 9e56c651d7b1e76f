"""The words of the log: operations, their counts, its rows, and changes of structure between them.

The catalogue stores them as letters, lists and JSON, which SQL files and check constraints name too; a test holds
them against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from pg_chameleon.model.change import Circumstances, RowKind
from pg_chameleon.model.position import BinlogPosition


class Operation(Enum):
    """What a row of the log does to a row of its table; the value is the letter that is stored.

    PARTIAL and ORDERED hold only the columns that changed. ORDERED builds on the row as it was just before, because
    the key moves or a document is changed in place, so it is applied in its turn.
    """

    INSERT = "i"
    UPDATE = "u"
    DELETE = "d"
    PARTIAL = "p"
    ORDERED = "o"

    # Plain attributes, because hot loops read them
    letter: bytes
    """The letter as COPY writes it."""
    slot: int
    """The place of the operation in ``Counts``."""

    def __init__(self, letter: str) -> None:
        self.letter = letter.encode()
        self.slot = len(type(self).__members__)

    @property
    def row_kind(self) -> RowKind:
        """What the source did to the row."""
        return _ROW_KINDS.get(self, RowKind.UPDATE)


# Hot loops take them from here: the attribute of an enumeration costs 50 ns more than a global name
INSERT, UPDATE, DELETE, PARTIAL, ORDERED = Operation
_ROW_KINDS = {INSERT: RowKind.INSERT, DELETE: RowKind.DELETE}


class LogEntry(NamedTuple):
    """One row of the log: the operation, the row's key and its image as composite literals (or None).

    The image of PARTIAL and ORDERED is a JSON object of the columns that changed.
    """

    operation: Operation
    key: str | None
    image: str | None


class Counts(NamedTuple):
    """How many rows of the log there are of each operation, in the order of ``Operation``."""

    inserts: int = 0
    updates: int = 0
    deletes: int = 0
    partials: int = 0
    ordered: int = 0

    @property
    def only_inserts(self) -> bool:
        """Tell whether nothing but inserts is to be applied."""
        return self.inserts == sum(self)

    def plus(self, others: Iterable[int]) -> Counts:
        """Return the sums."""
        return Counts(*map(sum, zip(self, others, strict=True)))


Summary = Mapping[tuple[int, int], Sequence[int]]
"""What is in a batch: (segment, table id) to its counts, in the order of ``Counts``."""


def summary_to_json(summary: Summary) -> list[list[int]]:
    """Return a summary as it is stored with the batch."""
    return [[*part, *counts] for part, counts in summary.items()]


def summary_from_json(stored: Iterable[Sequence[int]]) -> dict[tuple[int, int], Counts]:
    """Return the summary that was stored with a batch."""
    return {(segment, table_id): Counts(*counts) for segment, table_id, *counts in stored}


class SchemaChangeKind(Enum):
    """What a change of structure does to its table; the value is what is stored."""

    CREATE = "create"
    ALTER = "alter"
    DROP = "drop"
    TRUNCATE = "truncate"


@dataclass(frozen=True, slots=True)
class AlterDetails:
    """What the target has to know of an ALTER beside the structures before and after it.

    ``origins`` names, for each column after it in order, the column before it that it was; None if it is new.
    """

    origins: tuple[str | None, ...]
    circumstances: Circumstances | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the details as they are stored with the change."""
        told = self.circumstances
        return {"origins": list(self.origins), "circumstances": None if told is None else told._asdict()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> AlterDetails:
        """Return the details that were stored with the change."""
        told = stored.get("circumstances")
        return cls(tuple(stored["origins"]), None if told is None else Circumstances(**told))


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change of structure as it is stored with its batch.

    The rows of its segment come before it, those of the next one after it. ``structure_id`` is the structure that the
    table has after CREATE and ALTER.
    """

    segment: int
    table_id: int
    kind: SchemaChangeKind
    structure_id: int | None
    alter: AlterDetails | None
    statement: str
    position: BinlogPosition
