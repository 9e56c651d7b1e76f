"""Tables that the user made on the target are never the replica's, whatever the source does with their names."""

from collections.abc import Iterable

import pytest

from lab.servers import Database
from tests.e2e.stage import Stage

OBSTINATE = ("dropped", "truncated", "altered", "renamed", "remade", "onto", "kept")
ROWS = [("mine", 1), ("mine too", 2)]


def make_own(stage: Stage, *tables: str) -> None:
    """Make tables of the user on the target, by the replica's own user, whom no permission would stop."""
    execute_on_target(
        stage.database,
        *(
            statement
            for table in tables
            for statement in (
                f"create table {stage.target_schema}.{table} (note text, id integer primary key)",
                f"insert into {stage.target_schema}.{table} values ('mine', 1), ('mine too', 2)",
            )
        ),
    )


def execute_on_target(database: Database, *statements: str) -> None:
    with database.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def make(stage: Stage, *tables: str) -> None:
    for table in tables:
        stage.execute(
            f"create table {table} (id int auto_increment primary key, kind enum('a', 'b'), v varchar(9), key by_v (v))"
            " comment 'of the source'",
            f"insert into {table} values (1, 'a', 'one'), (2, 'b', 'two')",
        )


def assert_untouched(stage: Stage, tables: Iterable[str], schema: str | None = None) -> None:
    for table in tables:
        rows = stage.database.execute(f"select note, id from {schema or stage.target_schema}.{table} order by id")
        assert rows == ROWS, table


def quarantined(stage: Stage) -> list[str]:
    stage.journey.wait_until_replayed()
    return sorted(table for table, _ in stage.journey.quarantined())


def restart(stage: Stage) -> None:
    stage.journey.stop()
    stage.journey.start()


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_nothing_that_the_source_does_touches_them(running_stage: Stage, restarted: bool) -> None:
    journey = running_stage.journey
    make(running_stage, "healthy", "moving")
    make_own(running_stage, *OBSTINATE)
    make(running_stage, *(table for table in OBSTINATE if table != "onto"))
    assert quarantined(running_stage) == sorted(set(OBSTINATE) - {"onto"})
    assert_untouched(running_stage, OBSTINATE)
    if restarted:
        restart(running_stage)
    running_stage.execute(
        "drop table dropped",
        "truncate table truncated",
        "alter table altered add column w int, drop column v, drop key by_v",
        "rename table renamed to renamed_on",
        "drop table remade",
        "rename table moving to onto",
        "insert into onto values (3, 'a', 'three')",
        "insert into healthy values (3, 'a', 'three')",
        "delete from kept",
    )
    make(running_stage, "remade", "renamed")
    assert quarantined(running_stage) == ["altered", "kept", "onto", "remade", "renamed", "renamed_on", "truncated"]
    assert_untouched(running_stage, OBSTINATE)
    if restarted:
        restart(running_stage)
    running_stage.execute(
        "truncate table onto",
        "drop table renamed_on",
        "drop table kept",
        "insert into healthy values (4, 'b', 'four')",
    )
    assert quarantined(running_stage) == ["altered", "onto", "remade", "renamed", "truncated"]
    assert_untouched(running_stage, OBSTINATE)
    healthy = running_stage.database.execute(f"select id from {running_stage.target_schema}.healthy order by id")
    assert healthy == [(1,), (2,), (3,), (4,)]
    errors = {table: message for _, table, _, _, message in journey.errors() if table != "renamed_on"}
    assert errors.keys() == set(OBSTINATE)
    refused = "was not created by this replica"
    assert all(refused in message and "sync_tables" in message for message in errors.values()), errors
    move_away_and_copy(running_stage)


def move_away_and_copy(stage: Stage) -> None:
    """Copies refuse to replace the user's tables; when they are out of the way, they bring those of the source."""
    journey = stage.journey
    journey.chameleon("sync_tables", "--source", "mysql", "--tables", "disabled")
    journey.wait_until_copied()
    assert quarantined(stage) == ["altered", "onto", "remade", "renamed", "truncated"]
    assert_untouched(stage, OBSTINATE)
    execute_on_target(
        stage.database,
        "create schema mine",
        *(f"alter table {stage.target_schema}.{table} set schema mine" for table in OBSTINATE),
    )
    stage.copy_disabled()
    stage.execute("insert into onto values (7, 'b', 'seven')", "alter table remade add column w int")
    stage.assert_whole()
    assert_untouched(stage, OBSTINATE, "mine")


def test_no_command_touches_them(example_stage: Stage) -> None:
    journey, schema = example_stage.journey, example_stage.target_schema
    make(example_stage, "first", "second", "viewed")
    execute_on_target(example_stage.database, f"create schema {schema}")
    make_own(example_stage, "first", "second", "free")
    execute_on_target(example_stage.database, f"create view {schema}.viewed as select 5 as number")
    own = ("first", "second", "free")
    journey.chameleon("init_replica", "--source", "mysql")
    journey.wait_until_copied()
    journey.start()
    assert quarantined(example_stage) == ["first", "second", "viewed"]
    example_stage.execute("insert into first values (3, 'a', 'three')", "drop table second", "drop table viewed")
    assert quarantined(example_stage) == ["first"]
    for command in (("refresh_schema", "--schema", example_stage.schema), ("sync_tables", "--tables", "disabled")):
        journey.chameleon(*command, "--source", "mysql")
        journey.wait_until_copied()
        assert quarantined(example_stage) == ["first"]
        assert_untouched(example_stage, own)
    journey.stop()
    for whole in ("copy_schema", "init_replica"):
        journey.chameleon(whole, "--source", "mysql")
        journey.wait_until_copied()
        assert_untouched(example_stage, own)
    journey.chameleon("detach_replica", "--source", "mysql", "--yes")
    assert_untouched(example_stage, own)
    assert example_stage.database.execute(f"select number from {schema}.viewed") == [(5,)]


def test_a_detached_database_is_the_users(running_stage: Stage) -> None:
    """The source may be added again by mistake: nothing of what is there by now is replaced."""
    journey, schema = running_stage.journey, running_stage.target_schema
    make(running_stage, "precious")
    journey.wait_until_replayed()
    journey.chameleon("detach_replica", "--source", "mysql", "--yes")
    execute_on_target(running_stage.database, f"insert into {schema}.precious values (3, 'a', 'my own')")
    journey.chameleon("add_source", "--source", "mysql")
    journey.chameleon("init_replica", "--source", "mysql")
    journey.wait_until_copied()
    assert "precious" in quarantined_now(running_stage)
    running_stage.execute("drop table precious")
    journey.start()
    journey.wait_until_replayed()
    assert running_stage.database.execute(f"select v from {schema}.precious where id = 3") == [("my own",)]


def quarantined_now(stage: Stage) -> list[str]:
    return sorted(table for table, _ in stage.journey.quarantined())


def test_a_table_in_the_place_of_a_replicated_one_is_not_taken_for_it(running_stage: Stage) -> None:
    journey, schema = running_stage.journey, running_stage.target_schema
    places = ("filled", "emptied", "gone", "changed", "idle")
    make(running_stage, *places)
    journey.wait_until_replayed()
    journey.stop()
    execute_on_target(
        running_stage.database,
        "create schema replicas",
        *(f"alter table {schema}.{table} set schema replicas" for table in places),
    )
    make_own(running_stage, *places)
    journey.start()
    running_stage.execute(
        "insert into filled values (3, 'a', 'three')",
        "truncate table emptied",
        "drop table gone",
        "alter table changed add column w int",
    )
    assert quarantined(running_stage) == ["changed", "emptied", "filled"]
    refused = journey.chameleon("detach_replica", "--source", "mysql", "--yes", expected=(1,))
    assert f"{schema}.idle on the target was not created by this replica" in refused.output
    assert_untouched(running_stage, places)


def test_types_and_indexes_with_the_names_that_are_needed_stay_what_they_are(running_stage: Stage) -> None:
    """Names with a hash are hardly ever taken; that of a primary key may be."""
    journey, schema = running_stage.journey, running_stage.target_schema
    make(running_stage, "typed")
    journey.wait_until_replayed()
    [(kind,)] = running_stage.database.execute(
        "select t.typname from pg_type t join pg_namespace n on n.oid = t.typnamespace"
        f" where n.nspname = '{schema}' and t.typname like 'typed_kind_%'"
    )
    [(index,)] = running_stage.database.execute(
        f"select indexname from pg_indexes where schemaname = '{schema}' and indexname like 'typed_by_v_%'"
    )
    running_stage.execute("drop table typed")
    journey.wait_until_replayed()
    execute_on_target(
        running_stage.database,
        f"create type {schema}.{kind} as enum ('red')",
        f"create table {schema}.mine (note text, id integer constraint keyed_pkey primary key)",
        f"create index {index} on {schema}.mine (note)",
        f"insert into {schema}.mine values ('mine', 1), ('mine too', 2)",
    )
    make(running_stage, "typed", "keyed")
    assert quarantined(running_stage) == ["keyed", "typed"]
    for _ in range(2):
        journey.chameleon("sync_tables", "--source", "mysql", "--tables", "disabled")
        journey.wait_until_copied()
        assert quarantined(running_stage) == ["keyed", "typed"]
        assert_untouched(running_stage, ["mine"])
        assert running_stage.database.execute(f"select 'red'::{schema}.{kind}::text") == [("red",)]
        restart(running_stage)
        running_stage.execute("alter table typed drop key by_v", "alter table keyed drop primary key, modify id int")
        running_stage.execute("drop table typed", "drop table keyed")
        make(running_stage, "typed", "keyed")
        journey.wait_until_replayed()
    found = running_stage.database.execute("select indexname from pg_indexes where tablename = 'mine' order by 1")
    assert found == [("keyed_pkey",), (index,)]
    execute_on_target(
        running_stage.database,
        f"drop type {schema}.{kind}",
        "create schema mine",
        f"alter table {schema}.mine set schema mine",
    )
    running_stage.copy_disabled()
    running_stage.execute("insert into typed values (3, 'b', 'three')", "insert into keyed values (3, 'b', 'three')")
    running_stage.assert_whole()
    assert_untouched(running_stage, ["mine"], "mine")
