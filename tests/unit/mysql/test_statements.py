"""Statements of a binlog as the stream tells them."""

from struct import pack

import pytest

from pg_chameleon.model.change import StatementEvent
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.mysql.binlog.events import Event, EventType
from pg_chameleon.mysql.binlog.place import Place
from pg_chameleon.mysql.binlog.statements import Statements
from pg_chameleon.mysql.binlog.transactions import Transactions

LATIN1, UTF8MB4, BINARY = 8, 45, 63
CREATED_FROM_SELECT = "CREATE TABLE `t` (\n  `grün` int DEFAULT NULL\n)"


def told(statement: bytes, collation: int, *, in_block: bool = False) -> StatementEvent:
    place = Place(BinlogPosition("binlog.000001", 4), None, 0)
    transactions = Transactions(place, None, lambda: None)
    if in_block:
        transactions.begin_block()
    session = pack("<BHHH", 4, collation, collation, collation)
    body = pack("<IIBHH", 1, 0, 1, 0, len(session)) + session + b"d\0" + statement
    events = Statements(place, transactions).read(Event(0, EventType.QUERY, 1, 0, 0, 0, body))
    (found,) = (event for event in events if isinstance(event, StatementEvent))
    return found


@pytest.mark.parametrize(
    ("statement", "collation", "ambiguous"),
    [
        (b"alter table t add column n int", UTF8MB4, False),
        ("alter table t add column grün int".encode(), UTF8MB4, False),
        ("alter table t add column grün int".encode("latin1"), LATIN1, False),
        ("alter table t add column grün int".encode("latin1"), UTF8MB4, True),
        ("alter table t add column grün int".encode(), BINARY, True),
    ],
)
def test_a_statement_is_ambiguous_if_its_bytes_are_not_text_for_the_client(
    statement: bytes, collation: int, ambiguous: bool
) -> None:
    assert told(statement, collation).ambiguous is ambiguous


def test_what_the_server_wrote_itself_is_in_utf8_whatever_the_client_speaks() -> None:
    created = told(CREATED_FROM_SELECT.encode(), LATIN1, in_block=True)
    assert (created.statement, created.ambiguous) == (CREATED_FROM_SELECT, False)
    assert told(CREATED_FROM_SELECT.encode(), LATIN1).ambiguous
