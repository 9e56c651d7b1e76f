"""A target table as the replay sees it: its columns, its key, and the types that they actually have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.convert.values.carried import carried_columns
from pg_chameleon.convert.values.types import type_rule
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.queries import query


@dataclass(frozen=True, slots=True)
class ApplyTable:
    """A target table as the replay process needs it.

    ``columns``: names and types in the order of the images. ``key``: the names of those by which a row is
    found, and ``key_column_types`` what they are, with the digits to which the column rounds. ``may_coincide``:
    different keys of the source may be the same to the type that the user chose. ``spare_indexes``: those without
    which rows can be applied all the same, with their names on the source.
    """

    table_id: int
    name: TableName
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    key_column_types: tuple[str, ...]
    may_coincide: bool
    spare_indexes: Mapping[str, str] = field(default_factory=dict)

    @property
    def quoted(self) -> str:
        """The quoted name of the table."""
        return quote_qualified(self.name.schema, self.name.table)

    @property
    def list(self) -> str:
        """The quoted names of the columns, for INSERT."""
        return ", ".join(quote_identifier(name) for name, _ in self.columns)

    @property
    def casts(self) -> str:
        """The columns of the image ``n.r``, each cast to the type of its column."""
        return ", ".join(f"(n.r).c{number}::{kind}" for number, (_, kind) in enumerate(self.columns, 1))

    @property
    def row_type(self) -> str:
        """The composite type of an image."""
        return f"sch_chameleon.row_{len(self.columns)}"

    @property
    def key_type(self) -> str:
        """The composite type of a key."""
        return f"sch_chameleon.row_{len(self.key)}"

    @property
    def key_casts(self) -> str:
        """The columns of the key ``n.k``, each cast to the type of its column."""
        return ", ".join(f"(n.k).c{number}::{kind}" for number, kind in enumerate(self.key_column_types, 1))

    def key_match(self, key: str) -> str:
        """The condition that the row of ``t`` has the key ``key``, a composite."""
        return " and ".join(
            f"t.{quote_identifier(name)} = ({key}).c{number}::{kind}"
            for number, (name, kind) in enumerate(zip(self.key, self.key_column_types, strict=True), 1)
        )


def apply_table(cursor: Cursor, table_id: int, target: TableName, schema: TableSchema, rules: Rules) -> ApplyTable:
    """Describe the target of a table with a structure."""
    key = [column for name in schema.key_columns if (column := schema.column(name)) is not None]
    described = _describe(
        cursor,
        table_id,
        target,
        [column.name for column in carried_columns(schema, rules)],
        {names.column_name(column.name): _usual_type(schema, column, rules) for column in key},
    )
    return replace(described, spare_indexes=target_table(schema, rules).spare_indexes)


def _usual_type(schema: TableSchema, column: Column, rules: Rules) -> str:
    """Return the type that a column has if the user chooses none; empty if it is its own enum type."""
    usual = type_rule(schema, column, replace(rules, overrides=())).target
    return usual or ("text" if rules.override(schema.name, column) else "")


def _describe(
    cursor: Cursor, table_id: int, name: TableName, columns: Sequence[str], key: Mapping[str, str]
) -> ApplyTable:
    """Look up the types that the target's columns actually have; they win over those of the rules.

    ``key``: its columns, each with the type that it usually has, empty if it has one of its own. Types are taken
    without length or precision, so that a value too long is an error and never cut.
    """
    cursor.execute(query("apply_table.column_types"), (name.schema, name.table))
    found = cursor.fetchall()
    types = {column: bare for column, bare, _ in found}
    missing = [column for column in columns if column not in types]
    if missing:
        raise TargetError(
            f"the target table lacks {'the column' if types else 'itself; first column'} {missing[0]!r}",
            table=name,
            advice="Copy the table again with sync_tables",
        )
    for width in {len(columns), len(key)} - {0}:
        cursor.execute(query("apply_table.ensure_row_type"), (width,))
    key_column_types = {
        column: whole if bare in _ROUNDING or _is_shorter(whole, key.get(column, "")) else bare
        for column, bare, whole in found
    }
    return ApplyTable(
        table_id=table_id,
        name=name,
        columns=tuple((column, types[column]) for column in columns),
        key=tuple(key),
        key_column_types=tuple(key_column_types[column] for column in key),
        may_coincide=any(
            _is_unusual(cursor, types[column], key_column_types[column], usual) for column, usual in key.items()
        ),
    )


_VARCHAR = re.compile(r"(?:varchar|character varying)(?:\((\d+)\))?")
# A stored value is rounded to the digits of these types, so a key has to be rounded to be found
_ROUNDING = frozenset(
    {"timestamp without time zone", "timestamp with time zone", "time without time zone", "interval", "numeric"}
)
_DIGITS = re.compile(r"\([\d,]+\)")


def _is_unusual(cursor: Cursor, bare: str, whole: str, usual: str) -> bool:
    """Tell whether a type may not keep all values distinct that are distinct in the usual type of the column."""
    if not usual or bare == "text":  # in which every value is another text
        return False
    if _VARCHAR.fullmatch(whole):
        return _is_shorter(whole, usual)
    cursor.execute(query("apply_table.bare_type"), (usual,))
    if cursor.fetchone() != (bare,):
        return True
    return bare in _ROUNDING and "(" in whole and _DIGITS.findall(whole) != _DIGITS.findall(usual)


def _is_shorter(whole: str, usual: str) -> bool:
    """Tell whether a type is a varchar that may cut off trailing blanks that the usual type of its column keeps.

    PostgreSQL does so to store a value that is too long for nothing but blanks at its end.
    """
    chosen, source = _VARCHAR.fullmatch(whole), _VARCHAR.fullmatch(usual)
    if chosen is None or chosen[1] is None or not usual:
        return False
    return source is None or source[1] is None or int(chosen[1]) < int(source[1])
