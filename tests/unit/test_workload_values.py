"""The values that a writer makes fit their columns, and are the same for the same seed."""

import json
import random
from datetime import date, datetime
from decimal import Decimal

import pytest

from lab.workload.structure import Column
from lab.workload.values import MAKERS, random_value


def column(
    data_type: str,
    column_type: str = "",
    *,
    nullable: bool = False,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    fraction: int | None = None,
    charset: str | None = "utf8mb4",
) -> Column:
    type_text = column_type or data_type
    return Column("c", data_type, type_text, nullable, "", length, precision, scale, fraction, charset, None)


def values_of(made_for: Column, seed: int = 1, count: int = 300) -> list[object]:
    rng = random.Random(seed)
    return [random_value(rng, made_for)[1] for _ in range(count)]


@pytest.mark.parametrize("data_type", sorted(MAKERS))
def test_values_are_the_same_for_the_same_seed(data_type: str) -> None:
    made_for = column(data_type, f"{data_type}(3,'a')", length=20, precision=3, scale=1)
    assert values_of(made_for, seed=5) == values_of(made_for, seed=5)


def test_integers_reach_the_edges_of_their_type() -> None:
    values = values_of(column("bigint", "bigint(20) unsigned"))
    assert 2**64 - 1 in values
    assert all(isinstance(value, int) and 0 <= value < 2**64 for value in values)


def test_decimals_fit_precision_and_scale() -> None:
    for value in values_of(column("decimal", precision=6, scale=2)):
        assert abs(Decimal(str(value))) < 10**4
        assert Decimal(str(value)) * 100 % 1 == 0


def test_text_fits_its_length_and_its_character_set() -> None:
    assert max(len(str(value)) for value in values_of(column("varchar", length=12))) == 12
    assert "🐬" in "".join(map(str, values_of(column("varchar", length=50))))
    for value in values_of(column("varchar", length=50, charset="latin1")):
        str(value).encode("latin-1")


def test_moments_are_real_ones_with_their_fraction() -> None:
    for value in values_of(column("datetime", fraction=3)):
        datetime.fromisoformat(str(value))
    assert any("." in str(value) for value in values_of(column("timestamp", fraction=3)))


def test_days_are_real_ones() -> None:
    assert all(isinstance(value, date) for value in values_of(column("date")))


def test_sets_and_enums_take_their_members() -> None:
    members = {"a", "it's", "b, c"}
    assert set(values_of(column("enum", "enum('a','it''s','b, c')"))) == members
    assert {"", "a", "a,it's"} <= set(values_of(column("set", "set('a','it''s')")))


def test_json_documents_can_be_read() -> None:
    for value in values_of(column("json")):
        json.loads(str(value))


def test_only_nullable_columns_get_null() -> None:
    assert None in values_of(column("int", nullable=True))
    assert None not in values_of(column("int"))
