"""The present structure of a source's tables, read from its ``information_schema``.

What servers show differently is unified here: defaults, expressions, the marks in EXTRA. MariaDB has no JSON
type; its ``json`` is a longtext with the check ``json_valid(column)``. Such a column gets the column type
``json``, keeps its character set, and the check is omitted. Members of ENUM and SET are those of the column itself
(``labels.py``), and so are defaults.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pg_chameleon.model.json_columns import with_json_columns
from pg_chameleon.model.names import TableName, quote_mysql_table
from pg_chameleon.model.schema import (
    Check,
    Column,
    Default,
    Generated,
    Index,
    IndexPart,
    TableSchema,
)
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.model.source.literals import unescaped, without_backslashes
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.queries import one_table, query
from pg_chameleon.mysql.server import SourceServer, rows
from pg_chameleon.mysql.structure.foreign_keys import read_foreign_keys
from pg_chameleon.mysql.structure.labels import with_true_instants, with_true_texts

_Row = tuple[Any, ...]


def read_schemas(connection: SourceConnection, schemas: Iterable[str]) -> list[TableSchema]:
    """Read the structures of all base tables of the schemas, in the order of their names."""
    version = SourceServer(connection).version
    return [table for schema in schemas for table in _Inspection(connection, version, schema).tables()]


def read_table(connection: SourceConnection, name: TableName) -> TableSchema | None:
    """Read the structure of one table; None if there is no base table of this name."""
    version = SourceServer(connection).version
    found = _Inspection(connection, version, name.schema, name.table).tables()
    return found[0] if found else None


def database_defaults(connection: SourceConnection) -> dict[str, tuple[str, str]]:
    """Return the default character set and collation of each schema of the server."""
    found = rows(connection, query("tables.database_defaults"))
    return {str(schema): (str(charset), str(collation)) for schema, charset, collation in found}


def estimated_rows(connection: SourceConnection, schemas: Iterable[str]) -> dict[TableName, int]:
    """Return about how many rows each base table of the schemas has, as the engine estimates."""
    return {
        TableName(schema, str(table)): int(count or 0)
        for schema in schemas
        for table, count in rows(connection, query("tables.estimated_rows"), schema)
    }


class _Inspection:
    """Reads the tables of one schema, or one of them, by one query for each kind of object."""

    def __init__(
        self, connection: SourceConnection, version: ServerVersion, schema: str, table: str | None = None
    ) -> None:
        self._connection = connection
        self._version = version
        self._schema = schema
        self._table = table

    def tables(self) -> list[TableSchema]:
        """Read the structures, in the order of the tables' names."""
        found = sorted(self._query("tables.of_schema"))
        if not found:
            return []
        columns, checks = self._columns(), self._checks()
        indexes = self._indexes()
        foreign_keys = read_foreign_keys(self._connection, self._schema, self._table)
        shown = [
            TableSchema(
                name=TableName(self._schema, name),
                columns=tuple(columns[name]),
                indexes=tuple(indexes[name]),
                foreign_keys=tuple(foreign_keys[name]),
                checks=tuple(checks[name]),
                engine=engine or "",
                charset=_charset_of(collation),
                collation=collation,
                comment=comment or "",
            )
            for name, engine, collation, comment in found
        ]
        if self._version.is_mariadb:
            shown = [with_json_columns(table) for table in shown]
        return [self._with_what_is_not_shown(table) for table in shown]

    def _with_what_is_not_shown(self, table: TableSchema) -> TableSchema:
        found = with_true_texts(self._connection, self._version, self._in_true_order(table))
        return with_true_instants(self._connection, self._version, found)

    def _in_true_order(self, table: TableSchema) -> TableSchema:
        """Put unique keys into their order, in which the server looks for the one that stands in for a primary key."""
        if table.primary_key is not None or sum(index.unique for index in table.indexes) <= 1:
            return table
        place = quote_mysql_table(table.name)
        shown = {row[2]: number for number, row in enumerate(rows(self._connection, f"show index from {place}"))}
        # One that is not shown was dropped since; whoever copies the table sees that it was changed
        return replace(table, indexes=tuple(sorted(table.indexes, key=lambda index: shown.get(index.name, len(shown)))))

    def _query(self, name: str, **words: str) -> list[_Row]:
        """Run a query for the schema, or for the one table that is asked for."""
        statement = query(name, one_table=one_table(self._table), **words)
        return rows(self._connection, statement, *filter(None, (self._schema, self._table)))

    def _columns(self) -> dict[str, list[Column]]:
        version = self._version
        has_expression = version.mysql_since(5, 7) or version.mariadb_since(10, 2, 5)
        found = self._query(
            "tables.columns",
            generation_expression="generation_expression" if has_expression else "null",
            srs_id="srs_id" if version.mysql_since(8) else "null",
        )
        columns = defaultdict(list)
        for table, *shown in found:
            columns[table].append(_column(_ShownColumn(*shown), version))
        return columns

    def _indexes(self) -> dict[str, list[Index]]:
        has_expression = self._version.mysql_since(8, 0, 13)
        found = self._query("tables.indexes", expression="expression" if has_expression else "null")
        grouped: dict[tuple[str, str], list[_Row]] = defaultdict(list)
        for table, index, *shown in found:
            grouped[table, index].append(tuple(shown))
        indexes = defaultdict(list)
        for (table, name), parts in sorted(grouped.items(), key=lambda item: item[0][1] != "PRIMARY"):
            indexes[table].append(_index(name, parts, self._version))
        return indexes

    def _checks(self) -> dict[str, list[Check]]:
        checks: dict[str, list[Check]] = defaultdict(list)
        if self._version.mysql_since(8, 0, 16):
            found = self._query("tables.checks_of_mysql")
        elif self._version.mariadb_since(10, 2, 22):
            found = self._query("tables.checks_of_mariadb")
        else:
            found = []
        for table, name, clause, enforced in sorted(found):
            checks[table].append(Check(name, _expression(clause, self._version), enforced == "YES"))
        return checks


class _ShownColumn(NamedTuple):
    """A row of ``information_schema.columns``."""

    name: str
    column_type: str
    nullable: str
    default: str | None
    extra: str
    charset: str | None
    collation: str | None
    comment: str
    generation_expression: str | None
    srid: int | None


def _column(shown: _ShownColumn, version: ServerVersion) -> Column:
    column_type, mark = _without_mark(shown.column_type)
    extra = shown.extra.lower()
    generated = _generated(shown, extra, version)
    return Column(
        name=shown.name,
        column_type=column_type,
        nullable=shown.nullable == "YES",
        default=None if generated else _default(shown, column_type, version),
        auto_increment="auto_increment" in extra,
        on_update=_on_update(shown.extra),
        generated=generated,
        invisible="invisible" in extra.split(),
        charset=shown.charset,
        collation=shown.collation,
        comment=shown.comment,
        srid=shown.srid,
        compressed="COMPRESSED" in mark,
    )


_MARK = re.compile(r" /\*[^'*]*\*/$")


def _without_mark(column_type: str) -> tuple[str, str]:
    """Split ``varchar(100) /*M!100301 COMPRESSED*/`` or ``datetime /* mariadb-5.3 */``, as MariaDB shows them."""
    match = _MARK.search(column_type)
    return (column_type[: match.start()], match[0]) if match else (column_type, "")


def _generated(shown: _ShownColumn, extra: str, version: ServerVersion) -> Generated | None:
    if shown.generation_expression and ("generated" in extra or "persistent" in extra):
        expression = _expression(shown.generation_expression, version)
        return Generated(expression, stored="stored" in extra or "persistent" in extra)
    return None


def _on_update(extra: str) -> str | None:
    match = re.search(r"on update (\S+)", extra, re.IGNORECASE)
    return match[1] if match else None


_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)
_NOW = re.compile(r"current_timestamp(\(\d?\))?", re.IGNORECASE)
_BITS = re.compile(r"b'[01]*'")


def _default(shown: _ShownColumn, column_type: str, version: ServerVersion) -> Default | None:
    if shown.default is None:
        return None
    if version.mariadb_since(10, 2, 7):
        return _mariadb_default(shown.default)
    if version.mysql_since(8) and _is_binary_label(shown, column_type):
        return Default(bytes.fromhex(shown.default.removeprefix("0x")).decode("utf-8", "replace"), literal=True)
    return _mysql_default(shown.default, column_type, shown.extra, version)


def _is_binary_label(shown: _ShownColumn, column_type: str) -> bool:
    """Tell whether a default is a member of an enum or a set in the character set ``binary``, shown in digits."""
    return shown.charset is None and column_type.startswith(("enum", "set")) and (shown.default or "").startswith("0x")


def _mariadb_default(text: str) -> Default | None:
    """Read a default that MariaDB shows as SQL (https://mariadb.com/kb/en/information-schema-columns-table/)."""
    if text == "NULL":
        return None
    if len(text) > 1 and text[0] == text[-1] == "'":
        return Default(unescaped(text[1:-1]), literal=True)
    return Default(text, literal=_NUMBER.fullmatch(text) is not None)


def _mysql_default(text: str, column_type: str, extra: str, version: ServerVersion) -> Default:
    """Read a default of MySQL, which shows literals bare, and expressions since 8.0.13 with a mark in EXTRA."""
    if "DEFAULT_GENERATED" in extra:
        return Default(_expression(text, version), literal=False)
    is_time = column_type.startswith(("timestamp", "datetime"))
    if (is_time and _NOW.fullmatch(text)) or (column_type.startswith("bit") and _BITS.fullmatch(text)):
        return Default(text, literal=False)
    if version.mysql_since(8) and column_type.startswith(("binary", "varbinary")) and text.startswith("0x"):
        # A default that begins with a zero byte is shown as 0x alone
        return Default(text, literal=False) if len(text) > len("0x") else Default("", literal=True)
    return Default(text, literal=True)


def _expression(text: str, version: ServerVersion) -> str:
    """Return an expression as SQL: MySQL 8 shows it escaped, as in ``concat(`a`,_utf8mb4\\'x\\')``."""
    if not version.mysql_since(8):
        return text
    return without_backslashes(text)


def _index(name: str, parts: Sequence[_Row], version: ServerVersion) -> Index:
    non_unique, *_, index_type, comment, _ = parts[0]
    kind = index_type.lower()
    return Index(
        name=name,
        parts=tuple(
            # A spatial index is shown with the prefix 32, the size of a box
            IndexPart(
                column=column,
                prefix=None if kind == "spatial" else prefix,
                descending=direction == "D",
                expression=None if expression is None else _expression(expression, version),
            )
            for _, column, prefix, direction, _, _, expression in parts
        ),
        unique=not int(non_unique),
        kind=kind,
        comment=comment or "",
    )


def _charset_of(collation: str | None) -> str | None:
    """Return the character set of a collation, with whose name that of the collation begins."""
    return collation.partition("_")[0] if collation else None
