"""What is said of a source before it is replicated."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from lab.servers import REPLICA_PASSWORD, REPLICA_USER, Database, MariaDB, MySQL, SourceServer
from pg_chameleon.errors import SourceError, SourceUnreachable
from pg_chameleon.model.change import RowKind
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.preflight.check import check_source
from pg_chameleon.mysql.preflight.problem import Problem
from pg_chameleon.mysql.server import SourceServer as Inquiry
from pg_chameleon.replica.preflight import require_usable_source
from tests.conftest import FreshSchema
from tests.integration.copy_support import copy_settings
from tests.integration.stream_support import own_server, settings_of

SERVER_ID = 4_000_001


def problems(
    server: SourceServer,
    schemas: list[str],
    *,
    gtid: bool = False,
    server_id: int = SERVER_ID,
    user: str = "root",
    password: str = "",
) -> list[Problem]:
    settings = SourceSettings(server.host, server.port, user, password)
    with closing(connect(settings)) as connection:
        return check_source(connection, schemas, gtid, server_id)


@contextmanager
def setting(server: SourceServer, name: str, value: str | int) -> Iterator[None]:
    """Set a global variable for the block."""
    ((before,),) = server.execute(f"select @@global.{name}")
    server.execute(f"set global {name} = %s", (value,))
    yield
    server.execute(f"set global {name} = %s", (before,))


def assert_told(found: list[Problem], *words: str, is_error: bool) -> None:
    matching = [problem for problem in found if all(word in problem.text for word in words)]
    assert len(matching) == 1, found
    assert matching[0].is_error is is_error
    assert matching[0].advice


def test_a_well_set_up_source_has_no_problems(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    source_server.execute(f"create table {schema}.t (id int primary key)")
    assert problems(source_server, [schema]) == []


def test_the_least_privileged_user_is_enough(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    assert problems(source_server, [schema], user=REPLICA_USER, password=REPLICA_PASSWORD) == []


@pytest.mark.parametrize(
    ("name", "value", "words", "is_error"),
    [
        ("binlog_format", "STATEMENT", ["binlog_format is STATEMENT"], True),
        ("binlog_format", "MIXED", ["binlog_format is MIXED"], True),
        ("binlog_row_image", "MINIMAL", ["binlog_row_image is MINIMAL"], False),
    ],
)
def test_settings_that_are_in_the_way_are_told(
    source_server: SourceServer, name: str, value: str, words: list[str], is_error: bool
) -> None:
    with setting(source_server, name, value):
        assert_told(problems(source_server, []), *words, is_error=is_error)


def test_a_short_life_of_binlogs_is_told(mysql_server: MySQL) -> None:
    if mysql_server.version < (8, 0):
        pytest.skip("binlog_expire_logs_seconds came with 8.0")
    with setting(mysql_server, "binlog_expire_logs_seconds", 3600):
        assert_told(problems(mysql_server, []), "after 1.0 hours", is_error=False)


def test_an_unknown_schema_is_told(source_server: SourceServer) -> None:
    assert_told(problems(source_server, ["no_such_schema"]), "no schema no_such_schema", is_error=True)


def test_a_schema_that_was_dropped_meanwhile_is_no_error(source_server: SourceServer) -> None:
    settings = SourceSettings(source_server.host, source_server.port, "root")
    with closing(connect(settings)) as connection:
        found = check_source(connection, ["no_such_schema"], False, SERVER_ID, replicated=True)
    assert_told(found, "no schema no_such_schema", is_error=False)


@pytest.mark.parametrize("server_id", [0, -1, 1 << 32])
def test_an_impossible_server_id_is_told(source_server: SourceServer, server_id: int) -> None:
    assert_told(problems(source_server, [], server_id=server_id), "my_server_id", is_error=True)


def test_the_server_id_of_the_source_is_told(source_server: SourceServer) -> None:
    own = source_server.execute("select @@server_id")[0][0]
    assert_told(problems(source_server, [], server_id=own), "of the source itself", is_error=True)


def test_missing_privileges_are_told(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    source_server.execute(f"create table {schema}.readable (id int primary key)")
    source_server.execute(f"create table {schema}.closed (id int primary key)")
    source_server.execute("create user usr_poor@'%%' identified by 'poor'", ())
    source_server.execute(f"grant select on {schema}.readable to usr_poor@'%%'", ())
    source_server.execute(f"grant insert on {schema}.closed to usr_poor@'%%'", ())
    found = problems(source_server, [schema], user="usr_poor", password="poor")
    source_server.execute("drop user usr_poor@'%%'", ())
    assert_told(found, "REPLICATION SLAVE is missing", is_error=True)
    assert_told(found, "may not see binlog positions", is_error=True)
    assert_told(found, f"may not read {schema}.closed", is_error=True)
    assert_told(found, "neither RELOAD nor LOCK TABLES", is_error=False)


def test_cascades_are_told_where_the_binlog_does_not_show_them(
    source_server: SourceServer, fresh_schema: FreshSchema
) -> None:
    schema = fresh_schema(source_server)
    source_server.execute("create table parent (id int primary key)", database=schema)
    reference = "foreign key (p) references parent (id) on delete"
    source_server.execute(f"create table free (p int, {reference} restrict)", database=schema)
    source_server.execute(f"create table child (p int, {reference} cascade)", database=schema)
    found = problems(source_server, [schema])
    if source_server.product == "mysql" and source_server.version >= (9, 6):
        assert found == []
    else:
        assert_told(found, f"rows of {schema}.child by", is_error=False)


def test_tables_without_transactions_are_told(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    source_server.execute(f"create table {schema}.m (id int primary key) engine=MyISAM")
    assert_told(problems(source_server, [schema]), f"{schema}.m have an engine", is_error=False)


def test_tables_with_history_are_told(mariadb_server: MariaDB, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(mariadb_server)
    mariadb_server.execute(f"create table {schema}.h (id int primary key) with system versioning")
    assert_told(problems(mariadb_server, [schema]), f"{schema}.h keep their history", is_error=False)


@pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 2))
def test_generated_columns_are_told_where_updates_leave_them_out(
    source_server: SourceServer, fresh_schema: FreshSchema
) -> None:
    schema = fresh_schema(source_server)
    source_server.execute(f"create table {schema}.g (id int primary key, d int as (id * 2) stored)")
    found = problems(source_server, [schema])
    if source_server.product == "mariadb" and source_server.version >= (11,):
        assert_told(found, f"{schema}.g have generated columns", is_error=False)
    else:
        assert found == []


def test_gtids_must_be_on_when_asked_for() -> None:
    with MySQL(options={"gtid_mode": "OFF", "enforce_gtid_consistency": "OFF"}, durable=False) as server:
        assert_told(problems(server, [], gtid=True), "gtid_mode OFF", is_error=True)
        assert problems(server, [], gtid=False) == []


def test_binlog_filters_and_a_missing_binlog_are_told(fresh_schema: FreshSchema) -> None:
    with MariaDB(options={"binlog_ignore_db": "left_out"}, durable=False) as server:
        server.execute("create database left_out")
        assert_told(problems(server, ["left_out"]), "binlog_do_db or binlog_ignore_db", is_error=True)
        server.restart({"log_bin": None})
        assert_told(problems(server, []), "writes no binlog", is_error=True)
        connection = connect(SourceSettings(server.host, server.port, "root"))
        with closing(connection), pytest.raises(SourceError, match="no binlog"):
            Inquiry(connection).position()


def test_binlog_filters_of_mysql_are_told(mysql_server: MySQL) -> None:
    with own_server(mysql_server, binlog_do_db="kept") as server:
        server.execute("create database left_out")
        server.execute("create database kept")
        found = problems(server, ["left_out", "kept"])
        assert_told(found, "binlog_do_db or binlog_ignore_db", "left_out", is_error=True)


@pytest.mark.source_version(mysql=(5, 6), mariadb=(11, 4))
def test_an_image_without_repetitions_is_no_problem(source_server: SourceServer) -> None:
    value = "FULL_NODUP" if source_server.product == "mariadb" else "FULL"
    with setting(source_server, "binlog_row_image", value):
        assert problems(source_server, []) == []


@pytest.mark.source_version(mysql=(5, 7), mariadb=(11, 4))
def test_a_connection_is_encrypted_if_the_server_offers_it(source_server: SourceServer) -> None:
    with closing(connect(settings_of(source_server))) as connection, connection.cursor() as cursor:
        cursor.execute("show session status like 'Ssl_cipher'")
        assert cursor.fetchall()[0][1]


def test_connection_errors_say_what_to_do(source_server: SourceServer) -> None:
    port = source_server.port
    for settings, kind, words in (
        (SourceSettings("127.0.0.1", 1), SourceUnreachable, "nothing answers"),
        (SourceSettings("no-such-host.invalid"), SourceUnreachable, "is unknown"),
        (SourceSettings("127.0.0.1", port, "root", "s3cret"), SourceError, "refused user 'root'"),
        (SourceSettings("127.0.0.1", port, "root", ssl={"ca": "/nowhere"}), SourceError, "TLS settings"),
        (SourceSettings("127.0.0.1", port, "root", ssl={"verify": True}), SourceError, "encrypted connection"),
    ):
        with pytest.raises(SourceError, match=words) as raised:
            connect(settings)
        assert type(raised.value) is kind
        assert raised.value.advice
        assert "s3cret" not in str(raised.value)


def test_settings_do_not_show_the_password() -> None:
    assert "s3cret" not in repr(SourceSettings("host", password="s3cret"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("sql_select_limit", 1), ("max_join_size", 1), ("completion_type", 2), ("sql_quote_show_create", 0)],
)
def test_defaults_of_the_servers_sessions_change_nothing(
    source_server: SourceServer, fresh_schema: FreshSchema, name: str, value: int
) -> None:
    """Otherwise a copy would silently end after that many rows."""
    schema = fresh_schema(source_server)
    source_server.execute(f"create table {schema}.t (id int primary key)")
    source_server.execute(f"insert into {schema}.t values (1), (2), (3)")
    with setting(source_server, name, value):
        connection = connect(SourceSettings(source_server.host, source_server.port, "root", ""))
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"select * from {schema}.t x join {schema}.t y on x.id <> y.id")
        assert len(cursor.fetchall()) == 6
        cursor.execute("rollback")
        cursor.execute(f"show create table {schema}.t")
        assert "`id`" in str(cursor.fetchall())


def test_tables_of_the_configuration_that_are_not_there_are_told(
    source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema
) -> None:
    schema = fresh_schema(source_server)
    source_server.execute(f"create table {schema}.film (id int primary key)")
    mappings = {schema: "sch_t"}
    film, other_case, later, unmapped = (
        TableName(schema, "film"),
        TableName(schema, "Film"),
        TableName(schema, "later"),
        TableName("elsewhere", "t"),
    )
    settings = replace(
        copy_settings(source_server, target_database, mappings, "mysql").replica,
        limit=TableFilter(mappings, frozenset({film, other_case}), frozenset({unmapped})),
        events=EventFilter(tables={RowKind.DELETE: frozenset({later})}),
    )
    told = [text for text in require_usable_source(settings, mappings) if "does not have" in text]
    assert len(told) == 2
    assert f"{other_case}, which the source does not have; it has {film}" in told[0]
    assert str(later) in told[1]
