"""Defaults are tracked as real servers store them, however they are written; or their source has to be asked."""

import pymysql
import pytest

from lab.servers import SourceServer
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.model.change import TableCreated, TableUncertain
from pg_chameleon.model.schema import Default, TableSchema
from pg_chameleon.mysql.server import SourceServer as Server
from tests.conftest import FreshSchema
from tests.integration.convert_support import SourceSchema

NUMBERS = ("0", "-0", "1", "'007'", "' 5'", "1.5", "2.5", "-2.5", "1e1", "2.5e0", "'1e1'", "b'101'", "0x41", "true")
FLOATS = (*NUMBERS, "0.1", "'1.50'", "1e20", "1.5e-10", ".5")
DATES = (
    *("'2020-01-02'", "'2020-1-2'", "'2020/01/02'", "'20200102'", "20200102", "'200102'", "'70-01-02'", "0", "'0'"),
    *("'2020-01-02 10:11'", "'2020-01-02 10:11:12'", "'2020-01-02T10:11:12'", "'2020-01-02  10:11:12'"),
    *("'2020-01-02 10:11:12.5'", "'2020-01-02 23:59:59.999999'", "'2020-01-02 10:11:12.500'", "20200102101112"),
    *("'20200102101112.6'", "'2020-01-02 10:11:12+05:00'", "'2020.01.02'", "' 2020-01-02 '", "date '2020-01-02'"),
    *("timestamp '2020-01-02 10:11:12'", "'0000-00-00'", "'2020-01-00'", "'2020-01-02 10'"),
)
TIMES = (
    *("'10:11:12'", "'1:2:3'", "'10:11'", "'12'", "12", "'1230'", "1230", "101112", "'-10:11:12'", "'838:59:59'", "0"),
    *("'10:11:12.6'", "'10:11:12.60'", "'1 10:11:12'", "''", "'-00:00:00'", "'100:00:00'", "time '10:11:12'"),
)
TEXTS = (
    *("''", "'ab  '", "'it''s'", "1", "-1", "1.50", ".5", "1e3", "007", "0x4142", "0xE9", "b'1000001'", "true", "+5"),
    *("_latin1'x'", "_utf8mb4'x'", "'é'", "'a\\0b'", "n'x'"),
)
WRITTEN = {
    "int": NUMBERS,
    "bigint unsigned": NUMBERS,
    "int(5) zerofill": NUMBERS,
    "decimal(6,1)": (*NUMBERS, "0.25", "'0.25'", "-0.04"),
    "float": FLOATS,
    "double": FLOATS,
    "float(7,2)": (*FLOATS, "1.239", "1.005"),
    "bit(8)": ("5", "b'101'", "0x05", "'A'", "1.5"),
    "date": DATES,
    "datetime": DATES,
    "datetime(2)": DATES,
    "timestamp(3) null": DATES,
    "time": TIMES,
    "time(1)": TIMES,
    "year": ("2020", "'2020'", "20", "'20'", "70", "'70'", "0", "'0'", "'0000'", "1901"),
    "char(5)": TEXTS,
    "varchar(9)": TEXTS,
    "varchar(9) character set latin1": TEXTS,
    "binary(5)": TEXTS,
    "varbinary(9)": TEXTS,
    "enum('Red','Blue','1','é')": ("'Red'", "'red'", "'RED'", "'Red '", "1", "2", "'1'", "'é'", "'É'", "0x526564"),
    "set('Red','Blue','1')": ("'Blue,Red'", "'red'", "'Red,Red'", "''", "1", "3", "'1'"),
}
CERTAIN = {
    "date": "'2020-01-02'", "datetime": "'2020-01-02 10:11:12'", "timestamp(3) null": "'2020-01-02 10:11:12.5'",
    "time": "'10:11:12'", "year": "'2020'", "varchar(9)": "'ab  '", "int": "'007'", "float": "0.1",
    "enum('Red','Blue','1','é')": "'Red'", "set('Red','Blue','1')": "'Blue,Red'", "binary(5)": "'ab  '",
}  # fmt: skip
OFFSET = 19800
MODES = ("", "TIME_TRUNCATE_FRACTIONAL", "TIME_ROUND_FRACTIONAL")


@pytest.fixture
def source(source_server: SourceServer, fresh_schema: FreshSchema) -> SourceSchema:
    return SourceSchema(source_server, fresh_schema(source_server))


def tracked(source: SourceSchema, statement: str) -> TableSchema | None:
    """Return the structure that the tracker computes; None if the source has to be asked."""
    traits = Server(source.connection).traits()
    found = parse(statement, default_schema=source.name, mariadb=traits.mariadb)
    (change,) = changes_by(found, Structures(traits), offset=lambda: OFFSET)
    if isinstance(change, TableUncertain):
        assert change.readable
        return None
    assert isinstance(change, TableCreated)
    return change.after


@pytest.mark.parametrize("column_type", WRITTEN)
def test_defaults_are_what_the_server_stores(source: SourceSchema, column_type: str) -> None:
    followed = set()
    for number, written in enumerate(WRITTEN[column_type]):
        for mode in MODES:
            try:
                source.run(f"set sql_mode = '{mode}', time_zone = '+05:30'")
            except pymysql.MySQLError:
                continue  # the modes of the other product
            statement = f"create table t{number} (id int, c {column_type} default {written})"
            source.run(f"drop table if exists t{number}")
            try:
                source.run(statement)
            except pymysql.MySQLError:
                continue  # the server does not take it, so it is in no binlog
            source.run("set time_zone = '+00:00'")
            computed = tracked(source, statement)
            if computed is not None:
                followed.add(written)
                assert_same(computed, source.structure(f"t{number}"), statement)
    assert CERTAIN.get(column_type) in {None, *followed}


def assert_same(computed: TableSchema, there: TableSchema, statement: str) -> None:
    column, shown = computed.columns[1], there.columns[1].default
    if column.default is None or shown is None:
        assert column.default == shown, statement
    elif column.type.base in ("float", "double"):  # the server shows six digits of a FLOAT
        assert f"{float(column.default.text):.6g}" == f"{float(shown.text):.6g}", statement
    elif column.type.base in ("binary", "varbinary"):
        assert bytes_of(column.default).startswith(bytes_of(shown)), statement
    else:
        assert column.default == shown, statement


def bytes_of(default: Default) -> bytes:
    """Return the bytes of a default as far as every server shows them: up to a zero byte, or a question mark."""
    found = default.text.encode() if default.literal else bytes.fromhex(default.text[2:])
    return found.partition(b"\0")[0].partition(b"?")[0]


def test_defaults_of_timestamps_are_read_as_instants(source: SourceSchema) -> None:
    source.run("set time_zone = '+05:30', sql_mode = ''")
    source.run(
        "create table t (id int, a timestamp not null default '2020-07-01 12:00:00',"
        " b timestamp(2) null default '2020-07-01 12:00:00.25', c timestamp null default '0000-00-00 00:00:00',"
        " d timestamp null default current_timestamp, `e '` timestamp null default '2020-12-01 12:00:00' comment 'x')"
    )
    source.run("set time_zone = '+00:00'")
    defaults = [column.default.text for column in source.structure("t").columns if column.default is not None]
    assert [defaults[0], defaults[1], defaults[2], defaults[4]] == [
        "2020-07-01 06:30:00",
        "2020-07-01 06:30:00.25",
        "0000-00-00 00:00:00",
        "2020-12-01 06:30:00",
    ]
