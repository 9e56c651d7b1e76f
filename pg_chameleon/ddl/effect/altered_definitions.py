"""What ALTER TABLE makes of one column: a new definition, or what becomes of the old one."""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.ddl.effect.charsets import BINARY, Charset
from pg_chameleon.ddl.effect.column_types import converted_text, keeps_members
from pg_chameleon.ddl.effect.defaults import stored_default
from pg_chameleon.ddl.effect.draft import Surroundings, column_of, with_implicit_timestamp
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.actions import (
    Action,
    AddColumn,
    ChangeColumn,
    DropConstraint,
    RenameColumn,
    SetDefault,
    SetVisibility,
)
from pg_chameleon.ddl.syntax.errors import UntoldStructure
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.types import LABELS


def defined_columns(actions: tuple[Action, ...], around: Surroundings, convert: Charset | None) -> dict[int, Column]:
    """Return the columns that a statement defines, by the identity of their actions."""
    defining = [action for action in actions if isinstance(action, AddColumn | ChangeColumn)]
    definitions = [with_implicit_timestamp(action.column, around.server) for action in defining]
    made = [column_of(definition, around) for definition in definitions]
    if convert is not None:
        made = [_converted(column, convert, around.server) for column in made]
    return {id(action): column for action, column in zip(defining, made, strict=True)}


def kept_column(old: Column, actions: tuple[Action, ...], around: Surroundings, convert: Charset | None) -> Column:
    """Return what becomes of a column that the statement does not redefine."""
    new = _converted(old, convert, around.server) if convert else old
    for action in actions:
        new = _touched(action, old, new, around)
    return new


def drops_primary_key(action: Action) -> bool:
    """Tell whether an action drops the primary key."""
    return isinstance(action, DropConstraint) and action.name.casefold() == "primary"


def _touched(action: Action, old: Column, new: Column, around: Surroundings) -> Column:
    """Apply an action that changes a column without redefining it."""
    if isinstance(action, RenameColumn) and action.old.casefold() == old.name.casefold():
        return replace(new, name=action.new)
    if isinstance(action, SetDefault) and action.column.casefold() == old.name.casefold():
        return replace(new, default=stored_default(action.default, new.column_type, around.server, around.offset))
    if isinstance(action, SetVisibility) and action.column.casefold() == old.name.casefold():
        return replace(new, invisible=action.invisible)
    return new


def _converted(column: Column, charset: Charset, server: ServerTraits) -> Column:
    """Apply CONVERT TO CHARACTER SET."""
    if column.charset is None or column.charset == BINARY.name:
        return column
    shape = column.type
    if shape.base in LABELS:
        if not keeps_members(column, charset):
            raise UntoldStructure(f"the members of {column.name} become others in {charset.name}")
        return replace(column, charset=charset.name, collation=charset.collation)
    length = shape.arguments[0] if shape.arguments else None
    before = Charset(column.charset, column.collation or "")
    spelled = converted_text(shape.base, length, before, charset, server)
    binary = charset.name == BINARY.name
    return replace(
        column,
        column_type=spelled,
        charset=None if binary else charset.name,
        collation=None if binary else charset.collation,
    )
