"""The catalogue: installed, found, upgraded and dropped on a real PostgreSQL."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.servers import Database
from pg_chameleon.errors import CatalogueError, ChameleonError, ReplicaBusy
from pg_chameleon.model.names import TableName
from pg_chameleon.model.status import SourceStatus
from pg_chameleon.model.target import TargetTraits
from pg_chameleon.postgres import catalogue, ownership, sources, status
from pg_chameleon.postgres.connection import Connection, TargetSettings, connect, transaction
from pg_chameleon.postgres.ownership import ForeignTable
from pg_chameleon.postgres.roles import LockRole, held_roles, take_role, try_lock
from pg_chameleon.postgres.traits import read_traits

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def settings(target_database: Database) -> TargetSettings:
    return TargetSettings(
        **{name: value for name, value in target_database.pg_conn().items() if name != "charset"}  # type: ignore[arg-type]
    )


@pytest.fixture
def connection(settings: TargetSettings) -> Iterator[Connection]:
    opened = connect(settings, "test")
    yield opened
    opened.close()


def objects(database: Database) -> list[tuple[object, ...]]:
    """Describe every relation, column, index, constraint, type and function of the catalogue."""
    return [
        *database.execute(
            "select relname, relkind::text, obj_description(oid) from pg_class"
            " where relnamespace = 'sch_chameleon'::regnamespace order by 1"
        ),
        *database.execute(
            "select attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity::text,"
            " attgenerated::text, attcollation::regcollation::text, attstorage::text,"
            " pg_get_expr(d.adbin, d.adrelid) from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
            " where relnamespace = 'sch_chameleon'::regnamespace and attnum > 0 and not attisdropped"
            " and relkind <> 'i' order by 1, 2"
        ),
        *database.execute("select indexname, indexdef from pg_indexes where schemaname = 'sch_chameleon' order by 1"),
        *database.execute(
            "select conname, pg_get_constraintdef(oid) from pg_constraint"
            " where connamespace = 'sch_chameleon'::regnamespace order by 1, 2"
        ),
        *database.execute(
            "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'sch_chameleon'::regnamespace order by 1"
        ),
    ]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("statement_timeout", "100", "0"),
        ("idle_in_transaction_session_timeout", "100", "0"),
        ("default_transaction_isolation", "serializable", "read committed"),
    ],
)
def test_no_default_of_the_database_ends_or_changes_our_transactions(
    settings: TargetSettings, target_database: Database, name: str, value: str, wanted: str
) -> None:
    target_database.execute(f"alter database {target_database.name} set {name} = '{value}'")
    connection = connect(settings, "test")
    with transaction(connection) as cursor:
        cursor.execute("select pg_sleep(0.2), current_setting(%s)", (name,))
        time.sleep(0.2)
        cursor.execute("select current_setting(%s)", (name,))
        assert cursor.fetchone() == (wanted,)
    connection.close()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_without_all_characters_is_refused(
    settings: TargetSettings, target_database: Database, encoding: str
) -> None:
    server, name = target_database.server, f"{target_database.name}_{encoding.lower()}"
    server.execute(f"create database {name} encoding '{encoding}' locale 'C' template template0 owner {settings.user}")
    connection = connect(replace(settings, database=name), "test")
    with pytest.raises(CatalogueError, match=encoding):
        catalogue.install(connection)
    connection.close()
    server.execute(f"drop database {name}")


def test_installing_twice_changes_nothing(connection: Connection, target_database: Database) -> None:
    assert catalogue.install(connection)
    before = objects(target_database)
    assert not catalogue.install(connection)
    assert objects(target_database) == before
    catalogue.require(connection)


def test_a_missing_catalogue_is_told_with_what_to_do(connection: Connection) -> None:
    with pytest.raises(CatalogueError, match="create_replica_schema"):
        catalogue.require(connection)
    assert not catalogue.drop(connection)


def test_a_schema_of_another_tool_is_left_alone(connection: Connection, target_database: Database) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("create schema sch_chameleon; create table sch_chameleon.t_sources (i_id_source bigint)")
    with pytest.raises(CatalogueError, match="rename or drop it"):
        catalogue.install(connection)
    assert target_database.execute("select to_regclass('sch_chameleon.t_sources') is not null") == [(True,)]


def test_an_upgrade_runs_the_missing_steps_in_order(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.install(connection)
    steps = {
        "upgrades/10.sql": "alter table sch_chameleon.later add column also integer",
        "upgrades/9.sql": "create table sch_chameleon.later (number integer)",
        "upgrades/2.sql": "select 1/0 -- is in the installed version already",
    }
    installed = catalogue.VERSION
    monkeypatch.setattr(catalogue, "VERSION", 10)
    monkeypatch.setattr(catalogue, "sql_files", lambda _folder: tuple(steps))
    monkeypatch.setattr(catalogue, "sql_text", steps.__getitem__)
    with pytest.raises(CatalogueError, match="upgrade_replica_schema"):
        catalogue.require(connection)
    assert catalogue.upgrade(connection) == (installed, 10)
    assert catalogue.upgrade(connection) == (10, 10)
    catalogue.require(connection)
    with connection, connection.cursor() as cursor:
        cursor.execute("select number, also from sch_chameleon.later")


def test_a_failing_upgrade_leaves_the_old_version(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.install(connection)
    before = catalogue.VERSION
    steps = {
        f"upgrades/{before + 1}.sql": "create table sch_chameleon.later (number integer)",
        f"upgrades/{before + 2}.sql": "select 1/0",
    }
    monkeypatch.setattr(catalogue, "VERSION", before + 2)
    monkeypatch.setattr(catalogue, "sql_files", lambda _folder: tuple(steps))
    monkeypatch.setattr(catalogue, "sql_text", steps.__getitem__)
    with pytest.raises(ChameleonError, match="division by zero"):
        catalogue.upgrade(connection)
    with connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('sch_chameleon.later'), max(version) from sch_chameleon.catalogue_version")
        assert cursor.fetchone() == (None, before)


def test_upgrading_an_old_catalogue_gives_the_same_database_as_a_new_one(
    connection: Connection, target_database: Database
) -> None:
    assert catalogue.install(connection)
    expected = objects(target_database)
    catalogue.drop(connection)
    with connection, connection.cursor() as cursor:
        cursor.execute((DATA / "catalogue-1.sql").read_text())
    with pytest.raises(CatalogueError, match="upgrade_replica_schema"):
        catalogue.require(connection)
    assert objects(target_database) != expected
    assert catalogue.upgrade(connection) == (1, catalogue.VERSION)
    assert objects(target_database) == expected
    catalogue.require(connection)


def test_an_upgrade_keeps_what_is_on_record_of_changed_values(
    connection: Connection, target_database: Database
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute((DATA / "catalogue-1.sql").read_text())
        cursor.execute("""
            insert into sch_chameleon.sources (name, type) values ('one', 'mysql');
            insert into sch_chameleon.tables
                (source_id, source_schema, source_table, target_schema, target_table, state)
            values (1, 'a', 't', 'x', 't', 'dropped'), (1, 'a', 't', 'x', 't', 'replicated'),
                (1, 'a', 'gone', 'x', 'gone', 'dropped');
            insert into sch_chameleon.value_changes
                (source_id, source_schema, source_table, source_column, reason, occurrences, row_key)
            values (1, 'a', 't', 'v', 'NUL characters left out', 7, '("1")'),
                (1, 'a', 'gone', 'v', 'NUL characters left out', 1, '("1")')""")
    catalogue.upgrade(connection)
    [found] = status.value_changes(connection, sources.find_source(connection, "one"))
    assert found == (TableName("a", "t"), "v", "NUL characters left out", 7, '("1")')


def test_after_an_upgrade_only_tables_that_were_surely_made_are_the_replicas(
    connection: Connection, target_database: Database
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute((DATA / "catalogue-1.sql").read_text())
        cursor.execute("""
            create schema x;
            create table x.made (); create table x.copied (); create table x.doubtful (); create table x.mine ();
            insert into sch_chameleon.sources (name, type) values ('one', 'mysql');
            insert into sch_chameleon.tables
                (source_id, source_schema, source_table, target_schema, target_table, state, rows_copied)
            values (1, 'a', 'made', 'x', 'made', 'replicated', 0), (1, 'a', 'copied', 'x', 'copied', 'quarantined', 5),
                (1, 'a', 'doubtful', 'x', 'doubtful', 'quarantined', 0), (1, 'a', 'mine', 'x', 'mine', 'dropped', 5)""")
    catalogue.upgrade(connection)
    source = sources.find_source(connection, "one")
    with transaction(connection) as cursor:
        assert ownership.find_own(cursor, source, TableName("x", "made")) is not None
        assert ownership.find_own(cursor, source, TableName("x", "copied")) is not None
        assert ownership.find_own(cursor, source, TableName("x", "gone")) is None
        for foreign in (TableName("x", "doubtful"), TableName("x", "mine")):
            with pytest.raises(ForeignTable, match="was not created by this replica"):
                ownership.find_own(cursor, source, foreign)


def test_what_the_replica_made_is_known_by_itself_and_not_by_its_name(connection: Connection) -> None:
    catalogue.install(connection)
    source = sources.add_source(connection, "one", "mysql", {"a": "x"})
    other = sources.add_source(connection, "two", "mysql", {"a": "y"})
    with transaction(connection) as cursor:
        cursor.execute("create schema x; create table x.made ()")
        ownership.claim(cursor, source, TableName("x", "made"))
        ownership.claim(cursor, source, TableName("x", "made"))
        cursor.execute("alter table x.made rename to later; create table x.made ()")
        assert ownership.find_own(cursor, source, TableName("x", "later")) is not None
        with pytest.raises(ForeignTable):
            ownership.find_own(cursor, source, TableName("x", "made"))
        with pytest.raises(ForeignTable):
            ownership.find_own(cursor, other, TableName("x", "later"))
        assert ownership.find_foreign(cursor, source, ["x", "y"]) == {TableName("x", "made")}
        cursor.execute("drop table x.later")
        ownership.forget_dropped(cursor, source)
        cursor.execute("select count(*) from sch_chameleon.target_tables")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("detached", [True, False])
def test_tables_of_a_source_that_is_gone_are_the_users_if_it_was_detached(
    connection: Connection, detached: bool
) -> None:
    catalogue.install(connection)
    gone = sources.add_source(connection, "one", "mysql", {"a": "x"})
    with transaction(connection) as cursor:
        cursor.execute("create schema x; create table x.t ()")
        ownership.claim(cursor, gone, TableName("x", "t"))
    sources.remove_source(connection, gone, detached=detached)
    source = sources.add_source(connection, "one", "mysql", {"a": "x"})
    with transaction(connection) as cursor:
        assert ownership.find_foreign(cursor, source, ["x"]) == ({TableName("x", "t")} if detached else set())


def test_the_tables_of_a_schema_that_is_no_longer_mapped_are_the_users(connection: Connection) -> None:
    catalogue.install(connection)
    source = sources.add_source(connection, "one", "mysql", {"a": "x", "b": "y"})
    with transaction(connection) as cursor:
        cursor.execute("create schema x; create table x.t (); create schema y; create table y.t ()")
        for schema in ("x", "y"):
            ownership.claim(cursor, source, TableName(schema, "t"))
    sources.update_mappings(connection, source, {"b": "z"})
    with transaction(connection) as cursor:
        assert ownership.find_own(cursor, source, TableName("z", "t")) is not None
        assert ownership.find_foreign(cursor, source, ["x", "z"]) == {TableName("x", "t")}


def test_a_newer_catalogue_is_not_touched(connection: Connection) -> None:
    catalogue.install(connection)
    with connection, connection.cursor() as cursor:
        cursor.execute("insert into sch_chameleon.catalogue_version (version) values (999)")
    with pytest.raises(CatalogueError, match="newer"):
        catalogue.require(connection)


def test_a_catalogue_in_use_is_neither_dropped_nor_upgraded(connection: Connection, settings: TargetSettings) -> None:
    catalogue.install(connection)
    source = sources.add_source(connection, "one", "mysql", {"a": "b"})
    other = connect(settings, "daemon")
    assert try_lock(other, source.source_id, LockRole.DAEMON)
    assert not try_lock(connection, source.source_id, LockRole.DAEMON)
    assert held_roles(connection, source.source_id) == {LockRole.DAEMON}
    with pytest.raises(ReplicaBusy, match="the source one is busy: its replica is running") as busy:
        take_role(connection, source, LockRole.DAEMON)
    assert busy.value.advice == "Stop it there with chameleon stop_replica --source one"
    take_role(connection, source, LockRole.COPY)
    with pytest.raises(ReplicaBusy):
        catalogue.drop(connection)
    with pytest.raises(ReplicaBusy):
        catalogue.upgrade(connection)
    other.close()


def test_a_target_schema_belongs_to_one_source(connection: Connection) -> None:
    catalogue.install(connection)
    sources.add_source(connection, "one", "mysql", {"a": "x"})
    with pytest.raises(CatalogueError, match="'x' belongs to the source 'one'"):
        sources.add_source(connection, "two", "mysql", {"b": "x"})
    with pytest.raises(CatalogueError, match="already registered"):
        sources.add_source(connection, "one", "mysql", {"c": "y"})
    assert [source.name for source in sources.all_sources(connection)] == ["one"]


def test_changed_mappings_rename_the_target_schemas(connection: Connection, target_database: Database) -> None:
    catalogue.install(connection)
    source = sources.add_source(connection, "one", "mysql", {"a": "x", "b": "y", "c": 'we"ird'})
    with connection, connection.cursor() as cursor:
        cursor.execute('create schema x; create schema y; create schema "we""ird"; create table x.of_a (i int)')
    done = sources.update_mappings(connection, source, {"a": "y", "b": "x", "d": "new"})
    assert sources.read_mappings(connection, source) == {"a": "y", "b": "x", "d": "new"}
    assert target_database.execute("select to_regclass('y.of_a') is not null") == [(True,)]
    assert len(done) == 4


def test_a_removed_source_leaves_nothing_in_the_catalogue(connection: Connection) -> None:
    catalogue.install(connection)
    source = sources.add_source(connection, "one", "mysql", {"a": "x"})
    sources.set_status(connection, source, SourceStatus.ERROR, "because")
    assert sources.find_source(connection, "one").status_reason == "because"
    sources.remove_source(connection, source, detached=True)
    with connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('sch_chameleon.log_1_1'), count(*) from sch_chameleon.sources")
        assert cursor.fetchone() == (None, 0)
    with pytest.raises(CatalogueError, match=r"registered: none"):
        sources.find_source(connection, "one")


def test_the_traits_of_a_target_are_asked_at_once(connection: Connection) -> None:
    traits = read_traits(connection)
    assert traits == TargetTraits(divmod(connection.server_version, 10_000), "UTF8", read_only=False, postgis=False)
    with connection, connection.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = on")
    assert read_traits(connection).read_only
