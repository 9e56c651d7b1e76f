"""What the default of a column says on the source, read from every form in which the servers show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.literals import unescaped
from pg_chameleon.model.source.types import BYTES, WITH_CHARSET

# The types whose defaults are characters
CHARACTERS = WITH_CHARSET | {"json"}
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.I)

_NOW = re.compile(r"(?:current_timestamp|now|localtime|localtimestamp)\s*(?:\(\s*(\d?)\s*\))?", re.I)
_TODAY = re.compile(r"(?:curdate|current_date)\s*(?:\(\s*\))?", re.I)
_UUID = re.compile(r"uuid\s*\(\s*\)", re.I)
_STRING = re.compile(r"(?:_([a-z0-9]+)\s*)?'((?:[^'\\]|''|\\.)*)'", re.I | re.S)
# MySQL shows a string within an expression with escaped quotes around it
_ESCAPED_STRING = re.compile(r"(_[a-z0-9]+)\\'(.*)\\'", re.I | re.S)
_BITS = re.compile(r"b'([01]*)'|0b([01]+)", re.I)
_HEX = re.compile(r"(?:_binary\s*)?x'([0-9a-f]*)'|0x([0-9a-f]+)", re.I)
_EMPTY_DOCUMENTS = {"json_array()": "[]", "json_object()": "{}"}
_TRUTHS = {"true": "1", "false": "0"}


class Says(Enum):
    """What a default is."""

    NULL = "null"
    CONSTANT = "constant"
    NOW = "now"
    TODAY = "today"
    UUID = "uuid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SourceDefault:
    """A default of the source.

    ``value``: that of a constant, as it is written in SQL without quotes; bytes where hexadecimal digits mean bytes.
    ``digits``: those of the seconds of NOW. ``reason``: why it is unknown.
    """

    says: Says
    value: str | bytes = ""
    digits: int = 0
    reason: str = ""

    @property
    def is_constant(self) -> bool:
        """Tell whether it has the same value whenever it is evaluated."""
        return self.says not in (Says.NOW, Says.TODAY, Says.UUID)


def source_default(column: Column) -> SourceDefault | None:
    """Read the default of a column; None if it has none."""
    if column.default is None:
        return None
    if column.default.literal:
        return SourceDefault(Says.CONSTANT, column.default.text)
    text = _unwrapped(column.default.text)
    if text.upper() == "NULL":
        return SourceDefault(Says.NULL)
    return _function(column, text) or _constant(column, text)


def integer_of(text: str) -> int | None:
    """Return the number that binary or hexadecimal digits are; None if the text is something else."""
    bits, digits = _BITS.fullmatch(text), _HEX.fullmatch(text)
    if bits is not None:
        return int(bits[1] or bits[2] or "0", 2)
    return int.from_bytes(_bytes_of(digits), "big") if digits is not None else None


def _unwrapped(expression: str) -> str:
    text = expression.strip()
    while text.startswith("(") and text.endswith(")") and _is_one_pair(text):
        text = text[1:-1].strip()
    return text


def _is_one_pair(text: str) -> bool:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _function(column: Column, text: str) -> SourceDefault | None:
    now = _NOW.fullmatch(text)
    if now is not None:
        return SourceDefault(Says.NOW, digits=int(now[1] or 0))
    if _TODAY.fullmatch(text):
        return SourceDefault(Says.TODAY)
    if _UUID.fullmatch(text):
        return SourceDefault(Says.UUID)
    document = _EMPTY_DOCUMENTS.get(re.sub(r"\s", "", text).lower()) if column.type.base == "json" else None
    return None if document is None else SourceDefault(Says.CONSTANT, document)


def _constant(column: Column, text: str) -> SourceDefault:
    """Read a literal of an expression."""
    escaped = _ESCAPED_STRING.fullmatch(text)
    string = _STRING.fullmatch(text if escaped is None else f"{escaped[1]}'{escaped[2]}'")
    if string is not None:
        return SourceDefault(Says.CONSTANT, unescaped(string[2]))
    if text.lower() in _TRUTHS:
        return SourceDefault(Says.CONSTANT, _TRUTHS[text.lower()])
    digits = _HEX.fullmatch(text)
    if digits is not None:
        return _of_digits(column, text, _bytes_of(digits))
    if NUMBER.fullmatch(text) or _BITS.fullmatch(text):
        return SourceDefault(Says.CONSTANT, text)
    return SourceDefault(Says.UNKNOWN, reason="the expression is not translated")


def _of_digits(column: Column, text: str, value: bytes) -> SourceDefault:
    """Take hexadecimal digits as bytes, as characters or as a number: that is up to the type of the column."""
    if column.type.base in BYTES:
        return SourceDefault(Says.CONSTANT, value)
    if column.type.base not in CHARACTERS:
        return SourceDefault(Says.CONSTANT, text)
    if not value.isascii():
        return SourceDefault(Says.UNKNOWN, reason="its bytes are characters of another character set")
    return SourceDefault(Says.CONSTANT, value.decode("ascii"))


def _bytes_of(digits: re.Match[str]) -> bytes:
    text = digits[1] if digits[1] is not None else digits[2]
    return bytes.fromhex(text if len(text) % 2 == 0 else f"0{text}")
