"""The table of rules: what a column becomes, as values that can be compared and handed to another process."""

import pickle

import pytest

from pg_chameleon.convert.values.encodings import (
    PLAIN,
    Bits,
    DateCheck,
    Encoding,
    EnumLabel,
    Float,
    Hex,
    ServerFloat,
    SetLabels,
    Text,
    text_of_bytes,
)
from pg_chameleon.convert.values.types import TypeRule, type_rule
from pg_chameleon.model.choices import TypeOverride
from tests.rules import MARIADB, MYSQL, some_rules
from tests.unit.convert.tables import column, table


def rule_of(column_type: str, *overrides: TypeOverride, server: str = MYSQL, charset: str | None = None) -> TypeRule:
    made = column("c", column_type) if charset is None else column("c", column_type, charset=charset)
    return type_rule(table(made), made, some_rules(server, overrides=overrides))


@pytest.mark.parametrize(
    ("column_type", "encoding"),
    [
        ("int", PLAIN),
        ("decimal(10,2)", PLAIN),
        ("time(3)", PLAIN),
        ("double", Float()),
        ("bit(13)", Bits(13)),
        ("varchar(20)", Text()),
        ("json", Text(document=True)),
        ("varbinary(9)", Hex()),
        ("binary(3)", Hex(3)),
        ("enum('a','b')", EnumLabel(("a", "b"))),
        ("set('a','b')", SetLabels(("a", "b"))),
    ],
)
def test_each_type_has_an_encoder_by_name(column_type: str, encoding: Encoding) -> None:
    assert rule_of(column_type).encode == encoding


def test_a_rule_is_a_value_that_another_process_can_read() -> None:
    for column_type in ("double", "enum('a')", "geometry", "vector(3)", "timestamp(6)"):
        rule = rule_of(column_type)
        assert pickle.loads(pickle.dumps(rule)) == rule == rule_of(column_type)  # noqa: S301 - our own
        assert hash(rule) == hash(rule_of(column_type))


def test_only_mariadb_hides_the_sign_of_a_zero() -> None:
    assert rule_of("float", server=MARIADB).encode == Float(plain_zero=True)
    as_text = TypeOverride("double", "text")
    shown = {server: rule_of("double", as_text, server=server).encode for server in (MYSQL, MARIADB)}
    assert shown == {
        MYSQL: ServerFloat(plain_zero=False, single=False),
        MARIADB: ServerFloat(plain_zero=True, single=False),
    }
    texts = {server: text_of_bytes(encoding) for server, encoding in shown.items()}
    assert {server: text and text(b"-0") for server, text in texts.items()} == {MYSQL: "-0", MARIADB: "0"}


@pytest.mark.parametrize(("charset", "converted"), [("utf8mb4", False), ("latin1", True), ("ucs2", True)])
def test_characters_are_converted_unless_their_bytes_are_utf8(charset: str, converted: bool) -> None:
    for column_type in ("varchar(3)", "longtext", "enum('a')", "set('a')"):
        assert rule_of(column_type, charset=charset).converted is converted


def test_bytes_that_become_text_are_handed_out_as_they_are() -> None:
    rule = rule_of("varbinary(9)", TypeOverride("varbinary(9)", "text"))
    assert (rule.encode, rule.converted) == (Text(), False)


@pytest.mark.parametrize(
    ("column_type", "check"),
    [
        ("date", DateCheck.DATE),
        ("datetime(3)", DateCheck.DATETIME),
        ("timestamp", DateCheck.TIMESTAMP),
        ("time", None),
        ("year", None),
    ],
)
def test_dates_are_checked_unless_they_become_text(column_type: str, check: DateCheck | None) -> None:
    assert rule_of(column_type).dates is check
    assert rule_of(column_type, TypeOverride(column_type, "text")).dates is None
