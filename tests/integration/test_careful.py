"""The careful pass: however the rows of a run depend on each other, none is refused but those that are to blame."""

import json

import pytest

from pg_chameleon.model.log import DELETE, INSERT, PARTIAL, LogEntry
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import status
from pg_chameleon.postgres.connection import transaction
from tests.integration.test_replay import IMAGE, KEY, PRIMARY, UNIQUE, Bench, Row, bench, delete, insert, update

__all__ = ["bench"]

BAD = "far too long for twenty characters"


def row(number: int, code: str | None) -> Row:
    return number, code, None, None


def discarded(bench: Bench) -> list[tuple[object, ...]]:
    with transaction(bench.connection) as cursor:
        cursor.execute("select operation, row_key, image from sch_chameleon.discarded_rows order by discard_id")
        return cursor.fetchall()


def changed(number: int, code: str) -> LogEntry:
    return LogEntry(PARTIAL, KEY(row(number, None)), json.dumps({"code": code}))


def prepared(bench: Bench, count: int) -> int:
    """Make a table with a second unique key, whose rows have the codes c1, c2 and so on."""
    table = bench.table("uniq", PRIMARY, UNIQUE)
    bench.store({table: [insert(row(number, f"c{number}")) for number in range(1, count + 1)]})
    bench.replay()
    return table


def assert_refused(bench: Bench, *keys: int) -> None:
    """Assert that just these rows were put aside."""
    assert [key for _, key, _ in discarded(bench)] == [KEY(row(number, None)) for number in keys]
    assert bench.state("uniq") is TableState.QUARANTINED


@pytest.mark.parametrize("whole", [True, False], ids=["whole images", "partial images"])
def test_rows_that_trade_a_unique_value_pass_beside_a_bad_one(bench: Bench, whole: bool) -> None:
    change = (lambda number, code: update(row(number, code))) if whole else changed
    table = prepared(bench, 6)
    cycle = [change(1, "x"), change(3, "c1"), change(5, "c3"), change(1, "c5")]
    bench.store({table: [*cycle, change(2, BAD), change(4, "fine")]})
    bench.replay()
    assert_refused(bench, 2)
    codes = {1: "c5", 2: "c2", 3: "c1", 4: "fine", 5: "c3", 6: "c6"}
    assert {number: code for number, code, *_ in bench.rows("uniq")} == codes


def test_every_row_of_a_long_chain_passes_but_the_bad_one(bench: Bench) -> None:
    table = prepared(bench, 300)
    bad = 130
    # Each row takes the value of the next one; nothing else takes that of the bad row's successor
    chain = [update(row(number, BAD if number == bad else f"c{number + 1}")) for number in range(1, 301)]
    bench.store({table: chain})
    bench.replay()
    assert_refused(bench, bad)
    codes = {number: f"c{number + 1}" for number in range(1, 301) if number != bad}
    # The value that the bad row would have given up is that of the row before it now
    assert {number: code for number, code, *_ in bench.rows("uniq")} == codes


def test_a_bad_row_stays_as_it_was_if_no_other_row_needs_its_value(bench: Bench) -> None:
    table = prepared(bench, 3)
    bench.store({table: [update(row(2, BAD)), update(row(3, "new")), delete(row(1, None))]})
    bench.replay()
    assert_refused(bench, 2)
    assert bench.rows("uniq") == [row(2, "c2"), row(3, "new")]


def test_a_value_that_another_row_really_has_is_refused(bench: Bench) -> None:
    table = prepared(bench, 8)
    bench.store({table: [update(row(1, "c8")), *(update(row(number, f"n{number}")) for number in range(2, 8))]})
    bench.replay()
    assert_refused(bench, 1)
    assert bench.rows("uniq")[0] == row(1, "c1")
    assert bench.rows("uniq")[1:7] == [row(number, f"n{number}") for number in range(2, 8)]


@pytest.mark.parametrize("count", [1, 2, 3, 64, 101])
def test_all_rows_may_be_bad(bench: Bench, count: int) -> None:
    table = prepared(bench, count)
    bench.store({table: [update(row(number, BAD)) for number in range(1, count + 1)]})
    bench.replay()
    assert len(discarded(bench)) == count
    assert bench.rows("uniq") == [row(number, f"c{number}") for number in range(1, count + 1)]


def test_without_a_key_all_but_the_bad_images_are_applied(bench: Bench) -> None:
    table = bench.table("heap")
    old, new = row(1, "old"), row(1, "new")
    bench.store({table: [LogEntry(INSERT, None, IMAGE(old))] * 3})
    bench.replay()
    bad, gone = row(7, BAD), row(8, "not there")
    bench.store(
        {
            table: [
                LogEntry(DELETE, None, IMAGE(old)),
                LogEntry(INSERT, None, IMAGE(bad)),
                LogEntry(INSERT, None, IMAGE(new)),
                LogEntry(DELETE, None, IMAGE(gone)),
                *(LogEntry(INSERT, None, IMAGE(row(number, "same"))) for number in (2, 3, 3)),
            ]
        }
    )
    bench.replay()
    assert bench.rows("heap") == [new, old, old, row(2, "same"), row(3, "same"), row(3, "same")]
    assert sorted(discarded(bench)) == [("delete", None, IMAGE(gone)), ("insert", None, IMAGE(bad))]
    assert bench.state("heap") is TableState.QUARANTINED


def test_a_row_that_others_refer_to_is_changed_beside_a_bad_one(bench: Bench) -> None:
    table = prepared(bench, 4)
    with transaction(bench.connection) as cursor:
        cursor.execute("create table sch_shop.child (id integer references sch_shop.uniq); ")
        cursor.execute("insert into sch_shop.child values (1)")
    bench.store({table: [update(row(1, "one")), update(row(2, BAD)), update(row(3, "three"))]})
    bench.replay()
    assert_refused(bench, 2)
    assert [code for _, code, *_ in bench.rows("uniq")] == ["one", "c2", "three", "c4"]


def test_who_may_not_make_temporary_tables_loses_one_table_only(bench: Bench) -> None:
    table, other = bench.table("uniq", PRIMARY, UNIQUE), bench.table("other", PRIMARY)
    with transaction(bench.connection) as cursor:
        cursor.execute("select format('revoke temporary on database %I from public, %I', current_database(), user)")
        [(revoke,)] = cursor.fetchall()
        cursor.execute(revoke)
    bench.store({table: [insert(row(1, BAD))], other: [insert(row(1, "one"))]})
    bench.replay()
    assert bench.state("uniq") is TableState.QUARANTINED
    assert bench.rows("other") == [row(1, "one")]
    assert "temporary tables" in status.errors(bench.connection, bench.source)[0].reason
