"""The shadow tables of online schema changes are recognised by their names."""

import pytest

from pg_chameleon.model.shadow import is_shadow

LONG = "o" * 64


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("_orders_gho", "orders"),
        ("_orders_new", "orders"),
        ("__________orders_new", "orders"),
        ("__hidden_new", "_hidden"),
        ("__osc_new_orders", "orders"),
        ("lhmn_orders", "orders"),
        (f"_{'o' * 59}_gho", LONG),
        (f"lhmn_{'o' * 59}", LONG),
    ],
)
def test_a_table_that_is_to_replace_another_is_a_shadow(name: str, original: str) -> None:
    assert is_shadow(name, original)


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("_orders_ghc", "orders"),  # the changelog of gh-ost
        ("_orders_del", "orders"),  # what was replaced
        ("_orders_old", "orders"),
        ("__osc_old_orders", "orders"),
        ("__osc_chg_orders", "orders"),
        ("lhma_2024_01_01_orders", "orders"),
        ("orders_new", "orders"),
        ("_hidden_new", "_hidden"),
        ("___________orders_new", "orders"),
        ("_orders_gho", "order"),
        ("_order_gho", "orders"),
        (f"_{'x' * 58}_gho", LONG),
        ("_orders_gho", LONG),
    ],
)
def test_other_tables_are_none(name: str, original: str) -> None:
    assert not is_shadow(name, original)
