"""Transactions of a million rows, and rows of many megabytes, in bounded memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.journey import Journey
from lab.servers import Database, SourceServer
from tests.e2e.stage import Stage, stage
from tests.integration.stream_support import own_server

MEGABYTES = 1 << 20
ROWS = 1_000_000
WAIT = 900.0
ROLES = ("read", "replay")


@dataclass(slots=True)
class Peak:
    """The most memory, in MB, that each process had at any time, and a thread that looks every now and then."""

    journey: Journey
    most: dict[str, int] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self.ended.wait(0.5):
            for role in ROLES:
                pid = self.journey.worker_pid(role)
                if pid is not None:
                    self.most[role] = max(self.most.get(role, 0), peak_of(pid))


def peak_of(pid: int) -> int:
    """Return the peak of a process's resident memory in MB; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    sizes = dict(line.split(":", 1) for line in status.splitlines())
    return int(sizes.get("VmHWM", "0 kB").split()[0]) // 1024


@contextmanager
def watched(journey: Journey) -> Iterator[Peak]:
    peak = Peak(journey)
    thread = threading.Thread(target=peak.watch)
    thread.start()
    try:
        yield peak
    finally:
        peak.ended.set()
        thread.join()
    print(peak.most)


@pytest.fixture
def large(source_server: SourceServer, target_database: Database) -> Iterator[Stage]:
    """Replicate some tables from a server of its own that takes large packets."""
    with own_server(source_server, max_allowed_packet="256M") as server:
        server.execute("create database large")
        with server.connect("large") as connection, connection.cursor() as cursor:
            cursor.execute("create table digits (d int primary key)")
            cursor.execute("insert into digits values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
            cursor.execute(
                "create table t (id int primary key, code varchar(40) not null, amount decimal(12,2), at datetime,"
                " note text, key (code))"
            )
            cursor.execute("create table b (id int primary key, content longblob)")
            cursor.execute("create table n (id int, code varchar(40), amount decimal(12,2), at datetime, note text)")
        with stage(server, target_database, "large") as made:
            made.journey.initialise()
            made.journey.start()
            yield made


def million_rows(table: str = "t") -> str:
    number = "a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d"
    return (
        f"insert into {table} select {number}, concat('code ', {number}), ({number}) / 7, '2024-01-01', repeat('n', 50)"
        " from digits a, digits b, digits c, digits d, digits e, digits f"
    )


@pytest.mark.slow
def test_a_transaction_of_a_million_rows(large: Stage) -> None:
    with watched(large.journey) as peak:
        large.execute(million_rows())
        large.journey.wait_until_replayed(WAIT)
        large.assert_equal()
        assert large.database.execute("select count(*) from sch_large.t") == [(ROWS,)]
        large.execute("update t set amount = amount + 1")
        large.execute("delete from t")
        large.journey.wait_until_replayed(WAIT)
        large.assert_equal()
        assert large.database.execute("select count(*) from sch_large.t") == [(0,)]
    assert peak.most.keys() == set(ROLES)
    assert max(peak.most.values()) < 250, peak.most


@pytest.mark.slow
@pytest.mark.parametrize("table", ["t", "n"], ids=["with a key", "without a key"])
def test_a_million_rows_of_which_one_is_refused(large: Stage, table: str) -> None:
    large.database.execute(f"alter table sch_large.{table} add check (id <> 123456)")
    with watched(large.journey) as peak:
        large.execute(million_rows(table))
        large.journey.wait_until_replayed(WAIT)
    [(name, reason)] = large.journey.quarantined()
    assert name == table
    assert "check constraint" in reason
    found = large.database.execute(f"select count(*), count(*) filter (where id = 123456) from sch_large.{table}")
    assert found == [(ROWS - 1, 0)]
    [(image,)] = large.database.execute("select image from sch_chameleon.discarded_rows")
    assert image.startswith('("123456","code 123456",')
    assert max(peak.most.values()) < 250, peak.most


@pytest.mark.slow
@pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 0))
def test_a_row_of_sixty_megabytes(large: Stage) -> None:
    with watched(large.journey) as peak:
        large.execute("insert into b values (1, repeat('0123456789', 6000000)), (2, 'small')")
        large.execute("update b set content = concat(content, 'x')")
        large.journey.wait_until_replayed(WAIT)
        source = large.server.execute("select id, length(content), sha2(content, 256) from large.b order by id")
        target = large.database.execute(
            "select id, length(content), encode(sha256(content), 'hex') from sch_large.b order by id"
        )
        assert list(map(tuple, source)) == list(map(tuple, target))
        assert large.journey.quarantined() == []
    # An update holds the row twice, and digits for bytes double it
    assert max(peak.most.values()) < 1500, peak.most
