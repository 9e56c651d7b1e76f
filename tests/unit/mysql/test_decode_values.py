"""Values as they are stored, from their bytes."""

import datetime
import zlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.numbers import double_text, json_double_text
from pg_chameleon.mysql.decode.documents import changed_json, json_text
from pg_chameleon.mysql.decode.values import (
    Memo,
    decimal_reader,
    decimal_size,
    inet6_value,
    time_text,
    timestamp_text,
    uncompressed_column,
    uuid_value,
)

DIGIT_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)


def stored_decimal(text: str, precision: int, scale: int) -> bytes:
    """Store a decimal as "decimal2bin" is described: groups of nine digits, the sign in the first bit."""
    sign, whole, fraction = text.startswith("-"), *text.lstrip("-").split(".")
    whole = whole.rjust(precision - scale, "0") if precision > scale else ""
    head = len(whole) % 9
    groups = [whole[:head], *(whole[at : at + 9] for at in range(head, len(whole), 9))]
    groups += [fraction[at : at + 9] for at in range(0, scale, 9)]
    data = bytearray(b"".join(int(group).to_bytes(DIGIT_BYTES[len(group)], "big") for group in groups if group))
    data[0] ^= 0x80
    return bytes(byte ^ 0xFF for byte in data) if sign else bytes(data)


@given(st.data())
def test_decimals_are_exact(data: st.DataObject) -> None:
    precision = data.draw(st.integers(1, 65))
    scale = data.draw(st.integers(0, min(30, precision)))
    digits = data.draw(st.integers(0, 10**precision - 1))
    sign = data.draw(st.sampled_from(["", "-"])) if digits else ""
    number = str(digits).rjust(scale + 1, "0")
    whole, fraction = number[: len(number) - scale], number[len(number) - scale :]
    raw = stored_decimal(f"{sign}{whole}.{fraction}", precision, scale)
    assert len(raw) == decimal_size(precision, scale)
    text = decimal_reader(precision, scale)(raw)
    assert text == f"{sign}{whole}.{fraction}".rstrip("." if not scale else "")
    assert Decimal(text) == Decimal(digits).scaleb(-scale).copy_sign(-1 if sign else 1) or precision > 28


@given(st.integers(1, 2**32 - 1))
def test_timestamps_are_those_of_the_calendar(seconds: int) -> None:
    expected = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    assert timestamp_text(seconds) == expected


def test_the_zero_timestamp_is_the_zero_date() -> None:
    assert timestamp_text(0) == "0000-00-00 00:00:00"


@given(st.integers(-3020399_999999, 3020399_999999), st.integers(0, 6))
def test_times_keep_sign_and_fraction(microseconds: int, digits: int) -> None:
    unit = 10 ** (6 - digits)
    microseconds = microseconds // unit * unit
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    packed = (seconds // 3600) << 12 | (seconds // 60 % 60) << 6 | seconds % 60
    bits = (digits + 1) // 2 * 8
    packed = packed << bits | fraction // 10 ** (6 - (digits + 1) // 2 * 2)
    raw = ((0x800000 << bits) + (packed if microseconds >= 0 else -packed)).to_bytes(3 + bits // 8, "big")
    text = time_text(raw, digits)
    sign = "-" if microseconds < 0 else ""
    point = f".{fraction:06d}"[: digits + 1] if digits else ""
    assert text == f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}"


def test_a_memo_makes_each_text_once_and_stays_bounded() -> None:
    made: list[int] = []

    def make(number: int) -> str:
        made.append(number)
        return str(number)

    memo = Memo(make)
    assert [memo[number] for number in (1, 2, 1)] == ["1", "2", "1"]
    assert made == [1, 2]
    for number in range(Memo._MOST + 10):
        memo[number]
    assert len(memo) <= Memo._MOST


def test_addresses_and_uuids_fill_up_their_zero_bytes() -> None:
    assert uuid_value(b"\x12\x34") == "12340000-0000-0000-0000-000000000000"
    assert inet6_value(b"") == "::"
    assert inet6_value(bytes.fromhex("00010000000300040005000600070008")) == "1::3:4:5:6:7:8"


def test_compressed_columns_are_checked() -> None:
    deflate = zlib.compressobj(wbits=-15)
    content = deflate.compress(b"x" * 100) + deflate.flush()
    assert uncompressed_column(b"\x89\x64" + content) == b"x" * 100
    assert uncompressed_column(b"\x81\x64" + zlib.compress(b"x" * 100)) == b"x" * 100
    assert uncompressed_column(b"\x00plain") == b"plain"
    assert uncompressed_column(b"") == b""
    with pytest.raises(DecodeError, match="another size"):
        uncompressed_column(b"\x89\x63" + content)
    with pytest.raises(DecodeError, match="unknown method"):
        uncompressed_column(b"\x21\x63" + content)


# JSON.


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_in_json_read_back_as_themselves(number: float) -> None:
    text = json_double_text(number)
    assert float(text) == number
    assert "." in text or "e" in text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_in_sql_read_back_as_themselves(number: float) -> None:
    text = double_text(number)
    assert float(text) == number
    assert not text.endswith(".0")
    assert text.startswith("-") == str(number).startswith("-")


def test_small_values_of_json_are_read() -> None:
    assert json_text(b"") == "null"
    assert json_text(b"\x04\x01") == "true"
    assert json_text(b"\x0a" + (2**64 - 1).to_bytes(8, "little")) == "18446744073709551615"
    assert json_text(b'\x0c\x05a"\\\n\x01') == '"a\\"\\\\\\n\\u0001"'


def change(operation: int, path: str, value: bytes = b"") -> bytes:
    encoded = bytes([operation, len(path)]) + path.encode()
    return encoded if operation == 2 else encoded + bytes([len(value)]) + value


FOUR = b"\x05\x04\x00"


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ('{"a": 1}', change(0, "$.a", FOUR), '{"a": 4}'),
        ('{"a": 1}', change(1, "$.b", FOUR), '{"a": 1, "b": 4}'),
        ('{"bb": 1}', change(1, "$.a", FOUR), '{"a": 4, "bb": 1}'),
        ('{"a": 1, "b": 2}', change(2, "$.a"), '{"b": 2}'),
        ("[1, 2]", change(1, "$[1]", FOUR), "[1, 4, 2]"),
        ("[1, 2]", change(2, "$[0]"), "[2]"),
        ('{"a b": [{"c": 1}]}', change(0, '$."a b"[0].c', FOUR), '{"a b": [{"c": 4}]}'),
        ("[1]", change(0, "$", FOUR), "4"),
        ("[1, 2, 3]", change(2, "$[0]") + change(0, "$[0]", FOUR), "[4, 3]"),
        ("[12345678901234567890, 1.10, 1e2]", change(0, "$[2]", FOUR), "[12345678901234567890, 1.10, 4]"),
        ('{"a": "\\u0001é"}', b"", '{"a": "\\u0001é"}'),
        (None, b"", None),
    ],
)
def test_partial_updates_change_the_document(before: str | None, changes: bytes, after: str | None) -> None:
    assert changed_json(before, changes) == after


@pytest.mark.parametrize(
    ("before", "changes"),
    [(None, change(0, "$.a", FOUR)), ('{"a": 1}', change(0, "$.b", FOUR)), ("[1]", change(2, "$[5]"))],
)
def test_partial_updates_that_do_not_fit_are_errors(before: str | None, changes: bytes) -> None:
    with pytest.raises(DecodeError):
        changed_json(before, changes)
