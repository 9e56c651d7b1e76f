"""Lines of the source: what PostgreSQL cannot hold is changed and noted, everything else passes as it is."""

import pytest

from pg_chameleon.convert.rules import ChangeReason, Rules
from pg_chameleon.convert.values.changes import Change, composite_fields, readable
from pg_chameleon.convert.values.encoder import row_encoder
from pg_chameleon.convert.values.form import COMPOSITE
from pg_chameleon.convert.values.lines import copy_line_expression
from pg_chameleon.convert.values.mending import LineMender, RefusedLine
from pg_chameleon.model.choices import ZeroDates
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Index, IndexPart, TableSchema
from tests.rules import some_rules

LONGEST = 4000
COLUMNS = (
    Column("id", "int", nullable=False),
    Column("name", "longtext", charset="utf8mb4"),
    Column("day", "date"),
    Column("doc", "json"),
)
PRIMARY = Index("PRIMARY", (IndexPart("id"),), unique=True)
Noted = list[tuple[str, list[Change]]]


def table(*columns: Column, key: str | None = "id") -> TableSchema:
    return TableSchema(
        TableName("shop", "t"), columns, () if key is None else (Index("PRIMARY", (IndexPart(key),), unique=True),)
    )


def mender(schema: TableSchema, noted: Noted, rules: Rules | None = None) -> LineMender:
    return LineMender(schema, rules or some_rules(), LONGEST, lambda label, changes: noted.append((label(), changes)))


@pytest.mark.parametrize(
    "line",
    [
        b"1\tplain\t2024-01-01\t{}",
        "1\tä€😀\t2024-01-01\t{}".encode(),
        b"1\t\\N\t\\N\t\\N",
        b"1\ttab\\t backslash \\\\ \\\\N\t2024-01-01\t{}",
    ],
)
def test_a_line_that_postgresql_takes_is_not_suspected(line: bytes) -> None:
    assert not mender(table(*COLUMNS), []).suspects(line)


@pytest.mark.parametrize(
    ("line", "mended", "changes"),
    [
        (b"1\ta\0b\t\\N\t{}", b"1\tab\t\\N\t{}", [Change("name", ChangeReason.NUL, "a\0b")]),
        (b"1\ta\\tb\0\t\\N\t{}", b"1\ta\\tb\t\\N\t{}", [Change("name", ChangeReason.NUL, "a\tb\0")]),
        (b"1\ta\xff\t\\N\t{}", "1\ta\ufffd\t\\N\t{}".encode(), [Change("name", ChangeReason.UNDECODABLE, b"a\xff")]),
        (
            b"1\ta\xff\0\t\\N\t{}",
            "1\ta\ufffd\t\\N\t{}".encode(),
            [Change("name", ChangeReason.UNDECODABLE, b"a\xff\0"), Change("name", ChangeReason.NUL, b"a\xff\0")],
        ),
        (b"1\ta\t\x002024-02-31\t{}", b"1\ta\t\\N\t{}", [Change("day", ChangeReason.NO_DATE, "2024-02-31")]),
        (
            b'1\ta\t\\N\t{"a": "x\\\\u0000y"}',
            b'1\ta\t\\N\t{"a": "xy"}',
            [Change("doc", ChangeReason.NUL, '{"a": "x\\u0000y"}')],
        ),
    ],
)
def test_what_cannot_be_held_is_changed_and_noted(line: bytes, mended: bytes, changes: list[Change]) -> None:
    noted: Noted = []
    found = mender(table(*COLUMNS), noted)
    assert found.suspects(line)
    assert found.mended(line) == mended
    assert noted == [("1", changes)]


def test_the_copy_and_the_stream_note_the_same() -> None:
    noted: Noted = []
    streamed: list[Change] = []
    schema = table(*COLUMNS)
    mender(schema, noted).mended(b'1\ta\xff\0\t\x002024-00-01\t{"a": "\\\\u0000"}')
    row_encoder(schema, some_rules(), schema.column_names, streamed.append)(
        (1, b"a\xff\0", "2024-00-01", '{"a": "\\u0000"}')
    )
    assert sorted(noted[0][1], key=repr) == sorted(streamed, key=repr)


def test_an_escaped_backslash_before_u0000_is_no_nul_character() -> None:
    noted: Noted = []
    line = b'1\ta\t\\N\t"\\\\\\\\u0000"'
    found = mender(table(*COLUMNS), noted)
    assert found.suspects(line)
    assert found.mended(line) == line
    assert noted == []


def test_long_texts_are_escaped_beside_the_server() -> None:
    schema = table(Column("id", "int"), Column("c", "longtext", charset="utf8mb4"), Column("s", "varchar(5)"))
    expression = copy_line_expression(schema, some_rules(), LONGEST)
    assert expression is not None
    assert expression.count("HEX(") == 1
    noted: Noted = []
    text = "a\tb\\c\n\0"
    line = b"1\t\\z" + text.encode().hex().upper().encode() + b"\t\\\\z41"
    assert mender(schema, noted).suspects(line)
    assert mender(schema, noted).mended(line) == b"1\ta\\tb\\\\c\\n\t\\\\z41"
    assert noted == [("1", [Change("c", ChangeReason.NUL, text)])]


def test_a_row_without_a_key_is_named_by_all_its_values() -> None:
    noted: Noted = []
    mender(table(*COLUMNS, key=None), noted).mended(b"7\ta\\tb\t\x000000-00-00\t\\N")
    assert noted == [("7, a\\tb, 0000-00-00, NULL", [Change("day", ChangeReason.NO_DATE, "0000-00-00")])]


@pytest.mark.parametrize("zero_dates", [ZeroDates.NULL, ZeroDates.INFINITY])
def test_only_0000_00_00_stays_in_a_key(zero_dates: ZeroDates) -> None:
    noted: Noted = []
    schema = table(Column("day", "date", nullable=False), Column("v", "int"), key="day")
    found = mender(schema, noted, some_rules(zero_dates=zero_dates))
    assert found.mended(b"\x000000-00-00\t1") == b"-infinity\t1"
    assert noted == [("0000-00-00", [Change("day", ChangeReason.INFINITE_DATE, "0000-00-00")])]
    refused = found.mended(b"\x002024-02-31\t1")
    assert isinstance(refused, RefusedLine)
    assert refused.label == "2024-02-31"
    assert "key column day" in refused.reason


@pytest.mark.parametrize("key", [b"a\0", b"a\xff"])
def test_a_text_that_must_be_changed_is_no_key(key: bytes) -> None:
    noted: Noted = []
    schema = table(Column("name", "varchar(9)", nullable=False, charset="utf8mb4"), Column("v", "int"), key="name")
    assert isinstance(mender(schema, noted).mended(key + b"\t1"), RefusedLine)
    assert noted == []


def test_composite_literals_are_taken_apart() -> None:
    schema = table(*COLUMNS)
    encode = row_encoder(schema, some_rules(), schema.column_names, form=COMPOSITE)
    odd = 'quote " backslash \\ comma , () '
    assert composite_fields(encode((1, odd, None, None))) == ["1", odd, None, None]
    assert composite_fields(encode((1, "", "2024-01-01", "{}"))) == ["1", "", "2024-01-01", "{}"]


def test_values_are_shown_on_one_line_and_shortened() -> None:
    assert readable("a\0b\nü") == "a\\x00b\\nü"
    assert readable(b"caf\xe9") == "caf\\xe9"
    assert readable("x" * 300) == "x" * 200 + "… (300 characters)"
