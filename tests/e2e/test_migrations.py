"""The folders of `migrations`: what frameworks and tools do to filled tables is followed, all of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.servers import PostgreSQL, SourceServer
from tests.e2e.case_folders import Case, CasesStage, cases_of, cases_stage, parameters

MIGRATIONS = cases_of(Path(__file__).parent / "migrations")


@pytest.fixture(scope="module")
def stage(source_server: SourceServer, postgres: PostgreSQL) -> Iterator[CasesStage]:
    with cases_stage(source_server, postgres, MIGRATIONS, "migrations") as made:
        yield made


@pytest.mark.parametrize("case", parameters(MIGRATIONS))
def test_migration_is_followed(stage: CasesStage, case: Case) -> None:
    stage.follow(case)
    stage.assert_structures_are_new(case)
