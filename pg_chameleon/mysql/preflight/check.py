"""All checks of a source together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.preflight.privileges import copy_privileges, read_privileges, replication_privileges
from pg_chameleon.mysql.preflight.problem import Intent, Problem
from pg_chameleon.mysql.preflight.settings import SETTINGS_CHECKS
from pg_chameleon.mysql.preflight.tables import schema_problems
from pg_chameleon.mysql.server import SourceServer


def check_source(
    connection: SourceConnection, schemas: Sequence[str], use_gtid: bool, server_id: int, *, replicated: bool = False
) -> list[Problem]:
    """Return everything that is worth knowing before these schemas are replicated, the errors first.

    ``replicated``: they are already, so one that is missing was dropped, which is no error.
    """
    found = [
        problem._replace(is_error=False) if replicated and problem.may_come_later else problem
        for problem in _problems(SourceServer(connection), Intent(schemas, use_gtid, server_id))
    ]
    return sorted(found, key=lambda problem: not problem.is_error)


def _problems(server: SourceServer, intent: Intent) -> Iterator[Problem]:
    for check in SETTINGS_CHECKS:
        yield from check(server, intent)
    privileges = read_privileges(server)
    yield from replication_privileges(privileges, server.version)
    yield from copy_privileges(privileges)
    yield from schema_problems(server, privileges, intent.schemas)
