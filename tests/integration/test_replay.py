"""The replay of logged rows, without a source: what is applied equals what a plain model of the table says."""

import dataclasses
import random
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from lab.servers import Database
from pg_chameleon.convert.values.encoder import key_encoder, row_encoder
from pg_chameleon.convert.values.form import COMPOSITE
from pg_chameleon.errors import ReplicaStopped
from pg_chameleon.model.choices import ZeroDates
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.model.log import DELETE, INSERT, PARTIAL, UPDATE, LogEntry
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.model.schema import Column, Index, IndexPart, TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql.connection import SourceSettings
from pg_chameleon.postgres import batches, catalogue, ownership, sources, status, tables
from pg_chameleon.postgres.batches import ReadState
from pg_chameleon.postgres.connection import BY_INDEX, Connection, TargetSettings, connect, transaction
from pg_chameleon.postgres.log_lines import OpenBatch
from pg_chameleon.postgres.sources import Checkpoint, Source
from pg_chameleon.replica.replay.replayer import Replayer
from pg_chameleon.replica.settings import ReplicaSettings
from tests.rules import some_rules

RULES = some_rules()
COLUMNS = (
    Column("id", "int(11)", nullable=False),
    Column("code", "varchar(20)", charset="utf8mb4"),
    Column("amount", "decimal(10,2)"),
    Column("day", "date"),
)
PRIMARY = Index("PRIMARY", (IndexPart("id"),), unique=True)
UNIQUE = Index("code", (IndexPart("code"),), unique=True)
Row = tuple[int, str | None, str | None, str | None]


class Bench:
    """A catalogue with one registered source, into whose log tables tests write."""

    def __init__(self, connection: Connection, target: TargetSettings) -> None:
        self.connection = connection
        catalogue.install(connection)
        self.source: Source = sources.add_source(connection, "test", "mysql", {"shop": "sch_shop"})
        self.settings = ReplicaSettings(
            name="test",
            source=SourceSettings("nowhere"),
            target=target,
            limit=TableFilter({"shop": "sch_shop"}),
            events=EventFilter(),
            server_id=1,
            use_gtid=False,
            batch_rows=1000,
            replay_rows=100_000,
            retention=timedelta(days=1),
            sleep=1.0,
            stop_on_read_error=False,
            stop_on_replay_error=False,
            maintenance=None,
            overrides=(),
            zero_dates=ZeroDates.NULL,
            grant_select_to=(),
            grant_write_to=(),
            fillfactor={},
        )
        self.offset = 100
        with transaction(connection) as cursor:
            cursor.execute("create schema sch_shop")
            sources.reset_checkpoint(cursor, self.source, Position(BinlogPosition("binlog.000001", 4)))
            self.stored = Position(BinlogPosition("binlog.000001", 4))
            self.generation = sources.read_checkpoint(cursor, self.source).generation

    @property
    def left(self) -> Checkpoint:
        """The checkpoint as the last batch left it."""
        return Checkpoint(self.generation, self.stored, 1)

    def table(self, name: str, *indexes: Index, columns: tuple[Column, ...] = COLUMNS) -> int:
        schema = TableSchema(TableName("shop", name), columns, indexes)
        keys = "".join(
            f", {'primary key' if index.primary else 'unique'} ({index.parts[0].column})" for index in indexes
        )
        with transaction(self.connection) as cursor:
            cursor.execute(
                f"create table sch_shop.{name} (id integer, code varchar(20), amount numeric(10,2), day date{keys})"
            )
            target = TableName("sch_shop", name)
            ownership.claim(cursor, self.source, target)
            return tables.register(cursor, self.source, schema, target, TableState.REPLICATED, start=None)

    def store(self, *transactions: dict[int, list[LogEntry]]) -> None:
        """Store one batch of these transactions: table id to entries."""
        with transaction(self.connection) as cursor:
            batch = OpenBatch(batches.next_batch_number(cursor))
            for changes in transactions:
                for table_id, entries in changes.items():
                    self.offset += 100
                    batch.add(table_id, entries, 1, self.offset)
                batch.commit()
            batches.write_rows(cursor, self.source, 1, batch)
            reached = Position(BinlogPosition("binlog.000001", self.offset))
            state = ReadState(self.left, reached, 1.0, None)
            self.stored = reached
            assert batches.store(cursor, self.source, batch, state, registered=False) is not None

    def replayer(self, **changes: object) -> Replayer:
        settings = dataclasses.replace(self.settings, **changes)  # type: ignore[arg-type]
        return Replayer(settings, self.connection, self.source, {"shop": "sch_shop"}, RULES)

    def replay(self, **changes: object) -> None:
        replayer = self.replayer(**changes)
        while replayer.replay_waiting():
            pass

    def rows(self, name: str) -> list[tuple[object, ...]]:
        with transaction(self.connection) as cursor:
            cursor.execute(f"select id, code, amount::text, day::text from sch_shop.{name} order by 1, 2, 3, 4")
            return cursor.fetchall()

    def state(self, name: str) -> TableState:
        with transaction(self.connection) as cursor:
            found = tables.load_tables(cursor, self.source)
        return next(table.state for table in found if table.name.table == name)


@pytest.fixture
def bench(target_database: Database) -> Iterable[Bench]:
    found = {name: value for name, value in target_database.pg_conn().items() if name != "charset"}
    settings = TargetSettings(**found)  # type: ignore[arg-type]
    connection = connect(settings, "test", BY_INDEX)
    yield Bench(connection, settings)
    connection.close()


def encoders(*indexes: Index) -> tuple[Callable[[Row], str], Callable[[Row], str]]:
    schema = TableSchema(TableName("shop", "t"), COLUMNS, indexes)
    names = schema.column_names
    return (
        key_encoder(schema, RULES, names, schema.key_columns, form=COMPOSITE),
        row_encoder(schema, RULES, names, form=COMPOSITE),
    )


KEY, IMAGE = encoders(PRIMARY)


def insert(row: Row) -> LogEntry:
    return LogEntry(INSERT, KEY(row), IMAGE(row))


def update(row: Row) -> LogEntry:
    return LogEntry(UPDATE, KEY(row), IMAGE(row))


def delete(row: Row) -> LogEntry:
    return LogEntry(DELETE, KEY(row), None)


def random_row(chance: random.Random, key: int, number: int) -> Row:
    code = chance.choice(
        [None, f"c{number}", f'q"uo\\te{number}', f"new\nline\t{number}", f"(a,b){number}", f" {number}"]
    )
    return key, code, chance.choice([None, f"{number}.50"]), chance.choice([None, "2024-02-29"])


@pytest.mark.parametrize("seed", range(5))
def test_random_changes_end_in_the_state_of_the_model(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    keyed, unique = bench.table("keyed", PRIMARY), bench.table("uniq", PRIMARY, UNIQUE)
    model: dict[int, Row] = {}
    number = 0
    for _ in range(8):
        transactions = []
        for _ in range(chance.randint(1, 10)):
            entries = []
            for _ in range(chance.randint(1, 6)):
                number += 1
                key = chance.randint(1, 12)
                row = random_row(chance, key, number)
                if key not in model:
                    entries.append(insert(row))
                    model[key] = row
                elif chance.random() < 0.4:
                    entries.append(delete(model.pop(key)))
                else:
                    entries.append(update(row))
                    model[key] = row
            transactions.append({keyed: list(entries), unique: list(entries)})
        bench.store(*transactions)
        if chance.random() < 0.6:
            bench.replay()
    bench.replay()
    expected = sorted(model.values())
    assert bench.rows("keyed") == expected
    assert bench.rows("uniq") == expected
    assert status.errors(bench.connection, bench.source) == []


def test_a_percent_sign_in_a_name_is_no_parameter(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    with transaction(bench.connection) as cursor:
        cursor.execute('alter table sch_shop.keyed rename to "100%s (all)"')
        cursor.execute("update sch_chameleon.tables set target_table = %s", ("100%s (all)",))
    bench.store({table: [insert((1, "50%", None, None)), insert((2, "%s" * 11, None, None))]})
    bench.store({table: [update((1, "51%", None, None)), delete((3, None, None, None))]})
    bench.replay()
    assert bench.state("keyed") is TableState.QUARANTINED
    assert "too long" in status.errors(bench.connection, bench.source)[0].reason


def test_rows_that_trade_unique_values_are_applied(bench: Bench) -> None:
    table = bench.table("uniq", PRIMARY, UNIQUE)
    bench.store({table: [insert((1, "a", None, None)), insert((2, "b", None, None))]})
    bench.replay()
    bench.store({table: [update((1, "x", None, None)), update((2, "a", None, None)), update((1, "b", None, None))]})
    bench.replay()
    assert bench.rows("uniq") == [(1, "b", None, None), (2, "a", None, None)]
    assert status.errors(bench.connection, bench.source) == []


def test_rows_without_a_key_are_counted(bench: Bench) -> None:
    table = bench.table("heap")
    same: Row = (1, "same", "1.00", None)
    other: Row = (2, None, None, "2024-01-01")
    entry = [LogEntry(INSERT, None, IMAGE(same))] * 3
    bench.store({table: [*entry, LogEntry(INSERT, None, IMAGE(other))]})
    bench.replay()
    bench.store({table: [LogEntry(DELETE, None, IMAGE(same)), LogEntry(DELETE, None, IMAGE(other))]})
    bench.store({table: [LogEntry(DELETE, None, IMAGE(same)), LogEntry(INSERT, None, IMAGE((2, "now", None, None)))]})
    bench.replay()
    assert bench.rows("heap") == [same, (2, "now", None, None)]


def test_a_missing_row_without_a_key_quarantines_its_table(bench: Bench) -> None:
    table = bench.table("heap")
    bench.store({table: [LogEntry(DELETE, None, IMAGE((1, "gone", None, None)))]})
    bench.replay()
    assert bench.state("heap") is TableState.QUARANTINED
    assert "missing from the target" in status.errors(bench.connection, bench.source)[0].reason


def test_partial_updates_lie_over_the_row_and_over_whole_images(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    bench.store({table: [insert((1, "a", "1.00", None)), insert((2, "b", "2.00", None))]})
    bench.replay()
    partial = [
        LogEntry(PARTIAL, KEY((1, None, None, None)), '{"code":"z"}'),
        update((2, "B", "3.00", None)),
        LogEntry(PARTIAL, KEY((2, None, None, None)), '{"day":"2024-03-01"}'),
        LogEntry(PARTIAL, KEY((1, None, None, None)), '{"code":"y","amount":null}'),
    ]
    bench.store({table: partial})
    bench.replay()
    assert bench.rows("keyed") == [(1, "y", None, None), (2, "B", "3.00", "2024-03-01")]


def test_a_document_in_a_partial_update_stays_a_document(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    with transaction(bench.connection) as cursor:
        cursor.execute("alter table sch_shop.keyed alter column code type jsonb using code::jsonb")
    bench.store({table: [insert((1, '{"a": 1}', "1.00", None))]})
    bench.replay()
    bench.store({table: [LogEntry(PARTIAL, KEY((1, None, None, None)), '{"code":"{\\"a\\": [2]}"}')]})
    bench.replay()
    with transaction(bench.connection) as cursor:
        cursor.execute("select code -> 'a' ->> 0, amount from sch_shop.keyed")
        assert cursor.fetchone() == ("2", 1)


def test_a_bad_row_is_found_logged_and_its_table_taken_out(bench: Bench) -> None:
    bad, good = bench.table("keyed", PRIMARY), bench.table("other", PRIMARY)
    rows: list[Row] = [(number, f"c{number}", None, None) for number in range(1, 200)]
    entries = [insert(row) for row in rows]
    entries[120] = insert((121, "far too long for twenty characters", None, None))
    bench.store({bad: entries, good: [insert(rows[0])]})
    bench.store({bad: [insert((500, None, None, None))], good: [insert(rows[1])]})
    bench.replay()
    assert len(bench.rows("keyed")) == 198
    assert len(bench.rows("other")) == 2
    assert bench.state("keyed") is TableState.QUARANTINED
    [error] = status.errors(bench.connection, bench.source)
    assert "too long" in error.reason
    detail = status.error(bench.connection, error.log_id)
    assert (detail.table, detail.row) == ("shop.keyed", '("121")')
    with transaction(bench.connection) as cursor:
        cursor.execute("select row_key, operation, binlog_file from sch_chameleon.discarded_rows")
        assert cursor.fetchall() == [('("121")', "insert", "binlog.000001")]


def test_exit_on_error_applies_nothing_of_the_batch(bench: Bench) -> None:
    bad, good = bench.table("keyed", PRIMARY), bench.table("other", PRIMARY)
    bench.store({bad: [insert((1, "x" * 30, None, None))], good: [insert((1, None, None, None))]})
    with pytest.raises(ReplicaStopped, match="too long"):
        bench.replay(stop_on_replay_error=True)
    [error] = status.errors(bench.connection, bench.source)
    detail = status.error(bench.connection, error.log_id)
    assert (detail.table, detail.position) == ("shop.keyed", "binlog.000001:200")
    assert bench.rows("other") == []
    assert bench.state("keyed") is TableState.REPLICATED
    bench.replay()
    assert bench.rows("other") == [(1, None, None, None)]


def test_what_is_replayed_is_marked_in_the_same_transaction(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    bench.store({table: [insert((1, None, None, None))]})
    assert bench.replayer().replay_waiting() == 1
    assert bench.replayer().replay_waiting() == 0
    with transaction(bench.connection) as cursor:
        cursor.execute("select replayed_rows, binlog_offset from sch_chameleon.replays")
        assert cursor.fetchone() == (1, bench.offset)


def test_a_batch_is_refused_after_tables_were_registered(bench: Bench) -> None:
    with transaction(bench.connection) as cursor:
        sources.bump_generation(cursor, bench.source)
        batch = OpenBatch(batches.next_batch_number(cursor))
        state = ReadState(bench.left, Position(BinlogPosition("binlog.000001", 999)), 1.0, None)
        assert batches.store(cursor, bench.source, batch, state, registered=False) is None
        assert not batches.move(cursor, bench.source, state)


def test_a_batch_is_refused_if_another_process_stored_meanwhile(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    before = bench.left
    bench.store({table: [insert((1, None, None, None))]})
    with transaction(bench.connection) as cursor:
        batch = OpenBatch(batches.next_batch_number(cursor))
        state = ReadState(before, Position(BinlogPosition("binlog.000001", 999)), 1.0, None)
        assert batches.store(cursor, bench.source, batch, state, registered=False) is None
        assert not batches.move(cursor, bench.source, state)


def test_many_partial_updates_are_applied_in_one_pass(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    keys = [(number, None, None, None) for number in range(20_000)]
    bench.store({table: [insert(row) for row in keys]})
    bench.store({table: [LogEntry(PARTIAL, KEY(row), '{"code":"z"}') for row in keys]})
    bench.replay()
    assert {row[1] for row in bench.rows("keyed")} == {"z"}


def test_a_log_table_is_emptied_when_all_of_it_is_old_and_replayed(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    bench.store({table: [insert((1, None, None, None))]})
    nothing = timedelta(0)
    with transaction(bench.connection) as cursor:
        assert batches.switch_log(cursor, bench.source, bench.generation, nothing) == 2
    assert not batches.purge(bench.connection, bench.source, nothing), "it is not replayed yet"
    bench.replay()
    assert not batches.purge(bench.connection, bench.source, timedelta(days=1)), "it is not old enough"
    assert batches.purge(bench.connection, bench.source, nothing)
    with transaction(bench.connection) as cursor:
        cursor.execute("select count(*) from sch_chameleon.log_1_1")
        assert cursor.fetchone() == (0,)


def test_a_table_of_the_user_in_the_place_of_ours_is_noticed_while_the_replay_runs(bench: Bench) -> None:
    table = bench.table("keyed", PRIMARY)
    replayer = bench.replayer()
    bench.store({table: [insert((1, "a", None, None))]})
    assert replayer.replay_waiting() == 1
    with transaction(bench.connection) as cursor:
        cursor.execute(
            "create schema ours; alter table sch_shop.keyed set schema ours;"
            " create table sch_shop.keyed (like ours.keyed including all);"
            " insert into sch_shop.keyed values (1, 'mine')"
        )
    bench.store({table: [delete((1, "a", None, None)), insert((2, "b", None, None))]})
    assert replayer.replay_waiting() == 1
    assert bench.rows("keyed") == [(1, "mine", None, None)]
    assert bench.state("keyed") is TableState.QUARANTINED
    assert "drop it" in status.errors(bench.connection, bench.source)[0].reason
