"""Names of tables, and the filters that choose tables and events."""

from __future__ import annotations

import pytest

from pg_chameleon.model.change import RowKind
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.model.names import TableName

FILM = TableName("sakila", "film")
ACTOR = TableName("sakila", "actor")
ORDERS = TableName("shop", "orders")
MAPPINGS = {"sakila": "sch_sakila", "shop": "sch_shop"}


@pytest.mark.parametrize(
    ("text", "name"),
    [("sakila.film", FILM), ("a.b.c", TableName("a", "b.c")), ("A. b", TableName("A", " b"))],
)
def test_table_name_splits_at_its_first_dot(text: str, name: TableName) -> None:
    assert TableName.parse(text) == name
    assert str(name) == text


@pytest.mark.parametrize("text", ["", "film", ".film", "sakila.", "."])
def test_table_name_needs_both_parts(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected schema\.table"):
        TableName.parse(text)


def test_only_mapped_schemas_are_replicated() -> None:
    chosen = TableFilter(MAPPINGS)
    assert chosen.admits(FILM)
    assert not chosen.admits(TableName("other", "film"))
    assert not chosen.admits(TableName("sch_sakila", "film"))


def test_limit_binds_only_the_schemas_that_it_names() -> None:
    chosen = TableFilter(MAPPINGS, limit=frozenset({FILM}))
    assert [chosen.admits(name) for name in (FILM, ACTOR, ORDERS)] == [True, False, True]


def test_skip_wins_over_limit() -> None:
    chosen = TableFilter(MAPPINGS, limit=frozenset({FILM, ACTOR}), skip=frozenset({FILM}))
    assert [chosen.admits(name) for name in (FILM, ACTOR)] == [False, True]


def test_skipped_events_are_of_one_kind() -> None:
    events = EventFilter(schemas={RowKind.DELETE: frozenset({"shop"})}, tables={RowKind.INSERT: frozenset({FILM})})
    assert events.skips(RowKind.DELETE, ORDERS)
    assert not events.skips(RowKind.INSERT, ORDERS)
    assert events.skips(RowKind.INSERT, FILM)
    assert not events.skips(RowKind.UPDATE, FILM)
    assert not EventFilter().skips(RowKind.INSERT, FILM)
