"""The stream of a real server's binlog: transactions, statements and positions."""

import time
from collections.abc import Sequence

import pytest

from lab.servers import MariaDB, MySQL, SourceServer
from pg_chameleon.model.change import (
    Idle,
    PreparedDecided,
    RowKind,
    RowsEvent,
    SavepointRolledBack,
    SavepointSet,
    StatementEvent,
    StreamEvent,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.position import BinlogPosition, MysqlGtidSet, Position
from tests.conftest import FreshSchema
from tests.integration.stream_support import (
    decoded_rows,
    events_of,
    events_until_idle,
    execute_all,
    open_stream,
    own_server,
    position_of,
    structure_of,
)

ROW_KINDS = {RowKind.INSERT: "insert", RowKind.UPDATE: "update", RowKind.DELETE: "delete"}
NAMES = {
    TransactionBegin: "begin",
    TransactionEnd: "end",
    TransactionRolledBack: "rolled back",
    TransactionPrepared: "prepared",
    SavepointSet: "savepoint",
    SavepointRolledBack: "rollback to savepoint",
    Idle: "idle",
}


def outline(events: Sequence[StreamEvent]) -> list[str]:
    """Name the events in a word each; statements by their first two words, rows by what was done."""
    words = []
    for event in events:
        if isinstance(event, RowsEvent):
            words.append(f"{ROW_KINDS[event.kind]} {event.table.name.table}")
        elif isinstance(event, StatementEvent):
            words.append(" ".join(event.statement.split()[:2]).lower())
        elif isinstance(event, PreparedDecided):
            words.append("xa commit" if event.committed else "xa rollback")
        else:
            words.append(NAMES[type(event)])
    return words


@pytest.fixture
def table(source_server: SourceServer, fresh_schema: FreshSchema) -> str:
    """An InnoDB table named t in a fresh schema, whose name is given."""
    schema = fresh_schema(source_server)
    source_server.execute("create table t (id int primary key, v varchar(20))", database=schema)
    return schema


def outline_of(server: SourceServer, schema: str, *statements: str, **options: object) -> list[str]:
    return outline(events_of(server, lambda: execute_all(server, schema, statements, **options)))


def test_a_statement_is_a_transaction(source_server: SourceServer, table: str) -> None:
    assert outline_of(
        source_server, table, "insert into t values (1, 'a')", "update t set v = 'b'", "delete from t"
    ) == ["begin", "insert t", "end", "begin", "update t", "end", "begin", "delete t", "end"]


def test_a_transaction_ends_at_its_commit(source_server: SourceServer, table: str) -> None:
    statements = ("begin", "insert into t values (1, 'a')", "insert into t values (2, 'b')", "delete from t", "commit")
    assert outline_of(source_server, table, *statements) == ["begin", "insert t", "insert t", "delete t", "end"]


def test_what_is_rolled_back_is_not_there(source_server: SourceServer, table: str) -> None:
    statements = ("begin", "insert into t values (1, 'a')", "rollback", "insert into t values (2, 'b')")
    assert outline_of(source_server, table, *statements) == ["begin", "insert t", "end"]


def test_rows_after_a_rolled_back_savepoint_are_not_there(source_server: SourceServer, table: str) -> None:
    statements = (
        "begin",
        "insert into t values (1, 'a')",
        "savepoint `my ``save`",
        "insert into t values (2, 'b')",
        "rollback to `my ``save`",
        "insert into t values (3, 'c')",
        "commit",
    )
    events = events_of(source_server, lambda: execute_all(source_server, table, statements))
    rows = [row for found in decoded_rows(events, structure_of(source_server, table, "t")) for row in found.rows]
    assert rows == [(1, "a"), (3, "c")]
    assert {event.name for event in events if isinstance(event, SavepointSet)} <= {"my `save"}


def test_mariadb_undoes_a_savepoint_in_the_binlog_when_engines_are_mixed(
    mariadb_server: MariaDB, fresh_schema: FreshSchema
) -> None:
    schema = fresh_schema(mariadb_server)
    execute_all(
        mariadb_server,
        schema,
        ["create table t (id int primary key)", "create table m (id int primary key) engine=MyISAM"],
    )
    statements = (
        "begin",
        "insert into t values (1)",
        "insert into m values (1)",
        "savepoint S1",
        "insert into t values (2)",
        "rollback to s1",
        "commit",
    )
    assert outline_of(mariadb_server, schema, *statements) == [
        *("begin", "insert m", "end"),
        *("begin", "insert t", "savepoint", "insert t", "rollback to savepoint", "end"),
    ]


def test_ddl_is_a_statement_in_its_own_transaction(source_server: SourceServer, table: str) -> None:
    events = events_of(source_server, lambda: execute_all(source_server, table, ["alter table t add column n int"]))
    begin, statement, end = events
    assert isinstance(begin, TransactionBegin)
    assert isinstance(statement, StatementEvent)
    assert isinstance(end, TransactionEnd)
    assert statement.statement == "alter table t add column n int"
    assert statement.schema == table
    assert statement.error_code == 0
    assert statement.position == end.position.binlog


@pytest.mark.source_version(mysql=(8, 0, 21), mariadb=(10, 0))
def test_create_select_is_a_statement_and_rows(source_server: SourceServer, table: str) -> None:
    source_server.execute(f"insert into {table}.t values (1, 'a')")
    events = events_of(source_server, lambda: execute_all(source_server, table, ["create table c as select * from t"]))
    assert outline(events) == ["begin", "create table", "insert c", "end"]


def test_sql_mode_and_client_charset_of_a_statement_are_known(source_server: SourceServer, table: str) -> None:
    statements = ["set sql_mode = 'ansi_quotes,no_backslash_escapes'", "set names latin1", 'create table "tä" (id int)']
    write = lambda: execute_all(source_server, table, statements, charset="utf8mb4")  # noqa: E731
    # The client speaks utf8mb4, and says it speaks latin1: the server takes each byte for a character
    (statement,) = [event for event in events_of(source_server, write) if isinstance(event, StatementEvent)]
    assert statement.sql_mode & 0x4
    assert statement.sql_mode & (1 << 20)
    assert statement.statement == 'create table "tÃ¤" (id int)'


@pytest.mark.source_version(mysql=(8, 0, 21), mariadb=(10, 0))
def test_what_the_server_writes_itself_is_utf8_whatever_the_client_speaks(
    source_server: SourceServer, table: str
) -> None:
    source_server.execute(f"create table {table}.o (`é` enum('ö') default 'ö')")
    statements = [
        "create table made select * from o",
        "create temporary table passing like o",
        "create table alike like passing",
        "create table `spelt` (`é` enum('ö'))",
    ]
    write = lambda: execute_all(source_server, table, statements, charset="latin1")  # noqa: E731
    found = [event for event in events_of(source_server, write) if isinstance(event, StatementEvent)]
    made, _, spelt = found
    assert "`é` enum('ö')" in made.statement
    assert "`é` enum('ö')" in spelt.statement
    assert [event.ambiguous for event in found] == [False, True, False]


def test_statement_format_is_seen_inside_its_transaction(source_server: SourceServer, table: str) -> None:
    events = events_of(
        source_server,
        lambda: execute_all(
            source_server, table, ["set binlog_format = statement", "insert into t values (rand() * 0 + 1, @@port)"]
        ),
    )
    assert outline(events) == ["begin", "insert into", "end"]


def test_truncate_and_rename_are_statements(source_server: SourceServer, table: str) -> None:
    assert outline_of(source_server, table, "truncate table t", "rename table t to u", "drop table u") == [
        *("begin", "truncate table", "end"),
        *("begin", "rename table", "end"),
        *("begin", "drop table", "end"),
    ]


def test_an_engine_without_transactions_writes_single_ones(source_server: SourceServer, table: str) -> None:
    statements = ["create table m (id int primary key) engine=MyISAM", "insert into m values (1), (2)"]
    assert outline_of(source_server, table, *statements)[3:] == ["begin", "insert m", "end"]


@pytest.mark.source_version(mysql=(5, 7, 7), mariadb=(10, 5))
@pytest.mark.parametrize("decision", ["commit", "rollback"])
def test_a_prepared_transaction_is_decided_later(source_server: SourceServer, table: str, decision: str) -> None:
    statements = (
        "xa start 'x1', 'br', 7",
        "insert into t values (1, 'a')",
        "xa end 'x1', 'br', 7",
        "xa prepare 'x1', 'br', 7",
        f"xa {decision} 'x1', 'br', 7",
    )
    events = events_of(source_server, lambda: execute_all(source_server, table, statements))
    assert outline(events) == ["begin", "insert t", "prepared", "begin", f"xa {decision}"]
    prepared, decided = events[2], events[4]
    assert isinstance(prepared, TransactionPrepared)
    assert isinstance(decided, PreparedDecided)
    assert prepared.xid == decided.xid == "X'7831',X'6272',7"


def test_xa_in_one_phase_is_a_transaction(source_server: SourceServer, table: str) -> None:
    statements = ("xa start 'x2'", "insert into t values (1, 'a')", "xa end 'x2'", "xa commit 'x2' one phase")
    assert outline_of(source_server, table, *statements) == ["begin", "insert t", "end"]


def test_positions_are_those_of_the_server(source_server: SourceServer, table: str) -> None:
    with open_stream(source_server, position_of(source_server)) as stream:
        for number in range(3):
            source_server.execute(f"insert into {table}.t values ({number}, 'x')")
            here = position_of(source_server)
            end = events_until_idle(stream, here)[-1]
            assert isinstance(end, TransactionEnd)
            assert end.position == here


def test_commit_times_are_those_of_the_clock(source_server: SourceServer, table: str) -> None:
    before = time.time()
    end = events_of(source_server, lambda: execute_all(source_server, table, ["insert into t values (1, 'a')"]))[-1]
    assert isinstance(end, TransactionEnd)
    assert before - 1 <= end.commit_time <= time.time() + 1
    if source_server.product == "mysql" and source_server.version >= (8, 0):
        assert before <= end.commit_time + 0.5
        assert end.commit_time % 1


def test_an_idle_source_is_heard_within_two_seconds(source_server: SourceServer) -> None:
    here = position_of(source_server)
    with open_stream(source_server, here, heartbeat=1.0) as stream:
        begun = time.monotonic()
        event = stream.next(10)
        assert event == Idle(here, caught_up=True)
        assert time.monotonic() - begun < 2


def test_next_waits_no_longer_than_asked(source_server: SourceServer) -> None:
    with open_stream(source_server, position_of(source_server), heartbeat=5.0) as stream:
        begun = time.monotonic()
        assert stream.next(0.2) is None
        assert stream.next(0) is None
        assert 0.15 < time.monotonic() - begun < 1
        assert stream.pending() is False


def test_pending_tells_of_events_that_are_there(source_server: SourceServer, table: str) -> None:
    with open_stream(source_server, position_of(source_server), heartbeat=5.0) as stream:
        assert stream.next(0) is None
        source_server.execute(f"insert into {table}.t values (1, 'a')")
        deadline = time.monotonic() + 5
        while not stream.pending():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert isinstance(stream.next(5), TransactionBegin)
        assert stream.pending() is True


def test_the_stream_goes_on_in_the_next_file(source_server: SourceServer, table: str) -> None:
    start = position_of(source_server)
    with open_stream(source_server, start) as stream:
        execute_all(
            source_server, table, ["insert into t values (1, 'a')", "flush logs", "insert into t values (2, 'b')"]
        )
        here = position_of(source_server)
        events = events_until_idle(stream, here)
    assert outline(events)[:7] == ["begin", "insert t", "end", "idle", "begin", "insert t", "end"]
    rotation, end = events[3], events[6]
    assert isinstance(rotation, Idle)
    assert isinstance(end, TransactionEnd)
    assert rotation.position.binlog == BinlogPosition(here.binlog.file, 4)
    assert rotation.caught_up is False
    # MariaDB may write a checkpoint after it
    assert start.binlog < rotation.position.binlog < end.position.binlog <= here.binlog


@pytest.mark.parametrize("use_gtid", [False, True], ids=["file", "gtid"])
def test_the_stream_can_be_resumed_after_each_transaction(
    source_server: SourceServer, table: str, use_gtid: bool
) -> None:
    start = position_of(source_server, with_gtid=use_gtid)
    rows = [f"insert into t values ({number}, 'v{number}')" for number in range(4)]
    execute_all(source_server, table, [*rows[:2], "flush logs", *rows[2:]])
    here = position_of(source_server, with_gtid=use_gtid)
    structure = structure_of(source_server, table, "t")
    expected = [(number, f"v{number}") for number in range(4)]
    while expected:
        with open_stream(source_server, start, use_gtid=use_gtid) as stream:
            events = events_until_idle(stream, here)
        assert [row for rows in decoded_rows(events, structure) for row in rows.rows] == expected
        start = next(event.position for event in events if isinstance(event, TransactionEnd))
        expected.pop(0)
    assert start.gtid == here.gtid


def test_gtids_are_followed_from_a_position_that_has_them(source_server: SourceServer, table: str) -> None:
    start = position_of(source_server, with_gtid=True)
    with open_stream(source_server, start, use_gtid=False) as stream:
        execute_all(source_server, table, ["insert into t values (1, 'a')", "create table u (id int)"])
        here = position_of(source_server, with_gtid=True)
        end = events_until_idle(stream, here)[-1]
    assert isinstance(end, TransactionEnd)
    assert end.position == here


def test_mysql_sends_everything_to_an_empty_gtid_set(mysql_server: MySQL) -> None:
    with own_server(mysql_server) as server:
        server.execute("create database d")
        server.execute("create table d.t (id int)")
        start = Position(BinlogPosition("", 4), MysqlGtidSet())
        with open_stream(server, start, use_gtid=True) as stream:
            here = position_of(server, with_gtid=True)
            events = events_until_idle(stream, here)
        end = events[-1]
        assert isinstance(end, TransactionEnd)
        assert end.position == here
        assert outline(events)[-3:] == ["begin", "create table", "end"]


def test_mysql_tagged_gtids_are_followed_and_resumed(mysql_server: MySQL) -> None:
    if mysql_server.version < (8, 3):
        pytest.skip("tags came with 8.3")
    with own_server(mysql_server) as server:
        start = position_of(server, with_gtid=True)
        execute_all(
            server,
            None,
            [
                "create database d",
                "create table d.t (id int primary key, v varchar(20))",
                "set gtid_next = 'AUTOMATIC:first_tag'",
                "insert into d.t values (1, 'a')",
                "insert into d.t values (2, 'b')",
                "set gtid_next = 'AUTOMATIC'",
                "insert into d.t values (3, 'c')",
            ],
        )
        structure = structure_of(server, "d", "t")
        expected = [(1, "a"), (2, "b"), (3, "c")]
        here = position_of(server, with_gtid=True)
        assert isinstance(here.gtid, MysqlGtidSet)
        assert here.gtid.tagged
        for _ in range(5):
            with open_stream(server, start, use_gtid=True) as stream:
                events = events_until_idle(stream, here)
            rows = [row for found in decoded_rows(events, structure) for row in found.rows]
            assert rows == expected[len(expected) - len(rows) :]
            ends = [event.position for event in events if isinstance(event, TransactionEnd)]
            assert ends[-1] == here
            start = ends[0]
        assert start == here


@pytest.mark.parametrize("checksum", ["NONE", "CRC32"])
def test_checksums_can_change_on_the_way(source_server: SourceServer, table: str, checksum: str) -> None:
    other = {"NONE": "CRC32", "CRC32": "NONE"}[checksum]
    source_server.execute(f"set global binlog_checksum = {checksum}")
    start = position_of(source_server)
    statements = [
        "insert into t values (1, 'a')",
        f"set global binlog_checksum = {other}",
        "insert into t values (2, 'b')",
    ]
    execute_all(source_server, table, statements)
    with open_stream(source_server, start) as stream:
        events = events_until_idle(stream, position_of(source_server))
    source_server.execute("set global binlog_checksum = CRC32")
    rows = [row for found in decoded_rows(events, structure_of(source_server, table, "t")) for row in found.rows]
    assert rows == [(1, "a"), (2, "b")]


MANY_ROWS = "insert into t select n, repeat('x', 20) from numbers"


def _fill_numbers(server: SourceServer, schema: str, count: int) -> None:
    values = ",".join(f"({number})" for number in range(count))
    execute_all(server, schema, ["create table numbers (n int primary key)", f"insert into numbers values {values}"])


def test_compressed_transactions_of_mysql_are_unfolded(mysql_server: MySQL, fresh_schema: FreshSchema) -> None:
    if mysql_server.version < (8, 0, 20):
        pytest.skip("binlog_transaction_compression came with 8.0.20")
    schema = fresh_schema(mysql_server)
    mysql_server.execute("create table t (id int primary key, v varchar(20))", database=schema)
    _fill_numbers(mysql_server, schema, 5000)
    statements = ["set binlog_transaction_compression = on", "begin", MANY_ROWS, "update t set v = 'y'", "commit"]
    events = events_of(mysql_server, lambda: execute_all(mysql_server, schema, statements))
    decoded = decoded_rows(events, structure_of(mysql_server, schema, "t"))
    assert sum(len(rows.rows) for rows in decoded if rows.kind is RowKind.INSERT) == 5000
    assert sum(len(rows.rows) for rows in decoded if rows.kind is RowKind.UPDATE) == 5000
    assert outline(events)[0] == "begin"
    assert outline(events)[-1] == "end"
    assert isinstance(events[-1], TransactionEnd)
    assert events[-1].position == position_of(mysql_server)


def test_compressed_events_of_mariadb_are_unfolded(mariadb_server: MariaDB) -> None:
    with own_server(mariadb_server, log_bin_compress=1, log_bin_compress_min_len=10) as server:
        execute_all(server, None, ["create database d", "create table d.t (id int primary key, v varchar(20))"])
        _fill_numbers(server, "d", 3000)
        statements = [
            MANY_ROWS,
            "update t set v = 'y'",
            "delete from t",
            "alter table t add column compressed_statement int",
        ]
        structure = structure_of(server, "d", "t")
        events = events_of(server, lambda: execute_all(server, "d", statements))
        counts: dict[RowKind, int] = {}
        for rows in decoded_rows(events, structure):
            counts[rows.kind] = counts.get(rows.kind, 0) + len(rows.rows)
        assert counts == {RowKind.INSERT: 3000, RowKind.UPDATE: 3000, RowKind.DELETE: 3000}
        (statement,) = [event for event in events if isinstance(event, StatementEvent)]
        assert statement.statement == statements[-1]


def test_two_phase_alter_of_mariadb_counts_once(mariadb_server: MariaDB, fresh_schema: FreshSchema) -> None:
    if mariadb_server.version < (10, 8):
        pytest.skip("binlog_alter_two_phase came with 10.8")
    schema = fresh_schema(mariadb_server)
    execute_all(mariadb_server, schema, ["create table t (id int primary key)", "insert into t values (1)"])
    statements = ["set binlog_alter_two_phase = on", "alter table t add column a int, algorithm=copy"]
    events = events_of(mariadb_server, lambda: execute_all(mariadb_server, schema, statements))
    assert [word for word in outline(events) if word == "alter table"] == ["alter table"]


def test_annotations_and_row_queries_are_passed_over(source_server: SourceServer, table: str) -> None:
    name = "binlog_rows_query_log_events" if source_server.product == "mysql" else "binlog_annotate_row_events"
    statements = [f"set {name} = on", "insert into t values (1, 'a')"]
    assert outline_of(source_server, table, *statements) == ["begin", "insert t", "end"]


def test_partial_json_is_made_whole(mysql_server: MySQL, fresh_schema: FreshSchema) -> None:
    if mysql_server.version < (8, 0, 3):
        pytest.skip("binlog_row_value_options came with 8.0.3")
    schema = fresh_schema(mysql_server)
    document = '{"a": [1, 2, {"b": "x"}], "long": "' + "y" * 200 + '", "n": 12345678901234567890}'
    execute_all(
        mysql_server,
        schema,
        [
            "create table j (id int primary key, d json, e json, f json)",
            f"insert into j values (1, '{document}', '{document}', null)",
        ],
    )
    structure = structure_of(mysql_server, schema, "j")
    changes = [
        "d = json_set(d, '$.a[0]', 99)",
        "d = json_set(d, '$.new', cast(1.50 as decimal(10,2))), e = json_remove(e, '$.a[1]')",
        "e = json_replace(e, '$.a[1].b', json_object('k', null, '', true))",
        "d = json_array_insert(d, '$.a[1]', 'in between')",
        "f = '[1]'",
        "d = json_remove(d, '$.long'), f = json_set(f, '$[0]', 'é\"\\\\\\\\')",
        "d = json_set(d, '$.\"a key\"', 1), e = json_set(e, '$.a[5]', 'appended')",
        "id = 2",
    ]
    for change in changes:
        write = ["set binlog_row_value_options = partial_json", f"update j set {change}"]
        events = events_of(mysql_server, lambda write=write: execute_all(mysql_server, schema, write))  # type: ignore[misc]
        ((pair,),) = [rows.rows for rows in decoded_rows(events, structure)]
        texts = "id, cast(d as char), cast(e as char), cast(f as char)"
        assert pair[1] == mysql_server.execute(f"select {texts} from {schema}.j")[0], change


@pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 0))
def test_a_large_row_comes_in_several_packets(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    source_server.execute("set global max_allowed_packet = 67108864")
    source_server.execute("create table b (id int primary key, v longblob)", database=schema)
    write = ["insert into b values (1, concat(repeat('x', 17000000), 'end'))", "insert into b values (2, 'small')"]
    events = events_of(source_server, lambda: execute_all(source_server, schema, write))
    first, second = [
        row for rows in decoded_rows(events, structure_of(source_server, schema, "b")) for row in rows.rows
    ]
    assert first[1] == b"x" * 17_000_000 + b"end"
    assert second == (2, b"small")
