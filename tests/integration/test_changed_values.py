"""Values that PostgreSQL cannot hold: each is recorded, once, by the copy and by the stream, and no row is merged."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.convert.rules import ChangeReason
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.choices import TypeOverride, ZeroDates
from pg_chameleon.model.overview import ChangedValueRow
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import maintenance, status
from pg_chameleon.replica.copy.settings import CopyKind
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage, numbers, wait_for

NO_DATE, INFINITE = ChangeReason.NO_DATE.value, ChangeReason.INFINITE_DATE.value
NUL, UNDECODABLE = ChangeReason.NUL.value, ChangeReason.UNDECODABLE.value

TABLES = (
    "create table plain"
    " (id int primary key, day date, moment datetime(3) not null, name varchar(40), long_name longtext)",
    "create table keyed (day date not null, id int, v varchar(9), primary key (day, id))",
    "create table loose (day date, v varchar(9))",
    "create table bytes (id int primary key, v varbinary(40))",
    "create table labels (id int primary key, e enum('a\\0b', 'c'), s set('x\\0y', 'z'))",
    "create table greek (id int primary key, v varchar(20) character set greek, w longtext character set greek)",
    "create table thai (id int primary key, v varchar(20) character set tis620)",
    "create table chinese (id int primary key, v varchar(20) character set big5, w longtext character set big5)",
)
"""The bytes become text, of which MySQL does not see to it that it is UTF-8."""

# What is changed in them, by the name of the row on the source
EXPECTED = {
    ("plain", "1", "day", NO_DATE, "0000-00-00"),
    ("plain", "1", "moment", NO_DATE, "2024-00-10 10:00:00.500"),
    ("plain", "2", "name", NUL, "a\\x00b\\x00"),
    ("plain", "3", "long_name", NUL, "\\x00" + "y" * 199 + "… (5001 characters)"),
    ("keyed", "0000-00-00, 1", "day", INFINITE, "0000-00-00"),
    ("loose", "2024-02-31, x", "day", NO_DATE, "2024-02-31"),
    ("bytes", "1", "v", UNDECODABLE, "caf\\xe9"),
    ("bytes", "2", "v", UNDECODABLE, "\\xff\\x00"),
    ("bytes", "2", "v", NUL, "\\xff\\x00"),
    ("labels", "1", "e", NUL, "a\\x00b"),
    ("labels", "2", "s", NUL, "x\\x00y,z"),
    ("greek", "1", "v", UNDECODABLE, "\\xe1?\\xae"),
    ("greek", "2", "w", UNDECODABLE, "\\xae" + "y" * 199 + "… (5001 bytes)"),
    ("greek", "3", "v", UNDECODABLE, "\\xae\\x00"),
    ("greek", "3", "v", NUL, "\\xae\\x00"),
    ("thai", "1", "v", UNDECODABLE, "\\xa1\\xa0"),
    ("thai", "3", "v", UNDECODABLE, "\\xff?\\xfe"),
    ("chinese", "1", "v", UNDECODABLE, "\\xa1Z\\xb6]"),
    ("chinese", "2", "w", UNDECODABLE, "\\xa1Z\\xa2\\xce?"),
}
ROWS = (
    "insert into plain values (1, '0000-00-00', '2024-00-10 10:00:00.5', 'x', 'y'),"
    " (2, '2024-01-01', '2024-01-01', 'a\\0b\\0', null),"
    " (3, null, '2024-01-01', null, concat('\\0', repeat('y', 5000))),"
    " (4, '2024-01-01', '2024-01-01', 'tab\\t', 'ä')",
    "insert into keyed values ('0000-00-00', 1, 'a'), ('2024-01-01', 1, 'a')",
    "insert into loose values ('2024-02-31', 'x'), ('2024-02-28', 'x')",
    "insert into bytes values (1, x'636166e9'), (2, x'ff00'), (3, 'plain')",
    "insert into labels values (1, 1, null), (2, 2, 3), (3, 0, 2)",
    "insert into greek values (1, x'e13fae', x'e1'), (2, '?', concat(x'ae', repeat('y', 5000))), (3, x'ae00', 'λ?\\t')",
    "insert into thai values (1, x'a1a0'), (2, x'a1ff3f'), (3, x'ff3ffe')",
    "insert into chinese values (1, x'a15ab65d', x'b65d'), (2, x'a2ce', x'a15aa2ce3f')",
)
FFFD = ("thai", "chinese")
"""Their character sets have characters for which the server writes U+FFFD."""
OVERRIDES = (TypeOverride("varbinary(40)", "text"),)
SESSION = "set sql_mode = 'ALLOW_INVALID_DATES'"


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    made = Stage(source_server, target_database, fresh_schema(source_server))
    made.change_replica(overrides=OVERRIDES)
    made.execute(*TABLES)
    return made


def keeps_labels_whole(server: SourceServer) -> bool:
    """Tell whether labels hold NUL characters: MySQL 5.6 cuts them there."""
    return server.product != "mysql" or server.version >= (5, 7)


def expected(stage: Stage) -> set[tuple[str, str, str, str, str]]:
    return {row for row in EXPECTED if row[0] != "labels" or keeps_labels_whole(stage.server)}


def listed(stage: Stage) -> list[ChangedValueRow]:
    with closing(stage.connect()) as target:
        return status.changed_values(target, stage.source())


def counted(stage: Stage) -> dict[tuple[str, str, str], int]:
    with closing(stage.connect()) as target:
        rows = status.value_changes(target, stage.source())
    return {(row.table.table, row.column, row.reason): row.occurrences for row in rows}


def found(stage: Stage, *, position: str) -> set[tuple[str, str, str, str, str]]:
    """Return what is listed, all of which has such a position."""
    rows = listed(stage)
    assert all(re.fullmatch(position, row.position or "copy") for row in rows), rows
    assert len(set(rows)) == len(rows)
    return {(row.table.table, row.row_key, row.column, row.reason, row.value) for row in rows}


def content(stage: Stage, table: str) -> list[tuple[Any, ...]]:
    return stage.database.execute(f"select * from {stage.target_schema}.{table} order by 1, 2")


def states(stage: Stage) -> dict[str, TableState]:
    return {name: table.state for name, table in stage.tables().items()}


def discarded(stage: Stage) -> list[tuple[Any, ...]]:
    return stage.database.execute(
        "select source_table, operation, row_key from sch_chameleon.discarded_rows order by discard_id"
    )


@pytest.mark.parametrize("mode", ["direct", "file"])
def test_the_copy_records_each_changed_value(stage: Stage, mode: str, tmp_path: Path) -> None:
    stage.change(spool_folder=tmp_path if mode == "file" else None)
    stage.execute(SESSION, *ROWS)
    assert stage.copy().complete
    assert found(stage, position="copy") == expected(stage)
    assert all(number == 1 for number in counted(stage).values() if number != 2)
    assert counted(stage)["bytes", "v", UNDECODABLE] == 2


def test_the_copy_tells_of_changed_values(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.execute(SESSION, "insert into loose values ('2024-02-31', 'x'), ('0000-00-00', 'y')")
    assert stage.copy().complete
    assert f"{stage.schema}.loose.day: 2 values: {NO_DATE}" in caplog.text
    stage.database.execute("update sch_chameleon.tables set state = 'dropped' where source_table = 'loose' returning 1")
    with closing(stage.connect()) as target:
        maintenance.vacuum(target, stage.source(), full=False)
    assert stage.database.execute("select count(*) from sch_chameleon.changed_values") == [(0,)]


def test_the_stream_records_the_same_values_as_the_copy(stage: Stage) -> None:
    stage.execute(SESSION, *ROWS)
    stage.copy()
    by_copy = {table: content(stage, table) for table in ("plain", "keyed", "loose", "bytes", "greek", "labels", *FFFD)}
    counts = counted(stage)
    stage.execute(
        "delete from plain",
        "delete from keyed",
        "delete from loose",
        "delete from bytes",
        "delete from greek",
        *(f"delete from {table}" for table in FFFD),
        "delete from labels",
    )
    stage.follow()
    assert counted(stage) == counts, "what is deleted was recorded before"
    assert stage.copy().complete
    assert counted(stage) == {}, "a new copy starts from zero"
    stage.execute(SESSION, *ROWS)
    stage.follow()
    assert found(stage, position=r".+\.\d+:\d+") == expected(stage)
    assert counted(stage) == counts
    assert {table: content(stage, table) for table in by_copy} == by_copy


def test_updates_count_and_what_a_row_was_does_not(stage: Stage) -> None:
    stage.copy()
    stage.execute(
        SESSION,
        "insert into loose values ('2024-02-31', 'x')",
        "update loose set v = 'y'",
        "update loose set day = '2024-02-28'",
        "insert into plain values (1, '0000-00-00', now(), 'x', 'y')",
        "update plain set name = 'z'",
        "delete from plain",
    )
    stage.follow()
    assert counted(stage) == {("loose", "day", NO_DATE): 2, ("plain", "day", NO_DATE): 2}
    assert content(stage, "loose")[0][1] == "y"


def test_what_is_read_again_is_counted_once(stage: Stage) -> None:
    stage.copy()
    stage.execute(SESSION, *ROWS)
    before = stage.database.execute("select binlog_file, binlog_offset from sch_chameleon.checkpoints")
    stage.database.execute(
        "create function stop_it() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$"
    )
    stage.database.execute(
        "create trigger stop_it before insert on sch_chameleon.batches for each row execute function stop_it()"
    )
    with pytest.raises(ChameleonError, match="not now"):
        stage.follow()
    assert counted(stage) == {}
    assert stage.database.execute("select binlog_file, binlog_offset from sch_chameleon.checkpoints") == before
    stage.database.execute("drop trigger stop_it on sch_chameleon.batches")
    stage.follow()
    assert found(stage, position=r".+\.\d+:\d+") == expected(stage)


def test_only_the_first_values_are_listed_and_all_are_counted(stage: Stage) -> None:
    stage.execute(
        "insert into plain select n, if(n % 3, '2024-01-01', '0000-00-00'), '2024-01-01', 'x', 'y'"
        f" from {numbers(1000)}",
        "analyze table plain",
    )
    stage.change_replica(changed_values_kept=5)
    assert stage.copy().complete
    assert counted(stage) == {("plain", "day", NO_DATE): 333}
    assert len(listed(stage)) == 5
    stage.execute("insert into plain values (2000, '0000-00-00', '2024-01-01', 'a\\0b', '')")
    stage.follow()
    assert counted(stage) == {("plain", "day", NO_DATE): 334, ("plain", "name", NUL): 1}
    assert [row.column for row in listed(stage)] == ["day"] * 5 + ["name"]
    stage.change_replica(changed_values_kept=0)
    assert stage.copy().complete
    assert counted(stage) == {("plain", "day", NO_DATE): 334, ("plain", "name", NUL): 1}
    assert listed(stage) == []


def test_a_copy_in_parts_that_is_killed_and_gone_on_with_counts_each_value_once(stage: Stage) -> None:
    stage.execute(
        f"insert into plain select n, if(n % 10, '2024-01-01', '0000-00-00'), '2024-01-01', 'a\\0', 'y' from"
        f" {numbers(100000)}",
        "insert into loose values ('2024-02-31', 'x')",
        "analyze table plain",
    )
    stage.change(chunk_rows=1000, workers=3)
    process = stage.copy_in_process()
    wait_for(lambda: stage.database.execute("select count(*) >= 5 from sch_chameleon.copied_chunks")[0][0])
    process.kill()
    process.join()
    assert stage.copy().complete
    assert counted(stage) == {
        ("plain", "day", NO_DATE): 10000,
        ("plain", "name", NUL): 100000,
        ("loose", "day", NO_DATE): 1,
    }
    assert len(listed(stage)) == 20001
    assert stage.copy(CopyKind.SYNC_TABLES, tables=(stage.name("plain"),)).complete
    assert counted(stage)["plain", "day", NO_DATE] == 10000
    assert stage.database.execute("select count(*) from sch_chameleon.changed_values") == [(20001,)]


def test_what_the_source_takes_back_is_not_counted(
    mariadb_server: SourceServer, target_database: Database, fresh_schema: FreshSchema
) -> None:
    """MySQL with GTIDs has no transactions over tables of both kinds, so nothing of a rollback is in its binlog."""
    stage = Stage(mariadb_server, target_database, fresh_schema(mariadb_server))
    stage.execute(*TABLES, "create table kept (id int primary key, day date) engine=myisam")
    stage.copy()
    stage.execute(
        SESSION,
        "begin",
        "insert into plain values (1, '0000-00-00', now(), 'x', 'y')",
        "savepoint half",
        "insert into kept values (1, '0000-00-00')",
        "insert into plain values (2, '0000-00-00', now(), 'x', 'y')",
        "rollback to savepoint half",
        "insert into loose values ('0000-00-00', 'x')",
        "commit",
        "begin",
        "insert into plain values (3, '0000-00-00', now(), 'x', 'y')",
        "insert into kept values (2, '0000-00-00')",
        "rollback",
        "insert into plain values (4, '0000-00-00', now(), 'x', 'y')",
    )
    stage.follow()
    assert counted(stage) == {
        ("plain", "day", NO_DATE): 2,
        ("kept", "day", NO_DATE): 2,
        ("loose", "day", NO_DATE): 1,
    }
    assert [row.row_key for row in listed(stage) if row.table.table != "loose"] == ["1", "2", "1", "4"]


@pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 5))  # older ones forget it with its session
def test_a_prepared_transaction_is_counted_when_it_is_committed(stage: Stage) -> None:
    stage.copy()
    for number, end in enumerate(("commit", "rollback")):
        stage.execute(
            SESSION,
            f"xa start 'x{number}'",
            f"insert into plain values ({number}, '0000-00-00', now(), 'x', 'y')",
            f"xa end 'x{number}'",
            f"xa prepare 'x{number}'",
        )
        stage.follow()
        assert counted(stage) == ({} if number == 0 else {("plain", "day", NO_DATE): 1})
        stage.execute(f"xa {end} 'x{number}'")
        stage.follow()
        assert counted(stage) == {("plain", "day", NO_DATE): 1}
    assert [row.row_key for row in listed(stage)] == ["0"]


def test_a_renamed_table_keeps_its_record(stage: Stage) -> None:
    stage.execute(SESSION, *ROWS)
    stage.copy()
    stage.execute("rename table loose to free")
    stage.follow()
    assert counted(stage)["free", "day", NO_DATE] == 1


def test_zero_dates_error_refuses_the_row_and_keeps_it(stage: Stage) -> None:
    stage.change_replica(zero_dates=ZeroDates.ERROR)
    stage.execute(SESSION, "insert into loose values ('2024-02-31', 'x'), ('2024-02-28', 'y')")
    report = stage.copy()
    assert [problem.name.table for problem in report.problems] == ["loose"]
    assert discarded(stage) == [("loose", "copy", None)]
    assert content(stage, "loose")[0][1] == "y"
    stage.execute(SESSION, "insert into plain values (1, '0000-00-00', now(), 'x', 'y'), (2, null, now(), 'x', 'y')")
    stage.follow()
    assert discarded(stage)[1:] == [("plain", "insert", '("1")')]
    assert [row[0] for row in content(stage, "plain")] == [2]
    assert states(stage)["plain"] is states(stage)["loose"] is TableState.QUARANTINED
    assert counted(stage) == {}


def test_not_null_dates_stay_loadable(stage: Stage) -> None:
    stage.execute(SESSION, "insert into plain values (1, null, '0000-00-00', 'x', 'y')")
    assert stage.copy().complete
    stage.execute(SESSION, "insert into plain values (2, null, '2024-00-01', 'x', 'y')")
    stage.follow()
    assert [(row[0], row[2]) for row in content(stage, "plain")] == [(1, None), (2, None)]


def test_dates_that_nobody_wrote_are_on_record(stage: Stage) -> None:
    stage.execute(
        "create table t (id int primary key, v int, a date not null default '0000-00-00', b datetime(3) not null,"
        " c varchar(9) default 'x\0y', d date default '2024-01-01', e timestamp not null default 0)"
    )
    assert stage.copy().complete
    stage.execute("set session binlog_row_image = 'MINIMAL'", "insert into t (id, v) values (1, 1), (2, 2)")
    stage.follow()
    dates = {("t", column, NO_DATE): 2 for column in "abe"}
    assert counted(stage) == {**dates, ("t", "c", NUL): 2}
    assert {(row.row_key, row.value) for row in listed(stage) if row.column == "b"} == {
        ("1", "0000-00-00 00:00:00"),
        ("2", "0000-00-00 00:00:00"),
    }
    stage.execute(
        "alter table t add column f date not null default '0000-00-00', add column g datetime not null after v,"
        " add column h date, add column i varchar(9) default 'x\0y', add column j date not null default '2024-01-01'",
        "insert into loose values ('2024-02-28', 'x')",
    )
    stage.follow()
    added = {("t", "f", NO_DATE): 2, ("t", "g", NO_DATE): 2, ("t", "i", NUL): 2}
    assert counted(stage) == {**dates, ("t", "c", NUL): 2, **added}
    assert states(stage)["t"] is TableState.REPLICATED, stage.errors()
    assert stage.database.execute(f"select f, g, h, i from {stage.target_schema}.t") == [(None, None, None, "xy")] * 2


# Keys that would become equal

COLLISIONS = {
    "dates": ("create table t (k date primary key, v int)", "'2024-00-01'", "'2024-02-31'"),
    "zero and date": ("create table t (k date primary key, v int)", "'0000-00-00'", "'2024-02-31'"),
    "moments": ("create table t (k datetime, n int, v int, primary key (k, n))", "'0000-00-00', 1", "'2024-00-00', 1"),
    "nul": ("create table t (k varchar(9) collate utf8mb4_bin primary key, v int)", "'ab'", "'a\\0b'"),
    "labels": ("create table t (k enum('a\\0', 'a') primary key, v int)", "2", "1"),
    "error value of an enum": ("create table t (k enum('','a') primary key, v int)", "'zzz'", "''"),
    "empty member of a set": ("create table t (k set('a','') primary key, v int)", "0", "2"),
    "members twice": ("create table t (k enum('a','a') primary key, v int)", "1", "2"),
    "members of a set twice": ("create table t (k set('b','a','a') primary key, v int)", "3", "5"),
    "bytes": ("create table t (k varbinary(40) primary key, v int)", "x'ff'", "x'fe'"),
}


@pytest.mark.parametrize("case", COLLISIONS)
def test_the_copy_merges_no_rows(stage: Stage, case: str) -> None:
    create, one, other = COLLISIONS[case]
    if case == "labels" and not keeps_labels_whole(stage.server):
        pytest.skip("the server cuts labels")
    stage.execute(create, SESSION, f"insert into t values ({one}, 1), ({other}, 2)")
    report = stage.copy()
    assert [problem.name.table for problem in report.problems] == ["t"]
    assert states(stage)["t"] is TableState.QUARANTINED
    kept = [row[-1] for row in content(stage, "t")]
    assert len(kept) + len(discarded(stage)) == 2, (kept, discarded(stage))
    assert all(key for _, _, key in discarded(stage))
    assert states(stage)["plain"] is TableState.REPLICATED


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("case", COLLISIONS)
def test_the_stream_merges_no_rows(stage: Stage, case: str, at_once: bool) -> None:
    create, one, other = COLLISIONS[case]
    if case == "labels" and not keeps_labels_whole(stage.server):
        pytest.skip("the server cuts labels")
    stage.execute(create)
    assert stage.copy().complete
    stage.execute(SESSION, f"insert into t values ({one}, 1)")
    if not at_once:
        stage.follow()
    stage.execute(SESSION, f"insert into t values ({other}, 2)", "insert into loose values ('2024-01-01', 'x')")
    stage.follow()
    assert states(stage)["t"] is TableState.QUARANTINED
    assert len(discarded(stage)) == 1
    assert content(stage, "t") == [] or [row[-1] for row in content(stage, "t")] == [1]
    assert any("key column k holds" in message for table, _, message in stage.errors() if table == "t")
    assert len(content(stage, "loose")) == 1


@pytest.mark.parametrize(
    ("members", "first", "alteration", "row"),
    [
        ("'a','b'", "'zzz', 2, 1", "modify k enum('a','b','')", "3, 0, 3"),
        ("'a','b'", "'b', 2, 1", "drop primary key, add primary key (s)", "1, 0, 3"),
        ("'a','b',''", "'b', 2, 1", "modify k enum('a','')", "2, 0, 3"),
    ],
)
def test_a_change_of_the_key_merges_no_rows(stage: Stage, members: str, first: str, alteration: str, row: str) -> None:
    stage.execute(f"create table t (k enum({members}) primary key, s set('x','') not null, v int)")
    stage.execute("set sql_mode = ''", f"insert into t values ({first})")
    assert stage.copy().complete
    stage.execute("set sql_mode = ''", f"alter table t {alteration}", f"insert into t values ({row})")
    stage.follow()
    assert states(stage)["t"] is TableState.QUARANTINED
    assert [row[2] for row in content(stage, "t")] == [1]


def test_ordinary_rows_have_the_empty_member_as_their_key(stage: Stage) -> None:
    stage.execute(
        "create table t (k enum('','a'), s set('b',''), v int, primary key (k, s))",
        "create table loose_labels (id int primary key, k enum('','a'), s set('b',''))",
        "insert into t values ('', 'b', 1), ('a', 0, 2), ('', 0, 3)",
        "insert into loose_labels values (1, 0, 0), (2, 1, 2), (3, 2, 3)",
    )
    assert stage.copy().complete
    stage.execute("update t set v = 4 where v = 1", "delete from t where v = 2", "insert into t values ('a', 'b,', 5)")
    stage.execute("insert into loose_labels values (4, 0, 0), (5, 1, 2), (6, 2, 3)")
    stage.follow()
    assert states(stage)["t"] is states(stage)["loose_labels"] is TableState.REPLICATED, stage.errors()
    found = stage.database.execute(f"select k::text, s, v from {stage.target_schema}.t order by v")
    assert found == [("", "", 3), ("", "b", 4), ("a", "b,", 5)]
    found = stage.database.execute(f"select k::text, s from {stage.target_schema}.loose_labels order by id")
    assert found == [("", ""), ("", ""), ("a", "b,")] * 2
    assert counted(stage) == {}


def test_a_single_zero_date_is_a_key_as_good_as_any(stage: Stage) -> None:
    stage.execute(SESSION, "insert into keyed values ('0000-00-00', 1, 'a')")
    assert stage.copy().complete
    stage.execute(
        SESSION,
        "insert into keyed values ('0000-00-00', 2, 'b')",
        "update keyed set v = 'c' where id = 1",
        "update keyed set day = '2024-01-01' where id = 2",
        "update keyed set day = '0000-00-00' where id = 2",
        "delete from keyed where id = 1",
    )
    stage.follow()
    assert stage.database.execute(f"select day::text, id, v from {stage.target_schema}.keyed") == [
        ("-infinity", 2, "b")
    ]
    assert states(stage)["keyed"] is TableState.REPLICATED


def test_an_update_in_a_minimal_image_merges_no_rows(stage: Stage) -> None:
    stage.execute("insert into keyed values ('2024-01-01', 1, 'a'), ('2024-01-02', 1, 'b')")
    assert stage.copy().complete
    stage.execute(
        SESSION,
        "set session binlog_row_image = 'MINIMAL'",
        "update keyed set day = '0000-00-00' where day = '2024-01-01'",
    )
    stage.follow()
    assert counted(stage) == {("keyed", "day", INFINITE): 1}
    assert states(stage)["keyed"] is TableState.REPLICATED
    stage.execute(
        SESSION,
        "set session binlog_row_image = 'MINIMAL'",
        "update keyed set day = '2024-02-31' where day = '2024-01-02'",
    )
    stage.follow()
    assert states(stage)["keyed"] is TableState.QUARANTINED
    assert [row[2] for row in content(stage, "keyed")] == ["a", "b"]
    assert [row[:2] for row in discarded(stage)] == [("keyed", "update")]
