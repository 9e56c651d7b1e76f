"""What the workers of a round do next, and how far each table is: decided without any I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.snapshot import KeyRange
from pg_chameleon.replica.copy.messages import BuildIndex, FinishTable, LoadPart, LockTable, TableTask, Work

_MANY_ROWS = 50_000
"""So many rows make it worth while that several workers build the indexes of a table."""


@dataclass(slots=True)
class _ActiveTable:
    """``steps_left``: parts that are not loaded, or then indexes that are not built."""

    task: TableTask
    steps_left: int
    rows: int = 0


@dataclass(slots=True)
class Schedule:
    """Hands out requests, and queues what follows from their replies."""

    _pending: deque[Work] = field(default_factory=deque)
    _jobs: dict[int, Work] = field(default_factory=dict)
    _active: dict[TableName, _ActiveTable] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Tell whether nothing is to be done, and nobody is at work."""
        return not self._pending and not self._jobs

    def lock(self, name: TableName, *, hold: bool) -> None:
        """Queue a table that has to be locked before its position is known."""
        self._pending.append(LockTable(name, hold))

    def load(self, task: TableTask, parts: Sequence[KeyRange | None]) -> None:
        """Queue the parts of a table whose copy has begun."""
        self._active[task.schema.name] = _ActiveTable(task, len(parts))
        whole = len(parts) == 1
        self._pending.extend(LoadPart(task, number, part, whole) for number, part in enumerate(parts))

    def load_locked(self, worker: int, task: TableTask) -> Work:
        """Give the worker that has locked a table the loading of it."""
        self._active[task.schema.name] = _ActiveTable(task, 1)
        self._jobs[worker] = LoadPart(task, 0, None, whole=True)
        return self._jobs[worker]

    def next(self, worker: int) -> Work | None:
        """Give a free worker what is to be done next, if there is anything."""
        if not self._pending:
            return None
        work = self._pending.popleft()
        if isinstance(work, (BuildIndex, FinishTable)) and not self._is_reading:
            work = replace(work, last_read=True)
        self._jobs[worker] = work
        return work

    @property
    def _is_reading(self) -> bool:
        """Tell whether any rows are still to be read."""
        return any(isinstance(work, (LockTable, LoadPart)) for work in (*self._pending, *self._jobs.values()))

    def work_of(self, worker: int) -> Work:
        """Return what a worker does."""
        return self._jobs[worker]

    def take(self, worker: int) -> None:
        """Take note that a worker is done with its work, well or not."""
        del self._jobs[worker]

    def is_active(self, name: TableName) -> bool:
        """Tell whether a table's copy has begun, and has neither ended nor failed."""
        return name in self._active

    def part_loaded(self, name: TableName, rows: int) -> int | None:
        """Count a part; return the rows of the table if it was the last one."""
        active = self._active.get(name)
        if active is None:  # another part of the table failed meanwhile
            return None
        active.rows += rows
        active.steps_left -= 1
        return active.rows if active.steps_left == 0 else None

    def task_of(self, name: TableName) -> TableTask:
        """Return the task of a table whose copy has begun."""
        return self._active[name].task

    def index(self, name: TableName, indexes: Sequence[TargetIndex]) -> None:
        """Queue what follows the rows; the indexes of a large table are built by several workers at the same time."""
        active = self._active[name]
        if active.task.in_place or active.rows < _MANY_ROWS or len(indexes) < 2:
            self._pending.appendleft(FinishTable(active.task, indexed=False))
            return
        active.steps_left = len(indexes)
        self._pending.extendleft(BuildIndex(active.task, index) for index in indexes)

    def index_built(self, name: TableName) -> None:
        """Count an index; queue the end of the table if it was the last one."""
        active = self._active.get(name)
        if active is None:  # another index of the table failed meanwhile
            return
        active.steps_left -= 1
        if active.steps_left == 0:
            self._pending.appendleft(FinishTable(active.task, indexed=True))

    def drop(self, name: TableName) -> TableTask | None:
        """Forget a table that is whole or failed, and what is queued of it; return its task if its copy had begun."""
        self._pending = deque(work for work in self._pending if work.name != name)
        active = self._active.pop(name, None)
        return None if active is None else active.task
