"""Stages for whole journeys."""

from collections.abc import Iterator

import pytest

from lab import example
from lab.servers import Database, SourceServer
from tests.e2e.stage import Stage, stage


@pytest.fixture
def example_stage(source_server: SourceServer, target_database: Database) -> Iterator[Stage]:
    """Set a stage with the example database on the source; nothing is copied yet."""
    with source_server.connect() as connection:
        example.load(connection)
    with stage(source_server, target_database, example.SCHEMA) as made:
        yield made
    source_server.execute(f"drop database {example.SCHEMA}")


@pytest.fixture
def running_stage(example_stage: Stage) -> Stage:
    """Set a stage with the example database, which is copied and replicated."""
    example_stage.journey.initialise()
    example_stage.journey.start()
    return example_stage
