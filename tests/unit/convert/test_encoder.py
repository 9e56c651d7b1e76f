"""The generated functions that write decoded rows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pg_chameleon.convert.rules import ChangeReason
from pg_chameleon.convert.values.careful import EncodeError
from pg_chameleon.convert.values.changes import Change
from pg_chameleon.convert.values.encoder import key_encoder, row_encoder
from pg_chameleon.convert.values.form import COMPOSITE, JSON_OBJECT, Form
from pg_chameleon.model.change import Undecodable
from pg_chameleon.model.choices import TypeOverride, ZeroDates
from tests.rules import some_rules
from tests.unit.convert.tables import column, table

ITEM = table(
    column("id", nullable=False),
    column("name", "varchar(50)"),
    column("day", "date"),
    column("kind", "enum('a','b\"')"),
    column("data", "blob"),
    key="id",
)
COLUMNS = ITEM.column_names


def test_all_values_are_strings_or_null() -> None:
    encode = row_encoder(ITEM, some_rules(), COLUMNS)
    assert json.loads(encode((1, 'x"\n', "2024-02-29", 2, b"\x00\xff"))) == {
        "id": "1",
        "name": 'x"\n',
        "day": "2024-02-29",
        "kind": 'b"',
        "data": "\\x00ff",
    }
    assert json.loads(encode((1, None, None, None, None))) == {
        "id": "1",
        **dict.fromkeys(("name", "day", "kind", "data")),
    }


def test_only_the_columns_that_are_present_are_written() -> None:
    encode = row_encoder(ITEM, some_rules(), ("data", "id"))
    assert json.loads(encode((b"", 5))) == {"data": "\\x", "id": "5"}


def test_key_encoder_writes_the_key_alone() -> None:
    encode = key_encoder(ITEM, some_rules(), COLUMNS, ("id",))
    assert encode((7, None, None, None, None)) == '{"id":"7"}'


def test_composite_has_no_names() -> None:
    encode = row_encoder(ITEM, some_rules(), COLUMNS, form=COMPOSITE)
    assert encode((7, 'a"b\\', None, 0, b"\x01")) == '("7","a\\"b\\\\",,"","\\\\x01")'


@given(
    st.text(max_size=30),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20),
)
def test_no_name_and_no_text_is_read_as_code(value: str, name: str) -> None:
    odd = table(column("id", nullable=False), column(name + "{x}'\"\\", "varchar(99)"), key="id")
    written = json.loads(row_encoder(odd, some_rules(), odd.column_names)((1, value)))
    assert list(written.values()) == ["1", value.replace("\0", "")]


def test_changes_are_noted_with_what_the_source_has() -> None:
    noted: list[Change] = []
    encode = row_encoder(ITEM, some_rules(), COLUMNS, noted.append)
    assert json.loads(encode((1, "a\0b", "2024-02-30", None, None)))["name"] == "ab"
    assert noted == [
        Change("name", ChangeReason.NUL, "a\0b"),
        Change("day", ChangeReason.NO_DATE, "2024-02-30"),
    ]
    encode((2, "plain", "2024-02-28", None, None))
    assert len(noted) == 2


@pytest.mark.parametrize("form", [JSON_OBJECT, COMPOSITE])
def test_text_that_cannot_be_decoded_is_replaced_and_noted(form: Form) -> None:
    noted: list[Change] = []
    encode = row_encoder(ITEM, some_rules(), COLUMNS, noted.append, form=form)
    undecodable = Undecodable("a?b\0", b"a\xffb\0")
    assert encode((1, undecodable, None, None, None)) == encode((1, "a?b", None, None, None))
    assert noted == [
        Change("name", ChangeReason.UNDECODABLE, b"a\xffb\0"),
        Change("name", ChangeReason.NUL, b"a\xffb\0"),
    ]


def test_bytes_that_shall_be_text_are_taken_for_utf8() -> None:
    noted: list[Change] = []
    octets = table(column("v", "varbinary(9)"))
    rules = some_rules(overrides=(TypeOverride("varbinary(9)", "text"),))
    assert row_encoder(octets, rules, ("v",), noted.append)((b"\xc3\xa4\xff",)) == '{"v":"ä\ufffd"}'
    assert noted == [Change("v", ChangeReason.UNDECODABLE, b"\xc3\xa4\xff")]


def test_documents_lose_escaped_nul_but_no_escaped_backslash() -> None:
    documents = table(column("v", "json"))
    for encode in (
        row_encoder(documents, some_rules(), ("v",)),
        row_encoder(documents, some_rules(), ("v",), form=COMPOSITE),
    ):
        assert encode(('"x\\u0000\\\\u0000"',)) == encode(('"x\\\\u0000"',))


@pytest.mark.parametrize("form", ["0000-00-00", "2024-00-10", "2024-10-00", "0000-05-05", "2023-02-29", "2024-04-31"])
def test_dates_that_do_not_exist_follow_the_policy(form: str) -> None:
    days = table(column("day", "date", nullable=False), column("at", "datetime"))
    row = (form, f"{form} 10:00:00")
    assert row_encoder(days, some_rules(), days.column_names)(row) == '{"day":null,"at":null}'
    infinite = some_rules(zero_dates=ZeroDates.INFINITY)
    assert row_encoder(days, infinite, days.column_names)(row) == '{"day":"-infinity","at":"-infinity"}'
    left_alone = json.loads(row_encoder(days, some_rules(zero_dates=ZeroDates.ERROR), days.column_names)(row))
    assert tuple(left_alone.values()) == row


@pytest.mark.parametrize(
    "row", [(1, "x", None, 3, None), (1, 5, None, None, None), (1, "x", None, None, "text"), (1,), ("1", 2, 3, 4, 5, 6)]
)
def test_values_that_fit_no_column_are_refused(row: tuple[object, ...]) -> None:
    with pytest.raises(EncodeError):
        row_encoder(ITEM, some_rules(), COLUMNS)(row)
