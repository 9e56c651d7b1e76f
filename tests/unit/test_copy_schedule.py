"""Who does what next in a round of a copy, decided without any server."""

from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.snapshot import KeyRange
from pg_chameleon.replica.copy.messages import BuildIndex, FinishTable, LoadPart, LockTable, TableTask, Work
from pg_chameleon.replica.copy.schedule import Schedule

T, U = TableName("shop", "t"), TableName("shop", "u")
HALVES = (KeyRange("id", None, 5), KeyRange("id", 5, None))
INDEXES = [TargetIndex(name, name, "btree", ("a",), ("a",)) for name in ("first", "second")]
MANY = 1_000_000


def task(name: TableName, *, in_place: bool = False) -> TableTask:
    return TableTask(1, TableSchema(name, ()), name, BinlogPosition("binlog.000001", 4), "", in_place, None)


def given(schedule: Schedule, worker: int) -> Work:
    """Give a worker what is next, which there must be."""
    work = schedule.next(worker)
    assert work is not None
    return work


def test_parts_are_loaded_then_the_table_is_finished() -> None:
    schedule = Schedule()
    schedule.load(task(T), HALVES)
    assert [given(schedule, worker) for worker in (1, 2)] == [
        LoadPart(task(T), number, part, whole=False) for number, part in enumerate(HALVES)
    ]
    assert schedule.next(1) is None
    schedule.take(1)
    assert schedule.part_loaded(T, 3) is None
    schedule.take(2)
    assert schedule.part_loaded(T, 4) == 7
    schedule.index(T, INDEXES)
    assert given(schedule, 1) == FinishTable(task(T), indexed=False, last_read=True)
    schedule.take(1)
    schedule.drop(T)
    assert schedule.done
    assert not schedule.is_active(T)


def test_indexes_of_a_large_table_are_built_by_several_workers_and_come_first() -> None:
    schedule = Schedule()
    schedule.load(task(T), (None,))
    schedule.load(task(U), (None,))
    given(schedule, 1)
    schedule.take(1)
    assert schedule.part_loaded(T, MANY) == MANY
    schedule.index(T, INDEXES)
    works = [given(schedule, worker) for worker in (1, 2, 3)]
    assert [type(work) for work in works] == [BuildIndex, BuildIndex, LoadPart]
    assert not any(work.last_read for work in works if isinstance(work, BuildIndex))
    schedule.index_built(T)
    assert schedule.next(1) is None
    schedule.index_built(T)
    assert schedule.next(1) == FinishTable(task(T), indexed=True)


def test_snapshots_go_when_no_rows_are_to_be_read_any_more() -> None:
    schedule = Schedule()
    schedule.load(task(T), (None,))
    given(schedule, 1)
    schedule.take(1)
    schedule.part_loaded(T, MANY)
    schedule.index(T, INDEXES)
    work = given(schedule, 1)
    assert isinstance(work, BuildIndex)
    assert work.last_read


def test_a_table_that_is_filled_in_place_keeps_its_indexes() -> None:
    schedule = Schedule()
    schedule.load(task(T, in_place=True), (None,))
    given(schedule, 1)
    schedule.take(1)
    schedule.part_loaded(T, MANY)
    schedule.index(T, INDEXES)
    assert isinstance(given(schedule, 1), FinishTable)


def test_a_locked_table_is_loaded_by_the_worker_that_has_the_lock() -> None:
    schedule = Schedule()
    schedule.lock(T, hold=True)
    assert given(schedule, 1) == LockTable(T, hold=True)
    schedule.take(1)
    assert schedule.load_locked(1, task(T)) == schedule.work_of(1) == LoadPart(task(T), 0, None, whole=True)
    assert not schedule.done


def test_nothing_is_left_of_a_table_that_failed() -> None:
    schedule = Schedule()
    schedule.load(task(T), HALVES)
    schedule.load(task(U), (None,))
    given(schedule, 1)
    schedule.take(1)
    assert schedule.drop(T) == task(T)
    assert schedule.drop(T) is None
    assert schedule.part_loaded(T, 3) is None
    assert given(schedule, 1).name == U
    assert schedule.next(1) is None
