"""What becomes of an index of the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.expressions import index_expression
from pg_chameleon.convert.expressions.quoting import quote_identifier
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.values.text import without_nul
from pg_chameleon.convert.values.types import is_text_target, type_rule
from pg_chameleon.model.schema import Column, Index, IndexPart, TableSchema
from pg_chameleon.model.source.types import BLOBS, BYTE_STRINGS, CHARACTER_STRINGS, TEXTS

# PostgreSQL's btree takes entries of 2,704 bytes; a character takes up to four.
_KEY_CHARACTERS = 600
# PostgreSQL makes no tsvector of a megabyte or more; a character takes up to four.
_SEARCHED_CHARACTERS = 250_000
_HUGE_TEXTS = frozenset({"mediumtext", "longtext"})
# MariaDB keeps them unique whole, by a hash
_LONG_TYPES = (TEXTS | BLOBS) - {"tinytext", "tinyblob"}


class _Omitted(Exception):
    """The target cannot have the index; the text says why."""


@dataclass(frozen=True, slots=True)
class TargetIndex:
    """An index of the target. ``parts`` are SQL; ``columns`` are the target's columns that occur in them.

    ``source`` is its name on the source. ``plain``: every part is just a column.
    """

    source: str
    name: str
    method: str
    parts: tuple[str, ...]
    columns: tuple[str, ...]
    unique: bool = False
    primary: bool = False
    plain: bool = True
    comment: str = ""


def target_index(schema: TableSchema, index: Index, rules: Rules, notes: list[str]) -> TargetIndex | None:
    """Return what an index becomes; None, with a note, where the target cannot have it."""
    try:
        match index.kind.lower():
            case "fulltext":
                return _fulltext(schema, index, rules)
            case "spatial":
                return _spatial(schema, index, rules)
            case "vector":
                raise _Omitted("PostgreSQL has no index for vectors")
            case _:
                return _btree(schema, index, rules)
    except _Omitted as omitted:
        notes.append(f"index {index.name} is omitted: {omitted}")
        return None


def _btree(schema: TableSchema, index: Index, rules: Rules) -> TargetIndex:
    parts = [_part(schema, index, part, rules) for part in index.parts]
    plain = all(part.plain for part in parts)
    primary = index.primary and plain
    directions = [" DESC" if part.descending and not primary else "" for part in index.parts]
    return TargetIndex(
        source=index.name,
        name=_name(schema, index),
        method="btree",
        parts=tuple(part.sql + direction for part, direction in zip(parts, directions, strict=True)),
        columns=_columns(schema, index),
        unique=index.unique or index.primary,
        primary=primary,
        plain=plain,
        comment=without_nul(index.comment),
    )


class _Part(NamedTuple):
    """A part of an index. ``plain``: it is just a column."""

    sql: str
    plain: bool = False


def _part(schema: TableSchema, index: Index, part: IndexPart, rules: Rules) -> _Part:
    if part.column is None:
        expression = index_expression(schema, part.expression or "", rules)
        if expression is None:
            raise _Omitted(f"its expression {part.expression} is not translated")
        return _Part(f"({expression})")
    column = _found(schema, part.column)
    quoted = quote_identifier(names.column_name(column.name))
    rule = type_rule(schema, column, rules)
    if rule.target == "geometry" or (rule.target == "jsonb" and index.unique):
        raise _Omitted(f"column {column.name} is of a type that btree does not order")
    if index.unique and part.prefix is None and column.type.base in _LONG_TYPES and not is_key(schema, index):
        return _Part(f"md5({quoted})")
    if part.prefix is None or (index.primary and _is_short(column)):
        return _Part(quoted, plain=True)
    if is_text_target(rule.target) and not rule.document:
        return _Part(f"left({quoted}, {part.prefix})")
    if rule.target == "bytea":
        return _Part(f"substr({quoted}, 1, {part.prefix})")
    return _Part(quoted, plain=True)


def is_key(schema: TableSchema, index: Index) -> bool:
    """Tell whether rows are found by the columns of an index."""
    names_of_parts = [(part.column or "").casefold() for part in index.parts]
    return index.primary or names_of_parts == [name.casefold() for name in schema.key_columns]


def _is_short(column: Column) -> bool:
    """Tell whether every value fits into an index, so that a key may hold more than its prefix."""
    return column.type.base in CHARACTER_STRINGS | BYTE_STRINGS and all(
        length <= _KEY_CHARACTERS for length in column.type.arguments
    )


def _fulltext(schema: TableSchema, index: Index, rules: Rules) -> TargetIndex:
    columns = [_found(schema, part.column or "") for part in index.parts]
    document = " || ' ' || ".join(_searched(column, type_rule(schema, column, rules).document) for column in columns)
    return TargetIndex(
        source=index.name,
        name=_name(schema, index),
        method="gin",
        parts=(f"to_tsvector('simple', {document})",),
        columns=_columns(schema, index),
        plain=False,
        comment=without_nul(index.comment),
    )


def _searched(column: Column, is_document: bool) -> str:
    quoted = quote_identifier(names.column_name(column.name))
    text = f"coalesce({quoted}{'::text' if is_document else ''}, '')"
    return f"left({text}, {_SEARCHED_CHARACTERS})" if column.type.base in _HUGE_TEXTS else text


def _spatial(schema: TableSchema, index: Index, rules: Rules) -> TargetIndex:
    if not rules.postgis:
        raise _Omitted("the target has no PostGIS")
    return TargetIndex(
        source=index.name,
        name=_name(schema, index),
        method="gist",
        parts=tuple(quote_identifier(name) for name in _columns(schema, index)),
        columns=_columns(schema, index),
        comment=without_nul(index.comment),
    )


def _name(schema: TableSchema, index: Index) -> str:
    table = schema.name.table
    return names.primary_key_name(table) if index.primary else names.index_name(table, index.name)


def _columns(schema: TableSchema, index: Index) -> tuple[str, ...]:
    """Return the target's columns of an index; an expression may use any of them."""
    if any(part.column is None for part in index.parts):
        return tuple(map(names.column_name, schema.column_names))
    return tuple(names.column_name(_found(schema, part.column or "").name) for part in index.parts)


def _found(schema: TableSchema, name: str) -> Column:
    column = schema.column(name)
    if column is None:
        raise _Omitted(f"the table has no column {name}")
    return column
