"""Names of the target: PostgreSQL keeps 63 bytes, and indexes and types share the names of a schema.

No name of the source is kept that looks like one made here, so none can be that of another object.
"""

from __future__ import annotations

import hashlib
import re

MAX_BYTES = 63
_HASH_DIGITS = 8
# https://www.postgresql.org/docs/current/ddl-system-columns.html
_SYSTEM_COLUMN = re.compile("(tableoid|xmin|cmin|xmax|cmax|ctid)(_[0-9a-f]{8})?")
_PRIMARY_KEY = "_pkey"
# Shortened names are not shorter, for a character that is cut has four bytes at most.
_SHORTENED = re.compile(".*_[0-9a-f]{8}", re.DOTALL)
_LEAST_SHORTENED = MAX_BYTES - 3


def table_name(name: str) -> str:
    """Name a table as on the source, unless PostgreSQL would cut it, or a primary key may have the name."""
    return _with_hash(name, _digest(name)) if name.endswith(_PRIMARY_KEY) else _fitted(name, _digest(name))


def column_name(name: str) -> str:
    """Name a column as on the source, unless PostgreSQL would cut the name or has it for itself."""
    return _with_hash(name, _digest(name)) if _SYSTEM_COLUMN.fullmatch(name) else _fitted(name, _digest(name))


def primary_key_name(table: str) -> str:
    """Name the primary key of a table as PostgreSQL would."""
    return _fitted(f"{table}{_PRIMARY_KEY}", _digest("primary key", table))


def index_name(table: str, index: str) -> str:
    """Name an index: unique in its schema, where MySQL's are unique in their table.

    The hash tells apart what the underscore does not: the indexes ``b_c`` of ``a`` and ``c`` of ``a_b``.
    """
    return _with_hash(f"{table}_{index}", _digest("index", table, index))


def enum_name(table: str, column: str) -> str:
    """Name the type of an enum column; tables and types share their names too."""
    return _with_hash(f"{table}_{column}", _digest("enum", table, column))


def sequence_name(table: str, column: str) -> str:
    """Name the sequence of an identity; given, so that it is known when its table moves to another schema."""
    return _with_hash(f"{table}_{column}_seq", _digest("sequence", table, column))


def trigger_name(table: str) -> str:
    """Name the trigger that sets the times of updates, and its function."""
    return _with_hash(f"{table}_on_update", _digest("on update", table))


def constraint_name(name: str) -> str:
    """Name a foreign key or a check, whose names are unique in their table only."""
    return _fitted(name, _digest("constraint", name))


def temporary_name(name: str) -> str:
    """Name something for the time between two statements; no name of the source gives the same."""
    return _with_hash(name, _digest("temporary", name))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_HASH_DIGITS]


def _fitted(name: str, digest: str) -> str:
    size = len(name.encode())
    looks_shortened = size >= _LEAST_SHORTENED and _SHORTENED.fullmatch(name)
    return name if size <= MAX_BYTES and not looks_shortened else _with_hash(name, digest)


def _with_hash(name: str, digest: str) -> str:
    kept = name.encode()[: MAX_BYTES - len(digest) - 1].decode(errors="ignore")
    return f"{kept}_{digest}"
