"""The read process by GTID: nothing is lost where the binlog went to another file meanwhile."""

from lab import example
from lab.servers import Database, SourceServer
from tests.e2e.stage import stage


def test_rows_after_a_rotation_are_read(source_server: SourceServer, target_database: Database) -> None:
    with source_server.connect() as connection:
        example.load(connection)
    with stage(source_server, target_database, example.SCHEMA, {"gtid_enable": True}) as made:
        made.journey.initialise()
        source_server.execute("flush binary logs")
        made.execute("delete from radio_log limit 1", "delete from radio_log limit 1")
        made.journey.start()
        made.assert_equal()
    source_server.execute(f"drop database {example.SCHEMA}")
