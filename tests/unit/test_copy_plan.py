"""The plan of a copy."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Index, IndexPart, TableSchema
from pg_chameleon.mysql.snapshot import KeyRange, TableStatistics
from pg_chameleon.replica.copy.plan import (
    PlannedTable,
    in_order,
    key_ranges,
    number_of_parts,
    splitting_column,
)

PRIMARY = Index("PRIMARY", (IndexPart("id"),), unique=True)
INTEGERS = st.integers(-(2**63), 2**64 - 1)


def table(name: str, *columns: Column, key: bool = True) -> TableSchema:
    return TableSchema(TableName("shop", name), columns, (PRIMARY,) if key else ())


@given(INTEGERS, INTEGERS, st.integers(1, 50))
def test_parts_cover_every_key_once(one: int, other: int, parts: int) -> None:
    least, greatest = min(one, other), max(one, other)
    ranges = key_ranges("id", least, greatest, parts)
    assert 1 <= len(ranges) <= parts
    assert ranges[0].first is None
    assert ranges[-1].end is None
    assert all(before.end == after.first for before, after in pairwise(ranges))
    cuts = [part.end for part in ranges if part.end is not None]
    assert all(least < cut <= greatest for cut in cuts)
    assert cuts == sorted(set(cuts))


def test_a_range_without_bounds_is_the_whole_table() -> None:
    assert KeyRange("id", None, None).condition == "TRUE"
    assert KeyRange("i`d", -5, 7).condition == "`i``d` >= -5 AND `i``d` < 7"


def test_only_integer_keys_split_a_table() -> None:
    assert splitting_column(table("t", Column("id", "bigint unsigned", nullable=False))) == "id"
    assert splitting_column(table("t", Column("id", "varchar(5)", nullable=False))) is None
    assert splitting_column(table("t", Column("id", "int"), key=False)) is None


def test_large_tables_come_first_and_in_parts() -> None:
    small = PlannedTable(table("a"), TableStatistics(10, 100, ""))
    large = PlannedTable(table("b"), TableStatistics(2_600, 10_000, ""))
    assert in_order([small, large]) == [large, small]
    assert number_of_parts(large.statistics, 1000) == 3
    assert number_of_parts(small.statistics, 1000) == 1
