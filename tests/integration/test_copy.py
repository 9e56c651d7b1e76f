"""The first copy on real servers: everything arrives, equal, and in its place."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.convert.expressions.names import table_name
from pg_chameleon.daemon import StopEvent
from pg_chameleon.errors import ReplicaBusy, UsageError
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import CopyProgress
from pg_chameleon.model.status import SourceStatus, TableState
from pg_chameleon.postgres.roles import LockRole, try_lock
from pg_chameleon.replica.copy.settings import CopyKind
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage, Watcher, numbers

ALL_TYPES = """
create table all_types (
    id bigint unsigned auto_increment primary key,
    c_tinyint tinyint, c_tinyint_u tinyint unsigned, c_bool tinyint(1), c_smallint smallint unsigned,
    c_mediumint mediumint, c_int int unsigned, c_bigint bigint, c_bigint_u bigint unsigned,
    c_decimal decimal(30, 10), c_float float, c_double double, c_bit bit(10), c_bit1 bit(1),
    c_date date, c_datetime datetime, c_datetime6 datetime(6), c_timestamp timestamp(3) null, c_time time(2),
    c_year year,
    c_char char(20), c_varchar varchar(200), c_text text, c_long longtext,
    c_binary binary(8), c_varbinary varbinary(50), c_blob blob,
    c_enum enum('a', 'b,c', 'd''e'), c_set set('x', 'y', 'z'),
    c_json json, c_latin varchar(50) character set latin1
)"""
ROWS = (
    """insert into all_types values (1, -128, 255, 1, 65535, -8388608, 4294967295, -9223372036854775808,
        18446744073709551615, '-12345678901234567890.0123456789', 1.5, 1e-300, b'1010101010', b'1',
        '2024-02-29', '1000-01-01 00:00:00', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999',
        '-838:59:59', 2155,
        'padded  ', 'tab\\there\\nnewline \\\\ backslash', 'NULL', '\\\\N', x'0001', x'ff00fe', x'00', 'b,c', 'x,z',
        '{"a": [1, 2.50, "\\\\u00e9 \\\\n"], "b": null}', 'h\u00e9')""",
    "insert into all_types (id) values (2)",
    """insert into all_types (id, c_text, c_varchar, c_long, c_blob, c_enum, c_set, c_json)
        values (3, '\U0001f600 emoji', '', '', '', 'd''e', '', '[]')""",
    "insert into all_types (id, c_float, c_double, c_decimal) values (4, 0.1, 0.1, 0)",
    "insert into all_types (id, c_float, c_double, c_decimal) values (5, -3.4e38, 1.7976931348623157e308, 0.1)",
)
ODD_NAMES = ('we"ird', "s\u00e9lect", "with space", "per%cent %s", "x" * 64, "select", "semi;colon", "back\\slash")


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(source_server, target_database, fresh_schema(source_server))


@pytest.fixture
def maria(mariadb_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    return Stage(mariadb_server, target_database, fresh_schema(mariadb_server))


@pytest.mark.parametrize("mode", ["direct", "file"])
def test_all_types_arrive_equal(stage: Stage, mode: str, tmp_path: Any) -> None:
    stage.change(spool_folder=tmp_path if mode == "file" else None)
    stage.execute(ALL_TYPES, *ROWS)
    report = stage.copy()
    assert report.complete
    assert not report.problems
    assert report.rows == 5
    stage.assert_equal()
    assert list(tmp_path.iterdir()) == []
    assert stage.source().status is SourceStatus.INITIALISED


def test_odd_names_empty_tables_and_tables_without_a_key_arrive(stage: Stage) -> None:
    for name in ODD_NAMES:
        stage.execute(
            f"create table `{name}` (`{name[:40]} col` int, `a b` text)", f"insert into `{name}` values (1, 'x')"
        )
    stage.execute("create table no_rows (id int primary key)")
    report = stage.copy()
    assert report.complete
    assert not report.problems
    assert len(report.copied) == len(ODD_NAMES) + 1
    shortened = table_name("x" * 64)
    assert stage.target_rows(shortened) == 1
    stage.assert_equal(skip=("x" * 64, shortened))


def test_rows_larger_than_half_a_packet_are_not_lost(stage: Stage) -> None:
    packet = int(stage.execute("select @@global.max_allowed_packet")[0][0])
    large = packet // 2 + 1000
    stage.execute(
        "create table large (id int primary key, b longblob, t longtext)",
        f"insert into large values (1, repeat('x', {large}), 'small')",
        f"insert into large values (2, 'small', repeat('\\\\', {large}))",
        "insert into large values (3, null, null)",
    )
    assert stage.copy().complete
    assert stage.target_rows("large") == 3
    sizes = stage.database.execute(f"select length(b), length(t) from {stage.target_schema}.large order by id")
    assert sizes == [(large, 5), (5, large), (None, None)]


def test_long_texts_are_escaped_in_linear_time(stage: Stage) -> None:
    stage.execute(
        "create table texts (first longtext, id int primary key, j json)",
        "insert into texts values (repeat('line\\n', 200000), 1, '{}')",
        f"insert into texts select concat('\\\\z', repeat('tab\\t\\\\', n)), n, json_object('a', repeat('\\n\"', n))"
        f" from {numbers(1000)} where n > 1",
        "insert into texts values ('\\\\z0041', 0, null)",
    )
    assert stage.copy().complete
    stage.assert_equal()


def test_a_large_table_is_copied_in_parts(stage: Stage) -> None:
    stage.execute(
        "create table parts (id int auto_increment primary key, t varchar(40), key (t))",
        f"insert into parts (t) select concat('row ', n) from {numbers(10000)}",
        "delete from parts where id between 2000 and 5000",
        "insert into parts (id, t) values (-5, 'minus'), (0, 'zero')",
        "analyze table parts",
    )
    stage.change(chunk_rows=1000, workers=3)
    watcher = Watcher()
    report = stage.copy(watcher=watcher)
    assert report.complete
    assert watcher.states[-1].tables_done == watcher.states[-1].tables_total == 1
    assert watcher.states[-1].rows_done == report.rows
    stage.assert_equal()


def test_indexes_keys_and_comments_are_made(stage: Stage) -> None:
    stage.execute(
        """create table shop (id int auto_increment primary key comment 'the number', name varchar(30) not null,
           kind enum('a', 'b') default 'b', unique key by_name (name), key by_kind (kind, name)) comment 'a shop'""",
        f"insert into shop (name) select concat('n', n) from {numbers(100000)}",
    )
    assert stage.copy().complete
    found = stage.database.execute(
        "select indisprimary, indisunique, indisvalid from pg_index where indrelid = %s::regclass order by 1, 2",
        (f"{stage.target_schema}.shop",),
    )
    assert found == [(False, False, True), (False, True, True), (True, True, True)]
    assert stage.database.execute("select obj_description(%s::regclass)", (f"{stage.target_schema}.shop",)) == [
        ("a shop",)
    ]
    analysed = stage.database.execute(
        "select reltuples from pg_class where oid = %s::regclass", (f"{stage.target_schema}.shop",)
    )
    assert analysed == [(100000.0,)]


def test_tables_are_registered_with_the_position_of_their_snapshot(stage: Stage) -> None:
    stage.execute("create table one (id int primary key)", "insert into one values (1)", "create table two (id int)")
    stage.change_replica(limit=TableFilter({}, skip=frozenset({stage.name("two")})))
    stage.copy()
    tables = stage.tables()
    assert tables["one"].state is TableState.REPLICATED
    assert tables["two"].state is TableState.FILTERED
    status = stage.execute(
        "show binary log status"
        if stage.server.version >= (8, 2) and stage.server.product == "mysql"
        else "show master status"
    )
    assert tables["one"].start is not None
    assert (tables["one"].start.file, tables["one"].start.offset) == status[0][:2]
    checkpoint = stage.database.execute("select binlog_file, binlog_offset from sch_chameleon.checkpoints")
    assert checkpoint == [status[0][:2]]
    consistent = stage.database.execute("select consistent_file, consistent_offset from sch_chameleon.sources")
    assert consistent == [status[0][:2]]
    assert stage.target_rows("one") == 1
    assert stage.database.execute("select to_regclass(%s)", (f"{stage.target_schema}.two",)) == [(None,)]


def test_a_gtid_position_is_kept_if_gtids_are_followed(stage: Stage) -> None:
    stage.execute("create table one (id int primary key)", "insert into one values (1)")
    stage.change_replica(use_gtid=True)
    stage.copy()
    gtid = stage.database.execute("select gtid_set from sch_chameleon.checkpoints")[0][0]
    variable = "gtid_binlog_pos" if stage.server.product == "mariadb" else "gtid_executed"
    known = stage.execute(f"select @@global.{variable}")[0][0].replace("\n", "")
    # MariaDB does not list the replication domains in order.
    assert sorted(gtid.split(",")) == sorted(known.split(","))


def test_tables_of_engines_without_transactions_have_a_position_of_their_own(stage: Stage) -> None:
    stage.execute(
        "create table isam (id int primary key) engine = myisam",
        "insert into isam values (1), (2)",
        "create table memory (id int primary key) engine = memory",
        "insert into memory values (1)",
        "create table inno (id int primary key)",
        "insert into inno values (1)",
    )
    assert stage.copy().complete
    assert {table.state for table in stage.tables().values()} == {TableState.REPLICATED}
    assert all(table.start is not None for table in stage.tables().values())
    stage.assert_equal()


def test_a_refused_row_is_kept_aside_and_its_table_quarantined(stage: Stage) -> None:
    stage.execute(
        "create table flags (id int primary key, flag tinyint(1))",
        f"insert into flags select n, n % 2 from {numbers(1000)}",
        "update flags set flag = 2 where id = 500",
        "create table good (id int primary key)",
    )
    stage.change_replica(overrides=(TypeOverride("tinyint(1)", "boolean"),))
    report = stage.copy()
    assert [(problem.name.table, problem.quarantined) for problem in report.problems] == [("flags", True)]
    assert stage.target_rows("flags") == 999
    discarded = stage.database.execute("select source_table, row_key, image from sch_chameleon.discarded_rows")
    assert discarded == [("flags", "500", "500\t2")]
    assert stage.tables()["flags"].state is TableState.QUARANTINED
    assert "row(s) were not copied" in (stage.tables()["flags"].reason or "")
    assert stage.tables()["good"].state is TableState.REPLICATED
    assert any(row[:2] == ("flags", "500") for row in stage.errors())


def test_views_grants_and_foreign_keys_on_the_former_table_are_kept(stage: Stage) -> None:
    stage.execute(
        "create table base (id int primary key, t text)",
        "insert into base values (1, 'a')",
        "create table other (id int primary key)",
    )
    stage.copy()
    schema = stage.target_schema
    stage.database.execute("drop role if exists reader_role")
    stage.database.execute("create role reader_role")
    with stage.database.connect() as target, target.cursor() as cursor:
        cursor.execute("create schema reports")
        cursor.execute(f'create view reports.lower_view as select id, t as "odd name" from {schema}.base')
        cursor.execute("create view reports.upper_view as select count(*) as n from reports.lower_view")
        cursor.execute("comment on view reports.upper_view is 'how many'")
        cursor.execute(
            f"create materialized view reports.kept as select * from {schema}.base b join {schema}.other o using (id)"
        )
        cursor.execute("create unique index kept_id on reports.kept (id)")
        cursor.execute(f"create table reports.child (id int references {schema}.base (id))")
        cursor.execute("grant select on reports.upper_view to reader_role")
        cursor.execute(f"grant select, insert on {schema}.base to reader_role")
    stage.execute("insert into base values (2, 'b')")
    report = stage.copy()
    assert report.complete
    assert not report.problems
    assert stage.database.execute("select n from reports.upper_view") == [(2,)]
    assert stage.database.execute("select obj_description('reports.upper_view'::regclass)") == [("how many",)]
    assert stage.database.execute(
        "select has_table_privilege('reader_role', 'reports.upper_view', 'select'),"
        f" has_table_privilege('reader_role', '{schema}.base', 'insert'), to_regclass('reports.kept_id') is not null"
    ) == [(True, True, True)]
    keys = stage.database.execute(
        "select conname from pg_constraint where confrelid = %s::regclass", (f"{schema}.base",)
    )
    assert keys == [("child_id_fkey",)]
    stage.database.execute("drop owned by reader_role; drop role reader_role")


def test_a_table_whose_view_no_longer_fits_keeps_its_place(stage: Stage) -> None:
    stage.execute("create table base (id int primary key, t text)", "create table other (id int primary key)")
    stage.copy()
    with stage.database.connect() as target, target.cursor() as cursor:
        cursor.execute(f"create view public_view as select t from {stage.target_schema}.base")
    stage.execute("alter table base drop column t", "insert into other values (7)")
    report = stage.copy()
    assert [problem.name.table for problem in report.problems] == ["base"]
    assert stage.database.execute("select count(*) from public_view") == [(0,)]
    assert stage.tables()["base"].state is TableState.QUARANTINED
    assert stage.target_rows("other") == 1
    assert not [name for name in stage.schemas() if name.startswith("_chameleon")]


def test_existing_tables_are_refilled_in_place(stage: Stage) -> None:
    stage.execute(
        "create table kept (id int primary key, t text)",
        "insert into kept values (1, 'a')",
        "create table absent (id int)",
    )
    with stage.database.connect() as target, target.cursor() as cursor:
        cursor.execute(f"create schema {stage.target_schema}")
        cursor.execute(f"create table {stage.target_schema}.kept (extra int default 5, t text, id bigint primary key)")
        cursor.execute(f"insert into {stage.target_schema}.kept values (1, 'old', 99)")
    stage.change(keep_existing=True)
    report = stage.copy()
    assert [problem.name.table for problem in report.problems] == ["absent"]
    assert stage.database.execute(f"select * from {stage.target_schema}.kept") == [(5, "a", 1)]
    assert stage.tables()["kept"].state is TableState.REPLICATED
    assert stage.tables()["absent"].state is TableState.QUARANTINED


def test_readers_are_granted_and_missing_roles_warned_of(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.database.execute("drop role if exists report_reader")
    stage.database.execute("create role report_reader")
    stage.execute("create table one (id int primary key)")
    stage.change_replica(grant_select_to=("report_reader", "nobody_here"))
    with caplog.at_level(logging.WARNING):
        stage.copy()
    assert "nobody_here" in caplog.text
    schema = stage.target_schema
    assert stage.database.execute(
        f"select has_schema_privilege('report_reader', '{schema}', 'usage'),"
        f" has_table_privilege('report_reader', '{schema}.one', 'select')"
    ) == [(True, True)]
    stage.database.execute("drop owned by report_reader; drop role report_reader")


def test_structure_alone_is_made_once(stage: Stage) -> None:
    stage.execute("create table one (id int primary key, e enum('a'))", "insert into one values (1, 'a')")
    report = stage.copy(CopyKind.COPY_SCHEMA)
    assert [table.name.table for table in report.copied] == ["one"]
    assert stage.target_rows("one") == 0
    again = stage.copy(CopyKind.COPY_SCHEMA)
    assert not again.copied
    assert "already" in again.problems[0].reason


def test_a_schema_is_refreshed(stage: Stage) -> None:
    stage.execute(
        "create table one (id int primary key, twice int generated always as (id * 2) stored)",
        "create table gone (id int primary key)",
    )
    stage.copy()
    stage.execute(
        "insert into one (id) values (1)",
        "drop table gone",
        "create table added (id int)",
        "insert into added values (1)",
    )
    report = stage.copy(CopyKind.REFRESH_SCHEMA, schema=stage.schema)
    assert report.complete
    assert [name.table for name in report.removed] == ["gone"]
    assert set(stage.tables()) == {"one", "added"}
    stage.assert_equal()
    assert stage.source().status is SourceStatus.SYNCED


def test_tables_are_synchronised(stage: Stage) -> None:
    stage.execute("create table one (id int primary key)", "create table two (id int primary key)")
    stage.copy()
    stage.execute("insert into one values (1)", "insert into two values (1)")
    report = stage.copy(CopyKind.SYNC_TABLES, tables=(stage.name("two"), stage.name("unknown")))
    assert [table.name.table for table in report.copied] == ["two"]
    assert [(problem.name.table, problem.quarantined) for problem in report.problems] == [("unknown", False)]
    assert (stage.target_rows("one"), stage.target_rows("two")) == (0, 1)
    with pytest.raises(UsageError):
        stage.copy(CopyKind.SYNC_TABLES, tables=(TableName("elsewhere", "x"),))
    with pytest.raises(UsageError):
        stage.copy(CopyKind.REFRESH_SCHEMA, schema="elsewhere")


def test_quarantined_tables_are_synchronised(stage: Stage) -> None:
    stage.execute("create table one (id int primary key)", "create table two (id int primary key)")
    stage.copy()
    stage.database.execute("update sch_chameleon.tables set state = 'quarantined' where source_table = 'one'")
    stage.execute("insert into one values (1)")
    report = stage.copy(CopyKind.SYNC_TABLES)
    assert [table.name.table for table in report.copied] == ["one"]
    assert stage.tables()["one"].state is TableState.REPLICATED
    stage.assert_equal()


def test_a_running_replica_refuses_a_new_first_copy(stage: Stage) -> None:
    other = stage.connect()
    assert try_lock(other, stage.source().source_id, LockRole.DAEMON)
    with pytest.raises(ReplicaBusy):
        stage.copy()
    other.close()


def test_a_table_with_an_unknown_type_is_reported(maria: Stage) -> None:
    maria.execute("create table odd (id int primary key, p point)", "create table good (id int primary key)")
    report = maria.copy()
    assert "good" in {table.name.table for table in report.copied}


def test_a_stopped_copy_is_gone_on_with(stage: Stage) -> None:
    for number in range(6):
        stage.execute(
            f"create table t{number} (id int primary key, t varchar(100))",
            f"insert into t{number} select n, repeat('x', 90) from {numbers(10000)}",
        )
    stop = StopEvent()

    def stop_after_two(state: CopyProgress) -> None:
        if state.tables_done >= 2:
            stop.set()

    first = stage.copy(watcher=Watcher(stop_after_two), stop=stop)
    assert first.interrupted
    assert stage.source().status is SourceStatus.READY
    watcher = Watcher()
    second = stage.copy(watcher=watcher)
    assert second.resumed is not None
    assert second.complete
    assert len(watcher.copied) <= 4
    assert len(second.copied) == 6
    stage.assert_equal()
