"""The cutover refuses to forget a source from which something may be missing."""

from lab.servers import Database
from tests.e2e.stage import Stage


def sources(database: Database) -> int:
    [(number,)] = database.execute("select count(*) from sch_chameleon.sources")
    return int(number)


def test_nothing_is_detached_while_the_source_refuses_or_does_not_answer(running_stage: Stage) -> None:
    journey = running_stage.journey
    journey.stop()
    running_stage.execute("delete from radio_log limit 1")
    right = dict(journey.sources["mysql"]["db_conn"])
    for wrong in ({"password": "wrong"}, {"port": 9}):
        journey.sources["mysql"]["db_conn"] = {**right, **wrong}
        journey.write_configuration()
        refused = journey.chameleon("detach_replica", "--source", "mysql", "--yes", expected=(1,))
        assert "Traceback" not in refused.output
        assert sources(running_stage.database) == 1
    journey.sources["mysql"]["db_conn"] = right
    journey.write_configuration()
    journey.chameleon("detach_replica", "--source", "mysql", "--yes")
    assert sources(running_stage.database) == 0
    left = running_stage.server.execute(f"select count(*) from {running_stage.schema}.radio_log")
    assert running_stage.database.execute(f"select count(*) from {running_stage.target_schema}.radio_log") == list(left)


def test_what_fails_or_is_undecided_at_the_very_end_is_told_before_it_is_forgotten(running_stage: Stage) -> None:
    journey = running_stage.journey
    running_stage.execute("create table wrong (id int primary key)", "create table late (id int primary key)")
    journey.wait_until_replayed()
    journey.stop()
    running_stage.database.execute(f"alter table {running_stage.target_schema}.wrong add check (id < 5)")
    running_stage.execute(
        "insert into wrong values (7)", "xa start 'x'", "insert into late values (1)", "xa end 'x'", "xa prepare 'x'"
    )
    for answer, expected, left in (("no", 1, 1), ("YES", 0, 0)):
        outcome = journey.chameleon("detach_replica", "--source", "mysql", "--yes", answer=answer, expected=(expected,))
        assert sources(running_stage.database) == left
        assert "prepared by XA" in outcome.output
        assert "wrong" in outcome.output
        assert "check" in outcome.output
        assert "add --yes" not in outcome.output, "which does not help"
    running_stage.execute("xa rollback 'x'")


def test_a_lost_source_may_be_left_behind_by_a_second_answer(running_stage: Stage) -> None:
    journey = running_stage.journey
    journey.wait_until_replayed()
    journey.sources["mysql"]["db_conn"] = {**journey.sources["mysql"]["db_conn"], "port": 9}
    journey.write_configuration()
    journey.chameleon("detach_replica", "--source", "mysql", "--yes", answer="YES")
    assert sources(running_stage.database) == 0
