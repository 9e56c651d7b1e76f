"""What a user may choose about values and types, as the configuration reads it and the conversion obeys it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

ALL_TABLES = "*"


class ZeroDates(Enum):
    """What dates that do not exist become, such as ``0000-00-00`` and ``2024-02-31``, in the user's words."""

    NULL = "null"
    INFINITY = "infinity"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class TypeOverride:
    """Another PostgreSQL type for the columns of one type.

    ``column_type`` is as MySQL shows it (``tinyint(1)``) or the bare name of a type (``enum``). ``tables``
    holds ``*``, ``schema.table`` or ``schema.table.column``.
    """

    column_type: str
    target: str
    tables: frozenset[str] = frozenset({ALL_TABLES})
