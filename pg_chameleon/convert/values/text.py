"""The text forms of single values, where they need more than an expression."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import date
from json import encoder

from pg_chameleon.model.source.types import shown_set

to_json_text = encoder.encode_basestring

_CACHED_TEXTS = 10_000
_CACHED_DAYS = 100_000

# A pair of backslashes is a backslash, so what follows it is no escape.
_PAIR_OR_NUL = re.compile(r"\\\\|\\u0000")


class Calendar(dict[str, bool]):
    """Which of the dates ``YYYY-MM-DD`` that MySQL can hold exist."""

    def __missing__(self, text: str) -> bool:
        if len(self) >= _CACHED_DAYS:
            self.clear()
        self[text] = exists = _exists(text)
        return exists


def _exists(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:10]))
    except ValueError:
        return False
    return True


CALENDAR = Calendar()


class EnumTexts(tuple[str, ...]):
    """The members of an enum by their numbers, escaped for where they stand; 0 is the empty error member."""

    __slots__ = ()

    def __new__(cls, members: tuple[str, ...], escape: Callable[[str], str] | None = None) -> EnumTexts:
        escape = escape or inside_json
        return super().__new__(cls, map(escape, ("", *members)))


class SetTexts(dict[int, str]):
    """The texts of a set's values by their bits, escaped for where they stand."""

    def __init__(self, members: tuple[str, ...], escape: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self.members = members
        self._escape = escape or inside_json

    def __missing__(self, bits: int) -> str:
        if bits >> len(self.members):
            raise LookupError(f"the set has {len(self.members)} members, the value {bits:#x} has more")
        if len(self) >= _CACHED_TEXTS:
            self.clear()
        self[bits] = text = self._escape(shown_set(self.members, lambda number: bits >> number & 1))
        return text


def inside_json(text: str) -> str:
    """Escape text so that it may stand in a JSON string."""
    return to_json_text(text)[1:-1]


def to_record_text(text: str) -> str:
    """Quote text as a field of a composite literal.

    https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
    """
    # Not by way of ``inside_record``: this is called for each text of each row
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def inside_record(text: str) -> str:
    """Escape text so that it may stand in a quoted field of a composite literal."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def without_nul(text: str) -> str:
    """Leave out what PostgreSQL's text cannot hold."""
    return text.replace("\0", "")


def document_without_nul(document: str) -> str:
    """Leave NUL characters out of the strings of a JSON document."""
    return without_nul(_PAIR_OR_NUL.sub(lambda found: found.group().replace("\\u0000", ""), document))


def ewkb(value: bytes) -> str:
    """Rewrite a geometry as the server stores it to the hexadecimal form that PostGIS reads."""
    if value[:4] == b"\0\0\0\0":
        return value[4:].hex()
    return (value[4:8] + b"\x20" + value[:4] + value[9:]).hex()


def vector_text(value: bytes) -> str:
    """Write a vector of 32-bit floats as an array."""
    return "{" + ",".join(map(repr, struct.unpack(f"<{len(value) // 4}f", value))) + "}"
