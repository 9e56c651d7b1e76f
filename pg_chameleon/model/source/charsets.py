"""The character sets of the source: how wide they are, and which characters they have.

Their decoders and collations are elsewhere (``mysql/charsets.py``, ``ddl/effect/charsets.py``).
"""

from __future__ import annotations

import re

# Most bytes per character; those that are not named here have one.
_WIDTHS = {
    "big5": 2, "cp932": 2, "euckr": 2, "gb2312": 2, "gbk": 2, "sjis": 2, "ucs2": 2, "eucjpms": 3, "ujis": 3,
    "utf8": 3, "utf8mb3": 3, "gb18030": 4, "utf16": 4, "utf16le": 4, "utf32": 4, "utf8mb4": 4,
}  # fmt: skip

# Their stored bytes are handed out as they are, for they are UTF-8.
UTF8 = frozenset({"utf8mb4", "utf8mb3", "utf8"})
# The bytes of their characters are UTF-8. In ascii MariaDB stores any byte, and shows ? for those above 127.
UTF8_CHARACTERS = UTF8 | {"ascii"}
# All their characters have more than one byte, ASCII's too.
WIDE = frozenset({"ucs2", "utf16", "utf16le", "utf32"})
# They have every character.
FULL_UNICODE = frozenset({"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"})
# They have the characters of the basic plane, and so those of every other set that has not all.
BASIC_UNICODE = frozenset({"utf8mb3", "utf8", "ucs2"})
# They can hold halves of surrogate pairs, of which the servers' direct conversion makes no UTF-8, or nothing at all.
WITH_SURROGATES = frozenset({"ucs2", "utf32"})

# latin1 is Windows' on the servers: it has these where the standard has control characters.
_WINDOWS = "".join(f"\\u{ord(character):04X}" for character in bytes(range(0x80, 0xA0)).decode("cp1252", "ignore"))
# Inside of a regular expression's brackets, for Python and PostgreSQL alike; NUL, which PostgreSQL lacks, is not there.
_SURE_ASCII = r"\x01-\x7F"
_SURE_CHARACTERS = {
    **dict.fromkeys(FULL_UNICODE, r"\x01-\U0010FFFF"),
    **dict.fromkeys(BASIC_UNICODE, r"\x01-\uFFFF"),
    "latin1": rf"{_SURE_ASCII}\u00A0-\u00FF{_WINDOWS}",
}
# Every byte of theirs is a character, or they hold nothing but valid text: their conversion loses nothing.
LOSSLESS = frozenset({"latin1", "utf16", "utf16le"})
# For characters that they do not have the server writes U+FFFD where it converts them; these are the bytes of the
# character that really is U+FFFD.
REPLACEMENT_BYTES = {"big5": b"\xa2\xce", "tis620": b"\xff"}


def width(charset: str | None) -> int:
    """Return the most bytes that a character takes; without a character set it is a byte."""
    return _WIDTHS.get(charset or "binary", 1)


def modern_name(charset: str) -> str:
    """Return the name that newer servers give to a character set: utf8 is utf8mb3 to them."""
    return "utf8mb3" if charset == "utf8" else charset


def has_all_of(charset: str | None, other: str | None) -> bool:
    """Tell whether a character set has every character of another one."""
    if other in (charset, "ascii") or charset in FULL_UNICODE:
        return True
    return charset in BASIC_UNICODE and other is not None and other not in FULL_UNICODE


def sure_characters(charset: str | None) -> str:
    """Return the characters that a set has for certain, as they stand in the brackets of a regular expression."""
    return _SURE_CHARACTERS.get(charset or "", _SURE_ASCII)


def surely_has(charset: str, text: str) -> bool:
    """Tell whether a character set has all characters of a text for certain; of most it is known only for ASCII."""
    return text.isascii() or re.fullmatch(f"[{sure_characters(charset)}\0]*", text) is not None
