"""The choices of a user and a target on how values and types are carried over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.choices import ALL_TABLES, TypeOverride, ZeroDates
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column
from pg_chameleon.model.server import ServerVersion


class UnknownType(ChameleonError):
    """A column has a type that no rule knows, so its values cannot be carried over with certainty."""


class ChangeReason(Enum):
    """Why a value on the target is not the one of the source."""

    NO_DATE = "date that does not exist became NULL"
    INFINITE_DATE = "date that does not exist became -infinity"
    NUL = "NUL characters left out"
    UNDECODABLE = "undecodable bytes replaced"
    AMBIGUOUS = "another value of the column has the same text"


@dataclass(frozen=True, slots=True)
class Rules:
    """How one source is carried over.

    ``server``: what the source is, for MySQL and MariaDB show some values differently. ``postgis``: the target has the
    type ``geometry``.
    """

    server: ServerVersion
    overrides: tuple[TypeOverride, ...] = ()
    postgis: bool = False
    zero_dates: ZeroDates = ZeroDates.NULL

    def override(self, table: TableName, column: Column) -> str | None:
        """Return the type that the user wants for a column: the most specific override wins."""
        found = [
            (places[1], exact, override.target)
            for override in self.overrides
            if (exact := _matches(override.column_type, column)) is not None
            and (places := _closeness(override.tables, table, column))[0]
        ]
        return max(found)[2] if found else None


def _matches(wanted: str, column: Column) -> bool | None:
    """Tell whether a type is meant exactly (True), by its bare name (False), or not at all (None)."""
    if normal_type(wanted) == normal_type(column.column_type):
        return True
    return False if wanted.strip().lower() == column.type.base else None


def _closeness(tables: frozenset[str], table: TableName, column: Column) -> tuple[bool, int]:
    places = (ALL_TABLES, str(table), f"{table}.{column.name}")
    closest = max((rank for rank, place in enumerate(places) if place in tables), default=-1)
    return closest >= 0, closest


def normal_type(column_type: str) -> str:
    """Write a column type with single spaces; without regard to case outside the quotes."""
    parts = re.split(r"('(?:[^']|'')*')", column_type.strip())
    return "".join(part if number % 2 else re.sub(r"\s+", " ", part.lower()) for number, part in enumerate(parts))
