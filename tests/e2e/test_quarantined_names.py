"""A quarantined table never gets in the way of another one that takes its name."""

from tests.e2e.stage import Stage

LOST = "alter table {table} drop column kind, add column kind set(0x61, 0x62)"
DOUBTFUL = "alter table {table} add column number int not null auto_increment, add unique key (number)"


def make(running_stage: Stage, *tables: str) -> None:
    for table in tables:
        running_stage.execute(
            f"create table {table} (id int primary key, kind enum('a', 'b'), v varchar(20), key by_v (v))",
            f"insert into {table} values (1, 'a', 'one'), (2, 'b', 'two')",
        )


def test_names_of_quarantined_tables_are_free_for_others(running_stage: Stage) -> None:
    make(running_stage, "ghost", "moved", "made_anew", "swapped", "healthy")
    running_stage.journey.wait_until_replayed()
    running_stage.execute(
        *(DOUBTFUL.format(table=table) for table in ("ghost", "moved", "made_anew", "swapped")),
        "create table _ghost_gho like ghost",
        "insert into _ghost_gho select * from ghost",
        "rename table ghost to _ghost_del, _ghost_gho to ghost",
        "rename table moved to moved_on",
        "drop table made_anew",
        "rename table swapped to passing, healthy to swapped, passing to healthy",
    )
    make(running_stage, "moved", "made_anew")
    assert_only_quarantined(running_stage, "_ghost_del", "healthy", "moved_on")
    running_stage.copy_disabled()
    running_stage.assert_whole()


def test_names_are_free_also_when_the_replay_comes_to_them_later(running_stage: Stage) -> None:
    make(running_stage, "renamed", "dropped")
    running_stage.execute(DOUBTFUL.format(table="renamed"), DOUBTFUL.format(table="dropped"))
    assert_only_quarantined(running_stage, "dropped", "renamed")
    running_stage.journey.stop()
    running_stage.journey.start()
    running_stage.execute("rename table renamed to renamed_2", "drop table dropped")
    make(running_stage, "renamed", "dropped")
    assert_only_quarantined(running_stage, "renamed_2")
    running_stage.copy_disabled()
    running_stage.assert_whole()


def test_an_older_table_goes_on_under_the_name_of_one_whose_structure_is_lost(running_stage: Stage) -> None:
    make(running_stage, "older", "newer")
    running_stage.execute(LOST.format(table="newer"))
    assert_only_quarantined(running_stage, "newer")
    running_stage.execute("rename table older to passing, newer to older, passing to newer")
    running_stage.execute("insert into newer values (3, 'a', 'three')", "update newer set v = 'one more' where id = 1")
    assert_only_quarantined(running_stage, "older")
    running_stage.copy_disabled()
    running_stage.assert_whole()


def test_a_table_that_is_renamed_by_what_cannot_be_followed_leaves_its_name(running_stage: Stage) -> None:
    make(running_stage, "renamed")
    running_stage.execute(f"{DOUBTFUL.format(table='renamed')}, rename to renamed_2")
    make(running_stage, "renamed")
    assert_only_quarantined(running_stage, "renamed_2")
    running_stage.copy_disabled()
    running_stage.assert_whole()


def test_the_name_of_a_table_that_was_never_known_is_free_for_others(running_stage: Stage) -> None:
    make(running_stage, "healthy")
    running_stage.execute(
        "set session sql_log_bin = 0",
        "create table unseen (id int primary key)",
        "set session sql_log_bin = 1",
        "insert into unseen values (1)",
        "alter table unseen add column v int",
        "insert into unseen values (2, 2)",
    )
    assert_only_quarantined(running_stage, "unseen")
    running_stage.execute("rename table unseen to seen, healthy to unseen", "delete from unseen where id = 1")
    assert_only_quarantined(running_stage, "seen")
    running_stage.copy_disabled()
    running_stage.assert_whole()


def assert_only_quarantined(running_stage: Stage, *tables: str) -> None:
    running_stage.journey.wait_until_replayed()
    assert sorted(table for table, _ in running_stage.journey.quarantined()) == sorted(tables)
