"""Views of the user on the target never cost rows in silence."""

from tests.e2e.stage import Stage


def test_a_table_that_cannot_be_made_anew_is_seen_to_be_missing(running_stage: Stage) -> None:
    journey, schema = running_stage.journey, running_stage.target_schema
    running_stage.execute("create table noticed (id int primary key)", "insert into noticed values (1)")
    journey.wait_until_replayed()
    # Of the replica's own user, which may recreate it; a view of somebody else quarantines the table, with that reason.
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


def test_changes_of_a_table_with_a_view_never_stop_the_replica(running_stage: Stage) -> None:
    journey, schema = running_stage.journey, running_stage.target_schema
    tables = ("grown", "retyped", "cut", "moved", "emptied", "gone")
    for table in tables:
        running_stage.execute(
            f"create table {table} (id int primary key, v varchar(20))", f"insert into {table} values (1, 'one')"
        )
    journey.wait_until_replayed()
    with running_stage.database.connect() as connection, connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"create view {schema}.view_of_{table} as select id, v from {schema}.{table}")
    connection.close()
    running_stage.execute(
        "alter table grown add column w int not null default 5, add index (v)",
        "alter table retyped modify v varchar(40)",
        "alter table cut drop column v",
        "rename table moved to moved_on",
        "truncate table emptied",
        "drop table gone",
        "insert into grown values (2, 'two', 6)",
        "insert into moved_on values (2, 'two')",
        "insert into emptied values (2, 'two')",
    )
    journey.wait_until_replayed()
    reasons = dict(journey.quarantined())
    assert reasons.keys() == {"retyped", "cut"}
    assert all("view" in reason for reason in reasons.values()), reasons
    # Where PostgreSQL lets the table go on, so does its view
    for table, rows in {"grown": [1, 2], "moved": [1, 2], "emptied": [2], "gone": [1]}.items():
        found = running_stage.database.execute(f"select id from {schema}.view_of_{table} order by id")
        assert [row[0] for row in found] == rows, table
    # A copy makes the views again, which is no longer possible for one whose column is gone
    with running_stage.database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"drop view {schema}.view_of_cut")
        cursor.execute(f"drop table {schema}.gone cascade")
    connection.close()
    running_stage.copy_disabled()
    running_stage.execute("insert into retyped values (2, 'two')", "insert into cut values (2)")
    running_stage.assert_whole()
    assert running_stage.database.execute(f"select id, v from {schema}.view_of_retyped order by id") == [
        (1, "one"),
        (2, "two"),
    ]
