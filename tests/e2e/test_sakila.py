"""Sakila, where it is at hand: 20,000 changes in 2,000 transactions under kills, and under DDL."""

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.servers import Database, SourceServer, source_server
from lab.workload import DdlSidekick
from tests.conftest import SOURCES
from tests.e2e.stage import Stage, stage

SAKILA = Path(__file__).parents[3] / "shared/corpora/sakila"
KEYS_WITHOUT_RULES = (
    "select count(*) from pg_constraint where contype = 'f' and connamespace = 'sch_sakila'::regnamespace"
)
# Slow: MariaDB 10.11 itself has crashed, and has hung in a renaming, under this much DDL beside a writer.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not SAKILA.is_dir(), reason="sakila is not at hand")]


@pytest.fixture(params=SOURCES)
def sakila(request: pytest.FixtureRequest, target_database: Database) -> Iterator[Stage]:
    """Copy and replicate sakila from a server of its own, because this much DDL has made MariaDB 10.11 crash."""
    with source_server(request.param, durable=False) as server:
        for file in ("sakila-schema.sql", "sakila-data.sql"):
            with (SAKILA / file).open(encoding="utf-8") as statements:
                subprocess.run(client(server), stdin=statements, check=True)
        with stage(server, target_database, "sakila") as made:
            made.journey.initialise()
            made.journey.start()
            yield made


def client(server: SourceServer) -> list[str]:
    program = server.installation.sibling("mariadb" if server.product == "mariadb" else "mysql")
    options = ["--no-defaults", f"--host={server.host}", f"--port={server.port}", "--protocol=tcp", "--user=root"]
    return [*server.installation.command(program, options)]


def test_ten_kills_lose_nothing_and_repeat_nothing(sakila: Stage) -> None:
    writer = sakila.writer(seed=21)
    writing = threading.Thread(target=writer.run, args=(2_000, 20_000))
    writing.start()
    for _ in range(5):
        for role in ("read", "replay"):
            sakila.journey.kill_worker(role)
            time.sleep(0.5)
    writing.join()
    writer.close()
    sakila.assert_equal()


def test_ddl_on_a_second_connection_is_followed(sakila: Stage) -> None:
    # InnoDB of MariaDB 10.11.19 aborts when it deletes from a table with FULLTEXT that is altered meanwhile.
    sakila.execute("alter table film_text drop index idx_title_description")
    sidekick = DdlSidekick(sakila.server.connect, "sakila", seed=22)
    changing = threading.Thread(target=sidekick.run, args=(3, 0.2))
    writer = sakila.writer(seed=22)
    writing = threading.Thread(target=writer.run, args=(2_000, 20_000))
    writing.start()
    changing.start()
    changing.join()
    writing.join()
    writer.close()
    # The writer's locks may be in the way of a statement, which the server then refuses.
    assert all("ock" in refusal for refusal in sidekick.refused), sidekick.refused
    assert len(sidekick.statements) > len(sidekick.refused)
    sakila.assert_equal()


def test_the_detached_database_stands_on_its_own(sakila: Stage) -> None:
    wanted = sakila.server.execute(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'sakila' and extra like '%auto_increment%'"
    )
    keys = sakila.server.execute(
        "select count(*) from information_schema.referential_constraints where constraint_schema = 'sakila'"
    )
    sakila.journey.chameleon("detach_replica", "--source", "mysql", answer="YES")
    for table, column in wanted:
        [(largest, following)] = sakila.database.execute(
            f'select (select max("{column}") from sch_sakila."{table}"),'
            f" nextval(pg_get_serial_sequence('sch_sakila.\"{table}\"', '{column}'))"
        )
        assert following == largest + 1, table
    assert sakila.database.execute(f"{KEYS_WITHOUT_RULES} and convalidated") == [tuple(keys[0])]
    assert sakila.database.execute(f"{KEYS_WITHOUT_RULES} and confupdtype = 'c'") == [tuple(keys[0])]
