"""A schema of 100 tables of random types, keys and odd names, filled with edge values while the replica runs."""

import random
from collections.abc import Sequence

import pytest

from lab import compare
from lab.compare import ChangedValue
from lab.matrix.random_tables import ROWS, RandomTable, random_tables
from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage

TABLES = 100
SEED = 20_241_126
RECORD = """
select registered.source_table, changed.source_column, changed.reason, changed.row_key
from sch_chameleon.changed_values as changed
join sch_chameleon.tables as registered on registered.table_id = changed.table_id
"""
SESSION = ("set session time_zone = '+00:00'", "set session sql_mode = ''")


def filled(made: Stage, tables: list[RandomTable], chance: random.Random) -> None:
    made.execute(
        *SESSION,
        *(statement for table in tables for statement in [table.create(), *first_rows(table, chance)]),
    )


def first_rows(table: RandomTable, chance: random.Random) -> list[str]:
    return [table.insert(chance, number) for number in range(ROWS)]


@pytest.mark.slow
def test_hundred_random_tables_arrive(
    source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema
) -> None:
    tables = random_tables(source_server, SEED, TABLES)
    copied, made_live = tables[::2], tables[1::2]
    chance = random.Random(SEED)
    with stage(source_server, target_database, fresh_schema(source_server)) as made:
        filled(made, copied, chance)
        made.journey.initialise()
        made.journey.start()
        filled(made, made_live, chance)
        made.execute(*SESSION, *(change for table in tables for change in table.changes(chance)))
        made.journey.wait_until_replayed()
        assert made.journey.quarantined() == []
        assert made.journey.errors() == []
        result = compare.compare(source_server.connect, target_database.connect, made.schema, made.target_schema)
        assert result.equal, f"{result}\n{made.journey.log_tail()}"
        assert len(result.tables) == TABLES
        assert {change.policy for change in result.changed} == set(compare.Policy)
        assert_on_record(made, tables, result.changed)


def assert_on_record(made: Stage, tables: Sequence[RandomTable], changed: Sequence[ChangedValue]) -> None:
    """Assert that chameleon itself lists each value that is not the source's, by table, column, policy and key."""
    record: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for table, column, reason, key in made.journey.query_target(RECORD):
        record.setdefault((table, column), []).append((reason, key))
    numbers = {table.name: table.number for table in tables}
    missing = [
        change
        for change in changed
        if not any(
            reason.startswith(change.policy.value) and is_key_of(change, numbers[change.table], key)
            for reason, key in record.get((change.table, change.column), [])
        )
    ]
    assert not missing, f"{len(missing)} of {len(changed)} are not recorded: {missing[:5]}"


def is_key_of(change: ChangedValue, number: str, recorded: str) -> bool:
    """Tell whether a row is named so, by its number: that is the first column, and the last one of a key."""
    wanted = change.key.removeprefix(f"{number} ").split(", ")[0]
    values = recorded.split(", ")
    return wanted in (values[0], values[-1])
