"""How fast the binlog is read: raw packets, events of the stream, decoded rows. Run `python -m benchmarks.decode`.

A private server writes rows of a table with 17 columns of mixed types; they are received once, then decoded from
memory, so that the figures are those of our code alone.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

from lab.servers import SourceServer, source_server
from pg_chameleon.model.change import Idle, RowsEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.decode.decoder import check_table_map, row_decoder
from pg_chameleon.mysql.server import SourceServer as Inquiry
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.mysql.structure.inspect import read_table

TABLE = """
create table bench.mixed (
    id bigint unsigned primary key auto_increment,
    customer int not null,
    small smallint,
    flag tinyint(1) not null,
    price decimal(10,2) not null,
    rate decimal(18,6),
    weight double,
    ratio float,
    name varchar(60) not null,
    email varchar(120),
    note text,
    kind enum('new','open','closed') not null,
    tags set('a','b','c'),
    born date,
    created datetime not null,
    changed timestamp(6) null,
    token binary(16)
) character set utf8mb4"""

# A row made of nothing but the number n
ROW = """
select n * 7 % 1000000, n % 30000, n % 2, n % 100000 / 100, n / 1000000, n / 3, n / 7, concat('name of number ', n),
       if(n % 5, concat('user', n, '@example.org'), null), repeat('note ', n % 20), 1 + n % 3, n % 8,
       date '2000-01-01' + interval n % 8000 day, timestamp '2020-01-01 00:00:00' + interval n second,
       timestamp '2020-01-01 00:00:00' + interval n * 1001 microsecond, unhex(left(sha2(n, 256), 32))
from bench.numbers"""

COLUMNS = (
    "customer, small, flag, price, rate, weight, ratio, name, email, note, kind, tags, born, created, changed, token"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--source", default="mariadb-10.11")
    arguments.add_argument("--rows", type=int, default=100_000)
    options = arguments.parse_args()
    with source_server(options.source, durable=False) as server:
        structure, stream_seconds, events = receive(server, options.rows)
    count = sum(1 for event in events)
    print(f"{options.source}: {options.rows} rows in {count} row events, Python {sys.version.split()[0]}")
    print(f"received by the stream   {options.rows / stream_seconds:12,.0f} rows/s")
    for name, seconds in (("decoded", best_of(5, lambda: decode_all(structure, events))),):
        print(f"{name:24} {options.rows / seconds:12,.0f} rows/s")


def receive(server: SourceServer, rows: int) -> tuple[TableSchema, float, list[RowsEvent]]:
    """Write the rows, and read them from the binlog afterwards."""
    settings = SourceSettings(server.host, server.port, "root")
    with closing(connect(settings)) as connection:
        start = Inquiry(connection).position()
        cursor = connection.cursor()
        cursor.execute("create database bench")
        cursor.execute("use bench")
        cursor.execute(TABLE)
        cursor.execute("create table bench.numbers (n int primary key)")
        for first in range(0, rows, 10_000):
            numbers = ",".join(f"({number})" for number in range(first, min(first + 10_000, rows)))
            cursor.execute(f"insert into bench.numbers values {numbers}")
        cursor.execute(f"insert into bench.mixed ({COLUMNS}) {ROW}")
        structure = read_table(connection, TableName("bench", "mixed"))
    assert structure is not None
    with closing(BinlogStream(settings, server_id=4_000_002, start=start)) as stream:
        begun = ended = time.perf_counter()
        events = []
        for event in rows_of(stream):
            if event.table.name.table == "mixed":
                events.append(event)
            ended = time.perf_counter()
        return structure, ended - begun, events


def rows_of(stream: BinlogStream) -> Iterator[RowsEvent]:
    """Give the row events up to the end of the binlog."""
    while not (isinstance(event := stream.next(10), Idle) and event.caught_up):
        if isinstance(event, RowsEvent):
            yield event


def decode_all(structure: TableSchema, events: list[RowsEvent]) -> None:
    check_table_map(events[0].table, structure)
    first = events[0]
    decode = row_decoder(first.layout, structure).decode
    for event in events:
        decode(event.body, event.start)


def best_of(times: int, work: Callable[[], object]) -> float:
    """Return the CPU seconds of the fastest run."""
    seconds = []
    for _ in range(times):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return min(seconds)


if __name__ == "__main__":
    main()
