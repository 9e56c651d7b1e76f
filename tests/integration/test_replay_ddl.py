"""Changes of structure in the replay, when PostgreSQL or the rules of the replica do not let them pass at once."""

from contextlib import closing

import pytest

from pg_chameleon.errors import ReplicaStopped, TargetUnreachable
from pg_chameleon.model.log import AlterDetails, SchemaChangeKind, StoredChange
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.postgres import batches, status, tables
from pg_chameleon.postgres.batches import ReadState
from pg_chameleon.postgres.connection import connect, transaction
from pg_chameleon.postgres.log_lines import OpenBatch
from pg_chameleon.replica.replay import replayer
from tests.integration.test_replay import COLUMNS, PRIMARY, Bench, bench, insert

__all__ = ["bench"]


def store_alters(bench: Bench, *alters: tuple[int, str, tuple[Column, ...]]) -> None:
    """Store one batch of ALTER TABLEs: table id, name and the columns after it, all of which were there before."""
    bench.offset += 100
    reached = Position(BinlogPosition("binlog.000001", bench.offset))
    with transaction(bench.connection) as cursor:
        batch = OpenBatch(batches.next_batch_number(cursor))
        for table_id, name, columns in alters:
            after = TableSchema(TableName("shop", name), columns, (PRIMARY,))
            change = StoredChange(
                segment=batch.segment,
                table_id=table_id,
                kind=SchemaChangeKind.ALTER,
                structure_id=tables.add_structure(cursor, table_id, after, reached.binlog, replayed=False),
                alter=AlterDetails(tuple(column.name for column in columns)),
                statement=f"alter table {name}",
                position=reached.binlog,
            )
            batches.add_schema_change(cursor, batch, change)
            batch.segment += 1
        batch.commit()
        state = ReadState(bench.left, reached, 1.0, None)
        assert batches.store(cursor, bench.source, batch, state, registered=False) is not None
    bench.stored = reached


def columns_of(bench: Bench, name: str) -> list[str]:
    with transaction(bench.connection) as cursor:
        cursor.execute(
            "select column_name from information_schema.columns where table_name = %s order by ordinal_position",
            (name,),
        )
        return [column for (column,) in cursor.fetchall()]


def test_changes_that_were_undone_because_of_a_lock_are_made_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replayer, "_LOCK_LIMIT", "100ms")
    first, second = bench.table("one", PRIMARY), bench.table("two", PRIMARY)
    replaying = bench.replayer()
    store_alters(bench, (first, "one", COLUMNS[:-1]), (second, "two", COLUMNS[:-1]))
    with closing(connect(bench.settings.target, "somebody")) as somebody:
        with transaction(somebody) as cursor:
            cursor.execute("lock table sch_shop.two in access share mode")
            with pytest.raises(TargetUnreachable, match="lock timeout"):
                replaying.replay_waiting()
        while replaying.replay_waiting():
            pass
    for name in ("one", "two"):
        assert columns_of(bench, name) == ["id", "code", "amount"]


def test_a_change_that_cannot_be_followed_is_on_record_if_the_replica_stops_at_it(bench: Bench) -> None:
    table = bench.table("one", PRIMARY)
    bench.store({table: [insert((1, "a", None, None))]})
    bench.replay()
    store_alters(bench, (table, "one", (COLUMNS[0], Column("code", "frobnicator"))))
    with pytest.raises(ReplicaStopped, match="could not be followed"):
        bench.replay(stop_on_replay_error=True)
    assert "could not be followed" in status.errors(bench.connection, bench.source)[0].reason
