"""How a stream begins and ends; where it does not, or is cut off, the error tells what to do."""

import time
from dataclasses import replace

import pytest

from lab.servers import REPLICA_PASSWORD, REPLICA_USER, SourceServer
from pg_chameleon.errors import BinlogPurged, SourceError, SourceUnreachable
from pg_chameleon.model.change import Idle, TransactionEnd
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.mysql.connection import SourceSettings
from pg_chameleon.mysql.stream import BinlogStream
from tests.integration.stream_support import (
    SERVER_ID,
    events_until_idle,
    execute_all,
    open_stream,
    own_server,
    position_of,
    settings_of,
)
from tests.integration.test_stream import outline, table

__all__ = ["table"]


def wait_for_purge(server: SourceServer, file: str) -> None:
    """Purge the binlogs before a file; those that a dump still reads stay for a while."""
    deadline = time.monotonic() + 20
    while server.execute("show binary logs")[0][0] != file:
        assert time.monotonic() < deadline
        server.execute(f"purge binary logs to '{file}'")
        time.sleep(0.1)


def test_a_purged_binlog_is_told(source_server: SourceServer, table: str) -> None:
    start = position_of(source_server, with_gtid=True)
    execute_all(source_server, table, ["insert into t values (1, 'a')", "flush logs", "insert into t values (2, 'b')"])
    wait_for_purge(source_server, position_of(source_server).binlog.file)
    for use_gtid in (False, True):
        with pytest.raises(BinlogPurged) as raised, open_stream(source_server, start, use_gtid=use_gtid) as stream:
            events_until_idle(stream)
        assert raised.value.advice


def test_a_file_that_took_the_name_of_another_is_refused(source_server: SourceServer) -> None:
    start = position_of(source_server, with_gtid=True)
    with open_stream(source_server, start) as stream:
        events_until_idle(stream)
        known = stream.position
    assert known.file_mark
    with open_stream(source_server, known) as stream:
        events_until_idle(stream)
    other = replace(known, file_mark="server 1, 0")
    with pytest.raises(BinlogPurged, match="another file"), open_stream(source_server, other) as stream:
        events_until_idle(stream)
    with open_stream(source_server, other, use_gtid=True) as stream:  # GTIDs are the same on every server
        events_until_idle(stream)


def test_a_position_behind_the_end_is_told(source_server: SourceServer) -> None:
    here = position_of(source_server)
    beyond = Position(BinlogPosition(here.binlog.file, here.binlog.offset + 100_000))
    with pytest.raises(SourceError) as raised, open_stream(source_server, beyond) as stream:
        events_until_idle(stream)
    assert not isinstance(raised.value, BinlogPurged | SourceUnreachable)
    assert raised.value.advice


def test_a_missing_privilege_is_told(source_server: SourceServer) -> None:
    source_server.execute("create user usr_deaf@'%%' identified by 'deaf'", ())
    settings = SourceSettings(source_server.host, source_server.port, "usr_deaf", "deaf")
    start = position_of(source_server)
    with pytest.raises(SourceError, match="REPLICATION") as raised:
        BinlogStream(settings, server_id=SERVER_ID, start=start).next(10)
    assert not raised.value.transient
    source_server.execute("drop user usr_deaf@'%%'", ())


def test_the_least_privileged_user_can_read(source_server: SourceServer, table: str) -> None:
    settings = SourceSettings(source_server.host, source_server.port, REPLICA_USER, REPLICA_PASSWORD)
    with BinlogStream(settings, server_id=SERVER_ID, start=position_of(source_server), heartbeat=0.3) as stream:
        source_server.execute(f"insert into {table}.t values (1, 'a')")
        assert outline(events_until_idle(stream, position_of(source_server))) == ["begin", "insert t", "end"]


def assert_ends(stream: BinlogStream) -> None:
    """Expect the end of the stream, after heartbeats that were sent before."""
    with stream, pytest.raises(SourceUnreachable):
        _read_for_long(stream)


def _read_for_long(stream: BinlogStream) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        stream.next(5)


def test_a_restarted_source_can_be_resumed(source_server: SourceServer) -> None:
    with own_server(source_server) as server:
        execute_all(server, None, ["create database d", "create table d.t (id int primary key, v varchar(20))"])
        stream = open_stream(server, position_of(server, with_gtid=True), use_gtid=True)
        server.execute("insert into d.t values (1, 'a')")
        end = events_until_idle(stream, position_of(server))[-1]
        assert isinstance(end, TransactionEnd)
        server.kill()
        assert_ends(stream)
        with pytest.raises(SourceUnreachable):
            open_stream(server, end.position)
        server.start()
        server.execute("insert into d.t values (2, 'b')")
        for use_gtid in (False, True):
            with open_stream(server, end.position, use_gtid=use_gtid) as again:
                events = events_until_idle(again, position_of(server))
            assert outline([event for event in events if not isinstance(event, Idle)]) == ["begin", "insert t", "end"]


def test_a_clean_shutdown_ends_the_stream(source_server: SourceServer) -> None:
    with own_server(source_server) as server:
        stream = open_stream(server, position_of(server))
        server.stop()
        assert_ends(stream)


def test_a_killed_connection_is_told(source_server: SourceServer) -> None:
    stream = open_stream(source_server, position_of(source_server))
    assert isinstance(stream.next(5), Idle)
    for (number,) in source_server.execute(
        "select id from information_schema.processlist where command like 'Binlog Dump%%'", ()
    ):
        source_server.execute(f"kill {number}")
    assert_ends(stream)


@pytest.mark.source_version(mysql=(5, 7))
def test_the_stream_can_be_encrypted(source_server: SourceServer, table: str) -> None:
    plain = settings_of(source_server)
    encrypted = SourceSettings(plain.host, plain.port, plain.user, ssl={"verify": False})
    with BinlogStream(encrypted, server_id=SERVER_ID, start=position_of(source_server), heartbeat=0.3) as stream:
        source_server.execute(f"insert into {table}.t values (1, 'a')")
        assert outline(events_until_idle(stream, position_of(source_server))) == ["begin", "insert t", "end"]
