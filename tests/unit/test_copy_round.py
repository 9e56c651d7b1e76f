"""What a round of a copy makes of what its workers say."""

from types import SimpleNamespace
from typing import Any, cast

from pg_chameleon.convert.structure.indexes import TargetIndex
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyProgress
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.replica.copy.messages import BuildIndex, Failed, IndexBuilt, LoadPart, TableTask
from pg_chameleon.replica.copy.progress import ProgressTracker
from pg_chameleon.replica.copy.round import CopyRound
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import CopyKind, CopyRequest


class Silent:
    """An observer that has nothing to say."""

    def progress(self, state: CopyProgress) -> None:
        """Nothing to do."""

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        """Nothing to do."""

    def finished(self) -> None:
        """Nothing to do."""


def test_an_index_that_is_done_after_another_one_failed_is_of_no_matter() -> None:
    schema = TableSchema(TableName("shop", "t"), ())
    task = TableTask(1, schema, TableName("target", "t"), BinlogPosition("binlog.000001", 4), "", False, None)
    tracker = ProgressTracker(Silent())
    tracker.expect(schema.name, 1)
    scope = Scope(CopyRequest(CopyKind.INIT_REPLICA), TableFilter({"shop": "target"}))
    context = cast(Any, SimpleNamespace(tracker=tracker))
    running = CopyRound(context, cast(Any, None), scope, cast(Any, None))
    running._schemas = {schema.name: schema}
    schedule = running._schedule
    schedule.load(task, (None,))
    assert isinstance(schedule.next(1), LoadPart)
    schedule.take(1)
    schedule.part_loaded(schema.name, 100_000)
    schedule.index(schema.name, [TargetIndex(f"i{n}", f"i{n}", "btree", ("a",), ("a",)) for n in (1, 2)])
    for worker in (1, 2):
        assert isinstance(schedule.next(worker), BuildIndex)
    running._take(1, Failed("it was changed on the source while it was copied", again=True))
    running._take(2, IndexBuilt(None))
    assert running._outcome.again.keys() == {schema.name}
    assert [given.table_id for given in running._given_up] == [1]
    assert schedule.done
