"""Looks at a source before it is registered: what would keep a replica from working is told at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from pg_chameleon.errors import SourceError
from pg_chameleon.mysql.connection import connect
from pg_chameleon.mysql.preflight import check_source
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)


def require_usable_source(settings: ReplicaSettings, schemas: Iterable[str], *, replicated: bool = False) -> list[str]:
    """Raise ``SourceError`` with everything that is wrong; return and log what is merely worth knowing.

    ``replicated``: the schemas are already, so one that is missing was dropped on the source.
    """
    connection = connect(settings.source)
    try:
        found = check_source(connection, list(schemas), settings.use_gtid, settings.server_id, replicated=replicated)
    finally:
        connection.close()
    errors = [problem for problem in found if problem.is_error]
    if errors:
        raise SourceError(
            f"the source {settings.name} cannot be replicated yet:"
            + "".join(f"\n  {problem.text}. {problem.advice}" for problem in errors)
        )
    warnings = [f"{problem.text}. {problem.advice}" for problem in found]
    for warning in warnings:
        logger.warning("%s: %s", settings.name, warning)
    return warnings
