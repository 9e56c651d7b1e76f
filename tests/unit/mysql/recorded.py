"""The binlogs of tests/data/binlogs, replayed as if a server sent them."""

import json
from collections.abc import Iterator
from pathlib import Path

from pg_chameleon.model.change import StreamEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, GtidSet, Position
from pg_chameleon.model.schema import TableSchema, schema_from_json
from pg_chameleon.mysql.binlog.assembly import Assembler
from pg_chameleon.mysql.binlog.events import unpack_header

FOLDER = Path(__file__).parents[2] / "data/binlogs"
SERVERS = ("mysql-9.7", "mariadb-10.11")
MAGIC = b"\xfebin"


def raw_events(content: bytes) -> Iterator[bytes]:
    """Give the events of a binlog file."""
    assert content.startswith(MAGIC)
    position = len(MAGIC)
    while position < len(content):
        size = unpack_header(content, position)[3]
        yield content[position : position + size]
        position += size


def raw_events_of(server: str, file: int = 1) -> list[bytes]:
    return list(raw_events((FOLDER / f"{server}.{file}.binlog").read_bytes()))


def assembler(gtid: GtidSet | None = None) -> Assembler:
    return Assembler(Position(BinlogPosition("binlog.000001", 4), gtid))


def replayed(server: str, gtid: GtidSet | None = None) -> list[StreamEvent]:
    """Give the events of the stream in both files of a server."""
    assembling = assembler(gtid)
    return [event for file in (1, 2) for raw in raw_events_of(server, file) for event in assembling.accept(raw)]


def structures(server: str) -> dict[TableName, TableSchema]:
    tables = map(schema_from_json, json.loads((FOLDER / f"{server}.json").read_text()))
    return {table.name: table for table in tables}
