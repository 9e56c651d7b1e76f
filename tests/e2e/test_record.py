"""What a user is shown of values and names that had to be changed, and what detaching says."""

from collections.abc import Iterator

import pytest

from lab.servers import Database, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import Stage, stage

LONG = "x" * 64


@pytest.fixture
def record_stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Iterator[Stage]:
    settings = {"on_update_timestamps": True}
    with stage(source_server, target_database, fresh_schema(source_server), settings) as made:
        yield made


def test_changed_values_and_names_are_shown(record_stage: Stage) -> None:
    schema, journey = record_stage.schema, record_stage.journey
    record_stage.execute(
        "set sql_mode = 'ALLOW_INVALID_DATES'",
        f"create table days (id int primary key, `{LONG}` date,"
        " t timestamp null default null on update current_timestamp)",
        "create table texts (id int primary key, v varchar(20))",
        "insert into days values (1, '0000-00-00', null)",
        "insert into texts values (7, 'a\\0b')",
    )
    journey.initialise()
    journey.start()
    record_stage.execute("set sql_mode = 'ALLOW_INVALID_DATES'", "insert into days values (2, '2024-02-31', null)")
    journey.wait_until_replayed()
    short = journey.chameleon("show_status", "--source", "mysql").output
    assert "== Names changed ==" in short
    assert f"{schema}.days" in short
    [counted] = [line.split() for line in short.splitlines() if "became NULL" in line]
    assert counted[0] == f"{schema}.days"
    assert counted[-2:] == ["2", "2"], "two of them, the last in the row 2"
    assert "2024-02-31" not in short
    full = journey.chameleon("show_status", "--source", "mysql", "--full").output
    lines = full.partition("== Each value changed ==")[2].splitlines()
    assert [line.split()[1] for line in lines if line.startswith(schema)] == ["1", "2", "7"]
    assert any("0000-00-00" in line and line.rstrip().endswith("copy") for line in lines)
    assert any("2024-02-31" in line and not line.rstrip().endswith("copy") for line in lines)
    assert any("a\\x00b" in line and "NUL characters left out" in line for line in lines)
    some = journey.chameleon("show_status", "--source", "mysql", "--full", "--tables", f"{schema}.texts").output
    listed = some.partition("== Each value changed ==")[2]
    assert f"{schema}.texts" in listed
    assert f"{schema}.days" not in listed
    detached = journey.chameleon("detach_replica", "--source", "mysql", "--yes").output
    assert f"ON UPDATE CURRENT_TIMESTAMP of t in {record_stage.target_schema}.days is set by a trigger" in detached


def test_what_is_left_out_is_shown(record_stage: Stage) -> None:
    schema, journey = record_stage.schema, record_stage.journey
    journey.global_settings["type_override"] = {"varchar(36)": {"override_to": "uuid", "override_tables": ["*"]}}
    journey.write_configuration()
    record_stage.execute("create table copied (id int primary key, u varchar(36) not null default '')")
    journey.initialise()
    journey.start()
    record_stage.execute("create table made (id int primary key, u varchar(36) not null default 'x')")
    journey.wait_until_replayed()
    expected = {
        f"{schema}.copied": "column u: the default '' is omitted: uuid does not have it",
        f"{schema}.made": "column u: the default 'x' is omitted: uuid does not have it",
    }
    log = journey.log_tail(500)
    shown = journey.chameleon("show_status", "--source", "mysql").output.partition("== Omitted ==")[2]
    detached = journey.chameleon("detach_replica", "--source", "mysql", "--yes").output
    for table, what in expected.items():
        assert f"{table}: {what}" in log
        assert what in next(line for line in shown.splitlines() if line.startswith(table))
        assert f"{table}: {what}" in detached
