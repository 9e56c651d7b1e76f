"""The journey of the walk-through on the example database, and what may happen to travellers."""

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from lab import example
from lab.demo.cutover import EXPECTED_RULES, FOREIGN_KEYS, INSERTS, rules_of
from lab.servers import PostgreSQL, Server, SourceServer, source_server, target_server
from lab.workload import DdlSidekick
from tests.conftest import SOURCES, TARGETS
from tests.e2e.stage import Stage, stage


def test_the_whole_journey(example_stage: Stage) -> None:
    journey = example_stage.journey
    writer = example_stage.writer(seed=11)
    writing = threading.Thread(target=writer.run, args=(300, 3_000))
    writing.start()
    journey.initialise()
    journey.start()
    writing.join()
    example_stage.assert_equal()

    journey.stop()
    assert journey.daemon_pid is None
    assert "stopped" in journey.chameleon("show_status").output
    writer.run(200, 2_000)
    writer.close()
    journey.start()
    example_stage.assert_equal()

    shown = journey.chameleon("show_status", "--source", "mysql").output
    assert "running" in shown
    assert ["boat_hire", "sch_boat_hire"] in [line.split() for line in shown.splitlines()]
    assert journey.chameleon("show_errors").status == 0

    journey.chameleon("detach_replica", "--source", "mysql", answer="No", expected=(1, 2))
    assert journey.daemon_pid is not None
    detached = journey.chameleon("detach_replica", "--source", "mysql", answer="YES")
    assert "Traceback" not in detached.output
    assert "violate" not in detached.output, detached.output
    assert_stands_on_its_own(example_stage)


def assert_stands_on_its_own(detached: Stage) -> None:
    """Assert that keys come by themselves, that foreign keys have their rules, and that the source is forgotten."""
    with detached.database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"set search_path to {detached.target_schema}")
        for statement in INSERTS.values():
            cursor.execute(statement)
        cursor.execute(FOREIGN_KEYS, (detached.target_schema,))
        keys = cursor.fetchall()
    connection.close()
    assert {rules_of(table, definition) for table, _, definition, _ in keys} == EXPECTED_RULES
    assert all(valid for *_, valid in keys)
    assert detached.database.execute("select count(*) from sch_chameleon.sources") == [(0,)]


def test_killed_processes_lose_nothing_and_repeat_nothing(running_stage: Stage) -> None:
    writer = running_stage.writer(seed=12, truncated=["radio_log"])
    for _ in range(3):
        for role in ("read", "replay"):
            writing = threading.Thread(target=writer.run, args=(100, 1_000))
            writing.start()
            running_stage.journey.kill_worker(role)
            writing.join()
    writer.close()
    running_stage.assert_equal()


def test_ddl_beside_a_writer_is_followed(running_stage: Stage) -> None:
    sidekick = DdlSidekick(running_stage.server.connect, running_stage.schema, seed=13)
    changing = threading.Thread(target=sidekick.run, args=(2, 0.15))
    writer = running_stage.writer(seed=13)
    changing.start()
    while changing.is_alive():
        writer.run(20, 200)
    writer.run(100, 1_000)
    writer.close()
    # The writer's locks may be in the way of a statement, which the server then refuses.
    assert all("ock" in refusal for refusal in sidekick.refused), sidekick.refused
    running_stage.assert_equal()


@pytest.fixture(params=SOURCES)
def own_servers(request: pytest.FixtureRequest) -> Iterator[tuple[SourceServer, PostgreSQL]]:
    """Give servers that a test may stop."""
    with source_server(request.param) as source, target_server(TARGETS[0]) as target:
        yield source, target


def crash(server: Server) -> Server:
    server.kill()
    return server.start()


def test_the_replica_survives_restarts_of_both_servers(own_servers: tuple[SourceServer, PostgreSQL]) -> None:
    source, target = own_servers
    with source.connect() as connection:
        example.load(connection)
    with stage(source, target.create_database("db_replica"), example.SCHEMA) as made:
        made.journey.initialise()
        made.journey.start()
        restarts: list[Callable[[], Server]] = [source.restart, target.restart]
        restarts += [partial(crash, source), partial(crash, target)]
        for restart in restarts:
            writer = made.writer(seed=15)
            writer.run(100, 1_000)
            writer.close()
            restart()
        writer = made.writer(seed=16)
        writer.run(100, 1_000)
        writer.close()
        assert made.journey.daemon_pid is not None, made.journey.log_tail()
        made.assert_equal()
