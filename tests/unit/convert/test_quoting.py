"""Names and values never become SQL unquoted."""

import pytest

from pg_chameleon.convert.expressions.quoting import mysql_bytes, quote_identifier, quote_literal, quote_qualified


def test_identifier_doubles_its_quotes() -> None:
    assert quote_identifier('a"b') == '"a""b"'
    assert quote_qualified("S", "t t") == '"S"."t t"'


def test_literal_doubles_quotes_and_escapes_backslashes() -> None:
    assert quote_literal("it's") == "'it''s'"
    assert quote_literal("a\\'b") == "E'a\\\\''b'"


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote_identifier("a\0")
    with pytest.raises(ValueError, match="NUL"):
        quote_literal("a\0")


def test_bytes_for_mysql_are_hexadecimal() -> None:
    assert mysql_bytes(b"\\\t'") == "X'5c0927'"
