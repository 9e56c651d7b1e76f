"""Before the swap: what the stream has from before the snapshots is replayed, by the replica or here."""

from __future__ import annotations

from contextlib import closing

from pg_chameleon.postgres import copies
from pg_chameleon.postgres.connection import BY_INDEX, connect, transaction
from pg_chameleon.postgres.copies import Copy
from pg_chameleon.postgres.roles import LockRole, held_roles, try_lock
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.pool import CopyStopped
from pg_chameleon.replica.draining import replay_waiting

_POLL_SECONDS = 0.1


def await_replay(context: CopyContext, copy: Copy) -> None:
    """Let the replay pass the snapshots: a renaming that waits there goes by the names of the target.

    If no replay process runs, what waits is replayed here.
    """
    while _is_waiting(context, copy):
        if context.stop.is_set():
            raise CopyStopped("the copy was stopped")
        if LockRole.REPLAY not in held_roles(context.target, context.source.source_id):
            _replay_here(context)
        context.stop.wait(_POLL_SECONDS)


def _is_waiting(context: CopyContext, copy: Copy) -> bool:
    with transaction(context.target) as cursor:
        return copies.waits_before_snapshots(cursor, copy)


def _replay_here(context: CopyContext) -> None:
    with closing(connect(context.settings.replica.target, "replay for a copy", BY_INDEX)) as connection:
        if try_lock(connection, context.source.source_id, LockRole.REPLAY):
            replay_waiting(context.settings.replica, connection, context.source, context.stop)
