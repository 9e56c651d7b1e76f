"""The writer's workload under every setting of a server that changes how its binlog looks.

Each setting has its evidence: that the binlog really looked different.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from lab import example
from lab.servers import Options, PostgreSQL, SourceServer, source_server
from lab.servers.encryption import encrypted_binlog
from pg_chameleon.model.change import RowsEvent
from tests.conftest import SOURCES
from tests.e2e.stage import Stage, stage
from tests.integration.stream_support import events_until_idle, open_stream, position_of

TRANSACTIONS, CHANGES = 60, 600
ALL_TRANSACTIONS, ALL_CHANGES = 2_000, 20_000
COLUMN_NAMES = 4  # among the optional metadata of a table map
ROW_EVENTS = ("write_rows", "update_rows", "delete_rows")


@dataclass(frozen=True, slots=True)
class Binlog:
    """What the binlog holds: how many events of each kind, as the server calls it, and the row events."""

    kinds: Counter[str]
    rows: list[RowsEvent]

    def has(self, kind: str) -> bool:
        return kind in self.kinds

    @property
    def lacks_columns(self) -> bool:
        return any(bitmap_of(rows).bit_count() < len(rows.table.types) for rows in self.rows)


def bitmap_of(rows: RowsEvent) -> int:
    return int.from_bytes(rows.layout.after or rows.layout.before, "little")


def names_in(rows: RowsEvent) -> bool:
    """Tell whether the table map names its columns: the block is fields of type, length and content."""
    position, optional = 0, rows.table.optional
    while position < len(optional) and optional[position] != COLUMN_NAMES:
        assert optional[position + 1] < 0xFB
        position += 2 + optional[position + 1]
    return position < len(optional)


@dataclass(frozen=True, slots=True)
class Setting:
    """Global variables, which servers have them, and what they do to the binlog."""

    product: str
    variables: Options
    evidence: Callable[[Binlog], bool]
    since: tuple[int, ...] = ()
    at_start: Options = field(default_factory=dict)

    def fits(self, server: SourceServer) -> bool:
        return server.product == self.product and server.version >= self.since


def _mysql(since: tuple[int, ...], evidence: Callable[[Binlog], bool], **variables: str | int) -> Setting:
    return Setting("mysql", variables, evidence, since)


def _mariadb(since: tuple[int, ...], evidence: Callable[[Binlog], bool], **variables: str | int) -> Setting:
    return Setting("mariadb", variables, evidence, since)


def _without_checksum(binlog: Binlog) -> bool:
    return binlog.has("without checksum")


def _partial_documents(binlog: Binlog) -> bool:
    return any(rows.layout.partial_json for rows in binlog.rows)


def _parts_of_documents(binlog: Binlog) -> bool:
    """Tell whether documents were changed that are not in the image before."""
    return any(
        layout.partial_json and layout.before != layout.after for layout in {rows.layout for rows in binlog.rows}
    )


SETTINGS: dict[str, Setting] = {
    "mysql_compressed": _mysql(
        (8, 0, 20), lambda binlog: binlog.has("transaction_payload"), binlog_transaction_compression="ON"
    ),
    "mysql_minimal": _mysql((5, 6), lambda binlog: binlog.lacks_columns, binlog_row_image="MINIMAL"),
    "mysql_noblob": _mysql((5, 6), lambda binlog: binlog.lacks_columns, binlog_row_image="NOBLOB"),
    "mysql_partial_json": _mysql((8, 0, 3), _partial_documents, binlog_row_value_options="PARTIAL_JSON"),
    "mysql_minimal_partial_json": _mysql(
        (8, 0, 3), _parts_of_documents, binlog_row_image="MINIMAL", binlog_row_value_options="PARTIAL_JSON"
    ),
    "mysql_full_metadata": _mysql(
        (8, 0, 1), lambda binlog: all(map(names_in, binlog.rows)), binlog_row_metadata="FULL"
    ),
    "mysql_no_checksum": _mysql((5, 6), _without_checksum, binlog_checksum="NONE"),
    "mysql_row_queries": _mysql((5, 6, 2), lambda binlog: binlog.has("rows_query"), binlog_rows_query_log_events="ON"),
    "mysql_all_at_once": _mysql(
        (8, 0, 20),
        lambda binlog: binlog.has("transaction_payload") and _parts_of_documents(binlog) and binlog.lacks_columns,
        binlog_transaction_compression="ON",
        binlog_row_image="NOBLOB",
        binlog_row_value_options="PARTIAL_JSON",
        binlog_row_metadata="FULL",
        binlog_rows_query_log_events="ON",
    ),
    "mariadb_compressed": _mariadb(
        (10, 2),
        lambda binlog: binlog.has("write_rows_compressed_v1"),
        log_bin_compress="ON",
        log_bin_compress_min_len=10,
    ),
    "mariadb_minimal": _mariadb((10, 1), lambda binlog: binlog.lacks_columns, binlog_row_image="MINIMAL"),
    "mariadb_noblob": _mariadb((10, 1), lambda binlog: binlog.lacks_columns, binlog_row_image="NOBLOB"),
    "mariadb_no_duplicates": _mariadb((11, 4), lambda binlog: binlog.lacks_columns, binlog_row_image="FULL_NODUP"),
    "mariadb_no_metadata": _mariadb(
        (10, 5), lambda binlog: not any(rows.table.optional for rows in binlog.rows), binlog_row_metadata="NO_LOG"
    ),
    "mariadb_full_metadata": _mariadb(
        (10, 5), lambda binlog: all(map(names_in, binlog.rows)), binlog_row_metadata="FULL"
    ),
    "mariadb_no_checksum": _mariadb((10, 0), _without_checksum, binlog_checksum="NONE"),
    "mariadb_all_at_once": _mariadb(
        (10, 5),
        lambda binlog: binlog.has("write_rows_compressed_v1") and binlog.lacks_columns,
        log_bin_compress="ON",
        log_bin_compress_min_len=10,
        binlog_row_image="MINIMAL",
        binlog_row_metadata="FULL",
    ),
}
ONLY_AT_START: dict[str, Setting] = {
    "mysql_v1_events": Setting(
        "mysql",
        {},
        # The older version of the event is what the server names with a suffix, if it writes both
        lambda binlog: binlog.has("write_rows_v1") and not binlog.has("write_rows"),
        at_start={"log_bin_use_v1_row_events": 1},
    ),
    "mysql_small_events": Setting(
        "mysql",
        {},
        lambda binlog: sum(binlog.kinds[kind] for kind in ROW_EVENTS) > 1.2 * binlog.kinds["table_map"],
        at_start={"binlog_row_event_max_size": 256},
    ),
    "mariadb_encrypted": Setting(
        "mariadb",
        {},
        lambda binlog: binlog.has("start_encryption"),
        at_start={"encrypt_binlog": "ON"},
    ),
}

ALL_SETTINGS = SETTINGS | ONLY_AT_START


@pytest.fixture(scope="module")
def busy_stage(source_server: SourceServer, postgres: PostgreSQL) -> Iterator[Stage]:
    """Replicate the example database from a server of its own, whose settings change on the way."""
    server = type(source_server)(installation=source_server.installation, durable=False)
    with server, copied(server, postgres) as made:
        yield made


@contextmanager
def copied(server: SourceServer, postgres: PostgreSQL) -> Iterator[Stage]:
    """Copy and replicate the example database into a database of its own."""
    with server.connect() as connection:
        example.load(connection)
    database = postgres.create_database(f"db_settings_{server.port}")
    with stage(server, database, example.SCHEMA) as made:
        made.journey.initialise()
        made.journey.start()
        yield made
    database.drop()


def write(made: Stage, setting: Setting, transactions: int, changes: int) -> None:
    """Write under a setting, prove that it was in force, and compare."""
    server = made.server
    former = {name: server.execute(f"select @@global.{name}")[0][0] for name in setting.variables}
    _set(server, setting.variables)
    server.execute("flush logs")
    start = position_of(server)
    writer = made.writer(seed=len(setting.variables) + transactions)
    writer.run(transactions, changes)
    writer.close()
    with open_stream(server, start) as stream:
        rows = [event for event in events_until_idle(stream, position_of(server)) if isinstance(event, RowsEvent)]
    kinds = Counter(row[2].lower() for row in server.execute(f"show binlog events in '{start.binlog.file}'"))
    if server.execute("select @@global.binlog_checksum")[0][0] == "NONE":
        kinds["without checksum"] += 1
    _set(server, former)
    assert setting.evidence(Binlog(kinds, rows)), kinds
    made.assert_equal()


def _set(server: SourceServer, variables: Options) -> None:
    for name, value in variables.items():
        server.execute(f"set global {name} = %s", (value,))


@pytest.mark.parametrize("name", SETTINGS)
def test_the_replica_follows_whatever_is_set(busy_stage: Stage, name: str) -> None:
    setting = SETTINGS[name]
    if not setting.fits(busy_stage.server):
        pytest.skip(f"not for {busy_stage.server.name}")
    write(busy_stage, setting, TRANSACTIONS, CHANGES)


def test_a_table_is_copied_again_while_images_are_partial(busy_stage: Stage) -> None:
    server, journey = busy_stage.server, busy_stage.journey
    partial = {"binlog_row_image": "MINIMAL"}
    if server.product == "mysql" and server.version >= (8, 0, 3):
        partial["binlog_row_value_options"] = "PARTIAL_JSON"
    former = {name: server.execute(f"select @@global.{name}")[0][0] for name in partial}
    _set(server, partial)
    start = position_of(server)
    writer = busy_stage.writer(seed=33)
    writing = threading.Thread(target=writer.run, args=(10**6, 10**7))
    writing.start()
    try:
        for tables in ("boat,booking", "radio_log,Price List,boat"):
            names = ",".join(f"{example.SCHEMA}.{table}" for table in tables.split(","))
            journey.chameleon("sync_tables", "--source", "mysql", "--tables", names)
            journey.wait_until_copied()
    finally:
        writer.stop.set()
        writing.join()
        writer.close()
        _set(server, former)
    with open_stream(server, start) as stream:
        rows = [event for event in events_until_idle(stream, position_of(server)) if isinstance(event, RowsEvent)]
    assert Binlog(Counter(), rows).lacks_columns
    busy_stage.assert_equal()


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ALL_SETTINGS)
def test_the_whole_workload_arrives(source: str, name: str, postgres: PostgreSQL) -> None:
    setting = ALL_SETTINGS[name]
    server = source_server(source, options=setting.at_start, durable=False)
    if not setting.fits(server) or (name == "mysql_v1_events" and server.version >= (8, 0)):
        pytest.skip(f"not for {source}")
    if "encrypt_binlog" in setting.at_start:
        server.options.update(encrypted_binlog(server.installation))
    with server, copied(server, postgres) as made:
        write(made, setting, ALL_TRANSACTIONS, ALL_CHANGES)
