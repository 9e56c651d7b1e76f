"""How a copy begins: it takes up what an earlier run of the same left, or starts with nothing left of any other."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import datetime
from typing import NamedTuple

from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.postgres import copies, staging, tables
from pg_chameleon.postgres.connection import Cursor, transaction
from pg_chameleon.postgres.copies import CopiedTable, Copy
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import CopyKind

logger = logging.getLogger(__name__)


class Opened(NamedTuple):
    """A copy that has begun, and what it is about. ``resumed``: when an earlier run began it."""

    copy: Copy
    scope: Scope
    resumed: datetime | None = None


def open_copy(context: CopyContext, scope: Scope) -> Opened:
    """Take up the copy that an earlier run left open, if it is the same; give up any other."""
    oldest = _oldest_binlog(context)
    with transaction(context.target) as cursor:
        found: Copy | None = None
        for copy in copies.open_copies(cursor, context.source):
            done = _usable(context, cursor, copy, scope, oldest) if found is None else None
            if done is None:
                _give_up(cursor, copy)
            else:
                found = copy
                copies.abandon_tables(cursor, copy, done)
        if found is None:
            return _begin(context, cursor, _named(context, cursor, scope))
        resumed = scope.as_recorded(found.scope)
        _make_staging_schemas(context, cursor, resumed)
        return Opened(found, resumed, found.started_at)


def open_again(context: CopyContext, scope: Scope) -> Opened:
    """Begin another copy of the tables of the scope."""
    with transaction(context.target) as cursor:
        return _begin(context, cursor, scope)


def quarantined(context: CopyContext, cursor: Cursor) -> list[TableName]:
    """Return the tables that are quarantined, and that the filter admits."""
    return [
        table.name
        for table in tables.load_tables(cursor, context.source)
        if table.state is TableState.QUARANTINED and context.filter.admits(table.name)
    ]


def _named(context: CopyContext, cursor: Cursor, scope: Scope) -> Scope:
    """Name the tables of SYNC_TABLES."""
    if scope.kind is not CopyKind.SYNC_TABLES:
        return scope
    return scope.of(scope.request.tables or quarantined(context, cursor))


def _begin(context: CopyContext, cursor: Cursor, scope: Scope) -> Opened:
    for schema in context.filter.mappings.values():
        staging.drop_schema(cursor, staging.schema_name(context.source, schema))
    _make_staging_schemas(context, cursor, scope)
    record = scope.record(context.settings)
    return Opened(copies.begin(cursor, context.source, scope.kind.value, record), scope)


def _make_staging_schemas(context: CopyContext, cursor: Cursor, scope: Scope) -> None:
    for schema in scope.target_schemas:
        staging.create_schema(cursor, staging.schema_name(context.source, schema))


def _usable(context: CopyContext, cursor: Cursor, copy: Copy, scope: Scope, oldest: BinlogPosition) -> list[int] | None:
    """Return the tables that an open copy has done; None if it is another one, or too old to be resumed."""
    if copy.kind != scope.kind.value or not scope.continues(copy.scope, context.settings):
        return None
    done = copies.copied_tables(cursor, copy)
    if any(table.start.binlog < oldest for table in done):
        logger.warning("the source has purged the binlog since the copy begun at %s", copy.started_at)
        return None
    return [table.table_id for table in done if _is_there(context, cursor, table)]


def _is_there(context: CopyContext, cursor: Cursor, table: CopiedTable) -> bool:
    if not context.filter.admits(table.schema.name):
        return True
    loaded = context.loading_target(table.schema)
    return loaded.table in staging.table_names(cursor, loaded.schema)


def _give_up(cursor: Cursor, copy: Copy) -> None:
    logger.info("the %s begun at %s is abandoned", copy.kind, copy.started_at)
    copies.abandon_tables(cursor, copy)
    copies.finish(cursor, copy)


def _oldest_binlog(context: CopyContext) -> BinlogPosition:
    with closing(connect_source(context.settings.replica.source)) as connection:
        logs = SourceServer(connection).binary_logs()
    return BinlogPosition(logs[0][0], 0) if logs else BinlogPosition("", 0)
