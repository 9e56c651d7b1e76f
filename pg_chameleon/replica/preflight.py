"""Checks a source before it is registered: whatever would keep a replica from working is reported at once."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from pg_chameleon.errors import SourceError
from pg_chameleon.model.names import TableName
from pg_chameleon.mysql.connection import connect
from pg_chameleon.mysql.preflight.check import check_source
from pg_chameleon.mysql.structure.inspect import estimated_rows
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)


def require_usable_source(settings: ReplicaSettings, schemas: Iterable[str], *, replicated: bool = False) -> list[str]:
    """Raise ``SourceError`` with every error; return and log the warnings.

    ``replicated``: the schemas are already, so one that is missing was dropped on the source.
    """
    connection = connect(settings.source)
    try:
        schemas = list(schemas)
        found = check_source(connection, schemas, settings.use_gtid, settings.server_id, replicated=replicated)
        strangers = _strangers(settings, estimated_rows(connection, schemas))
    finally:
        connection.close()
    errors = [problem for problem in found if problem.is_error]
    if errors:
        raise SourceError(
            f"the source {settings.name} cannot be replicated yet:"
            + "".join(f"\n  {problem.text}. {problem.advice}" for problem in errors)
        )
    warnings = [*(f"{problem.text}. {problem.advice}" for problem in found), *strangers]
    for warning in warnings:
        logger.warning("%s: %s", settings.name, warning)
    return warnings


def _strangers(settings: ReplicaSettings, present: Collection[TableName]) -> list[str]:
    """Report the tables named in the configuration that the source does not have."""
    named = settings.limit.limit.union(settings.limit.skip, *settings.events.tables.values())
    similar = {name.folded: name for name in present}
    return [
        f"limit_tables, skip_tables or skip_events name {name}, which the source does not have"
        + (f"; it has {similar[name.folded]}" if name.folded in similar else "")
        + ". Correct the name, unless the table is to come later"
        for name in sorted(named - set(present))
        if name.schema in settings.limit.mappings
    ]
