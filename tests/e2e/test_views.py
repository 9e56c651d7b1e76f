"""Views of the user on the target never cost rows in silence."""

from tests.e2e.stage import Stage


def test_a_table_that_cannot_be_made_anew_is_seen_to_be_missing(running_stage: Stage) -> None:
    journey, schema = running_stage.journey, running_stage.target_schema
    running_stage.execute("create table noticed (id int primary key)", "insert into noticed values (1)")
    journey.wait_until_replayed()
    # Of the replica's own user, which may make it anew; a view of somebody else keeps the table out, with that reason.
    with running_stage.database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"create view {schema}.mine as select * from {schema}.noticed")
    connection.close()
    running_stage.execute(
        "drop table noticed", "create table noticed (id int primary key)", "insert into noticed values (2)"
    )
    journey.wait_until_replayed()
    assert [table for table, _ in journey.quarantined()] == ["noticed"]
    running_stage.execute("insert into noticed values (3)")
    journey.chameleon("sync_tables", "--source", "mysql", "--tables", "disabled")
    journey.wait_until_copied()
    running_stage.execute("insert into noticed values (4)")
    journey.wait_until_replayed()
    assert running_stage.database.execute(f"select id from {schema}.mine order by id") == [(2,), (3,), (4,)]
    assert journey.quarantined() == []
