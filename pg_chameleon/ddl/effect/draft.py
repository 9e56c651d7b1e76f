"""The columns of a table in the making: how definitions become columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pg_chameleon.ddl.effect.charsets import Charset
from pg_chameleon.ddl.effect.column_types import shown_type
from pg_chameleon.ddl.effect.defaults import now_expression, stored_default
from pg_chameleon.ddl.effect.moments import Offset, unknown_offset
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.definitions import ColumnDefinition, DefaultClause, DefaultKind, RowPeriod
from pg_chameleon.model.schema import Column, Default, Generated
from pg_chameleon.model.server import ServerVersion

ROW_START, ROW_END = "ROW START", "ROW END"
_HIDDEN = (("row_start", ROW_START), ("row_end", ROW_END))
# One that has zeros for defaults
_ANY_MYSQL = ServerTraits(ServerVersion.parse("5.6"), "latin1", "latin1_swedish_ci")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a column takes from where it stands: the table's charset, the server, and the session's time zone."""

    charset: Charset
    server: ServerTraits
    offset: Offset = unknown_offset


def column_of(definition: ColumnDefinition, around: Surroundings) -> Column:
    """Return the column that a definition makes."""
    server = around.server
    shown = shown_type(definition.type, around.charset, server)
    generated = definition.generated
    # MariaDB adds its check of JSON only where no other one is written: the column holds any text
    unchecked = server.mariadb and shown.column_type == "json" and definition.checks
    return Column(
        name=definition.name,
        column_type="longtext" if unchecked else shown.column_type,
        nullable=_nullable(definition),
        default=stored_default(definition.default, shown.column_type, server, around.offset),
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


def is_bare_timestamp(definition: ColumnDefinition, server: ServerTraits) -> bool:
    """Tell whether the column is set to the time of each change if it is the first TIMESTAMP of its table."""
    plain = definition.default is None and definition.on_update is None
    return plain and _is_implicit(definition, server)


def _is_implicit(definition: ColumnDefinition, server: ServerTraits) -> bool:
    """Tell whether it is a TIMESTAMP that is NOT NULL by itself, as long as explicit_defaults_for_timestamp is off."""
    special = definition.row_period is not None or definition.generated is not None
    return definition.type.base == "timestamp" and not (server.explicit_timestamps or definition.nullable or special)


def with_implicit_timestamp(definition: ColumnDefinition, server: ServerTraits) -> ColumnDefinition:
    """Write out the attributes that a TIMESTAMP has by itself."""
    if not _is_implicit(definition, server):
        return definition
    default = definition.default
    if default is None:
        default = DefaultClause(DefaultKind.STRING, "0")
    return replace(definition, nullable=False, default=default)


def with_first_timestamp(columns: list[Column], bare: set[str], server: ServerTraits) -> list[Column]:
    """Let the first TIMESTAMP of a table follow the time of changes, if it is one of those of ``bare``."""
    first = next((column for column in columns if column.type.base == "timestamp"), None)
    if first is None or first.name not in bare:
        return columns
    precision = "".join(str(argument) for argument in first.type.arguments)
    now = now_expression(DefaultClause(DefaultKind.NOW, precision), server)
    promoted = replace(first, default=Default(now, False), on_update=now)
    return [promoted if column is first else column for column in columns]


def made_key(column: Column, server: ServerTraits) -> Column:
    """Return the column as it is in a primary key."""
    if not column.nullable:
        return column
    filled = server.fills_keys and column.default is None and not column.auto_increment and column.generated is None
    return replace(column, nullable=False, default=_zero(column) if filled else column.default)


def _zero(column: Column) -> Default | None:
    shape = column.type
    if shape.base in ("char", "varchar", "varbinary", "set"):
        return Default("", True)
    if shape.base == "bit":
        return Default("b'0'", False)
    if shape.base == "enum":
        return Default(shape.members[0], True)
    zero = {"date": "0000-00-00", "time": "00:00:00", "year": "0000"}.get(shape.base, "0")
    return stored_default(DefaultClause(DefaultKind.STRING, zero), column.column_type, _ANY_MYSQL)


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
