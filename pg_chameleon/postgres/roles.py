"""Who works on a source: each process holds an advisory lock for its role as long as its connection lives."""

from __future__ import annotations

import time
from enum import IntEnum

from pg_chameleon.errors import ReplicaBusy
from pg_chameleon.postgres.connection import Connection, Cursor, Stop, transaction
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source

KILLED_SECONDS = 15.0
"""How long the target may take to notice that a process holding a role was killed."""
_LOCK_CLASS = 0x6368616D  # "cham": the first key of every advisory lock of this tool
_POLL_SECONDS = 0.1


class LockRole(IntEnum):
    """Who holds an advisory lock on a source; each at most one process at a time."""

    DAEMON = 0
    READ = 1
    REPLAY = 2
    COPY = 3


def _key(source_id: int, role: LockRole) -> int:
    return source_id * len(LockRole) + role


def try_lock(connection: Connection, source_id: int, role: LockRole) -> bool:
    """Take the role on the source for as long as the connection lives; return False if another process has it."""
    with transaction(connection) as cursor:
        cursor.execute(query("roles.try"), (_LOCK_CLASS, _key(source_id, role)))
        found = cursor.fetchone()
    return bool(found and found[0])


def take_role(
    connection: Connection, source: Source, role: LockRole, stop: Stop | None = None, *, patience: float = 0.0
) -> None:
    """Take the role on the source for as long as the connection lives.

    Raise ``ReplicaBusy`` if another process still has it after ``patience`` seconds, or when the stop event is set.
    """
    deadline = time.monotonic() + patience
    while not try_lock(connection, source.source_id, role):
        if stop is None or stop.is_set() or time.monotonic() >= deadline:
            raise busy(source, role)
        stop.wait(_POLL_SECONDS)


def busy(source: Source, role: LockRole) -> ReplicaBusy:
    """Return the error that says which process has a role on the source, and what to do."""
    what, advice = _HOLDERS[role]
    return ReplicaBusy(f"the source {source.name} is busy: {what}", advice=advice.format(name=source.name))


_HOLDERS = {
    LockRole.DAEMON: (
        "its replica is running, perhaps on another host",
        "Stop it there with chameleon stop_replica --source {name}",
    ),
    LockRole.READ: (
        "another process reads its binlog",
        "Stop that process first; pg_locks on the target shows its connection",
    ),
    LockRole.REPLAY: (
        "another process replays its changes",
        "Stop that process first; pg_locks on the target shows its connection",
    ),
    LockRole.COPY: (
        "its tables are being copied",
        "Wait for the copy to finish; show_status shows its progress",
    ),
}


def held_roles(connection: Connection, source_id: int) -> frozenset[LockRole]:
    """Tell which roles of the source some living process holds, on whatever host it runs."""
    with transaction(connection) as cursor:
        held = _held(cursor)
    return frozenset(role for role in LockRole if _key(source_id, role) in held)


def any_held(cursor: Cursor) -> bool:
    """Tell whether some living process works on any source of the catalogue."""
    return bool(_held(cursor))


def _held(cursor: Cursor) -> set[int]:
    cursor.execute(query("roles.held"), (_LOCK_CLASS,))
    return {key for (key,) in cursor.fetchall()}
