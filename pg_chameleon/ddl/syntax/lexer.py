"""Split a statement of MySQL or MariaDB into tokens, as the server that logged it does."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pg_chameleon.model.source.literals import unescaped
from pg_chameleon.model.source.modes import ANSI_QUOTES, NO_BACKSLASH_ESCAPES

WORD, SYMBOL, QUOTED, NUMBER, STRING, _OPENER, _CLOSER, END, HEX, BIT, NATIONAL, BAD = range(1, 13)

_NAME = r"0-9A-Za-z_$\x80-\U0010ffff"
_PREFIXES = {"X": HEX, "B": BIT, "N": NATIONAL}
_SENTINELS = 4


class Tokens(NamedTuple):
    """The tokens of a statement, as lists side by side because that is what the parser reads fastest.

    ``words``: bare words in upper case and symbols; empty for what is quoted, a number or an end, so that no
    keyword is ever found in them. The last tokens are END, or BAD where the statement cannot be split further.
    """

    words: list[str]
    kinds: list[int]
    starts: list[int]
    ends: list[int]


def _quoted(quote: str, backslash_escapes: bool) -> str:
    """Build the expression for a quoted text in which the quote is doubled; it is written to fail in linear time."""
    plain, escape = (r"\\", r"|\\.") if backslash_escapes else ("", "")
    return f"{quote}[^{quote}{plain}]*(?:(?:{quote}{quote}{escape})[^{quote}{plain}]*)*{quote}"


@lru_cache(maxsize=8)
def _pattern(ansi_quotes: bool, backslash_escapes: bool, mariadb: bool) -> re.Pattern[str]:
    """Build the expression for one token; its groups are numbered like the kinds."""
    single, double = _quoted("'", backslash_escapes), _quoted('"', backslash_escapes)
    quoted, string = _quoted("`", False), f"{single}|{double}"
    if ansi_quotes:
        quoted, string = f"{quoted}|{_quoted(chr(34), False)}", single
    # A comment with /*M! is code for MariaDB alone; to MySQL it is a comment like any other.
    opener = r"/\*M?!(?:\d{5,6})?" if mariadb else r"/\*!(?:\d{5,6})?"
    return re.compile(
        rf"""[ \t\n\v\f\r]*(?:
        ([A-Za-z_$\x80-\U0010ffff][{_NAME}]*)
        |((?!/\*|\*/(?!\*)|\#|--(?:[\x00-\x20]|\Z)|\.\d)[(),.=;@:+\-*/%<>!&|^~?{{}}]|(?<=[{_NAME}`"])\.)
        |({quoted})
        |((?:0x[0-9A-Fa-f]+|0b[01]+|\d+(?:\.\d*)?[eE][+-]?\d+|\d+)(?![{_NAME}.])
          |\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?=\.))
        |({string})
        |({opener})
        |(\*/)
        |(\Z)
        |/\*.*?\*/|\#[^\n]*|--(?=[\x00-\x20]|\Z)[^\n]*
        )""",
        re.X | re.S,
    )


_DIGIT_WORD = re.compile(rf"[ \t\n\v\f\r]*(\d[{_NAME}]*)")


def tokenize(statement: str, sql_mode: int = 0, *, mariadb: bool = True) -> Tokens:
    """Return the statement's tokens. Versioned comments that are left in a binlog are code."""
    pattern = _pattern(bool(sql_mode & ANSI_QUOTES), not sql_mode & NO_BACKSLASH_ESCAPES, mariadb)
    words: list[str] = []
    kinds: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    position = depth = 0
    kind = END
    match_at = pattern.match
    while True:
        match = match_at(statement, position) or _DIGIT_WORD.match(statement, position)
        if match is None:
            kind = BAD
            break
        position = match.end()
        group = match.lastindex
        if group is None:
            continue
        start, end = match.span(group)
        if group == WORD:
            text = statement[start:end]
            words.append(text.upper() if text.isascii() else text)
        elif group == SYMBOL:
            words.append(statement[start:end])
        elif group == STRING and words and ends[-1] == start and words[-1] in _PREFIXES:
            kinds[-1], words[-1], ends[-1] = _PREFIXES[words[-1]], "", end
            continue
        elif group == END:
            kind, position = (BAD, start) if depth else (END, start)
            break
        elif group in (_OPENER, _CLOSER):
            depth += 1 if group == _OPENER else -1
            if depth < 0:
                kind, position = BAD, start
                break
            continue
        else:
            words.append("")
        kinds.append(group)
        starts.append(start)
        ends.append(end)
    words += [""] * _SENTINELS
    kinds += [kind] * _SENTINELS
    starts += [position] * _SENTINELS
    ends += [position] * _SENTINELS
    return Tokens(words, kinds, starts, ends)


def unquote_string(text: str, sql_mode: int) -> str:
    """Return the value of a string literal."""
    return unescaped(text[1:-1], text[0], backslashes=not sql_mode & NO_BACKSLASH_ESCAPES)
