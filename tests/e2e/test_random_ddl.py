"""Random DDL beside a replica whose processes are killed: both sides are equal, and what is out has its reason."""

import pytest

from lab.servers import PostgreSQL, SourceServer
from tests.random_ddl.running import replica, summary

STATEMENTS = 30
KILLS = 0.05


def run(server: SourceServer, postgres: PostgreSQL, seeds: range) -> None:
    with replica(server, postgres) as stage:
        rounds = [stage.run(seed, STATEMENTS, kills=KILLS) for seed in seeds]
    assert not any(each.problems for each in rounds), summary(rounds)
    assert sum(len(each.sent) for each in rounds) > len(rounds) * STATEMENTS // 4


def test_random_ddl_leaves_both_sides_equal(source_server: SourceServer, postgres: PostgreSQL) -> None:
    run(source_server, postgres, range(1, 2))


@pytest.mark.slow
def test_much_random_ddl_leaves_both_sides_equal(source_server: SourceServer, postgres: PostgreSQL) -> None:
    run(source_server, postgres, range(1, 21))
