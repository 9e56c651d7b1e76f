"""A table is copied again while the replay has not yet come to a renaming that concerns its name."""

import time

from tests.e2e.stage import Stage

WAITING = "select count(*) from sch_chameleon.batches where replayed_at is null"
LOCK_REPLAY = "select 1 from sch_chameleon.replays for update"


def test_a_copy_waits_for_renamings_that_are_not_replayed(running_stage: Stage) -> None:
    journey = running_stage.journey
    running_stage.execute(
        "create table wanted (id int primary key, word varchar(20))",
        "create table ghost (id int primary key, word varchar(20))",
        "insert into wanted values (1, 'old')",
        "insert into ghost values (1, 'new')",
    )
    journey.wait_until_replayed()
    with running_stage.database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(LOCK_REPLAY)
        running_stage.execute("rename table wanted to gone, ghost to wanted", "insert into wanted values (2, 'newer')")
        deadline = time.monotonic() + 30
        while running_stage.database.execute(WAITING) == [(0,)] and time.monotonic() < deadline:
            time.sleep(0.05)
        journey.chameleon("sync_tables", "--source", "mysql", "--tables", f"{running_stage.schema}.wanted")
        time.sleep(2)
    connection.close()
    journey.wait_until_copied()
    running_stage.execute("insert into wanted values (3, 'newest')", "insert into gone values (2, 'older')")
    running_stage.assert_equal()
