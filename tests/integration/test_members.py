"""Members of ENUM and SET: the copy and the stream give what the source shows of them, with a key and without."""

from __future__ import annotations

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.model.status import TableState
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage

# With the empty member first, in the middle and last, and in sets of which a character has several bytes
SETS = (
    "a set('','a','b')",
    "b set('a','','b')",
    "c set('a','b','')",
    "d set('','ä','表') character set utf16",
    "e set('','表','b') character set gbk",
    "f enum('','a') character set ucs2",
    "g set('','a') character set utf8",
)


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(source_server, target_database, fresh_schema(source_server))


def values(number: int) -> str:
    return f"({number}, {number}, {number}, {number}, {number}, {number}, {number % 3}, {number % 4})"


def shown(stage: Stage) -> tuple[list[object], list[object]]:
    """Return the rows of the source and those of the target."""
    columns = "id, a, b, c, d, e, f, g"
    source = stage.execute(f"select {columns} from t order by {columns}")
    target = stage.database.execute(f"select {columns} from {stage.target_schema}.t")
    return sorted(map(list, source), key=repr), sorted(map(list, target), key=repr)


@pytest.mark.parametrize("key", [" primary key", ""])
def test_the_empty_member_is_shown_alike_by_copy_and_stream(stage: Stage, key: str) -> None:
    numbers = range(8)
    stage.execute(
        f"create table t (id int{key}, {', '.join(SETS)})",
        f"insert into t values {', '.join(map(values, numbers))}",
    )
    assert stage.copy().complete
    source, target = shown(stage)
    assert target == source
    stage.execute(
        "insert into t select id + 10, a, b, c, d, e, f, g from t",
        "update t set a = 7 - a, b = 7 - b, c = 7 - c where id in (3, 5, 13)",
        "delete from t where id in (1, 6, 16)",
    )
    stage.follow()
    assert stage.tables()["t"].state is TableState.REPLICATED, stage.errors()
    source, target = shown(stage)
    assert target == source
