"""The snapshots of the workers, all at one position: without a lock where the server allows that."""

from __future__ import annotations

import logging

from pg_chameleon.errors import SourceError
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.mysql import snapshot
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.messages import Failed, OpenSnapshot, Reply, SnapshotOpened
from pg_chameleon.replica.copy.pool import WorkerPool, raise_if_lost

logger = logging.getLogger(__name__)

_LOCKLESS_TRIES = 20


def open_snapshots(context: CopyContext, source: SourceConnection, pool: WorkerPool) -> Position:
    """Open a snapshot in every worker; return the position of them all."""
    position = _without_a_lock(context, source, pool)
    if position is None:
        position = _under_a_lock(context, source, pool)
    logger.info("snapshot of the source at %s", position)
    _warn_of_prepared(source)
    return position


def _without_a_lock(context: CopyContext, source: SourceConnection, pool: WorkerPool) -> Position | None:
    """Open snapshots until they happen to be at one position; return None where the server does not note it."""
    for _ in range(_LOCKLESS_TRIES):
        binlog, *others = _open_everywhere(context, pool)
        if binlog is None or None in others:
            return None
        if not others:
            return _with_gtid(context, source, binlog)
    return None


def _with_gtid(context: CopyContext, source: SourceConnection, binlog: BinlogPosition) -> Position | None:
    if not context.settings.replica.use_gtid:
        return Position(binlog, None)
    try:
        return Position(binlog, SourceServer(source).gtid_of(binlog))
    except SourceError as error:
        if error.transient:
            raise
        # MariaDB searches its binlog for it, in vain where an event is too large for it.
        logger.warning("%s; asking again under a lock", error)
        return None


def _under_a_lock(context: CopyContext, source: SourceConnection, pool: WorkerPool) -> Position:
    with snapshot.all_tables_locked(source):
        position = SourceServer(source).position(with_gtid=context.settings.replica.use_gtid)
        _open_everywhere(context, pool)
    return position


def _open_everywhere(context: CopyContext, pool: WorkerPool) -> set[BinlogPosition | None]:
    """Open a snapshot in every worker; return their positions, where the server notes them."""
    return {_position(reply) for reply in pool.ask_all(OpenSnapshot(), context.stop)}


def _position(reply: Reply) -> BinlogPosition | None:
    raise_if_failed(reply)
    assert isinstance(reply, SnapshotOpened), reply
    return reply.position


def raise_if_failed(reply: Reply) -> None:
    """Raise the error of a worker that could not open its snapshot."""
    if isinstance(reply, Failed):
        raise_if_lost(reply)
        raise snapshot.LockRefused(reply.reason) if reply.lock_refused else SourceError(reply.reason)


def _warn_of_prepared(source: SourceConnection) -> None:
    """Warn of transactions whose changes are neither in the snapshot nor in the binlog after it."""
    prepared = snapshot.prepared_transactions(source)
    if prepared:
        logger.warning(
            "the source has prepared XA transactions (%s): what they changed will be missing if they are committed;"
            " decide them, then run sync_tables for their tables",
            ", ".join(prepared),
        )
