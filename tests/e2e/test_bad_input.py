"""Whatever is wrong, the user gets one clear line and an exit status that is not 0, and never a traceback."""

import time
from collections.abc import Iterator

import pytest

from lab.journey import Journey, Outcome
from lab.servers import Database, MariaDB, PostgreSQL, SourceServer
from tests.conftest import FreshSchema

FAILED, WRONG_USAGE = 1, 2
UNREACHABLE_PORT = 1
ODD_PASSWORD = "p@ss:w/o%r#d '\"\\ é{}$"


@pytest.fixture
def journey(mariadb_server: MariaDB, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Journey]:
    """Give a user for whom it does not matter which server the source is."""
    with journey_from(mariadb_server, target_database, fresh_schema) as made:
        yield made


@pytest.fixture
def source_journey(
    source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema
) -> Iterator[Journey]:
    with journey_from(source_server, target_database, fresh_schema) as made:
        yield made


def journey_from(server: SourceServer, database: Database, fresh_schema: FreshSchema) -> Journey:
    schema = fresh_schema(server)
    server.execute("create table t (id int primary key, v int)", None, schema)
    server.execute("insert into t values (1, 1)", None, schema)
    return Journey(server.db_conn(), database.pg_conn(), {schema: "sch_bad"})


def assert_one_clear_line(outcome: Outcome, status: int, *words: str) -> None:
    lines = [line for line in outcome.output.splitlines() if line.strip()]
    assert outcome.status == status, outcome.output
    assert "Traceback" not in outcome.output
    assert len(lines) == 1, outcome.output
    for word in words:
        assert word in lines[0]


def test_unreachable_source(source_journey: Journey) -> None:
    source_journey.prepare()
    source_journey.sources["mysql"]["db_conn"]["port"] = UNREACHABLE_PORT
    source_journey.write_configuration()
    outcome = source_journey.chameleon("init_replica", "--source", "mysql", "--debug", expected=())
    assert outcome.status == FAILED
    assert "Traceback" not in outcome.output
    assert f":{UNREACHABLE_PORT}" in outcome.output.splitlines()[-1]


def test_unreachable_target(journey: Journey) -> None:
    journey.target["port"] = UNREACHABLE_PORT
    journey.write_configuration()
    outcome = journey.chameleon("create_replica_schema", expected=())
    assert_one_clear_line(outcome, FAILED, str(UNREACHABLE_PORT))


def test_wrong_password_of_the_target(journey: Journey) -> None:
    journey.target["password"] = "wrong"
    journey.write_configuration()
    outcome = journey.chameleon("create_replica_schema", expected=())
    assert_one_clear_line(outcome, FAILED, "password", "usr_replica")
    assert "wrong" not in outcome.output


def test_wrong_password_of_the_source(source_journey: Journey) -> None:
    source_journey.prepare()
    source_journey.sources["mysql"]["db_conn"]["password"] = "wrong"
    source_journey.write_configuration()
    outcome = source_journey.chameleon("init_replica", "--source", "mysql", expected=())
    last = outcome.output.splitlines()[-1]
    assert outcome.status == FAILED
    assert "Traceback" not in outcome.output
    assert "usr_replica" in last
    assert "wrong" not in last


def test_missing_privilege_on_the_source(source_server: SourceServer, source_journey: Journey) -> None:
    source_journey.prepare()
    source_server.execute("create user 'weak'@'%%' identified by 'weak'", ())
    source_server.execute("grant select on *.* to 'weak'@'%%'", ())
    source_journey.sources["mysql"]["db_conn"].update(user="weak", password="weak")
    source_journey.write_configuration()
    outcome = source_journey.chameleon("init_replica", "--source", "mysql", expected=())
    source_server.execute("drop user 'weak'@'%%'", ())
    assert outcome.status == FAILED
    assert "Traceback" not in outcome.output
    assert "REPLICATION" in outcome.output.upper()


def test_misspelt_key(journey: Journey) -> None:
    journey.sources["mysql"]["sleep_lop"] = 1
    journey.write_configuration()
    outcome = journey.chameleon("show_status", expected=())
    assert outcome.status == WRONG_USAGE
    assert "Traceback" not in outcome.output
    assert "sources.mysql.sleep_lop" in outcome.output
    assert "sleep_loop" in outcome.output


def test_schema_mapped_twice(journey: Journey) -> None:
    journey.sources["mysql"]["schema_mappings"]["another"] = "sch_bad"
    journey.write_configuration()
    outcome = journey.chameleon("add_source", "--source", "mysql", expected=())
    assert outcome.status == WRONG_USAGE
    assert "Traceback" not in outcome.output
    assert "sch_bad" in outcome.output


def test_unknown_source(journey: Journey) -> None:
    outcome = journey.chameleon("add_source", "--source", "msql", expected=())
    assert_one_clear_line(outcome, WRONG_USAGE, "msql", "mysql")


def test_source_that_was_not_added(journey: Journey) -> None:
    journey.chameleon("create_replica_schema")
    outcome = journey.chameleon("init_replica", "--source", "mysql", expected=())
    assert_one_clear_line(outcome, FAILED, "mysql", "add_source")


def test_catalogue_that_is_missing(journey: Journey) -> None:
    outcome = journey.chameleon("show_status", expected=())
    assert_one_clear_line(outcome, FAILED, "create_replica_schema")


def test_replica_that_was_never_copied(journey: Journey) -> None:
    journey.prepare()
    outcome = journey.chameleon("start_replica", "--source", "mysql", expected=())
    assert_one_clear_line(outcome, FAILED, "init_replica")


def test_unknown_command(journey: Journey) -> None:
    outcome = journey.chameleon("start_replcia", expected=())
    assert outcome.status == WRONG_USAGE
    assert "Traceback" not in outcome.output
    assert "start_replica" in outcome.output


def test_configuration_that_is_missing(journey: Journey) -> None:
    outcome = journey.chameleon("show_status", "--config", "nowhere", expected=())
    assert_one_clear_line(outcome, WRONG_USAGE, "nowhere")


def test_second_start(journey: Journey) -> None:
    journey.prepare()
    journey.initialise()
    journey.start()
    outcome = journey.chameleon("start_replica", "--source", "mysql", expected=())
    assert outcome.status == FAILED
    assert "Traceback" not in outcome.output
    assert "running" in outcome.output


def test_purged_binlog(postgres: PostgreSQL, target_database: Database) -> None:
    """The position is gone: the replica stops, the status tells why, and it does not start again by itself."""
    with MariaDB("10.11", durable=False) as source:
        source.execute("create database gone")
        source.execute("create table t (id int primary key)", None, "gone")
        with Journey(source.db_conn(), target_database.pg_conn(), {"gone": "sch_gone"}) as journey:
            journey.prepare()
            journey.initialise()
            for number in range(3):
                source.execute(f"insert into t values ({number})", None, "gone")
                source.execute("flush binary logs")
            purge_binlogs(source)
            outcome = journey.chameleon("start_replica", "--source", "mysql", expected=())
            assert "Traceback" not in outcome.output
            status = status_in_error(journey)
            assert "no longer has the binlog" in status
            assert "init_replica" in status
            refused = journey.chameleon("start_replica", "--source", "mysql", expected=())
            assert_one_clear_line(refused, FAILED, "enable_replica")


def purge_binlogs(source: SourceServer, timeout: float = 30) -> None:
    """Remove all files of the binlog but the last; the server keeps one for as long as InnoDB may need it."""
    deadline = time.monotonic() + timeout
    while len(logs := source.execute("show binary logs")) > 1 and time.monotonic() < deadline:
        source.execute("purge binary logs to %s", (logs[-1][0],))
    assert len(logs) == 1


def status_in_error(journey: Journey, timeout: float = 30) -> str:
    """Return what show_status says as soon as the source is in error."""
    deadline = time.monotonic() + timeout
    output = ""
    while time.monotonic() < deadline and " error " not in output:
        output = journey.chameleon("show_status").output
        time.sleep(0.3)
    assert " error " in output, journey.log_tail()
    return output


def test_odd_passwords_work_on_both_sides(
    source_server: SourceServer, postgres: PostgreSQL, source_journey: Journey
) -> None:
    quoted = ODD_PASSWORD.replace("'", "''")
    source_server.create_replica_user("odd", ODD_PASSWORD)
    postgres.execute(f"create role odd login superuser password '{quoted}'")
    try:
        source_journey.sources["mysql"]["db_conn"].update(user="odd", password=ODD_PASSWORD)
        source_journey.target.update(user="odd", password=ODD_PASSWORD)
        source_journey.write_configuration()
        source_journey.prepare()
        source_journey.initialise()
        source_journey.start()
        (schema,) = source_journey.sources["mysql"]["schema_mappings"]
        source_server.execute("insert into t values (2, 2)", None, schema)
        source_journey.wait_until_replayed()
        assert source_journey.query_target("select id from sch_bad.t order by id") == [(1,), (2,)]
        assert ODD_PASSWORD not in source_journey.chameleon("show_config").output
        assert ODD_PASSWORD not in source_journey.log_tail(1000)
    finally:
        source_journey.close()
        source_server.execute("drop user odd@'%%'", ())
        postgres.execute(f"drop database {source_journey.target['database']} with (force)")
        postgres.execute("drop role odd")
