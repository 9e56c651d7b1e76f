"""What the read process does with events that no server writes, but a damaged or foreign binlog may hold."""

import threading
from collections.abc import Iterable
from typing import Any, cast

import pytest

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import (
    Idle,
    SavepointRolledBack,
    SavepointSet,
    StreamEvent,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.postgres import sources
from pg_chameleon.postgres.batches import next_batch_number
from pg_chameleon.postgres.connection import transaction
from pg_chameleon.replica.read.following.known_tables import KnownTables
from pg_chameleon.replica.read.following.statements import Following
from pg_chameleon.replica.read.registry import Answers, Registry
from pg_chameleon.replica.read.session import Clocks, Session
from pg_chameleon.replica.read.storing import BatchStore
from tests.integration.test_replay import RULES, Bench, bench

__all__ = ["bench"]


class Script(threading.Event):
    """A stream of given events, which asks the reader to stop at its end."""

    def __init__(self, events: Iterable[StreamEvent | None]) -> None:
        super().__init__()
        self.events = list(events)
        self.waits: list[float] = []

    def next(self, seconds: float) -> StreamEvent | None:
        self.waits.append(seconds)
        event = self.events.pop(0)
        if not self.events:
            self.set()
        return event

    def pending(self) -> bool:
        return bool(self.events)


def read(bench: Bench, *events: StreamEvent | None) -> Script:
    with transaction(bench.connection) as cursor:
        checkpoint = sources.read_checkpoint(cursor, bench.source)
        number = next_batch_number(cursor)
    store = BatchStore(
        bench.connection, bench.source, checkpoint, number, retention=bench.settings.retention, values_kept=1
    )
    traits = ServerTraits(ServerVersion.parse("8.0.40"), charset="utf8mb4", collation="utf8mb4_0900_ai_ci")
    known = KnownTables(TableFilter({"shop": "sch_shop"}), traits, (), {})
    # nobody asks for a structure
    registry = Registry(bench.source, Following(known), Answers(cast(Any, None)))
    script = Script(events)
    session = Session(
        bench.settings, registry, RULES, Clocks(0.0, 0.0), cast(BinlogStream, script), store, bench.stored
    )
    session.run(cast(Any, script), None)
    bench.connection.rollback()
    return script


AT = (Position(BinlogPosition("binlog.000001", 200)), 1.0)


@pytest.mark.parametrize(
    "end", [TransactionEnd(*AT), TransactionRolledBack(*AT), TransactionPrepared("X'31',X'',1", *AT)]
)
def test_a_savepoint_ends_with_its_transaction(bench: Bench, end: StreamEvent) -> None:
    read(bench, SavepointSet("s"), SavepointRolledBack("s"), end)
    with pytest.raises(StreamError, match="which it did not set"):
        read(bench, SavepointSet("s"), end, SavepointRolledBack("s"))


def test_the_mark_of_the_file_is_stored_with_the_place_in_it(bench: Bench) -> None:
    reached = Position(BinlogPosition("binlog.000002", 4), None, "server 1, 1700000000")
    read(bench, Idle(reached, caught_up=True))
    with transaction(bench.connection) as cursor:
        stored = sources.read_checkpoint(cursor, bench.source).position
    assert stored == reached
    assert stored.file_mark == reached.file_mark


def test_a_transaction_is_stored_at_once_if_what_was_there_to_read_is_nothing_for_us(bench: Bench) -> None:
    script = read(bench, TransactionEnd(*AT), None)
    assert script.waits[-1] == 0
    with transaction(bench.connection) as cursor:
        assert sources.read_checkpoint(cursor, bench.source).position == AT[0]


def test_nothing_is_stored_while_a_transaction_is_open(bench: Bench) -> None:
    script = read(bench, TransactionEnd(*AT), TransactionBegin(None), None)
    assert script.waits[-1] > 0
    with transaction(bench.connection) as cursor:
        assert sources.read_checkpoint(cursor, bench.source).position == bench.stored
