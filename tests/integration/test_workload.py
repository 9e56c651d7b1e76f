"""The writer and the example database on real servers."""

from collections.abc import Iterator

import pytest

from lab import example
from lab.servers import SourceServer
from lab.workload import DdlSidekick, Writer

SCHEMA = "boat_hire_written"


@pytest.fixture
def example_schema(source_server: SourceServer) -> Iterator[str]:
    with source_server.connect() as connection:
        example.load(connection, SCHEMA)
    yield SCHEMA
    source_server.execute(f"drop database {SCHEMA}")


def checksums(server: SourceServer) -> list[tuple[str, int]]:
    tables = ", ".join(f"`{table}`" for table in example.TABLES if table != "boat")
    return [(str(row[0]), int(row[1])) for row in server.execute(f"checksum table {tables}", None, SCHEMA)]


def test_example_has_some_20_000_rows(source_server: SourceServer) -> None:
    with source_server.connect() as connection:
        counts = example.load(connection, SCHEMA)
    assert tuple(counts) == example.TABLES
    assert sum(counts.values()) == pytest.approx(20_000, rel=0.1)
    source_server.execute(f"drop database {SCHEMA}")


def test_writer_does_what_it_was_asked_for(source_server: SourceServer, example_schema: str) -> None:
    writer = Writer(source_server.connect, example_schema, seed=2)
    tally = writer.run(transactions=200, changes=2_000)
    writer.close()
    assert tally.transactions == 200
    assert tally.changes == pytest.approx(2_000, rel=0.1)
    assert {"insert", "update", "update_key", "delete", "replace"} <= tally.by_action.keys()


def test_writer_makes_the_same_kinds_of_changes_for_the_same_seed(source_server: SourceServer) -> None:
    results = []
    for _ in range(2):
        with source_server.connect() as connection:
            example.load(connection, SCHEMA)
        writer = Writer(source_server.connect, SCHEMA, seed=3)
        tally = writer.run(transactions=60, changes=600)
        writer.close()
        results.append((tally.transactions, tally.by_action.keys(), [name for name, _ in checksums(source_server)]))
    # The values may differ: which rows a LIMIT without an order takes is the server's choice.
    assert results[0] == results[1]
    source_server.execute(f"drop database {SCHEMA}")


def test_sidekick_changes_structures_that_the_writer_follows(source_server: SourceServer, example_schema: str) -> None:
    sidekick = DdlSidekick(source_server.connect, example_schema)
    writer = Writer(source_server.connect, example_schema, seed=4)
    writer.run(transactions=50, changes=500)
    statements = sidekick.run(rounds=2, pause=0)
    tally = writer.run(transactions=300, changes=1_500)
    writer.close()
    assert not sidekick.refused
    assert {"alter", "create", "rename", "grant", "insert"} <= {each.split()[0] for each in statements}
    assert tally.transactions == 350
