"""Sequences of the DDL corpus on real sources with a replica beside them: equal after each one."""

from typing import Any

import pytest

from lab.servers import PostgreSQL
from tests.conftest import SOURCES
from tests.ddl_corpus.running import run_beside_replica, summary
from tests.ddl_corpus.truth import DEFAULT_PATH, read_lines

SEQUENCES = DEFAULT_PATH / "sequences.jsonl"
SHORT = 30  # steps
SAMPLE = 8

pytestmark = pytest.mark.skipif(not SEQUENCES.is_file(), reason=f"the DDL corpus is not at {DEFAULT_PATH}")


def run(name: str, documents: list[dict[str, Any]], postgres: PostgreSQL) -> None:
    results = list(run_beside_replica(name, documents, postgres))
    assert len(results) == len(documents)
    assert sum(result.executed for result in results) > len(documents)
    assert not any(result.problems for result in results), summary(results)


@pytest.mark.parametrize("name", SOURCES)
def test_some_sequences_end_equal(name: str, postgres: PostgreSQL) -> None:
    short = [document for document in read_lines(SEQUENCES) if len(document["steps"]) <= SHORT]
    run(name, short[:: len(short) // SAMPLE], postgres)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_all_sequences_end_equal(name: str, postgres: PostgreSQL) -> None:
    run(name, list(read_lines(SEQUENCES)), postgres)
