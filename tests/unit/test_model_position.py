"""Positions are ordered, and GTID sets are read, extended and written."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pg_chameleon.model.position import (
    BinlogPosition,
    Interval,
    MariadbGtidPosition,
    MysqlGtidSet,
    Position,
    parse_gtid_set,
)

A = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
B = "4e11fa47-71ca-11e1-9e33-c80aa9429562"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (("binlog.000009", 4), ("binlog.000010", 4)),
        (("binlog.999999", 900), ("binlog.1000000", 4)),
        (("my.host.bin.000002", 4), ("my.host.bin.000010", 4)),
        (("binlog.000009", 4), ("binlog.000009", 120)),
    ],
)
def test_position_orders_by_file_number(earlier: tuple[str, int], later: tuple[str, int]) -> None:
    assert BinlogPosition(*earlier) < BinlogPosition(*later)
    assert BinlogPosition(*later) >= BinlogPosition(*earlier)
    assert not BinlogPosition(*later) < BinlogPosition(*earlier)


def test_equal_positions_are_neither_before_nor_after() -> None:
    position = BinlogPosition("binlog.000001", 4)
    assert position <= BinlogPosition("binlog.000001", 4)
    assert position >= BinlogPosition("binlog.000001", 4)


def test_file_without_a_number_comes_first() -> None:
    assert BinlogPosition("", 4) < BinlogPosition("binlog.000001", 4)


def test_position_as_text() -> None:
    binlog = BinlogPosition("binlog.000009", 4)
    assert str(Position(binlog)) == "binlog.000009:4"
    assert str(Position(binlog, MariadbGtidPosition.parse("0-1-5"))) == "binlog.000009:4 (0-1-5)"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", ""),
        (f"{A}:1-5", f"{A}:1-5"),
        (f"{A}:7", f"{A}:7"),
        (f"{A}:1-3:5", f"{A}:1-3:5"),
        (f"{A}:5:1-3:4", f"{A}:1-5"),
        (f"{B}:1,\n{A.upper()}:2", f"{A}:2,{B}:1"),
        (f"{A}:1-3,{A}:2-9", f"{A}:1-9"),
        (f"{A}:1-3:tag_1:4:other:1", f"{A}:1-3,{A}:other:1,{A}:tag_1:4"),
    ],
)
def test_gtid_set_of_mysql_is_read_and_written(text: str, printed: str) -> None:
    gtids = MysqlGtidSet.parse(text)
    assert str(gtids) == printed
    assert MysqlGtidSet.parse(printed) == gtids


@pytest.mark.parametrize("text", ["x", A, f"{A}:", f"{A}:a-b", f"{A}:1-", f"{A}-1", "0-1-5"])
def test_what_is_no_gtid_set_of_mysql(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        MysqlGtidSet.parse(text)


def test_gtid_set_grows_by_a_transaction() -> None:
    gtids = MysqlGtidSet.parse(f"{A}:1-3:6")
    assert str(gtids.add(A, 7)) == f"{A}:1-3:6-7"
    assert str(gtids.add(A, 4)) == f"{A}:1-4:6"
    assert str(gtids.add(A, 4).add(A, 5)) == f"{A}:1-6"
    assert str(gtids.add(A, 2)) == f"{A}:1-3:6"
    assert str(gtids.add(B, 9)) == f"{A}:1-3:6,{B}:9"
    assert str(gtids) == f"{A}:1-3:6"


def test_gtid_set_knows_tagged_transactions() -> None:
    gtids = MysqlGtidSet.parse(f"{A}:1-3")
    assert not gtids.tagged
    assert gtids.add(f"{A}:tag", 1).tagged


@given(st.lists(st.integers(1, 60)))
def test_order_of_transactions_does_not_matter(numbers: list[int]) -> None:
    gtids = MysqlGtidSet()
    for number in numbers:
        gtids = gtids.add(A, number)
    ascending = MysqlGtidSet()
    for number in sorted(set(numbers)):
        ascending = ascending.add(A, number)
    assert gtids == ascending
    assert MysqlGtidSet.parse(str(gtids)) == gtids
    held = [number for first, last in gtids.intervals.get(A, ()) for number in range(first, last + 1)]
    assert held == sorted(set(numbers))


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)), min_size=1))
def test_intervals_never_touch(pairs: list[tuple[int, int]]) -> None:
    text = ":".join([A, *(f"{first}-{first + length}" for first, length in pairs)])
    intervals = MysqlGtidSet.parse(text).intervals[A]
    assert all(left.last + 1 < right.first for left, right in pairwise(intervals))


def test_interval_is_both_ends() -> None:
    assert MysqlGtidSet.parse(f"{A}:2-4").intervals == {A: (Interval(2, 4),)}


@pytest.mark.parametrize(("text", "printed"), [("", ""), ("0-1-100", "0-1-100"), ("2-1-7, 0-3-9", "0-3-9,2-1-7")])
def test_gtid_position_of_mariadb_is_read_and_written(text: str, printed: str) -> None:
    assert str(MariadbGtidPosition.parse(text)) == printed


@pytest.mark.parametrize("text", ["x", "0-1", "0-1-x", "0-1-2-3", f"{A}:1"])
def test_what_is_no_gtid_position_of_mariadb(text: str) -> None:
    with pytest.raises(ValueError, match="not a GTID of MariaDB"):
        MariadbGtidPosition.parse(text)


def test_gtid_position_keeps_the_last_of_each_domain() -> None:
    gtids = MariadbGtidPosition.parse("0-1-100,1-1-5")
    assert str(gtids.add(0, 2, 101)) == "0-2-101,1-1-5"
    assert str(gtids.add(2, 1, 1)) == "0-1-100,1-1-5,2-1-1"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{A}:1", MysqlGtidSet),
        (f"  {A.upper()}:1", MysqlGtidSet),
        ("", MysqlGtidSet),
        ("0-1-5", MariadbGtidPosition),
    ],
)
def test_kind_of_a_gtid_set_is_seen(text: str, kind: type) -> None:
    assert isinstance(parse_gtid_set(text), kind)
