"""Replay all that waits in the process at hand: before a cutover, and before a copy is swapped in beside no replica."""

from __future__ import annotations

import logging

from pg_chameleon.postgres.connection import Connection, Stop
from pg_chameleon.postgres.sources import Source, read_mappings
from pg_chameleon.replica.replay.replayer import Replayer
from pg_chameleon.replica.rules import recorded_rules
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)


def make_replayer(settings: ReplicaSettings, connection: Connection, source: Source) -> Replayer:
    """Return what applies the batches of a source."""
    rules = recorded_rules(settings, connection, source)
    return Replayer(settings, connection, source, read_mappings(connection, source), rules)


def replay_waiting(settings: ReplicaSettings, connection: Connection, source: Source, stop: Stop) -> None:
    """Replay until nothing waits, or the stop event is set; nobody else may replay the source meanwhile."""
    replayer = make_replayer(settings, connection, source)
    while not stop.is_set() and replayer.replay_waiting():
        logger.info("replaying what was read")
