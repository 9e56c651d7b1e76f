"""The first copy against `mariadb --batch | psql -c copy` and the same indexes afterwards, on the same servers.

python -m benchmarks.first_copy [--source mariadb-10.11] [--target postgresql-15] [--runs 3] [--scale 1.0]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import subprocess
import time
from collections.abc import Sequence
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import NamedTuple

from lab.servers import REPLICA_PASSWORD, REPLICA_USER, Database, SourceServer, source_server, target_server
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.daemon import StopEvent
from pg_chameleon.model.choices import ZeroDates
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyProgress
from pg_chameleon.mysql import connection as source_connection
from pg_chameleon.mysql.connection import SourceSettings
from pg_chameleon.mysql.server import SourceServer as Inquiry
from pg_chameleon.mysql.structure.inspect import read_schemas
from pg_chameleon.postgres.connection import TargetSettings, connect, transaction
from pg_chameleon.postgres.sources import add_source
from pg_chameleon.replica.copy.run import copy_tables
from pg_chameleon.replica.copy.settings import CopyKind, CopyRequest, CopySettings
from pg_chameleon.replica.settings import ReplicaSettings
from pg_chameleon.resources import sql_text

SCHEMA = "bench"
WIDE_ROWS = 300_000
NARROW_ROWS = 600_000

WIDE = """
create table wide (
    id int auto_increment primary key, tiny tinyint, small smallint, number int, big bigint,
    price decimal(12, 2), ratio double, day date, moment datetime, stamp timestamp null, clock time, born year,
    code char(10), name varchar(60), street varchar(200), remark text, kind enum('new', 'used', 'spare'),
    key by_name (name), key by_day (day, number)
)"""


def digest(expression: str) -> str:
    """Return an expression of 32 hexadecimal digits; newer MySQL has no ``md5``."""
    return f"left(sha2({expression}, 256), 32)"


FILL_WIDE = f"""
insert into wide
    (tiny, small, number, big, price, ratio, day, moment, stamp, clock, born, code, name, street, remark, kind)
select
    n % 127, n % 32000, n * 7919 % 1000003, n * 1000000007, n / 7, n / 3,
    date_add('1990-01-01', interval n % 12000 day), date_add('2001-01-01', interval n * 61 second),
    date_add('2011-01-01', interval n * 59 second), sec_to_time(n % 86400), 1950 + n % 100,
    left({digest("n")}, 10), concat('name ', {digest("n * 3")}), concat({digest("n * 5")}, ' street ', n),
    if(n % 11 = 0, null, concat('remark ', {digest("n * 7")}, ' said "', {digest("n * 11")}, '" twice')),
    elt(1 + n % 3, 'new', 'used', 'spare')
from numbers where n <= %s"""
NARROW = "create table narrow (id int primary key, parent int not null, amount int, key by_parent (parent))"
FILL_NARROW = "insert into narrow select n, n % 9973, n * 31 % 65537 from numbers where n <= %s"
DIGITS = " union all ".join(f"select {digit} as d" for digit in range(10))


class Result(NamedTuple):
    """The seconds of one run, and the largest memory of a process in MB, if it was measured."""

    seconds: float
    memory: float | None = None


class Silent:
    """Watches a copy silently."""

    def progress(self, state: CopyProgress) -> None:
        """Say nothing."""

    def table_copied(self, name: TableName, rows: int, seconds: float) -> None:
        """Say nothing."""

    def finished(self) -> None:
        """Say nothing."""


def fill(source: SourceServer, scale: float) -> int:
    """Make the tables on the source; return the number of their rows."""
    source.execute(f"drop database if exists {SCHEMA}")
    source.execute(f"create database {SCHEMA}")
    source.execute("create table numbers (n int primary key)", database=SCHEMA)
    powers = " + ".join(f"{10**power} * d{power}.d" for power in range(6))
    digits = ", ".join(f"({DIGITS}) d{power}" for power in range(6))
    source.execute(f"insert into numbers select 1 + {powers} from {digits}", database=SCHEMA)
    wide, narrow = int(WIDE_ROWS * scale), int(NARROW_ROWS * scale)
    for statement, parameters in (
        (WIDE, None),
        (FILL_WIDE.replace("%s", str(wide)), None),
        (NARROW, None),
        (FILL_NARROW.replace("%s", str(narrow)), None),
        ("drop table numbers", None),
        ("analyze table wide, narrow", None),
    ):
        source.execute(statement, parameters, database=SCHEMA)
    return wide + narrow


def source_settings(source: SourceServer) -> SourceSettings:
    return SourceSettings(source.host, source.port, REPLICA_USER, REPLICA_PASSWORD)


def measure_pipe(source: SourceServer, database: Database) -> Result:
    """Copy the tables by a pipe of the two command line clients, then make the indexes."""
    with source_connection.connect(source_settings(source)) as connection:
        rules = Rules(Inquiry(connection).version)
        tables = [target_table(schema, rules) for schema in read_schemas(connection, [SCHEMA])]
    database.execute("drop schema if exists piped cascade")
    database.execute("create schema piped")
    for table in tables:
        for statement in ddl.create_table(table, "piped"):
            database.execute(statement)
    began = time.perf_counter()
    for table in tables:
        reading = subprocess.Popen(reader_command(source, table.name), stdout=subprocess.PIPE)
        writing = writer_command(database, f"copy piped.{table.name} from stdin (null 'NULL')")
        subprocess.run(writing, stdin=reading.stdout, check=True, stdout=subprocess.DEVNULL)
        assert reading.wait() == 0
    for table in tables:
        for statement in ddl.create_indexes(table, "piped"):
            database.execute(statement)
    return Result(time.perf_counter() - began)


def reader_command(source: SourceServer, table: str) -> list[str]:
    client = "mariadb" if source.product == "mariadb" else "mysql"
    program = source.installation.sibling(client)
    where = [f"--host={source.host}", f"--port={source.port}", "--user=root", "--protocol=tcp"]
    options = ["--batch", "--skip-column-names", "--quick", "--default-character-set=utf8mb4"]
    command = [program, *where, *options, SCHEMA, f"--execute=select * from {table}"]
    return [*source.installation.entrance, *command]


def writer_command(database: Database, statement: str) -> list[str]:
    server = database.server
    program = server.installation.sibling("psql")
    where = [f"--host={server.host}", f"--port={server.port}", "--username=postgres"]
    command = [program, *where, f"--dbname={database.name}", "--no-psqlrc", f"--command={statement}"]
    return [*server.installation.entrance, *command]


def measure_copy(source: SourceServer, database: Database, workers: int) -> Result:
    """Copy the tables by init_replica, in a process of its own so that its memory can be measured."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    settings = copy_settings(source, database, workers)
    process = context.Process(target=run_copy, args=(theirs, settings))
    process.start()
    result: Result = ours.recv()
    process.join()
    return result


def run_copy(pipe: Connection, settings: CopySettings) -> None:
    began = time.perf_counter()
    report = copy_tables(settings, CopyRequest(CopyKind.INIT_REPLICA), Silent(), StopEvent())
    seconds = time.perf_counter() - began
    assert report.complete, report.problems
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    pipe.send(Result(seconds, max(peaks) / 1024))


def copy_settings(source: SourceServer, database: Database, workers: int) -> CopySettings:
    server = database.server
    return CopySettings(
        ReplicaSettings(
            name="bench",
            source=source_settings(source),
            target=TargetSettings(server.host, server.port, REPLICA_USER, REPLICA_PASSWORD, database.name),
            limit=TableFilter({SCHEMA: "copied"}),
            events=EventFilter(),
            server_id=1,
            use_gtid=False,
            batch_rows=10_000,
            replay_rows=10_000,
            retention=timedelta(days=1),
            sleep=1.0,
            stop_on_read_error=True,
            stop_on_replay_error=True,
            maintenance=None,
            overrides=(),
            zero_dates=ZeroDates.NULL,
            grant_select_to=(),
            grant_write_to=(),
            fillfactor={},
        ),
        workers=workers,
    )


def prepare(source: SourceServer, database: Database) -> None:
    """Install the catalogue and register the source."""
    target = connect(copy_settings(source, database, 1).replica.target, "benchmark")
    with transaction(target) as cursor:
        cursor.execute(sql_text("catalogue.sql"))
    add_source(target, "bench", "mysql", {SCHEMA: "copied"})
    target.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="mariadb-10.11")
    parser.add_argument("--target", default="postgresql-15")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args(arguments)
    with (
        source_server(options.source, durable=False) as source,
        target_server(options.target, durable=False) as target,
    ):
        database = target.create_database("bench")
        rows = fill(source, options.scale)
        prepare(source, database)
        piped, copied = [], []
        for _ in range(options.runs):
            piped.append(measure_pipe(source, database))
            copied.append(measure_copy(source, database, options.workers))
    pipe, copy = (statistics.median(result.seconds for result in results) for results in (piped, copied))
    memory = max(result.memory or 0 for result in copied)
    print(f"{rows:,} rows, {source.name} to {target.name}, median of {options.runs} runs")
    print(f"  pipe and indexes  {pipe:6.2f} s  {rows / pipe:9,.0f} rows/s")
    print(f"  init_replica      {copy:6.2f} s  {rows / copy:9,.0f} rows/s  {memory:.0f} MB in the largest process")
    print(f"  ratio             {copy / pipe:6.2f}")


if __name__ == "__main__":
    main()
