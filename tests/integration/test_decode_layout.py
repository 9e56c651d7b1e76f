"""Table maps of real servers against the structures that are known: what fits, and what is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lab.servers import MariaDB, SourceServer
from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import RowsEvent, TableMap, Undecodable
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.decode.decoder import check_table_map
from tests.conftest import FreshSchema
from tests.integration.stream_support import decoded_rows, events_of, execute_all, structure_of
from tests.integration.test_decode_types import insert_of, select_rows, usable_cases, wide_table


@contextmanager
def row_metadata(server: SourceServer, value: str) -> Iterator[None]:
    """Have table maps with these metadata for the block."""
    ((before,),) = server.execute("select @@global.binlog_row_metadata")
    server.execute(f"set global binlog_row_metadata = {value}")
    yield
    server.execute(f"set global binlog_row_metadata = {before}")


def map_and_structure(server: SourceServer, schema: str, *statements: str) -> tuple[TableMap, TableSchema]:
    """Execute statements that make the table t and write a row into it."""
    events = events_of(server, lambda: execute_all(server, schema, statements))
    table = next(event.table for event in events if isinstance(event, RowsEvent))
    return table, structure_of(server, schema, "t")


@pytest.mark.source_version(mysql=(8, 0, 1), mariadb=(10, 5))
@pytest.mark.parametrize("metadata", ["full", "minimal"])
def test_every_type_fits_its_own_table_map(
    source_server: SourceServer, fresh_schema: FreshSchema, metadata: str
) -> None:
    schema = fresh_schema(source_server)
    cases = usable_cases(source_server)
    with row_metadata(source_server, metadata):
        write = [wide_table(cases), insert_of(cases, 0)]
        events = events_of(source_server, lambda: execute_all(source_server, schema, write))
    structure = structure_of(source_server, schema, "wide")
    (rows,) = decoded_rows(events, structure)
    assert repr(rows.rows) == repr(select_rows(source_server, structure))


@pytest.mark.source_version(mysql=(8, 0, 1), mariadb=(10, 5))
def test_full_metadata_reveal_a_structure_that_only_looks_alike(
    source_server: SourceServer, fresh_schema: FreshSchema
) -> None:
    definition = "id int unsigned primary key, small tinyint, name varchar(10) character set latin1, note varchar(10)"
    with row_metadata(source_server, "full"):
        table, structure = map_and_structure(
            source_server,
            fresh_schema(source_server),
            f"create table t ({definition} character set utf8mb4)",
            "insert into t values (1, 2, 'a', 'b')",
        )
    check_table_map(table, structure)
    identity, small, name, note = structure.columns
    for columns, words in (
        ((replace(identity, name="other"), small, name, note), "called id"),
        ((replace(identity, column_type="int"), small, name, note), "unsigned"),
        ((identity, replace(small, column_type="tinyint unsigned"), name, note), "is signed"),
        ((identity, small, replace(name, charset="latin2"), note), "character set latin1"),
    ):
        with pytest.raises(DecodeError, match=words):
            check_table_map(table, replace(structure, columns=columns))


@pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 2, 5))
def test_generated_columns_are_in_the_rows(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    definition = "id int primary key, v int as (id + 1) virtual, s int as (id + 2) stored, w int"
    write = [
        f"create table t ({definition})",
        "insert into t (id, w) values (1, 9)",
        "update t set w = 8",
        "delete from t",
    ]
    events = events_of(source_server, lambda: execute_all(source_server, schema, write))
    inserted, updated, deleted = decoded_rows(events, structure_of(source_server, schema, "t"))
    assert inserted.rows == [(1, 2, 3, 9)]
    assert updated.rows == [((1, 2, 3, 9), (1, 2, 3, 8))]
    assert deleted.rows == [(1, 2, 3, 8)]


def test_mariadb_hides_the_hash_of_a_long_unique_key(mariadb_server: MariaDB, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(mariadb_server)
    write = [
        "create table t (id int, v blob, w text, unique key (v), unique key (id, w))",
        "insert into t values (1, 'x', 'y')",
        "update t set v = 'z'",
        "delete from t",
    ]
    events = events_of(mariadb_server, lambda: execute_all(mariadb_server, schema, write))
    inserted, updated, deleted = decoded_rows(events, structure_of(mariadb_server, schema, "t"))
    assert inserted.rows == [(1, b"x", "y")]
    assert updated.rows == [((1, b"x", "y"), (1, b"z", "y"))]
    assert deleted.rows == [(1, b"z", "y")]
    assert inserted.after_columns == ("id", "v", "w")


def test_system_versioned_tables_are_refused(mariadb_server: MariaDB, fresh_schema: FreshSchema) -> None:
    explicit = """id int, s timestamp(6) generated always as row start, e timestamp(6) generated always as row end,
                  period for system_time (s, e)"""
    for definition in ("id int", explicit):
        table, structure = map_and_structure(
            mariadb_server,
            fresh_schema(mariadb_server),
            f"create table t ({definition}) with system versioning",
            "insert into t (id) values (1)",
        )
        with pytest.raises(DecodeError):
            check_table_map(table, structure)


OLD_VALUES = (
    ("2024-02-29 12:34:56.789012", "2024-02-29 12:34:56.789012", "12:34:56.789012"),
    ("0000-00-00 00:00:00", "0000-00-00 00:00:00", "-838:59:59.999999"),
    ("9999-12-31 23:59:59.999999", "1970-01-01 00:00:01.5", "838:59:59.999999"),
    ("2024-00-10 00:00:00.000001", "2038-01-19 03:14:07.000001", "-00:00:00.000001"),
)


def test_old_temporal_types_are_read(mariadb_server: MariaDB, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(mariadb_server)
    mariadb_server.execute("set global mysql56_temporal_format = off")
    columns = [
        f"{kind}{digits} {kind}({digits}) null" for digits in range(7) for kind in ("datetime", "timestamp", "time")
    ]
    rows = [[number, *values * 7] for number, values in enumerate(OLD_VALUES)]
    write = [
        "set time_zone = '+00:00', sql_mode = ''",
        f"create table t (id int primary key, d date, {', '.join(columns)})",
        *(
            f"insert into t values ({row[0]}, '2024-02-00', {', '.join(repr(each) for each in row[1:])})"
            for row in rows
        ),
    ]
    events = events_of(mariadb_server, lambda: execute_all(mariadb_server, schema, write))
    mariadb_server.execute("set global mysql56_temporal_format = on")
    structure = structure_of(mariadb_server, schema, "t")
    assert [row for found in decoded_rows(events, structure) for row in found.rows] == select_rows(
        mariadb_server, structure
    )


def test_a_table_that_was_altered_meanwhile_is_refused(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    table, structure = map_and_structure(
        source_server, schema, "create table t (id int, v varchar(10))", "insert into t values (1, 'a')"
    )
    for change in ("add column n int", "modify v varchar(300)", "modify v text", "modify id bigint", "drop column n"):
        execute_all(source_server, schema, [f"alter table t {change}"])
        altered = structure_of(source_server, schema, "t")
        with pytest.raises(DecodeError) as raised:
            check_table_map(table, altered)
        assert raised.value.table == structure.name


def test_undecodable_text_has_substitutes(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    write = ["create table t (id int, v varbinary(40), w varbinary(40))", "insert into t values (1, x'ff', 'ok')"]
    events = events_of(source_server, lambda: execute_all(source_server, schema, write))
    # Without metadata, binary columns look like text of the same size
    bare = [
        event._replace(layout=replace(event.layout, table=replace(event.table, optional=b"")))
        for event in events
        if isinstance(event, RowsEvent)
    ]
    structure = structure_of(source_server, schema, "t")
    columns = [replace(column, column_type="varchar(10)", charset="utf8mb4") for column in structure.columns[1:]]
    misread = replace(structure, columns=(structure.columns[0], *columns))
    ((row,),) = [rows.rows for rows in decoded_rows(bare, misread)]
    assert row == (1, Undecodable("\ufffd", b"\xff"), "ok")


@pytest.mark.source_version(mysql=(8, 0, 1), mariadb=(10, 5))
def test_charsets_are_those_of_the_text_columns(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    definition = """a varchar(5) character set latin1, g geometry, u tinyint unsigned, b blob,
                    c varchar(5) character set latin2, s smallint, d char(3) character set latin5, y year"""
    with row_metadata(source_server, "minimal"):
        table, structure = map_and_structure(
            source_server,
            fresh_schema(source_server),
            f"create table t ({definition})",
            "insert into t (a) values ('x')",
        )
    check_table_map(table, structure)
    for name, charset in (("a", "latin2"), ("c", "latin1"), ("d", "ascii")):
        columns = [replace(each, charset=charset) if each.name == name else each for each in structure.columns]
        with pytest.raises(DecodeError, match=f"column {name} has the character set"):
            check_table_map(table, replace(structure, columns=tuple(columns)))
    for name, column_type in (("u", "tinyint"), ("s", "smallint unsigned")):
        columns = [replace(each, column_type=column_type) if each.name == name else each for each in structure.columns]
        with pytest.raises(DecodeError, match="signed"):
            check_table_map(table, replace(structure, columns=tuple(columns)))
