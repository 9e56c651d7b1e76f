"""What no server should write, written into its binlog: the replica stops before it, and says what and where."""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.mysql.binlog.events import EventType, unpack_header
from tests.e2e.stage import Stage, stage

WAIT = 60.0
ROWS = (EventType.WRITE_ROWS, EventType.WRITE_ROWS_V1)


@pytest.fixture
def stopped(source_server: SourceServer, target_database: Database) -> Iterator[Stage]:
    """Replicate a table and stop the replica; what is written then is in a binlog file that is finished."""
    source_server.execute("create database damaged")
    source_server.execute("create table t (id int primary key, v varchar(20))", database="damaged")
    with stage(source_server, target_database, "damaged") as made:
        made.journey.initialise()
        made.journey.start()
        made.execute("insert into t values (1, 'whole')", "flush logs")
        made.assert_equal()
        made.journey.stop()
        yield made
    source_server.execute("drop database damaged")


@contextmanager
def changed_row_event(server: SourceServer, content: str, kind: int | None, damage: int = 0) -> Iterator[str]:
    """Change the type or a byte of the row event with a text in it; give its position as the replica names it."""
    *_, last = server.execute("show binary logs")
    server.execute("flush logs")
    file = server.data_folder / str(last[0])
    before = file.read_bytes()
    place, end = _row_event(before, content.encode())
    event = bytearray(before[place:end])
    event[4] = event[4] if kind is None else kind
    event[-4:] = zlib.crc32(event[:-4]).to_bytes(4, "little")
    event[-6] ^= damage
    _write(file, before[:place] + event + before[end:])
    yield f"{last[0]}:{end}"
    _write(file, before)


def _write(file: Path, content: bytes) -> None:
    with file.open("r+b") as opened:  # the file stays the server's
        opened.write(content)


def _row_event(binlog: bytes, content: bytes) -> tuple[int, int]:
    place = 4
    while place < len(binlog):
        _, kind, _, size, _, _ = unpack_header(binlog, place)
        if kind in ROWS and content in binlog[place : place + size]:
            return place, place + size
        place += size
    raise AssertionError("the binlog has no such row")


def has_positions(server: SourceServer) -> bool:
    """Tell whether every event has its position; MariaDB 11.8 writes none into those of a transaction."""
    return server.product == "mysql" or server.version < (11,)


def reason_of_error(made: Stage) -> str:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        [(status, reason)] = made.journey.query_target("select status, status_reason from sch_chameleon.sources")
        if status == "error" and made.journey.daemon_pid is None:
            return str(reason)
        time.sleep(0.1)
    raise AssertionError(f"the replica did not stop: {made.journey.log_tail()}")


@pytest.mark.parametrize(
    ("kind", "damage", "words"),
    [(99, 0, "unknown type 99"), (None, 0x40, "its checksum does not match")],
    ids=["unknown", "damaged"],
)
def test_the_replica_stops_before_it_and_goes_on_when_it_is_gone(
    stopped: Stage, kind: int | None, damage: int, words: str
) -> None:
    stopped.execute(
        "insert into t values (2, 'before')", "insert into t values (3, 'odd one')", "delete from t where id = 1"
    )
    with changed_row_event(stopped.server, "odd one", kind, damage) as position:
        stopped.journey.start()
        reason = reason_of_error(stopped)
        assert words in reason
        assert (position if has_positions(stopped.server) else position.partition(":")[0]) in reason
        assert "init_replica" in reason
        assert "Traceback" not in stopped.journey.log_tail()
        shown = stopped.journey.chameleon("show_status", "--source", "mysql").output
        assert words in shown
        # What came before in the same batch is read again when the replica resumes
        assert (3,) not in stopped.database.execute("select id from sch_damaged.t")
    stopped.journey.chameleon("enable_replica", "--source", "mysql")
    stopped.journey.start()
    stopped.assert_equal()
