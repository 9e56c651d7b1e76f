"""The vocabulary of the source: types, character sets, literals, and MariaDB's JSON columns."""

from __future__ import annotations

import re

import pytest

from pg_chameleon.model.json_columns import with_json_columns
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Check, Column, TableSchema
from pg_chameleon.model.source.charsets import FULL_UNICODE, has_all_of, sure_characters, surely_has, width
from pg_chameleon.model.source.literals import quoted_member, unescaped, without_backslashes
from pg_chameleon.model.source.types import (
    BLOB_BYTES,
    TEXT_BYTES,
    ColumnType,
    parse_column_type,
    shown_set,
    smallest_for,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("int", ColumnType("int", (), False, False, ())),
        ("INT(10) UNSIGNED ZEROFILL", ColumnType("int", (10,), True, True, ())),
        ("decimal(10,2) unsigned", ColumnType("decimal", (10, 2), True, False, ())),
        ("double precision", ColumnType("double precision", (), False, False, ())),
        ("datetime(6)", ColumnType("datetime", (6,), False, False, ())),
        ("int unsigned zerofill", ColumnType("int", (), True, True, ())),
        ("enum('a','b')", ColumnType("enum", (), False, False, ("a", "b"))),
        ("enum('it''s','a,b',')','')", ColumnType("enum", (), False, False, ("it's", "a,b", ")", ""))),
        ("set('unsigned','x')", ColumnType("set", (), False, False, ("unsigned", "x"))),
        ("geometry", ColumnType("geometry", (), False, False, ())),
    ],
)
def test_column_type_is_taken_apart(text: str, parts: ColumnType) -> None:
    assert parse_column_type(text) == parts
    assert Column("x", text).type == parts


def test_what_is_no_column_type() -> None:
    with pytest.raises(ValueError, match="not a column type"):
        parse_column_type("(10)")


def test_types_mean_something_where_they_do_not_say_it() -> None:
    assert parse_column_type("char").length == 1
    assert parse_column_type("char(0)").length == 0
    assert parse_column_type("bit(7)").length == 7
    assert parse_column_type("datetime").fraction == 0
    assert parse_column_type("time(3)").fraction == 3
    assert parse_column_type("decimal").precision == (10, 0)
    assert parse_column_type("decimal(5)").precision == (5, 0)
    assert parse_column_type("decimal(5,2)").precision == (5, 2)
    assert parse_column_type("blob").most_bytes == 65_535
    assert parse_column_type("varbinary(9)").most_bytes == 9


@pytest.mark.parametrize(
    ("size", "text", "blob"),
    [
        (255, "tinytext", "tinyblob"),
        (256, "text", "blob"),
        (65_535, "text", "blob"),
        (65_536, "mediumtext", "mediumblob"),
        (1 << 24, "longtext", "longblob"),
        (1 << 40, "longtext", "longblob"),
    ],
)
def test_the_smallest_type_for_a_size(size: int, text: str, blob: str) -> None:
    assert (smallest_for(size, TEXT_BYTES), smallest_for(size, BLOB_BYTES)) == (text, blob)


@pytest.mark.parametrize(
    ("inside", "value"),
    [
        ("it''s", "it's"),
        (r"it\'s", "it's"),
        (r"a\\b\n\r\t\0\b\Z", "a\\b\n\r\t\0\b\x1a"),
        (r"\x\é", "xé"),
        (r"5\% \_", r"5\% \_"),
        ('say ""hi""', 'say ""hi""'),
        ("\\\n", "\n"),
    ],
)
def test_literals_lose_their_escapes(inside: str, value: str) -> None:
    assert unescaped(inside) == value


def test_quotes_and_modes_of_literals() -> None:
    assert unescaped('say ""hi"" \'\'', '"') == "say \"hi\" ''"
    assert unescaped(r"a\n''b", backslashes=False) == r"a\n'b"
    assert without_backslashes(r"concat(`a`,_utf8mb4\'x\',\'\')") == "concat(`a`,_utf8mb4'x','')"


@pytest.mark.parametrize("member", ["", "it's", "a\\b", "\\", "\0\n\r\t\b", "ä,b", '"'])
def test_members_are_read_as_they_are_written(member: str) -> None:
    assert parse_column_type(f"set({quoted_member(member)},'z')").members == (member, "z")


def test_members_have_no_spaces_at_their_ends() -> None:
    assert quoted_member(" a b  ") == "' a b'"


@pytest.mark.parametrize(
    ("members", "value", "text"),
    [
        (("", "a", "b"), 0, ""),
        (("", "a", "b"), 1, ""),
        (("", "a", "b"), 3, "a"),
        (("", "a", "b"), 6, "a,b"),
        (("", "a", "b"), 7, "a,b"),
        (("a", "", "b"), 3, "a,"),
        (("a", "", "b"), 6, "b"),
        (("a", "", "b"), 7, "a,,b"),
    ],
)
def test_nothing_stands_before_the_first_comma_of_a_set(members: tuple[str, ...], value: int, text: str) -> None:
    assert shown_set(members, lambda number: value >> number & 1) == text


def test_which_character_set_has_all_of_another_one() -> None:
    assert all(has_all_of(full, charset) for full in FULL_UNICODE for charset in (*FULL_UNICODE, "latin1", "ucs2"))
    assert has_all_of("utf8mb3", "latin1")
    assert has_all_of("latin1", "latin1")
    assert has_all_of("latin1", "ascii")
    assert not has_all_of("utf8mb3", "utf8mb4")
    assert not has_all_of("ucs2", "gb18030")
    assert not has_all_of("utf8mb3", None)
    assert not has_all_of("latin1", "latin2")


def test_widths_of_character_sets() -> None:
    assert [width(charset) for charset in ("utf8mb4", "utf8", "gbk", "latin1", None)] == [4, 3, 2, 1, 1]


@pytest.mark.parametrize(
    ("charset", "text", "has"),
    [
        ("utf8mb4", "😀", True),
        ("gb18030", "😀", True),
        ("utf8mb3", "😀", False),
        ("utf8mb3", "ä€", True),
        ("ucs2", "ä€\0", True),
        ("latin1", "ä€", True),
        ("latin1", "ā", False),
        ("latin1", "\x81", False),
        ("latin2", "ä", False),
        ("latin2", "a\0", True),
    ],
)
def test_characters_that_a_set_surely_has(charset: str, text: str, has: bool) -> None:
    assert surely_has(charset, text) is has
    assert (re.fullmatch(f"[{sure_characters(charset)}]*", text.replace("\0", "")) is not None) is has


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("json_valid(`a``b`)", "json"),
        (" JSON_VALID ( `a``b` ) ", "json"),
        ("json_valid(`a``b`) and 1", "longtext"),
        ("json_valid(`c`)", "longtext"),
    ],
)
def test_a_check_makes_a_longtext_of_mariadb_a_document(expression: str, kind: str) -> None:
    columns = (Column("a`b", "longtext", charset="utf8mb4"), Column("c", "varchar(9)", charset="utf8mb4"))
    found = with_json_columns(TableSchema(TableName("d", "t"), columns, checks=(Check("k", expression),)))
    assert found.columns[0].type.base == kind
    assert found.columns[0].charset == "utf8mb4"
    assert found.checks == (() if kind == "json" else (Check("k", expression),))
