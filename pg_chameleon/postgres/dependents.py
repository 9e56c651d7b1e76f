"""What users built on a replicated table, kept while the table gives way to a new copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal, quote_qualified
from pg_chameleon.errors import TargetError
from pg_chameleon.postgres import grants
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.grants import Grant
from pg_chameleon.postgres.queries import query


@dataclass(frozen=True, slots=True)
class View:
    """A view or materialized view as it was: all that is needed to make it again."""

    schema: str
    name: str
    materialized: bool
    populated: bool
    owner: str
    options: tuple[str, ...]
    definition: str
    comment: str | None
    indexes: tuple[str, ...]
    grants: tuple[Grant, ...]

    @property
    def quoted(self) -> str:
        """The quoted name of the view."""
        return quote_qualified(self.schema, self.name)

    @property
    def kind(self) -> str:
        """What SQL calls it."""
        return "materialized view" if self.materialized else "view"


@dataclass(frozen=True, slots=True)
class IncomingKey:
    """A foreign key of another table that leads to the table. ``table``: the quoted name of that other table."""

    table: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Dependents:
    """Views in an order in which they can be made, and foreign keys."""

    views: tuple[View, ...] = ()
    keys: tuple[IncomingKey, ...] = ()


def find_dependents(cursor: Cursor, table: int) -> Dependents:
    """Return what depends on a table; raise ``TargetError`` for anything that could not be made again."""
    cursor.execute(query("swap.dependent_views"), {"table": table})
    found = cursor.fetchall()
    _refuse_others(cursor, [table, *(row[0] for row in found)])
    views = tuple(_view(cursor, row) for row in found)
    cursor.execute(query("swap.foreign_keys"), {"table": table})
    keys = tuple(
        IncomingKey(quote_qualified(schema, name), key, definition)
        for schema, name, key, definition in cursor.fetchall()
    )
    return Dependents(views, keys)


def _refuse_others(cursor: Cursor, relations: list[int]) -> None:
    cursor.execute(query("swap.other_dependents"), {"relations": relations})
    others = [row[0] for row in cursor.fetchall()]
    if others:
        raise TargetError(f"the target table cannot be replaced, because {', '.join(others)} depends on it")


def _view(cursor: Cursor, row: tuple[Any, ...]) -> View:
    oid, schema, name, kind, populated, owner, options, definition, comment = row
    cursor.execute(query("swap.indexes"), (oid,))
    indexes = tuple(found[0] for found in cursor.fetchall())
    return View(
        schema=schema,
        name=name,
        materialized=kind == "m",
        populated=populated,
        owner=owner,
        options=tuple(options or ()),
        definition=definition,
        comment=comment,
        indexes=indexes,
        grants=tuple(grants.read_grants(cursor, oid)),
    )


def remake(cursor: Cursor, dependents: Dependents) -> None:
    """Make views and foreign keys again on the new table, with their owners and grants."""
    for view in dependents.views:
        _remake_view(cursor, view)
    for key in dependents.keys:
        definition = re.sub(r"\s+NOT VALID$", "", key.definition)
        cursor.execute(f"alter table {key.table} add constraint {quote_identifier(key.name)} {definition} not valid")


def _remake_view(cursor: Cursor, view: View) -> None:
    options = f" with ({', '.join(view.options)})" if view.options else ""
    definition = view.definition.strip().rstrip(";")
    populate = "" if not view.materialized or view.populated else " with no data"
    cursor.execute(f"create {view.kind} {view.quoted}{options} as {definition}{populate}")
    for index in view.indexes:
        cursor.execute(index)
    if view.comment is not None:
        cursor.execute(f"comment on {view.kind} {view.quoted} is {quote_literal(view.comment)}")
    grants.give(cursor, view.quoted, view.grants)
    cursor.execute("select current_user")
    row = cursor.fetchone()
    if row is not None and row[0] != view.owner:
        cursor.execute(f"alter {view.kind} {view.quoted} owner to {quote_identifier(view.owner)}")
