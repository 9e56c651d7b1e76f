"""The structure of a source's table, as it was at one position of the binlog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from pg_chameleon.model.names import TableName
from pg_chameleon.model.source.types import ColumnType, parse_column_type


class Default(NamedTuple):
    """A column's default. ``literal``: ``text`` is the bare value; otherwise ``text`` is an SQL expression."""

    text: str
    literal: bool


class Generated(NamedTuple):
    """A generated column: its expression as SQL of the source, and whether its values are stored."""

    expression: str
    stored: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``column_type`` is what ``information_schema.COLUMNS.COLUMN_TYPE`` shows.

    ``charset`` and ``collation`` are None for anything but text, enum and set. ``on_update`` is the
    expression of ON UPDATE. ``srid`` is that of a spatial column that is restricted to one. ``compressed``
    is MariaDB's.
    """

    name: str
    column_type: str
    nullable: bool = True
    default: Default | None = None
    auto_increment: bool = False
    on_update: str | None = None
    generated: Generated | None = None
    invisible: bool = False
    charset: str | None = None
    collation: str | None = None
    comment: str = ""
    srid: int | None = None
    compressed: bool = False

    @property
    def type(self) -> ColumnType:
        """The column type, taken apart."""
        return parse_column_type(self.column_type)


class IndexPart(NamedTuple):
    """A part of an index: a column (``prefix``: only its first characters or bytes) or an expression."""

    column: str | None
    prefix: int | None = None
    descending: bool = False
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """An index or key. ``kind`` is btree, hash, fulltext, spatial or vector; the primary key is named PRIMARY.

    ``generated``: the server made it for a foreign key, and drops it when another index does its work.
    """

    name: str
    parts: tuple[IndexPart, ...]
    unique: bool = False
    kind: str = "btree"
    comment: str = ""
    generated: bool = False

    @property
    def primary(self) -> bool:
        """Tell whether this is the primary key."""
        return self.name == "PRIMARY"


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key. The rules are spelt as in SQL: CASCADE, SET NULL, SET DEFAULT, RESTRICT, NO ACTION."""

    name: str
    columns: tuple[str, ...]
    referenced: TableName
    referenced_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint with its expression as SQL of the source."""

    name: str
    expression: str
    enforced: bool = True


TRANSACTIONAL_ENGINES = frozenset({"innodb", "ndb", "ndbcluster", "rocksdb", "tokudb", "xtradb"})


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The structure of one table: columns in the order of the binlog, keys and properties."""

    name: TableName
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    engine: str = "InnoDB"
    charset: str | None = None
    collation: str | None = None
    comment: str = ""

    def column(self, name: str) -> Column | None:
        """Find a column by its name, which MySQL compares without case."""
        wanted = name.casefold()
        return next((column for column in self.columns if column.name.casefold() == wanted), None)

    @property
    def transactional(self) -> bool:
        """Tell whether the engine of the table has transactions."""
        return self.engine.lower() in TRANSACTIONAL_ENGINES

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def primary_key(self) -> Index | None:
        """The primary key, if there is one."""
        return next((index for index in self.indexes if index.primary), None)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns by which a row is found again, empty if there are none.

        They are those of the primary key, or else of the first unique key, whose parts are whole columns
        that cannot be NULL. A part that is a prefix does not do: PostgreSQL has no such keys.
        """
        candidates = sorted(
            (index for index in self.indexes if index.unique or index.primary), key=lambda index: not index.primary
        )
        for index in candidates:
            names = tuple(part.column for part in index.parts if part.column is not None)
            columns = [self.column(name) for name in names]
            whole = len(names) == len(index.parts) and not any(part.prefix for part in index.parts)
            if whole and all(column is not None and (index.primary or not column.nullable) for column in columns):
                return tuple(column.name for column in columns if column is not None)
        return ()


def schema_to_json(schema: TableSchema) -> dict[str, Any]:
    """Return the structure as plain values for a JSON column; ``schema_from_json`` reads it back."""
    document = {
        "name": list(schema.name),
        "columns": [_shorn(column) for column in schema.columns],
        "indexes": [{**_shorn(index), "parts": [list(part) for part in index.parts]} for index in schema.indexes],
        "foreign_keys": [_shorn(key) for key in schema.foreign_keys],
        "checks": [_shorn(check) for check in schema.checks],
        "engine": schema.engine,
        "charset": schema.charset,
        "collation": schema.collation,
        "comment": schema.comment,
    }
    written: dict[str, Any] = _with_texts(_without_nul, document)
    return written


def schema_from_json(document: dict[str, Any]) -> TableSchema:
    """Build the structure that ``schema_to_json`` wrote."""
    document = _with_texts(_with_nul, document)
    return TableSchema(
        name=TableName(*document["name"]),
        columns=tuple(_column_from_json(column) for column in document["columns"]),
        indexes=tuple(
            Index(**{**index, "parts": tuple(IndexPart(*part) for part in index["parts"])})
            for index in document["indexes"]
        ),
        foreign_keys=tuple(_foreign_key_from_json(key) for key in document["foreign_keys"]),
        checks=tuple(Check(**check) for check in document["checks"]),
        engine=document["engine"],
        charset=document["charset"],
        collation=document["collation"],
        comment=document["comment"],
    )


# PostgreSQL's jsonb cannot hold the NUL characters that defaults of BINARY columns, and comments, can have.
_MARK = "\ue000"


def _without_nul(text: str) -> str:
    return text.replace(_MARK, f"{_MARK}1").replace("\0", f"{_MARK}0")


def _with_nul(text: str) -> str:
    return text.replace(f"{_MARK}0", "\0").replace(f"{_MARK}1", _MARK)


def _with_texts(change: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _with_texts(change, each) for name, each in value.items()}
    return [_with_texts(change, each) for each in value] if isinstance(value, list | tuple) else value


def _shorn(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults, so that stored structures stay small."""
    return {each.name: getattr(value, each.name) for each in fields(value) if getattr(value, each.name) != each.default}


def _column_from_json(document: dict[str, Any]) -> Column:
    values = dict(document)
    if "default" in values:
        values["default"] = Default(*values["default"])
    if "generated" in values:
        values["generated"] = Generated(*values["generated"])
    return Column(**values)


def _foreign_key_from_json(document: dict[str, Any]) -> ForeignKey:
    return ForeignKey(
        **{
            **document,
            "columns": tuple(document["columns"]),
            "referenced": TableName(*document["referenced"]),
            "referenced_columns": tuple(document["referenced_columns"]),
        }
    )
