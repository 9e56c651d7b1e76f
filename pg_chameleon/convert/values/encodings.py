"""The encoders by name: how a value of a column becomes its text, as frozen values on which others can decide.

``fragments`` compiles them for values of the stream, ``text_of_bytes`` applies them to the column's own bytes in the
copy. What decodes such a text again would stand beside these two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pg_chameleon.convert.values.text import ewkb, vector_text
from pg_chameleon.model.numbers import double_text, mariadb_double_text, single


@dataclass(frozen=True, slots=True)
class Plain:
    """The value as it is: an integer, or a text without anything that has to be escaped."""


@dataclass(frozen=True, slots=True)
class Text:
    """Any string. ``document``: it is JSON, in which a NUL character is six characters."""

    document: bool = False


@dataclass(frozen=True, slots=True)
class Float:
    """The shortest digits that give a floating-point number again. ``plain_zero``: -0 is written as 0."""

    plain_zero: bool = False


@dataclass(frozen=True, slots=True)
class ServerFloat:
    """A floating-point number as its server writes it. ``single``: it has single precision."""

    plain_zero: bool
    single: bool


@dataclass(frozen=True, slots=True)
class Bits:
    """An integer as binary digits."""

    width: int


@dataclass(frozen=True, slots=True)
class Hex:
    """Bytes in hexadecimal, with zero bytes at the end up to ``size``, which the binlog omits."""

    size: int = 0


@dataclass(frozen=True, slots=True)
class Geometry:
    """A geometry as the server stores it, in the hexadecimal form that PostGIS reads."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector of 32-bit floats as an array."""


@dataclass(frozen=True, slots=True)
class EnumLabel:
    """The label of an enum's number."""

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetLabels:
    """The labels of a set's bits."""

    members: tuple[str, ...]


Encoding = Plain | Text | Float | ServerFloat | Bits | Hex | Geometry | Vector | EnumLabel | SetLabels

PLAIN = Plain()


class DateCheck(Enum):
    """How to tell whether a date exists; the names are the types whose values are checked so."""

    DATE = "date"
    DATETIME = "datetime"
    TIMESTAMP = "timestamp"


def server_float_text(encoding: ServerFloat) -> Callable[[float], str]:
    """Return what writes a number as its server does."""
    return mariadb_double_text if encoding.plain_zero else double_text


def text_of_bytes(encoding: Encoding) -> Callable[[bytes], str] | None:
    """Return what makes the text of the bytes that a server has or shows; None where it shows the very text."""
    match encoding:
        case Text():
            return _decoded
        case Hex():
            return bytes.hex
        case Geometry():
            return ewkb
        case Vector():
            return vector_text
        case ServerFloat():
            text, precise = server_float_text(encoding), single if encoding.single else float
            return lambda raw: text(precise(float(raw)))
        case _:
            return None


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace")
