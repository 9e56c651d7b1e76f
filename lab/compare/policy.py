"""What the target has instead of a value that PostgreSQL cannot hold, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

ZERO = "zero date"


class Policy(Enum):
    """Why a value of the target is not that of the source; the reasons that chameleon records begin with it."""

    ZERO_DATE = "date that does not exist"
    NUL = "NUL characters left out"
    UNDECODABLE = "undecodable bytes replaced"


class Expected(NamedTuple):
    """The canonical text that the target should have, and what was done to the source's to get it."""

    value: str | None
    policies: tuple[Policy, ...] = ()


class Replaced(str):
    """A text of the source with substitutes for bytes that are not text."""

    __slots__ = ()


Expect = Callable[["str | None"], Expected]


def as_it_is(value: str | None) -> Expected:
    return Expected(value)


def expect_text(value: str | None) -> Expected:
    """Remove NUL characters, and tell whether bytes were replaced."""
    if value is None:
        return Expected(None)
    replaced = (Policy.UNDECODABLE,) if isinstance(value, Replaced) else ()
    if "\0" in value:
        return Expected(value.replace("\0", ""), (*replaced, Policy.NUL))
    return Expected(str(value), replaced)


def expect_moment(substitute: str | None) -> Expect:
    """Replace dates that do not exist by their substitute."""

    def expect(value: str | None) -> Expected:
        return Expected(substitute, (Policy.ZERO_DATE,)) if value == ZERO else Expected(value)

    return expect


def expect_document(value: str | None) -> Expected:
    """Remove NUL characters from the strings of a JSON document, written as ``written_json`` does."""
    if value is None or "\\u0000" not in value:
        return Expected(value)
    document = json.loads(value, parse_float=Decimal)
    cleaned = written_json(without_nul(document))
    return Expected(cleaned, (Policy.NUL,) if cleaned != value else ())


def without_nul(document: object) -> object:
    if isinstance(document, dict):
        return {without_nul(key): without_nul(value) for key, value in document.items()}
    if isinstance(document, list):
        return [without_nul(value) for value in document]
    return document.replace("\0", "") if isinstance(document, str) else document


def written_json(document: object) -> str:
    """Write a JSON document with its members in order and its numbers exact."""
    if isinstance(document, dict):
        members = (f"{json.dumps(key)}:{written_json(document[key])}" for key in sorted(document))
        return "{" + ",".join(members) + "}"
    if isinstance(document, list):
        return "[" + ",".join(map(written_json, document)) + "]"
    if isinstance(document, bool) or document is None or isinstance(document, str):
        return json.dumps(document)
    return canonical_number(format(Decimal(str(document)), "f"))


def canonical_number(text: str) -> str:
    """Write a number without leading zeros, or zeros at the end of its fraction."""
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    digits = f"{whole}.{fraction}" if fraction else whole
    return digits if digits == "0" else sign + digits
