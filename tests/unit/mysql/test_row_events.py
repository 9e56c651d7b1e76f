"""What row events say of their rows is read once, and known again only where it is the same."""

import gc

import pytest

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import RowKind, RowLayout, TableMap
from pg_chameleon.mysql.binlog.events import EventType
from pg_chameleon.mysql.binlog.row_events import RowEvents

LONG, VARCHAR = 3, 15
LAST_OF_STATEMENT = 1


def table_map(number: int, table: str = "t", types: bytes = bytes([LONG, LONG])) -> bytes:
    metadata = bytes(2 * types.count(VARCHAR))
    name = bytes([len(table)]) + table.encode() + b"\0"
    columns = bytes([len(types)]) + types + bytes([len(metadata)]) + metadata + b"\0"
    return number.to_bytes(6, "little") + b"\1\0" + b"\1d\0" + name + columns


def insert(number: int, rows: bytes, *, flags: int = LAST_OF_STATEMENT, extra: bytes = b"", columns: int = 2) -> bytes:
    head = number.to_bytes(6, "little") + flags.to_bytes(2, "little") + (2 + len(extra)).to_bytes(2, "little") + extra
    return head + bytes([columns]) + b"\xff" + rows


def reading(*table_maps: bytes) -> RowEvents:
    events = RowEvents()
    for body in table_maps:
        events.take_table_map(body)
    return events


def test_events_that_are_laid_out_alike_share_a_layout() -> None:
    events = reading(table_map(7))
    bodies = [insert(7, b"one"), insert(7, b"another", flags=0), insert(7, b"third", extra=b"\0\1partition")]
    found = [events.read(EventType.WRITE_ROWS, body, offset) for offset, body in enumerate(bodies)]
    assert [rows and rows.body[rows.start :] for rows in found] == [b"one", b"another", b"third"]
    assert [rows and rows.offset for rows in found] == [0, 1, 2]
    assert len({rows.layout for rows in found if rows}) == 1
    events.take_table_map(table_map(7))
    again = events.read(EventType.WRITE_ROWS, bodies[0], 3)
    assert again is not None
    assert found[0] is not None
    assert again.layout is found[0].layout


def test_a_head_that_is_like_the_last_one_only_at_its_beginning_is_read_again() -> None:
    events = reading(table_map(7))
    whole = events.read(EventType.WRITE_ROWS, insert(7, b""), 0)
    part = events.read(EventType.WRITE_ROWS, insert(7, b"").replace(b"\2\xff", b"\2\1"), 0)
    assert whole is not None
    assert part is not None
    assert (whole.layout.after, part.layout.after) == (b"\xff", b"\1")
    assert (whole.layout.has_whole_rows, part.layout.has_whole_rows) == (True, False)


@pytest.mark.parametrize(
    "other", [table_map(7, "u"), table_map(7, types=bytes([LONG, VARCHAR]))], ids=["another table", "another structure"]
)
def test_a_number_stands_for_the_table_that_got_it_last(other: bytes) -> None:
    events = reading(table_map(7))
    before = events.read(EventType.WRITE_ROWS, insert(7, b""), 0)
    events.take_table_map(other)
    after = events.read(EventType.WRITE_ROWS, insert(7, b""), 0)
    assert before is not None
    assert after is not None
    assert before.layout is not after.layout
    assert before.table != after.table


def test_a_table_that_was_opened_again_is_the_same_under_another_number() -> None:
    events = reading(table_map(7), table_map(8))
    found = [events.read(EventType.WRITE_ROWS, insert(number, b""), 0) for number in (7, 8)]
    assert [rows and rows.table.table_id for rows in found] == [7, 8]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].table == found[1].table


def test_kinds_of_events_have_layouts_of_their_own() -> None:
    events = reading(table_map(7))
    kinds = {EventType.WRITE_ROWS: RowKind.INSERT, EventType.DELETE_ROWS: RowKind.DELETE}
    for event_type, kind in [*kinds.items(), *kinds.items()]:
        rows = events.read(event_type, insert(7, b"row"), 0)
        assert rows is not None
        assert (rows.kind, rows.layout.before, rows.layout.after) == (
            (kind, b"", b"\xff") if kind is RowKind.INSERT else (kind, b"\xff", b"")
        )


def test_a_number_from_another_file_means_nothing() -> None:
    events = reading(table_map(7))
    events.begin_file()
    with pytest.raises(StreamError, match="the table number 7"):
        events.read(EventType.WRITE_ROWS, insert(7, b""), 0)


def test_the_empty_event_at_the_end_of_a_statement_is_passed_over() -> None:
    assert reading().read(EventType.WRITE_ROWS, insert(0xFFFFFF, b""), 0) is None


def test_other_numbers_of_columns_than_in_the_table_map_are_refused() -> None:
    events = reading(table_map(7))
    events.read(EventType.WRITE_ROWS, insert(7, b""), 0)
    with pytest.raises(StreamError, match=r"d\.t have 3 columns, its table map 2"):
        events.read(EventType.WRITE_ROWS, insert(7, b"", columns=3), 0)


def test_updates_of_ever_other_columns_take_no_more_and_more_memory() -> None:
    events = reading(table_map(7, types=bytes([LONG] * 16)))
    head = (7).to_bytes(6, "little") + b"\1\0\2\0" + bytes([16, 1, 0])
    for changed in range(1, 5000):
        rows = events.read(EventType.UPDATE_ROWS, head + changed.to_bytes(2, "little") + b"rows", 0)
        assert rows is not None
        assert rows.layout.after == changed.to_bytes(2, "little")
    kept = [each for each in gc.get_objects() if isinstance(each, RowLayout) and len(each.table.types) == 16]
    assert len(kept) <= 1000


def test_tables_that_are_opened_again_and_again_take_no_more_and_more_memory() -> None:
    events = RowEvents()
    for number in range(50_000):
        events.take_table_map(table_map(number, "opened"))
        assert events.read(EventType.WRITE_ROWS, insert(number, b"row"), 0) is not None
        events.end_transaction()
    kept = [each for each in gc.get_objects() if isinstance(each, TableMap) and each.name.table == "opened"]
    assert len(kept) <= 20_000
