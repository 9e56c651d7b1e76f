"""A table before and after ALTER TABLE, and which columns of the one are which of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from pg_chameleon.convert.alter.conversion import Conversion
from pg_chameleon.convert.alter.conversions import conversion
from pg_chameleon.convert.expressions.quoting import quote_qualified
from pg_chameleon.convert.structure.defaults import TargetDefault, null_substitute
from pg_chameleon.convert.structure.target import TargetColumn, TargetTable
from pg_chameleon.convert.values.carried import CarriedColumn, in_primary_key
from pg_chameleon.ddl.syntax.expressions import mentioned_columns
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Column, TableSchema


@dataclass(frozen=True)
class Side:
    """The table before or after the change."""

    schema: TableSchema
    target: TargetTable
    schema_name: str
    carried: dict[str, CarriedColumn]

    @property
    def table(self) -> str:
        return quote_qualified(self.schema_name, self.target.name)

    @cached_property
    def generated(self) -> dict[str, str]:
        """The expressions of the generated columns, by their names."""
        return {column.name: column.generated.expression for column in self.schema.columns if column.generated}

    def source(self, column: TargetColumn) -> Column:
        found = self.schema.column(column.source)
        assert found is not None  # every target's column was made from one
        return found


@dataclass(frozen=True)
class Pair:
    """A column that was there before and is there after."""

    before: TargetColumn
    after: TargetColumn
    conversion: Conversion

    @property
    def is_stable(self) -> bool:
        return self.before.name == self.after.name and not self.changes_type

    @property
    def changes_type(self) -> bool:
        return (
            self.before.type != self.after.type
            or _labels(self.before) != _labels(self.after)
            or self.conversion.rewrites
        )


@dataclass(frozen=True)
class Change:
    """The change as a whole. ``circumstances``: those of the statement, if they are known."""

    before: Side
    after: Side
    origins: tuple[str | None, ...]
    circumstances: Circumstances | None = None

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        pairs = []
        for column, origin in zip(self.after.target.columns, self.origins, strict=True):
            if origin is not None:
                old = self.before.target.column(origin)
                pairs.append(Pair(old, column, self._conversion(old, column)))
        return tuple(pairs)

    @cached_property
    def kept(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if not self._remakes(pair))

    @cached_property
    def added(self) -> tuple[TargetColumn, ...]:
        kept = {pair.after.source for pair in self.kept}
        return tuple(column for column in self.after.target.columns if column.source not in kept)

    @cached_property
    def dropped(self) -> tuple[TargetColumn, ...]:
        kept = {pair.before.source for pair in self.kept}
        return tuple(column for column in self.before.target.columns if column.source not in kept)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """The new names of columns, by the old ones in lower case."""
        return {pair.before.source.casefold(): pair.after.source for pair in self.pairs}

    @property
    def moves(self) -> bool:
        return self.before.schema_name != self.after.schema_name

    @property
    def renames(self) -> bool:
        return self.moves or self.before.target.name != self.after.target.name

    def _remakes(self, pair: Pair) -> bool:
        """Tell whether a column is dropped and added again.

        What PostgreSQL generates cannot get another expression, and what it is generated from cannot change.
        """
        if pair.after.generated is None:
            return False
        same = replace(pair.before, source=pair.after.source, comment=pair.after.comment) == pair.after
        generated = self.after.source(pair.after).generated
        stable = {other.before.name for other in self.pairs if other.is_stable}
        changed = [column.source for column in self.before.target.columns if column.name not in stable]
        return not same or generated is None or bool(mentioned_columns(generated.expression, changed))

    def _conversion(self, old: TargetColumn, new: TargetColumn) -> Conversion:
        if new.source in self.after.carried and old.source in self.before.carried:
            return conversion(self.before.carried[old.source], self.after.carried[new.source], self.circumstances)
        if new.generated is not None or old.type == new.type:
            return Conversion()
        return Conversion("NULL", exact=False, doubt=f"cannot tell what the generated column {old.source} became")


def _labels(column: TargetColumn) -> tuple[str, ...]:
    return () if column.enum is None else column.enum.labels


def becomes_not_null(change: Change, pair: Pair) -> bool:
    """Tell whether the source replaced NULL in a column by something else."""
    old, new = change.before.source(pair.before), change.after.source(pair.after)
    return is_nullable(change.before, old) and not is_nullable(change.after, new)


def is_nullable(side: Side, column: Column) -> bool:
    """Tell whether the source lets a column be NULL."""
    return column.nullable and not in_primary_key(side.schema, column)


def null_fill(change: Change, pair: Pair) -> TargetDefault | None:
    """Return what the source made of NULL; None if it cannot be told.

    Where InnoDB of MariaDB alters in place, NULL becomes the default that the column had, otherwise the implicit one.
    Which way it went is not in the binlog.
    """
    told = change.circumstances
    in_place = (told is None or told.mariadb) and change.before.schema.engine.casefold() == "innodb"
    if in_place and change.before.source(pair.before).default is not None:
        return None
    return null_substitute(change.after.source(pair.after), change.after.carried[pair.after.source])
