"""Real servers for tests: started when first asked for, shared by the session, never by `tests/unit`."""

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from lab.servers import Database, MariaDB, MySQL, PostgreSQL, Server, SourceServer, target_server
from lab.servers import source_server as make_source_server

SOURCES = os.environ.get("LAB_SOURCES", "mysql-9.7 mariadb-10.11").split()
TARGETS = os.environ.get("LAB_TARGETS", "postgresql-15").split()
MARKERS_OF_FIXTURES = {"mysql_server": "mysql", "mariadb_server": "mariadb"}
SERVER_FIXTURES = {"postgres", "source_server", *MARKERS_OF_FIXTURES}

ServerOf = Callable[[str], Server]
FreshSchema = Callable[[SourceServer], str]

# Every test has a home of its own; that of whoever runs the tests must not come in between.
os.environ.pop("PG_CHAMELEON_HOME", None)

pytest.register_assert_rewrite("tests.integration.alter_support")

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the servers that they ask for."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & SERVER_FIXTURES:
            item.add_marker("real")
        for fixture in fixtures & MARKERS_OF_FIXTURES.keys():
            item.add_marker(MARKERS_OF_FIXTURES[fixture])
        callspec = getattr(item, "callspec", None)
        if callspec is not None and "source_server" in callspec.params:
            item.add_marker(callspec.params["source_server"].partition("-")[0])


@pytest.fixture(scope="session")
def server_of() -> Iterator[ServerOf]:
    """Return a function that gives the session's server of a name, started when first asked for."""
    servers: dict[str, Server] = {}

    def get(name: str) -> Server:
        if name not in servers:
            make = target_server if name.startswith("postgresql") else make_source_server
            servers[name] = make(name, durable=False).start()
        return servers[name]

    yield get
    for server in servers.values():
        server.close()


@pytest.fixture(scope="session", params=TARGETS)
def postgres(request: pytest.FixtureRequest, server_of: ServerOf) -> PostgreSQL:
    """Give the target server; a test runs once for each that LAB_TARGETS names."""
    server = server_of(request.param)
    assert isinstance(server, PostgreSQL)
    return server


@pytest.fixture(scope="session", params=SOURCES)
def source_server(request: pytest.FixtureRequest, server_of: ServerOf) -> SourceServer:
    """Give a source server; a test runs once for each that LAB_SOURCES names."""
    server = server_of(request.param)
    assert isinstance(server, SourceServer)
    return server


@pytest.fixture(scope="session")
def mysql_server(server_of: ServerOf) -> MySQL:
    server = server_of(_first_source("mysql-9.7"))
    assert isinstance(server, MySQL)
    return server


@pytest.fixture(scope="session")
def mariadb_server(server_of: ServerOf) -> MariaDB:
    server = server_of(_first_source("mariadb-10.11"))
    assert isinstance(server, MariaDB)
    return server


@pytest.fixture
def target_database(postgres: PostgreSQL) -> Iterator[Database]:
    """Give an empty database that belongs to the replica user."""
    database = postgres.create_database(f"db_test_{next(_numbers)}")
    yield database
    database.drop()


@pytest.fixture
def fresh_schema() -> Iterator[FreshSchema]:
    """Return a function that makes an empty schema on a source server, dropped after the test."""
    made: list[tuple[SourceServer, str]] = []

    def make(server: SourceServer) -> str:
        name = f"test_{next(_numbers)}"
        server.execute(f"create database {name}")
        made.append((server, name))
        return name

    yield make
    for server, name in made:
        server.execute(f"drop database if exists {name}")


@pytest.fixture(autouse=True)
def _skip_older_servers(request: pytest.FixtureRequest) -> None:
    """Obey the markers `pg_version` and `source_version`."""
    pg_version = request.node.get_closest_marker("pg_version")
    if pg_version is not None:
        _require(request.getfixturevalue("postgres"), pg_version.args[0])
    source_version = request.node.get_closest_marker("source_version")
    if source_version is not None:
        server = request.getfixturevalue("source_server")
        _require(server, source_version.kwargs.get(server.product))


def _require(server: Server, minimum: int | tuple[int, ...] | None) -> None:
    if minimum is None:
        pytest.skip(f"not for {server.product}")
    wanted = (minimum,) if isinstance(minimum, int) else minimum
    if server.version < wanted:
        pytest.skip(f"needs {server.product} {'.'.join(map(str, wanted))} or newer")


def _first_source(default: str) -> str:
    """Return the first source of the default's product that LAB_SOURCES names."""
    product = default.partition("-")[0]
    return next((name for name in SOURCES if name.startswith(f"{product}-")), default)
