"""The column types of the source: their families, their sizes, and what they mean where they do not say it.

https://dev.mysql.com/doc/refman/8.4/en/data-types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from pg_chameleon.model.source.literals import unescaped

INTEGER_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
INTEGERS = frozenset(INTEGER_BITS)
EXACT_NUMBERS = INTEGERS | {"decimal"}
FLOATING_NUMBERS = frozenset({"float", "double"})
NUMBERS = EXACT_NUMBERS | FLOATING_NUMBERS

# The most bytes that a value has
TEXT_BYTES = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215, "longtext": 4_294_967_295}
BLOB_BYTES = {"tinyblob": 255, "blob": 65_535, "mediumblob": 16_777_215, "longblob": 4_294_967_295}
TEXTS = frozenset(TEXT_BYTES)
BLOBS = frozenset(BLOB_BYTES)
# Strings with a length of their own: characters, and bytes
CHARACTER_STRINGS = frozenset({"char", "varchar"})
BYTE_STRINGS = frozenset({"binary", "varbinary"})
CHARACTERS = CHARACTER_STRINGS | TEXTS
BYTES = BYTE_STRINGS | BLOBS
# Types whose values are members, which stand in the type
LABELS = frozenset({"enum", "set"})
# Types that have a character set
WITH_CHARSET = CHARACTERS | LABELS

DATES = frozenset({"date", "datetime", "timestamp"})
MOMENTS = DATES | {"time", "year"}

# In the order of their numbers in WKB, from 0 on
GEOMETRY_KINDS = (
    *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"),
    "geometrycollection",
)
# MySQL calls collections so since 8.0.11
SHORT_COLLECTION = "geomcollection"
GEOMETRIES = frozenset({*GEOMETRY_KINDS, SHORT_COLLECTION})

UUID_BYTES = 16
ADDRESS_BYTES = {"inet4": 4, "inet6": 16}

DEFAULT_DECIMAL = (10, 0)


class ColumnType(NamedTuple):
    """The parts of a column type: ``decimal(10,2) unsigned`` is ``("decimal", (10, 2), True, False, ())``."""

    base: str
    arguments: tuple[int, ...]
    unsigned: bool
    zerofill: bool
    members: tuple[str, ...]

    @property
    def length(self) -> int:
        """The length of a CHAR, a BINARY or a BIT, which is 1 unless the type tells."""
        return self.arguments[0] if self.arguments else 1

    @property
    def fraction(self) -> int:
        """How many digits of its seconds a TIME, a DATETIME or a TIMESTAMP has."""
        return self.arguments[0] if self.arguments else 0

    @property
    def precision(self) -> tuple[int, int]:
        """How many digits a DECIMAL has, and how many of them are behind the point."""
        digits, decimals = (*self.arguments, *DEFAULT_DECIMAL[len(self.arguments) :])
        return digits, decimals

    @property
    def most_bytes(self) -> int:
        """The most bytes that a value of bytes has."""
        return BLOB_BYTES.get(self.base) or self.length


def smallest_for(size: int, family: Mapping[str, int]) -> str:
    """Return the smallest of the TEXTs or the BLOBs that holds so many bytes."""
    return next((base for base, most in family.items() if size <= most), [*family][-1])


def shown_set(members: Iterable[str], chosen: Callable[[int], object]) -> str:
    """Return what the servers show of a value of SET; ``chosen`` tells whether the member of a number is in it.

    A comma stands only where something stands before it: that of the empty member and of ``a`` is ``a``.

    >>> shown_set(("", "a", "", "b"), lambda number: True)
    'a,,b'
    """
    shown = ""
    for number, member in enumerate(members):
        if chosen(number):
            shown += f",{member}" if shown else member
    return shown


_COLUMN_TYPE = re.compile(
    r"\s*([a-z0-9_]+(?:\s+precision|\s+varying)?)\s*(?:\((.*)\))?\s*([a-z0-9_ /*!]*)$", re.I | re.S
)
_MEMBER = re.compile(r"'((?:[^']|'')*)'")


def parse_column_type(column_type: str) -> ColumnType:
    """Take a COLUMN_TYPE of ``information_schema`` apart; members of enum and set lose their quotes."""
    match = _COLUMN_TYPE.match(column_type)
    if match is None:
        raise ValueError(f"not a column type: {column_type!r}")
    base, inside, attributes = match.group(1).lower(), match.group(2) or "", match.group(3).lower().split()
    if base in LABELS:
        return ColumnType(base, (), False, False, tuple(map(unescaped, _MEMBER.findall(inside))))
    arguments = tuple(int(argument) for argument in inside.split(",") if argument.strip().isdigit())
    return ColumnType(base, arguments, "unsigned" in attributes, "zerofill" in attributes, ())
