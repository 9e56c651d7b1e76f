"""What the clock of a session showed, asked of the source: the same that it wrote into the rows."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.servers import SourceServer
from pg_chameleon.model.change import Circumstances
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.zones import located
from tests.conftest import FreshSchema
from tests.integration.convert_support import SourceSchema

ZONE_ID, ZONE = 987, "Test/Summer"
SUMMER = 1_600_000_000  # from then on the zone is two hours ahead of UTC, before only one
ROWS = (
    ("mysql.time_zone (Time_zone_id, Use_leap_seconds)", (ZONE_ID, "N")),
    ("mysql.time_zone_name (Name, Time_zone_id)", (ZONE, ZONE_ID)),
    ("mysql.time_zone_transition_type", (ZONE_ID, 0, 3600, 0, "TST")),
    ("mysql.time_zone_transition_type", (ZONE_ID, 1, 7200, 1, "TSST")),
    ("mysql.time_zone_transition", (ZONE_ID, 0, 0)),
    ("mysql.time_zone_transition", (ZONE_ID, SUMMER, 1)),
)


@pytest.fixture
def zone(source_server: SourceServer) -> Iterator[str]:
    """Give the source a time zone that changes its offset once."""
    with source_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set session sql_log_bin = 0")
        for table, values in ROWS:
            cursor.execute(f"insert ignore into {table} values %s", (values,))
        yield ZONE


@pytest.mark.parametrize("seconds", [SUMMER - 100, SUMMER + 100])
def test_the_clock_of_a_named_zone_is_that_of_the_rows(
    source_server: SourceServer, fresh_schema: FreshSchema, zone: str, seconds: int
) -> None:
    schema = SourceSchema(source_server, fresh_schema(source_server))
    schema.run("create table t (id int)", "insert into t values (1)")
    schema.run(f"set time_zone = '{zone}', timestamp = {seconds}")
    told = schema.alter("alter table t add at datetime not null default current_timestamp")
    ((written,),) = schema.query("select timestampdiff(second, '1970-01-01', at) from t")
    schema.close()
    assert (told.time_zone, told.seconds, told.local_seconds, told.offset) == (zone, seconds, written, None)
    assert written - seconds == (7200 if seconds >= SUMMER else 3600)


def test_a_zone_that_the_source_does_not_know_is_left_open(source_server: SourceServer) -> None:
    told = Circumstances(SUMMER, time_zone="No/Such_Zone")
    with closing(connect(SourceSettings(source_server.host, source_server.port, "root"))) as connection:
        assert located(told, connection) == told
        with connection.cursor() as cursor:
            cursor.execute("select @@session.time_zone")
            assert cursor.fetchone() == ("+00:00",)


def test_a_statement_without_a_zone_asks_nothing(source_server: SourceServer) -> None:
    told = Circumstances(SUMMER, microseconds=5)
    connection = connect(SourceSettings(source_server.host, source_server.port, "root"))
    connection.close()  # so that whoever asks fails
    assert located(told, connection) == told
