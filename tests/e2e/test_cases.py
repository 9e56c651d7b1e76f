"""The folders of `cases`, each about one kind of value or statement."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.servers import PostgreSQL, SourceServer
from tests.e2e.case_folders import Case, CasesStage, cases_of, cases_stage, parameters

CASES = cases_of(Path(__file__).parent / "cases")


@pytest.fixture(scope="module")
def stage(source_server: SourceServer, postgres: PostgreSQL) -> Iterator[CasesStage]:
    with cases_stage(source_server, postgres, CASES, "cases") as made:
        yield made


@pytest.mark.parametrize("case", parameters(CASES))
def test_both_sides_are_equal(stage: CasesStage, case: Case) -> None:
    stage.follow(case)
