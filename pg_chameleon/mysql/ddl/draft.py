"""The columns of a table in the making: how definitions become columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pg_chameleon.model.schema import Column, Generated
from pg_chameleon.mysql.ddl.charsets import Charset
from pg_chameleon.mysql.ddl.column_types import shown_type
from pg_chameleon.mysql.ddl.defaults import now_expression, stored_default
from pg_chameleon.mysql.ddl.definitions import ColumnDefinition, DefaultClause, DefaultKind, RowPeriod
from pg_chameleon.mysql.ddl.server import ServerTraits

ROW_START, ROW_END = "ROW START", "ROW END"
_HIDDEN = (("row_start", ROW_START), ("row_end", ROW_END))
_ZERO = DefaultClause(DefaultKind.STRING, "0")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a column takes from where it stands: the table's charset and the server."""

    charset: Charset
    server: ServerTraits


def column_of(definition: ColumnDefinition, around: Surroundings) -> Column:
    """Return the column that a definition makes."""
    server = around.server
    shown = shown_type(definition.type, around.charset, server)
    generated = definition.generated
    return Column(
        name=definition.name,
        column_type=shown.column_type,
        nullable=_nullable(definition),
        default=stored_default(definition.default, shown.column_type, server),
        auto_increment=definition.auto_increment,
        on_update=now_expression(definition.on_update, server) if definition.on_update else None,
        generated=_row_period(definition) or (Generated(generated.expression, generated.stored) if generated else None),
        invisible=definition.invisible,
        charset=shown.charset.name if shown.charset else None,
        collation=shown.charset.collation if shown.charset else None,
        comment=definition.comment,
        srid=definition.type.srid,
        compressed=definition.type.compressed,
    )


def _nullable(definition: ColumnDefinition) -> bool:
    if definition.primary or definition.row_period is not None:
        return False
    return definition.nullable is not False


def _row_period(definition: ColumnDefinition) -> Generated | None:
    if definition.row_period is None:
        return None
    return Generated(ROW_START if definition.row_period is RowPeriod.START else ROW_END, True)


def with_implicit_timestamps(
    definitions: Iterable[ColumnDefinition], server: ServerTraits
) -> tuple[ColumnDefinition, ...]:
    """Write out the attributes that TIMESTAMP columns have by themselves while explicit_defaults_for_timestamp is off.

    They are NOT NULL unless NULL is given; the first one of the statement is set to the time of each change.
    """
    found = tuple(definitions)
    if server.explicit_timestamps:
        return found
    result = []
    first = True
    for definition in found:
        if definition.type.base == "timestamp":
            result.append(_implicit_timestamp(definition, first))
            first = False
        else:
            result.append(definition)
    return tuple(result)


def _implicit_timestamp(definition: ColumnDefinition, first: bool) -> ColumnDefinition:
    bare = definition.default is None and definition.on_update is None and definition.generated is None
    if definition.nullable or definition.row_period is not None or definition.generated is not None:
        return definition
    if first and bare:
        now = DefaultClause(DefaultKind.NOW, str(definition.type.length or ""))
        return replace(definition, nullable=False, default=now, on_update=now)
    default = definition.default if definition.default is not None else _ZERO
    return replace(definition, nullable=False, default=default)


def made_not_null(column: Column) -> Column:
    """Return the column as it is in a primary key."""
    return replace(column, nullable=False) if column.nullable else column


def row_end_column(columns: Iterable[Column]) -> str | None:
    """Return the column that holds the end of a row's period, if the table keeps its history."""
    return next((each.name for each in columns if each.generated and each.generated.expression == ROW_END), None)


def with_row_period(columns: list[Column]) -> list[Column]:
    """Add the columns that WITH SYSTEM VERSIONING makes of its own accord.

    No query shows them, but the binlog has them, after all others; the history is rows of the same table.
    """
    if row_end_column(columns) is not None:
        return columns
    return [*columns, _hidden("row_start", ROW_START), _hidden("row_end", ROW_END)]


def _hidden(name: str, period: str) -> Column:
    return Column(name, "timestamp(6)", nullable=False, generated=Generated(period, True), invisible=True)


def is_hidden(column: Column) -> bool:
    """Tell whether the server made the column for WITH SYSTEM VERSIONING."""
    generated = column.generated
    return column.invisible and generated is not None and (column.name, generated.expression) in _HIDDEN
