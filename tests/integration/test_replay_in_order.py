"""Changes that build on the row as it is: a key that moves with a part of its row, a document changed in place."""

import json
import random
from collections.abc import Iterator

import pytest

from pg_chameleon.model.log import DELETE, INSERT, ORDERED, PARTIAL, UPDATE, LogEntry
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import status
from pg_chameleon.postgres.connection import transaction
from tests.integration.test_replay import KEY, PRIMARY, UNIQUE, Bench, Row, bench, insert, update

__all__ = ["bench"]


def key(number: int) -> str:
    return KEY((number, None, None, None))


def moved(old: int, **columns: object) -> LogEntry:
    return LogEntry(ORDERED, key(old), json.dumps({name: str(value) for name, value in columns.items()}))


def changed(number: int, **columns: object) -> LogEntry:
    return LogEntry(PARTIAL, key(number), json.dumps(columns))


def test_a_row_keeps_what_is_not_in_the_image_when_its_key_moves(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    bench.store({table: [insert((1, "a", "1.00", "2024-01-01")), insert((2, "b", "2.00", None))]})
    bench.replay()
    bench.store({table: [moved(2, id=3), changed(3, code="c"), moved(1, id=2, amount="5.00"), moved(2, id=4)]})
    bench.replay()
    assert bench.rows("keyed") == [(3, "c", "2.00", None), (4, "a", "5.00", "2024-01-01")]


def test_rows_trade_a_unique_value_by_way_of_a_third_one(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY, UNIQUE)
    bench.store({table: [insert((1, "a", "1.00", None)), insert((2, "b", "2.00", None))]})
    bench.replay()
    bench.store({table: [changed(1, code="x"), changed(2, code="a"), changed(1, code="b"), changed(1, amount="9")]})
    bench.replay()
    assert bench.rows("keyed") == [(1, "b", "9.00", None), (2, "a", "2.00", None)]
    assert bench.state("keyed") is TableState.REPLICATED


def test_the_key_that_is_not_there_takes_the_table_out(bench: Bench) -> None:
    table, other = bench.table("keyed", PRIMARY), bench.table("other", PRIMARY)
    bench.store({table: [insert((1, "a", None, None))]})
    bench.replay()
    bench.store({table: [changed(1, code="b"), moved(7, id=8)], other: [insert((1, None, None, None))]})
    bench.replay()
    assert bench.state("keyed") is TableState.QUARANTINED
    [error] = status.errors(bench.connection, bench.source)
    assert 'key ("7")' in error.reason
    assert bench.rows("keyed") == [(1, "a", None, None)]
    assert len(bench.rows("other")) == 1


def test_a_partial_update_of_a_row_that_is_not_there_takes_the_table_out(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    bench.store({table: [insert((1, "a", None, None))]})
    bench.store({table: [changed(1, code="b"), changed(7, code="c")]})
    bench.replay()
    assert bench.state("keyed") is TableState.QUARANTINED
    assert "target table" in status.errors(bench.connection, bench.source)[0].reason


def random_changes(source: random.Random, rows: dict[int, Row]) -> Iterator[LogEntry]:
    """Change the model, and give the log entries for it."""
    for _ in range(source.randint(1, 40)):
        number, other = source.randint(1, 12), source.randint(1, 12)
        code, amount = f"c{source.randint(1, 1000)}", f"{source.randint(1, 99)}.00"
        whole: Row = (number, code, amount, None)
        if number not in rows:
            rows[number] = whole
            yield insert(whole)
        elif source.random() < 0.2:
            del rows[number]
            yield LogEntry(DELETE, key(number), None)
        elif source.random() < 0.3:
            rows[number] = whole
            yield update(whole)
        elif source.random() < 0.5 and other not in rows:
            rows[other] = (other, code, *rows.pop(number)[2:])
            yield moved(number, id=other, code=code)
        else:
            rows[number] = (number, rows[number][1], amount, rows[number][3])
            yield changed(number, amount=amount)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_applied_is_what_a_model_says(bench: Bench, seed: int) -> None:
    table = bench.table("keyed", PRIMARY)
    source = random.Random(seed)
    rows: dict[int, Row] = {}
    for _ in range(12):
        for _ in range(source.randint(1, 3)):
            bench.store(*({table: list(random_changes(source, rows))} for _ in range(source.randint(1, 3))))
        bench.replay()
        assert bench.rows("keyed") == sorted(rows.values())


def test_operations_differ() -> None:
    assert len({INSERT, UPDATE, DELETE, PARTIAL, ORDERED}) == 5


DOCUMENT = '{"a": [1, {"b": 2.50}], "1": "one", "": null}'
CHANGES = {
    '[["replace",["a","0"],12345678901234567890]]': '{"a": [12345678901234567890, {"b": 2.50}], "1": "one", "": null}',
    '[["insert",["a","1"],"x"],["insert",["a","3"],[]]]': '{"a": [1, "x", {"b": 2.50}, []], "1": "one", "": null}',
    '[["remove",["a","1","b"],null],["insert",["a","1","c"],{}]]': '{"a": [1, {"c": {}}], "1": "one", "": null}',
    '[["replace",["1"],null],["remove",[""],null]]': '{"a": [1, {"b": 2.50}], "1": null}',
    '[["replace",[],7]]': "7",
    "[]": DOCUMENT,
}


@pytest.mark.parametrize("changes", CHANGES)
def test_documents_are_changed_in_place(bench: Bench, changes: str) -> None:
    with transaction(bench.connection) as cursor:
        cursor.execute(
            "select sch_chameleon.changed_document(%s, %s) = %s::jsonb", (DOCUMENT, changes, CHANGES[changes])
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("path", ['["b"]', '["a","2"]', '["a","0","x"]', '["b","c"]'])
def test_a_document_without_the_path_takes_the_table_out(bench: Bench, path: str) -> None:
    table = bench.table("keyed", PRIMARY)
    with transaction(bench.connection) as cursor:
        cursor.execute("alter table sch_shop.keyed alter column code type jsonb using code::jsonb")
    bench.store({table: [insert((1, DOCUMENT, "1.00", None))]})
    bench.store({table: [LogEntry(ORDERED, key(1), f'{{"code":[["replace",{path},1]]}}')]})
    bench.replay()
    assert bench.state("keyed") is TableState.QUARANTINED
    assert "has no path" in status.errors(bench.connection, bench.source)[0].reason
