"""Whatever statements come, valid or not: what is known is what is in the catalogue, and names are unique."""

import random

import pytest

from pg_chameleon.model.status import TableState
from tests.unit.following.followed import Replica, name_of

NAMES = ("a", "b", "_a_gho", "_a_del", "mill.a", "mill.b", "elsewhere.a")
STATEMENTS = (
    "create table {0} (id int primary key, v int)",
    "create table if not exists {0} (id int primary key)",
    "create or replace table {0} (id int primary key, foreign key (id) references {1} (id))",
    "create table {0} (v varchar(5) character set unheard)",
    "create table {0} like {1}",
    "alter table {0} add column w int",
    "alter table {0} rename to {1}",
    "alter table {0} add column w frobnicated",
    "alter table {0} add column w frobnicated, rename to {1}",
    "alter table {0} exchange partition p with table {1}",
    "rename table {0} to {1}",
    "rename table {0} to {1}, {2} to {0}",
    "rename table {0} to x, {1} to {0}, x to {1}",
    "drop table {0}",
    "drop table {0}, {1}",
    "drop database mill",
    "truncate table {0}",
    "update {0} set v = 1",
    "optimise {0}, {1}",
)
FILTERS: tuple[dict[str, list[str]], ...] = ({}, {"limit": ["a"]}, {"skip": ["b", "x"]}, {"limit": [], "skip": []})


@pytest.mark.parametrize("seed", range(200))
def test_each_name_has_one_registration(seed: int) -> None:
    rng = random.Random(seed)
    replica = Replica()
    replica.restart(**rng.choice(FILTERS))
    for _ in range(30):
        name = rng.choice(NAMES)
        match rng.randrange(12):
            case 0 if replica.following.known.find(name_of(name)) is None:
                replica.meet(name)
            case 1:
                replica.quarantine(name)
            case 2:
                replica.restart(**rng.choice(FILTERS))
            case 3:
                replica.run(rng.choice(STATEMENTS).format(name, *rng.sample(NAMES, 2)), error_code=1317)
            case _:
                replica.run(rng.choice(STATEMENTS).format(name, *rng.sample(NAMES, 2)))
    for table in replica.following.known:
        assert table.schema.columns or table.state in (TableState.QUARANTINED, TableState.FILTERED)
