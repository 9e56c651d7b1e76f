"""The lexer splits statements as the server does."""

from __future__ import annotations

import pytest

from pg_chameleon.ddl.syntax.lexer import (
    BAD,
    BIT,
    END,
    HEX,
    NATIONAL,
    NUMBER,
    QUOTED,
    STRING,
    SYMBOL,
    WORD,
    tokenize,
    unquote_string,
)
from pg_chameleon.model.names import unquote_mysql_identifier
from pg_chameleon.model.source.modes import ANSI_QUOTES, NO_BACKSLASH_ESCAPES


def split(statement: str, sql_mode: int = 0, *, mariadb: bool = True) -> list[tuple[int, str]]:
    tokens = tokenize(statement, sql_mode, mariadb=mariadb)
    texts = (statement[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True))
    return [(kind, text) for kind, text in zip(tokens.kinds, texts, strict=True) if kind not in (END, BAD)]


def texts(statement: str, sql_mode: int = 0, *, mariadb: bool = True) -> list[str]:
    return [text for _, text in split(statement, sql_mode, mariadb=mariadb)]


def is_whole(statement: str, sql_mode: int = 0) -> bool:
    return tokenize(statement, sql_mode).kinds[-1] == END


def test_words_and_symbols_are_tokens_of_their_own() -> None:
    assert texts("add  boat_id int(3),") == ["add", "boat_id", "int", "(", "3", ")", ","]


def test_words_are_compared_in_upper_case() -> None:
    assert tokenize("Alter tAble Ölberg").words[:3] == ["ALTER", "TABLE", "Ölberg"]


def test_what_is_quoted_is_never_a_keyword() -> None:
    assert tokenize("`table` 'table'").words[:2] == ["", ""]


@pytest.mark.parametrize("name", ["1st_boat", "0x", "2e", "0xboat", "0b2", "12_34"])
def test_a_name_may_begin_with_a_digit(name: str) -> None:
    assert split(name) == [(WORD, name)]


@pytest.mark.parametrize("number", ["7", "7.25", ".5", "7.", "1e10", "1.5E-3", "0x1F", "0b101"])
def test_numbers(number: str) -> None:
    assert split(number) == [(NUMBER, number)]


def test_a_dot_between_names_is_no_decimal_point() -> None:
    assert texts("harbour.1boat") == ["harbour", ".", "1boat"]
    assert texts("`harbour`.`boat`") == ["`harbour`", ".", "`boat`"]


@pytest.mark.parametrize(
    ("literal", "kind"),
    [("x'4A'", HEX), ("X'4a'", HEX), ("b'01'", BIT), ("N'sail'", NATIONAL), ("'sail'", STRING), ('"sail"', STRING)],
)
def test_literals_with_a_prefix_are_one_token(literal: str, kind: int) -> None:
    assert split(literal) == [(kind, literal)]


def test_a_charset_introducer_is_a_word_before_its_string() -> None:
    assert split("_latin2'sail'") == [(WORD, "_latin2"), (STRING, "'sail'")]


def test_double_quotes_enclose_a_name_under_ansi_quotes() -> None:
    assert split('"boat"', ANSI_QUOTES) == [(QUOTED, '"boat"')]
    assert split('"boat"') == [(STRING, '"boat"')]


def test_a_backslash_escapes_the_quote_unless_the_mode_says_no() -> None:
    assert texts(r"'it\'s' x") == [r"'it\'s'", "x"]
    assert texts(r"'it\' x", NO_BACKSLASH_ESCAPES) == [r"'it\'", "x"]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'it''s'", "it's"),
        ('"say ""ahoy"""', 'say "ahoy"'),
        ("\"it''s\"", "it''s"),
        (r"'a\nb\tc\0d\Ze\\f\'g'", "a\nb\tc\0d\x1ae\\f'g"),
        (r"'50\% \_ \q'", r"50\% \_ q"),
    ],
)
def test_string_values(literal: str, value: str) -> None:
    assert unquote_string(literal, 0) == value


def test_string_values_without_backslash_escapes() -> None:
    assert unquote_string(r"'a\nb''c'", NO_BACKSLASH_ESCAPES) == r"a\nb'c"


def test_a_doubled_backtick_is_part_of_a_name() -> None:
    assert unquote_mysql_identifier("`a``b`") == "a`b"


@pytest.mark.parametrize("comment", ["/* x */", "-- x\n", "# x\n", "/**/", "/* 99999 drop */", "--\n"])
def test_comments_are_no_tokens(comment: str) -> None:
    assert texts(f"drop {comment} table") == ["drop", "table"]


def test_two_dashes_without_a_space_are_no_comment() -> None:
    assert texts("1--1") == ["1", "-", "-", "1"]


def test_versioned_comments_are_code() -> None:
    assert texts("drop /*!40005 temporary */ table /*!if exists*/ a") == [
        "drop",
        "temporary",
        "table",
        "if",
        "exists",
        "a",
    ]


def test_comments_in_versioned_comments_are_comments() -> None:
    assert texts("/*!40000 a /* b */ c */ d") == ["a", "c", "d"]


def test_comments_for_mariadb_are_code_to_mariadb_alone() -> None:
    statement = "a /*M!100301 compressed */ b"
    assert texts(statement) == ["a", "compressed", "b"]
    assert texts(statement, mariadb=False) == ["a", "b"]


@pytest.mark.parametrize("statement", ["'sail", "`boat", "/* sail", "a */", "/*!40000 a", "\\", "[a]", "a \x01 b"])
def test_what_cannot_be_split_ends_with_a_bad_token(statement: str) -> None:
    assert not is_whole(statement)


def test_an_unclosed_string_does_not_take_forever() -> None:
    assert not is_whole("'" + "a''\\" * 50_000)


def test_symbols() -> None:
    assert {kind for kind, _ in split("( ) , . = ; @ : + - * / % < > ! & | ^ ~ ? { }")} == {SYMBOL}
