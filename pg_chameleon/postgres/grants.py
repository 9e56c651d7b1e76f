"""Privileges on schemas and tables: those the configuration names, and those that a replaced table had."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pg_chameleon.convert.expressions.quoting import quote_identifier
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.queries import query

logger = logging.getLogger(__name__)


class Grant(NamedTuple):
    """A privilege on a relation. ``role`` None is everybody."""

    role: str | None
    privilege: str
    grantable: bool


def read_grants(cursor: Cursor, relation: int) -> list[Grant]:
    """Return the privileges that others than the owner have on a relation."""
    cursor.execute(query("swap.grants"), (relation,))
    return [Grant(*row) for row in cursor.fetchall()]


def give(cursor: Cursor, quoted_relation: str, grants: Iterable[Grant]) -> None:
    """Grant privileges on a relation."""
    for grant in grants:
        role = "public" if grant.role is None else quote_identifier(grant.role)
        option = " with grant option" if grant.grantable else ""
        cursor.execute(f"grant {grant.privilege} on {quoted_relation} to {role}{option}")


def existing_roles(cursor: Cursor, wanted: Sequence[str]) -> list[str]:
    """Return those of the roles that exist, and warn of the others."""
    cursor.execute(query("swap.roles"), (list(wanted),))
    known = {row[0] for row in cursor.fetchall()}
    for role in wanted:
        if role not in known:
            logger.warning("grant_select_to names the role %s, which does not exist on the target", role)
    return [role for role in wanted if role in known]


def let_read_schema(cursor: Cursor, schema: str, roles: Iterable[str]) -> None:
    """Let roles use a schema and read the tables that we make in it later."""
    for role in map(quote_identifier, roles):
        cursor.execute(f"grant usage on schema {quote_identifier(schema)} to {role}")
        cursor.execute(
            f"alter default privileges in schema {quote_identifier(schema)} grant select on tables to {role}"
        )


def let_read_table(cursor: Cursor, quoted_table: str, roles: Iterable[str]) -> None:
    """Let roles read a table."""
    for role in map(quote_identifier, roles):
        cursor.execute(f"grant select on {quoted_table} to {role}")
