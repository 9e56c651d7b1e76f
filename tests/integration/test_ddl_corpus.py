"""A sample of the DDL corpus on PostgreSQL; `make ddl-corpus` runs all of it."""

import pytest

from lab.servers import Database
from tests.ddl_corpus.replay import run_translations
from tests.ddl_corpus.truth import DEFAULT_PATH, read_lines

SEQUENCES = DEFAULT_PATH / "sequences.jsonl"
EVERY = 6  # so that both runs take some ten seconds
LEAST = 200


@pytest.mark.skipif(not SEQUENCES.is_file(), reason=f"the DDL corpus is not at {DEFAULT_PATH}")
@pytest.mark.parametrize("filled", [False, True], ids=["empty tables", "tables with rows"])
def test_changed_tables_are_what_new_copies_would_be(target_database: Database, filled: bool) -> None:
    connection = target_database.connect()
    sample = list(read_lines(SEQUENCES))[::EVERY]
    tally = run_translations(sample, connection, filled=filled)
    connection.close()
    wrong = [failure for failure in tally.failures if failure.outcome == "wrong"]
    assert wrong == []
    assert tally.counts["TableAltered"]["right"] > LEAST
    if not filled:  # whatever needs no rows can be followed
        assert tally.counts["TableAltered"]["confined"] == 0
