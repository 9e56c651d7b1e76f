"""Every type with its edge values: the copy and the stream give PostgreSQL the same value, and MySQL's own."""

import math
import struct
from collections.abc import Iterator

import pytest

from lab.servers import Database, SourceServer
from pg_chameleon.convert.expressions.quoting import quote_literal, quote_qualified
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.convert.values.encoder import row_encoder
from pg_chameleon.convert.values.form import COMPOSITE
from pg_chameleon.model.choices import TypeOverride, ZeroDates
from pg_chameleon.model.schema import TableSchema
from tests.conftest import FreshSchema
from tests.integration.convert_support import Row, SourceSchema, Target
from tests.rules import some_rules

COPIED, READ, STREAMED, COMPOSED = "sch_copied", "sch_read", "sch_streamed", "sch_composed"
WAYS = (COPIED, READ, STREAMED, COMPOSED)

# Per type: the value as the source's SQL writes it, as the decoder gives it, and as PostgreSQL shows it.
Value = tuple[str, object, str | None]


def same(*values: int) -> list[Value]:
    return [(str(value), value, str(value)) for value in values]


def float32(value: float) -> float:
    return struct.unpack("<f", struct.pack("<f", value))[0]  # type: ignore[no-any-return]


def quoted(text: str) -> str:
    return f"convert(x'{text.encode().hex()}' using utf8mb4)"


def text(*values: str) -> list[Value]:
    return [(quoted(value), value, value) for value in values]


def binary(*values: bytes, width: int = 0) -> list[Value]:
    return [(f"x'{value.hex()}'", value, f"\\x{value.ljust(width, bytes(1)).hex()}") for value in values]


def temporal(*values: str) -> list[Value]:
    return [(f"'{value}'", value, value) for value in values]


ODD = "tab\t newline\n return\r backslash\\ \\N \\. quote' \" {}%s (,)"
EVERY_ASCII = "".join(map(chr, range(1, 128)))
WKB_POINT = bytes(4) + b"\x01\x01\x00\x00\x00" + struct.pack("<dd", 1.5, -2.5)
WKB_SRID = struct.pack("<I", 3857) + b"\x01\x01\x00\x00\x00" + struct.pack("<dd", 1.5, -2.5)
EWKB_SRID = b"\x01\x01\x00\x00\x20" + struct.pack("<I", 3857) + struct.pack("<dd", 1.5, -2.5)

VALUES: dict[str, list[Value]] = {
    "tinyint": same(-128, 127, 0),
    "tinyint unsigned": same(255, 0),
    "tinyint(1)": same(0, 1, 2, -1),
    "smallint": same(-(2**15), 2**15 - 1),
    "smallint unsigned": same(2**16 - 1),
    "mediumint": same(-(2**23), 2**23 - 1),
    "mediumint unsigned": same(2**24 - 1),
    "int": same(-(2**31), 2**31 - 1),
    "int unsigned": same(2**32 - 1),
    "int(8) zerofill": same(42, 0),
    "bigint": same(-(2**63), 2**63 - 1),
    "bigint unsigned": same(2**64 - 1, 0),
    "decimal(65,30)": [
        (f"'{sign}{'9' * 35}.{'9' * 30}'", f"{sign}{'9' * 35}.{'9' * 30}", f"{sign}{'9' * 35}.{'9' * 30}")
        for sign in ("", "-")
    ],
    "decimal(10,0)": [("-1", "-1", "-1"), ("0", "0", "0")],
    "decimal(6,3) zerofill": [("1.5", "001.500", "1.500")],
    "float": [
        ("1.1", float32(1.1), "1.1"),
        ("-3.4028234e38", float32(-3.4028234e38), "-3.4028235e+38"),
        ("1.4e-45", float32(1.4e-45), "1e-45"),
        ("16777216", 16777216.0, "1.6777216e+07"),
        ("0", 0.0, "0"),
    ],
    "float(7,3)": [("1234.567", float32(1234.567), "1234.567")],
    "double": [
        ("0.1", 0.1, "0.1"),
        ("1.7976931348623157e308", 1.7976931348623157e308, "1.7976931348623157e+308"),
        ("-2.2250738585072014e-308", -2.2250738585072014e-308, "-2.2250738585072014e-308"),
        ("5e-324", 5e-324, "5e-324"),
        ("123456789012345678", 123456789012345678.0, "1.2345678901234568e+17"),
        ("1e15", 1e15, "1e+15"),
        ("1e22", 1e22, "1e+22"),
        ("9007199254740993", 9007199254740992.0, "9.007199254740992e+15"),
        (repr(math.pi), math.pi, "3.141592653589793"),
    ],
    "double(20,3)": [("12345.6789", 12345.679, "12345.679")],
    "bit(1)": [("b'0'", 0, "0"), ("b'1'", 1, "1")],
    "bit(3)": [("b'101'", 5, "101")],
    "bit(64)": [("b'1'", 1, f"{1:064b}"), (f"b'{'1' * 64}'", 2**64 - 1, "1" * 64)],
    "year": [("2024", 2024, "2024"), ("1901", 1901, "1901"), ("0", 0, "0")],
    "char(10)": text("", "NULL", "äß€😀"),
    "varchar(200)": [*text("", "NULL", "\\N", "trailing  ", " leading", ODD, "äß€😀", EVERY_ASCII)],
    "varchar(80) character set latin1": text("äé€ÿ", ODD),
    "varchar(50) character set sjis": text("ソ表ポ", "\\"),
    "varchar(50) character set gbk": text("中文", "a\tb"),
    "varchar(50) character set ucs2": text("äß€", "\\N"),
    "varchar(50) character set utf16": text("äß€😀", "\n"),
    "varchar(50) character set utf8": text("äß€", "\t"),
    "varchar(50) collate utf8mb4_bin": text("A ", "a"),
    "text": text("", ODD, "x" * 5000),
    "longtext character set latin1": text("ü" * 3000, "\\\\\\"),
    "binary(5)": binary(b"", b"ab", b"\0\xff\\\t", b"12345", width=5),
    "varbinary(9)": binary(b"", b"\0", b"\xff\\\n\t", b"a  ", b"a\0\0"),
    "blob": binary(b"", bytes(range(256))),
    "date": [
        *temporal("2024-02-29", "1000-01-01", "9999-12-31", "0001-01-01"),
        *[(f"'{day}'", day, None) for day in ("0000-00-00", "2024-00-00", "2024-05-00", "0000-01-01", "2023-02-31")],
    ],
    "datetime": [
        *temporal("2024-02-29 23:59:59", "9999-12-31 23:59:59"),
        *[(f"'{day} 10:00:00'", f"{day} 10:00:00", None) for day in ("0000-00-00", "2024-00-01", "2023-04-31")],
    ],
    "datetime(6)": [("'2024-02-29 23:59:59.9'", "2024-02-29 23:59:59.900000", "2024-02-29 23:59:59.9")],
    "timestamp null": [
        ("'2024-02-29 23:59:59'", "2024-02-29 23:59:59", "2024-02-29 23:59:59+00"),
        ("'1970-01-01 00:00:01'", "1970-01-01 00:00:01", "1970-01-01 00:00:01+00"),
        ("'0000-00-00'", "0000-00-00 00:00:00", None),
    ],
    "timestamp(3) null": [("'2024-02-29 23:59:59.123'", "2024-02-29 23:59:59.123", "2024-02-29 23:59:59.123+00")],
    "time": [*temporal("838:59:59", "-838:59:59", "00:00:00", "-00:00:01", "23:59:59")],
    "time(6)": [("'-00:00:00.5'", "-00:00:00.500000", "-00:00:00.5"), ("'100:00:00'", "100:00:00.000000", "100:00:00")],
    "enum('a','it''s','tab\t','ü','b\\\\\\\\s') character set latin1": [
        ("'a'", 1, "a"),
        ("'it''s'", 2, "it's"),
        ("'tab\t'", 3, "tab\t"),
        ("'ü'", 4, "ü"),
        ("5", 5, "b\\\\s"),
        ("'nope'", 0, ""),
    ],
    "enum('','x')": [("''", 1, ""), ("'x'", 2, "x")],
    f"enum('{'long ' * 20}')": [("1", 1, "long " * 19 + "long")],
    "set('a','it''s','ü','\"') character set latin1": [
        ("''", 0, ""),
        ("'a'", 1, "a"),
        ("15", 15, "a,it's,ü,\""),
        ("'ü'", 4, "ü"),
    ],
    "set('','a','b')": [("0", 0, ""), ("1", 1, ""), ("2", 2, "a"), ("3", 3, "a"), ("5", 5, "b"), ("7", 7, "a,b")],
    "set('ä','','\\\\') character set utf16": [("3", 3, "ä,"), ("6", 6, "\\"), ("7", 7, "ä,,\\")],
    "set('','表') character set gbk": [("3", 3, "表"), ("2", 2, "表")],
    "geometry": [
        ("st_geomfromtext('POINT(1.5 -2.5)')", WKB_POINT, f"\\x{WKB_POINT[4:].hex()}"),
        ("st_geomfromtext('POINT(1.5 -2.5)', 3857)", WKB_SRID, f"\\x{EWKB_SRID.hex()}"),
    ],
}
ONLY_ON: dict[str, dict[str, list[Value]]] = {
    "mysql": {
        "json": [
            ("'null'", "null", "null"),
            (
                '\'{"a": 18446744073709551615, "b": [1.0, "ü\\\\n😀", null, true]}\'',
                '{"a": 18446744073709551615, "b": [1.0, "ü\\n😀", null, true]}',
                '{"a": 18446744073709551615, "b": [1.0, "ü\\n😀", null, true]}',
            ),
            ("'\"x\\\\u0000y\\\\\\\\u0000\"'", '"x\\u0000y\\\\u0000"', '"xy\\\\u0000"'),
        ],
    },
    "mariadb": {
        "uuid": temporal("123e4567-e89b-12d3-a456-426655440000"),
        "inet6": temporal("2001:db8::1", "::"),
        "inet4": [("'192.0.2.1'", "192.0.2.1", "192.0.2.1/32")],
    },
}
VECTOR = struct.pack("<3f", 1.1, -2.5, 1e-45)
VECTORS: dict[str, list[Value]] = {"vector(3)": [(f"x'{VECTOR.hex()}'", VECTOR, "{1.1,-2.5,1e-45}")]}
SHOWN_WITHOUT_MASK = ("::", "2001:db8::1")


@pytest.fixture
def source(source_server: SourceServer, fresh_schema: FreshSchema) -> Iterator[SourceSchema]:
    schema = SourceSchema(source_server, fresh_schema(source_server))
    yield schema
    schema.close()


@pytest.fixture
def target(target_database: Database) -> Iterator[Target]:
    connection = target_database.connect(user="postgres", password="")
    with connection.cursor() as cursor:
        found = Target(cursor)
        for name in WAYS:
            found.make_schema(name)
        found.run(["SET timezone = 'UTC'"])
        yield found
    connection.close()


def values_of(server: SourceServer) -> dict[str, list[Value]]:
    since = {"mysql": (5, 7), "mariadb": (10, 10)}[server.product]
    vectors_since = {"mysql": (9,), "mariadb": (11, 7)}[server.product]
    return {
        **VALUES,
        **(ONLY_ON[server.product] if server.version >= since else {}),
        **(VECTORS if server.version >= vectors_since else {}),
    }


def carry(
    source: SourceSchema, target: Target, schema: TableSchema, rules: Rules, decoded: list[Row]
) -> dict[str, list[Row]]:
    """Bring the rows over by every way there is; return what PostgreSQL has then, in the order of the column id."""
    found = target_table(schema, rules)
    columns = tuple(column.source for column in found.columns)
    for name in WAYS:
        target.run(ddl.drop_table(found, name))
    target.make(schema, rules, COPIED, source.lines(schema, rules))
    target.make(schema, rules, READ, source.lines_by_field(schema, rules))
    for name, encode in (
        (STREAMED, row_encoder(schema, rules, columns)),
        (COMPOSED, row_encoder(schema, rules, columns, form=COMPOSITE)),
    ):
        target.make(schema, rules, name)
        table = quote_qualified(name, found.name)
        members = ", ".join(
            f"(image ->> {quote_literal(column.name)})::{column.type_in(name)}" for column in found.columns
        )
        read = f"select {members} from (select %s::jsonb as image) i" if name == STREAMED else f"select (%s::{table}).*"
        for row in decoded:
            target.cursor.execute(f"insert into {table} {read}", (encode(row),))
    return {name: target.rows(found, name) for name in WAYS}


def on_every_way(rows: list[Row]) -> dict[str, list[Row]]:
    return dict.fromkeys(WAYS, rows)


def shown(target: Target, column: str) -> list[str | None]:
    target.cursor.execute(f'select "{column}"::text from {COPIED}.t order by id')
    return [row[0] for row in target.cursor.fetchall()]


def test_copy_and_stream_agree_on_every_value(
    source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    wrong: list[str] = []
    for kind, values in values_of(source_server).items():
        definition = kind if "null" in kind else f"{kind} null"
        source.run(
            "drop table if exists t",
            "set sql_mode = 'ALLOW_INVALID_DATES'",
            f"create table t (id int primary key, v {definition})",
            *(f"insert into t values ({number}, {value[0]})" for number, value in enumerate(values)),
            f"insert into t values ({len(values)}, null)",
            "set sql_mode = ''",
        )
        decoded: list[Row] = [(number, value[1]) for number, value in enumerate(values)]
        found = carry(source, target, source.structure("t"), some_rules(), [*decoded, (len(values), None)])
        expected = [*(value[2] for value in values), None]
        if shown(target, "v") != [f"{one}/128" if one in SHOWN_WITHOUT_MASK else one for one in expected]:
            wrong.append(f"{kind}: {shown(target, 'v')} instead of {expected}")
        wrong += [
            f"{kind}: {way} {rows} instead of {found[COPIED]}" for way, rows in found.items() if rows != found[COPIED]
        ]
    assert not wrong, "\n".join(wrong)


def test_null_characters_are_left_out_on_every_way(source: SourceSchema, target: Target) -> None:
    source.run(
        "create table t (id int primary key, v varchar(20) character set utf8mb4, w text character set latin1)",
        "insert into t values (1, x'6100620000', x'00ff')",
    )
    found = carry(source, target, source.structure("t"), some_rules(), [(1, "a\0b\0\0", "\0ÿ")])
    assert found == on_every_way([("1", "ab", "ÿ")])


def test_both_ways_of_reading_a_row_note_the_same(source: SourceSchema) -> None:
    source.run(
        "create table t (id int primary key, v varchar(20) character set utf8mb4, w longtext character set latin1,"
        " day date, moment datetime(3) not null, stamp timestamp null)",
        "set sql_mode = 'ALLOW_INVALID_DATES'",
        "insert into t values"
        " (1, x'6100620000', concat('\\0\\t', repeat('ü', 5000)), '2024-02-31', '0000-00-00', '0000-00-00'),"
        " (2, 'tab\\t', repeat('\\\\', 5000), '2024-02-28', '2024-02-28 10:00:00.5', null),"
        " (3, null, null, null, now(), now())",
    )
    schema = source.structure("t")
    lines = source.lines(schema, some_rules())
    noted = source.changes
    assert source.lines_by_field(schema, some_rules()) == lines
    assert source.changes == noted
    assert [(label, [change.column for change in changes]) for label, changes in noted] == [
        ("1", ["day", "moment", "stamp", "v", "w"])
    ]


@pytest.mark.parametrize(
    ("zero_dates", "key", "plain"),
    [(ZeroDates.NULL, "-infinity", None), (ZeroDates.INFINITY, "-infinity", "-infinity")],
)
def test_dates_that_do_not_exist_follow_the_policy(
    source: SourceSchema, target: Target, zero_dates: ZeroDates, key: str, plain: str | None
) -> None:
    source.run(
        "create table t (id date not null primary key, v datetime(2) not null, w timestamp null)",
        "insert into t values ('0000-00-00', '2024-00-01', '0000-00-00'), ('2024-01-01', '2024-01-01', null)",
    )
    decoded: list[Row] = [
        ("0000-00-00", "2024-00-01 00:00:00.00", "0000-00-00 00:00:00"),
        ("2024-01-01", "2024-01-01 00:00:00.00", None),
    ]
    found = carry(source, target, source.structure("t"), some_rules(zero_dates=zero_dates), decoded)
    expected = sorted([(key, plain, plain), ("2024-01-01", "2024-01-01 00:00:00", None)], key=repr)
    assert found == on_every_way(expected)


def test_overridden_types_read_the_same_text(source: SourceSchema, target: Target) -> None:
    rules = some_rules(
        overrides=(
            TypeOverride("tinyint(1)", "boolean"),
            TypeOverride("bit(1)", "boolean"),
            TypeOverride("bit(8)", "integer"),
            TypeOverride("binary(16)", "uuid"),
            TypeOverride("enum", "text"),
            TypeOverride("date", "text"),
            TypeOverride("varbinary(20)", "text"),
            TypeOverride("point", "text"),
        ),
        postgis=True,
    )
    source.run(
        "create table t (id int primary key, a tinyint(1), b bit(1), c bit(8), d binary(16), e enum('x\ty'), f date, "
        "g varbinary(20), h point)",
        "insert into t values (1, 1, b'1', b'101', x'00112233445566778899aabbccddee00', 1, '0000-00-00', 'a\\\\b', "
        "point(1.5, -2.5))",
    )
    uuid = bytes.fromhex("00112233445566778899aabbccddee")
    found = carry(
        source, target, source.structure("t"), rules, [(1, 1, 1, 5, uuid, 1, "0000-00-00", b"a\\b", WKB_POINT)]
    )
    expected = (
        "true",
        "true",
        "5",
        "00112233-4455-6677-8899-aabbccddee00",
        "x\ty",
        "0000-00-00",
        "a\\b",
        WKB_POINT[4:].hex(),
        "1",
    )
    assert found == on_every_way([expected])


def test_rows_beyond_the_largest_packet_have_no_line(source: SourceSchema, target: Target) -> None:
    limit = int(source.query("select @@max_allowed_packet")[0][0])
    source.run(
        "create table t (id int primary key, v longtext character set latin1, w longblob)",
        f"insert into t values (1, repeat('\\\\', {limit} - 10), null), "
        f"(2, 'x', repeat('y', {limit} - 10)), (3, 'x', 'y')",
    )
    schema = source.structure("t")
    assert source.lines(schema, some_rules()) == [None, None, b"3\tx\t\\\\x79"]
    fields = source.lines_by_field(schema, some_rules())
    assert [len(line) for line in fields] == [2 * (limit - 10) + 5, 2 * (limit - 10) + 7, 9]
