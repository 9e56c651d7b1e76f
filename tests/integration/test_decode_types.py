"""Every type with its edge values: what the decoder makes of the binlog is what SELECT says."""

from contextlib import closing
from typing import Any, NamedTuple

import pytest

from lab.servers import SourceServer
from pg_chameleon.model.change import RowKind
from pg_chameleon.model.schema import Column, TableSchema
from tests.conftest import FreshSchema
from tests.integration.stream_support import decoded_rows, events_of, execute_all, structure_of


class Case(NamedTuple):
    """A column type, and values as SQL. ``servers``: only these products have it."""

    column_type: str
    values: tuple[str, ...]
    servers: tuple[str, ...] = ("mysql", "mariadb")
    since: tuple[int, ...] = ()


MYSQL = ("mysql",)
MARIADB = ("mariadb",)


def _members(count: int) -> str:
    return ",".join(f"'v{number}'" for number in range(count))


_INTEGERS = [
    Case(f"{name}{' unsigned' if unsigned else ''}", tuple(map(str, edges)))
    for name, bits in (("tinyint", 8), ("smallint", 16), ("mediumint", 24), ("int", 32), ("bigint", 64))
    for unsigned, edges in (
        (False, (0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), 2 ** (bits - 2) + 1)),
        (True, (0, 1, 2 ** (bits - 1), 2**bits - 1, 2 ** (bits - 1) - 1)),
    )
]

_DATETIMES = (
    "'0000-00-00 00:00:00'",
    "'1000-01-01 00:00:00'",
    "'9999-12-31 23:59:59.999999'",
    "'2024-00-00 01:02:03.1'",
    "'2024-02-00 00:00:00'",
    "'1969-12-31 23:59:59.000001'",
    "'2024-02-29 12:34:56.123456'",
    "'0001-01-01 00:00:00'",
)
_TIMESTAMPS = (
    "'0000-00-00 00:00:00'",
    "'1970-01-01 00:00:01'",
    "'2038-01-19 03:14:07'",
    "'2024-02-29 12:34:56.123456'",
    "'2000-12-31 23:59:59.000001'",
)
_TIMES = (
    "'00:00:00'",
    "'838:59:59'",
    "'-838:59:59'",
    "'-00:00:01'",
    "'-00:00:00.000001'",
    "'-00:00:00.5'",
    "'-12:34:56.789012'",
    "'23:59:59.999999'",
    "'-100:00:00.1'",
    "'-01:59:59.999999'",
)
_DECIMALS = (
    (5, 0, ("0", "1", "-1", "99999", "-99999")),
    (10, 2, ("0", "0.01", "-0.01", "99999999.99", "-99999999.99", "-1.5", "1234.5")),
    (2, 2, ("0", "0.99", "-0.99", "0.1")),
    (9, 9, ("0.123456789", "-0.000000001")),
    (18, 9, ("123456789.987654321", "-999999999.999999999", "1", "-0.5")),
    (19, 0, ("1234567890123456789", "-1234567890123456789")),
    (20, 10, ("1234567890.0123456789", "-1234567890.0123456789", "1000000000", "-0.0000000001")),
    (65, 30, ("9" * 35 + "." + "9" * 30, "-" + "9" * 35 + "." + "9" * 30, "1", "-1e-30", "0")),
    (65, 0, ("9" * 65, "-" + "9" * 65, "1000000000", "-100000000000000000000")),
    (30, 30, ("0." + "1" * 30, "-0." + "0" * 29 + "1")),
    (7, 3, ("1.005", "-1234.5", "9999.999")),
)
_TEXTS = (
    "''",
    "'a'",
    "'  x  '",
    "'it''s'",
    "'NULL'",
    "'\\\\N'",
    "'tab\\tnl\\n'",
    "'äöü€'",
    "'日本語'",
    "repeat('x', 255)",
)
_BYTES = ("''", "'a'", "x'00'", "x'0000ff00'", "x'e4f6fc'", "'a   '", "x'61000000'", "repeat('x', 16)", "x'20'")
_JSON_DOCUMENTS = (
    "'null'",
    "'true'",
    "'[]'",
    "'{}'",
    "'\"\"'",
    "'0'",
    "'-1'",
    "'32767'",
    "'32768'",
    "'-32769'",
    "'65535'",
    "'2147483648'",
    "'4294967296'",
    "'-9223372036854775808'",
    "'18446744073709551615'",
    "'[1.5, -0.1, 1e100, 1e-100, 1.0]'",
    '\'{"a": [1, {"b": null}], "longer key": "value \\\\" \\\\\\\\ \\\\n \\\\u0001 ü 😀", "": false}\'',
    "concat('[', repeat('\"0123456789\", ', 7000), '1]')",
    'concat(\'{"big": "\', repeat(\'x\', 70000), \'", "k": [4294967296, -5, "t", null, {"z": 1}]}\')',
)
_JSON_OPAQUES = (
    "cast(cast('2024-02-29' as date) as json)",
    "cast(cast('2024-02-29 01:02:03.456' as datetime(6)) as json)",
    "cast(cast('-12:34:56.789' as time(6)) as json)",
    "cast(cast(-12.340 as decimal(10,3)) as json)",
    "json_array(1.10, cast('9999999999999999999.99' as decimal(30,2)), x'00ff', b'101')",
    "json_array(timestamp'2024-01-01 00:00:00')",
    "cast(st_geomfromtext('point(1 2)') as json)",
)
_GEOMETRIES = (
    "st_geomfromtext('point(1 2)')",
    "st_geomfromtext('linestring(0 0, 1 1, 2 -1.5)')",
    "st_geomfromtext('polygon((0 0, 0 1, 1 1, 0 0))')",
    "st_geomfromtext('geometrycollection(point(1 1), linestring(0 0, 1 1))')",
    "st_geomfromtext('multipoint(1 1, 2 2)')",
)

CASES = [
    *_INTEGERS,
    Case("tinyint(1)", ("0", "1", "-128")),
    Case("int(5) zerofill", ("0", "42", "4294967295")),
    Case("float", ("0", "1.1", "-3.402823466e38", "1e-37", "16777217")),
    Case("float unsigned", ("0", "1.1")),
    Case("double", ("0", "1.1", "-1.7976931348623157e308", "2.2250738585072014e-308", "1e15", "0.1")),
    *(Case(f"decimal({precision},{scale})", values) for precision, scale, values in _DECIMALS),
    Case("decimal(10,2) unsigned", ("0", "99999999.99")),
    *(Case(f"bit({size})", ("b'0'", "b'1'", f"b'{'1' * size}'")) for size in (1, 3, 8, 9, 17, 63, 64)),
    Case("year", ("0", "1901", "2155", "2024")),
    Case("date", ("'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-00-00'", "'2024-02-00'", "'0001-01-01'")),
    *(Case(f"datetime({digits})", _DATETIMES) for digits in range(7)),
    *(Case(f"timestamp({digits}) null", _TIMESTAMPS) for digits in range(7)),
    *(Case(f"time({digits})", _TIMES) for digits in range(7)),
    *(
        Case(f"{base} character set {charset}", _TEXTS)
        for base in ("varchar(300)", "char(255)", "text")
        for charset in ("utf8mb4", "latin1", "utf16", "ucs2")
    ),
    Case("tinytext character set utf8mb4", _TEXTS[:-1]),
    Case("mediumtext character set utf8mb4", (*_TEXTS, "repeat('ü😀', 50000)")),
    Case("longtext character set utf8mb4", (*_TEXTS, "repeat('x', 1000000)")),
    Case("varchar(10) character set utf8mb4", ("'😀😀'", "'äää'")),
    Case("char(100) character set utf8mb4", ("'😀😀'", "repeat('€', 100)", "''")),
    Case("binary(16)", _BYTES),
    Case("binary(255)", ("repeat('y', 255)", "x'00'", "''")),
    Case("varbinary(16)", _BYTES),
    Case("varbinary(1000)", (*_BYTES, "repeat(x'00', 1000)")),
    Case("tinyblob", _BYTES),
    Case("blob", (*_BYTES, "repeat('z', 65535)")),
    Case("mediumblob", (*_BYTES, "repeat('z', 100000)")),
    Case("longblob", _BYTES),
    Case("enum('a','b''c','x,y','ü')", ("'a'", "'b''c'", "'x,y'", "'ü'", "'nonsense'")),
    Case(f"enum({_members(300)})", ("'v0'", "'v255'", "'v256'", "'v299'")),
    *(Case(f"set({_members(size)})", ("''", "'v0'", f"'v0,v{size - 1}'")) for size in (1, 8, 9, 24, 25, 33, 64)),
    Case("json", _JSON_DOCUMENTS),
    Case("json", _JSON_OPAQUES, MYSQL, (5, 7, 8)),
    Case("geometry", _GEOMETRIES),
    Case("point", _GEOMETRIES[:1]),
    Case("geometry srid 4326", ("st_geomfromtext('point(10 20)', 4326)",), MYSQL, (8, 0)),
    Case("vector(3)", ("string_to_vector('[1,2.5,-3]')",), MYSQL, (9, 0)),
    Case("vector(3)", ("vec_fromtext('[1,2.5,-3]')",), MARIADB, (11, 7)),
    Case(
        "uuid",
        (
            "'12345678-9abc-1def-8012-3456789abcde'",
            "'12345678-9abc-7def-8012-3456789abc00'",
            "'00000000-0000-0000-0000-000000000000'",
            "'ffffffff-ffff-ffff-ffff-ffffffffff20'",
        ),
        MARIADB,
        (10, 7),
    ),
    Case("inet4", ("'1.2.3.4'", "'0.0.0.0'", "'255.255.255.255'", "'10.0.0.0'"), MARIADB, (10, 10)),
    Case(
        "inet6",
        (
            "'::'",
            "'::1'",
            "'2001:db8::ff00:42:8329'",
            "'::ffff:1.2.3.4'",
            "'::1.2.3.4'",
            "'1:0:0:2::3'",
            "'1:0:2:3:4:5:6:7'",
            "'fe80::'",
            "'1:2:3:4:5:6:0:0'",
            "'0:0:1:0:0:0:1:0'",
            "'::1:2'",
            "'::ffff:0:1'",
            "'1:0:3:4:5:6:7:0'",
            "'0:0:1:1:0:0:0:0'",
            "'0:1:0:1:0:1:0:1'",
        ),
        MARIADB,
        (10, 5),
    ),
    *(
        Case(f"{base} compressed{charset}", (*values, "repeat('long ', 40)"), MARIADB, (10, 3))
        for base, charset, values in (
            ("varchar(300)", " character set utf8mb4", _TEXTS),
            ("text", " character set latin1", _TEXTS),
            ("varbinary(300)", "", _BYTES),
            ("blob", "", _BYTES),
            ("longblob", "", (*_BYTES, "repeat('y', 200000)")),
        )
    ),
]


def _is_for(case: Case, server: SourceServer) -> bool:
    return server.product in case.servers and server.version >= case.since


def usable_cases(server: SourceServer) -> list[Case]:
    cases = [case for case in CASES if _is_for(case, server)]
    if server.product == "mysql" and server.version < (5, 7, 8):
        cases = [case for case in cases if case.column_type != "json"]
    return cases


_SHOWN_AS_TEXT = frozenset({"date", "datetime", "timestamp", "time", "decimal", "json", "uuid", "inet4", "inet6"})


def selected(column: Column) -> str:
    """The SELECT expression whose value is what the decoder shall give, or from which ``expected`` makes it."""
    name, base = f"`{column.name}`", column.type.base
    if base in ("enum", "set", "bit"):
        return f"cast({name} as unsigned)"
    if base in ("float", "double"):
        return f"{name} + 0e0"
    if base in _SHOWN_AS_TEXT:
        return f"cast({name} as char character set utf8mb4)"
    if base.endswith(("int", "year")):
        return name
    return f"hex(convert({name} using utf8mb4))" if base.endswith(("char", "text")) else f"hex({name})"


def expected(column: Column, value: Any) -> Any:
    """What the decoder shall give where SELECT gives ``value``."""
    base = column.type.base
    if value is None:
        return None
    if base.endswith(("char", "text")):
        return bytes.fromhex(value).decode()
    if base in ("float", "double"):
        return float(value)
    if selected(column).startswith("hex("):
        return bytes.fromhex(value)
    return value


def select_rows(server: SourceServer, structure: TableSchema) -> list[tuple[Any, ...]]:
    columns = ", ".join(map(selected, structure.columns))
    with closing(
        server.connect(structure.name.schema, init_command="set time_zone = '+00:00', sql_mode = ''")
    ) as session:
        cursor = session.cursor()
        cursor.execute(f"select {columns} from `{structure.name.table}` order by id")
        return [
            tuple(expected(column, value) for column, value in zip(structure.columns, row, strict=True))
            for row in cursor.fetchall()
        ]


def wide_table(cases: list[Case]) -> str:
    columns = ", ".join(f"c{number} {case.column_type}" for number, case in enumerate(cases))
    return f"create table wide (id int primary key, {columns}) row_format=dynamic"


def insert_of(cases: list[Case], row: int) -> str:
    """A row with the value number ``row`` of each case that has so many."""
    values = ", ".join(case.values[row] if row < len(case.values) else "null" for case in cases)
    return f"insert into wide values ({row}, {values})"


def test_decoded_inserts_are_what_select_says(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    cases = usable_cases(source_server)
    rows = max(len(case.values) for case in cases) + 1
    statements = [wide_table(cases), *(insert_of(cases, row) for row in range(rows))]
    events = events_of(source_server, lambda: execute_all(source_server, schema, statements))
    structure = structure_of(source_server, schema, "wide")
    decoded = [row for rows in decoded_rows(events, structure) for row in rows.rows]
    wanted = select_rows(source_server, structure)
    assert len(decoded) == len(wanted) == rows
    for ours, theirs in zip(decoded, wanted, strict=True):
        for column, our, their in zip(structure.columns, ours, theirs, strict=True):
            assert repr(our) == repr(their), column.column_type


@pytest.mark.parametrize("row_image", ["full", "minimal", "noblob"])
def test_decoded_updates_and_deletes_hold_both_images(
    source_server: SourceServer, fresh_schema: FreshSchema, row_image: str
) -> None:
    schema = fresh_schema(source_server)
    cases = [case for case in usable_cases(source_server) if "000" not in case.values[-1]]
    lasts = ", ".join(f"c{number} = {case.values[-1]}" for number, case in enumerate(cases))
    execute_all(source_server, schema, [wide_table(cases), insert_of(cases, 0)])
    structure = structure_of(source_server, schema, "wide")
    before = select_rows(source_server, structure)[0]
    options = {"init_command": f"set binlog_row_image = {row_image}"}
    update = [f"update wide set {lasts}"]
    events = events_of(source_server, lambda: execute_all(source_server, schema, update, **options))
    after = select_rows(source_server, structure)[0]
    delete = ["update wide set c0 = null", "delete from wide"]
    events += events_of(source_server, lambda: execute_all(source_server, schema, delete, **options))
    updated, nulled, deleted = decoded_rows(events, structure)
    assert [updated.kind, nulled.kind, deleted.kind] == [RowKind.UPDATE, RowKind.UPDATE, RowKind.DELETE]
    ((old, new),) = updated.rows
    assert (
        dict(zip(updated.before_columns, old, strict=True)).items()
        <= dict(zip(structure.column_names, before, strict=True)).items()
    )
    whole = dict(zip(structure.column_names, before, strict=True))
    whole.update(zip(updated.after_columns, new, strict=True))
    assert whole == dict(zip(structure.column_names, after, strict=True))
    assert deleted.rows[0][deleted.before_columns.index("id")] == 0
    if row_image == "minimal":
        assert updated.before_columns == deleted.before_columns == ("id",)
        assert nulled.after_columns == ("c0",)
    if row_image == "full":
        assert old == before
        assert new == after
