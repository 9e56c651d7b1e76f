"""Odd events of every server, followed in memory, come to the rows that SELECT gave.

See tests/data/binlogs/record_odd.py for what was done.
"""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.model.change import StreamEvent
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.mysql.binlog.assembly import Assembler
from pg_chameleon.mysql.binlog.events import ROW_EVENTS, EventType
from tests.unit.mysql.model_replica import ModelReplica
from tests.unit.mysql.recorded import FOLDER, raw_events

ODD = FOLDER / "odd"
SERVERS = ("mysql-9.7", "mysql-5.6", "mariadb-10.11", "mariadb-11.8")
# The engine removes these rows below the binlog; MySQL 9.7 does it above
UNSEEN = {"child": ["(10, 1)", "(11, 1)"]}
COMMON = {"QUERY", "ROTATE", "FORMAT_DESCRIPTION", "XID", "TABLE_MAP", "INTVAR", "USER_VAR"}
OF_PRODUCT = {
    "mysql": {"WRITE_ROWS", "UPDATE_ROWS", "DELETE_ROWS", "ROWS_QUERY"},
    "mariadb": {"WRITE_ROWS_V1", "UPDATE_ROWS_V1", "DELETE_ROWS_V1", "MARIADB_GTID", "GTID_LIST", "XA_PREPARE"}
    | {"ANNOTATE_ROWS", "BINLOG_CHECKPOINT", "QUERY_COMPRESSED", "WRITE_ROWS_COMPRESSED_V1"},
}
OF_VERSION = {
    "mysql-9.7": {"ANONYMOUS_GTID", "PREVIOUS_GTIDS", "GTID", "GTID_TAGGED"}
    | {"XA_PREPARE", "TRANSACTION_PAYLOAD", "PARTIAL_UPDATE_ROWS"}
}


@cache
def raws(server: str) -> list[bytes]:
    count = len(list(ODD.glob(f"{server}.*.binlog")))
    files = [(ODD / f"{server}.{number}.binlog").read_bytes() for number in range(1, count + 1)]
    return [raw for content in files for raw in raw_events(content)]


@cache
def recorded(server: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ODD / f"{server}.json").read_text(encoding="utf-8"))
    return found


def traits_of(server: str) -> ServerTraits:
    traits = recorded(server)["traits"]
    return ServerTraits(**{**traits, "version": ServerVersion.parse(traits["version"])})


def stream(server: str) -> list[StreamEvent]:
    assembling = Assembler(Position(BinlogPosition("binlog.000001", 4)))
    return [event for raw in raws(server) for event in assembling.accept(raw)]


@pytest.mark.parametrize("server", SERVERS)
def test_the_rows_are_those_of_select(server: str) -> None:
    replica = ModelReplica(traits_of(server))
    replica.follow(stream(server))
    told, expected = replica.told(), recorded(server)["rows"]
    assert told.keys() == expected.keys()
    unseen = {} if server == "mysql-9.7" else UNSEEN
    assert replica.quarantined == {"s"}
    for table, rows in expected.items():
        if table != "s":
            assert told[table] == sorted([*rows, *unseen.get(table, [])]), table


@pytest.mark.parametrize("server", SERVERS)
def test_the_odd_events_are_there(server: str) -> None:
    kinds = {EventType(raw[4]).name for raw in raws(server)}
    assert kinds >= COMMON | OF_PRODUCT[server.partition("-")[0]] | OF_VERSION.get(server, set())


@pytest.mark.parametrize("server", SERVERS)
def test_statements_come_in_several_row_events(server: str) -> None:
    kinds = Counter(EventType(raw[4]).name for raw in raws(server))
    rows = sum(kinds[EventType(code).name] for code in ROW_EVENTS)
    assert rows > kinds["TABLE_MAP"] + 2
