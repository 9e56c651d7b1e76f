"""Changes of structure on the target: what the source's DDL means there, run in order with the rows around it."""

from __future__ import annotations

import logging
from dataclasses import replace

from pg_chameleon.convert.rules import Rules
from pg_chameleon.errors import ChameleonError, TargetError
from pg_chameleon.model.log import SchemaChangeKind, StoredChange
from pg_chameleon.model.names import TableName
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.left_out import refused_defaults
from pg_chameleon.postgres.sources import Source
from pg_chameleon.postgres.tables import TrackedTable
from pg_chameleon.replica.replay.carrying import Carrying, Outcome, Replica
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)


class SchemaReplay:
    """Carries changes of structure over to the target of one source, and decides what a refused one leaves behind."""

    def __init__(self, source: Source, mappings: dict[str, str], rules: Rules, settings: ReplicaSettings) -> None:
        self._replica = Replica(source, mappings, rules, settings)

    def replay(self, cursor: Cursor, change: StoredChange, tracked: TrackedTable | None, *, careful: bool) -> Outcome:
        """Carry a change over. With ``careful``, what PostgreSQL refuses is undone and returned as a failure."""
        carrying = Carrying(self._replica, cursor, change, tracked, careful)
        try:
            outcome = carrying.out()
        except ChameleonError as error:
            # A lost connection, or an error that the careful second pass will confine
            if error.transient or (isinstance(error, TargetError) and not careful):
                raise
            outcome = _failed(carrying, error)
        logger.info("replayed at %s: %s", change.position, change.statement)
        self._warn_of_defaults(cursor, outcome)
        return outcome

    def _warn_of_defaults(self, cursor: Cursor, outcome: Outcome) -> None:
        """Warn at once about what the target lacks; ``show_status`` shows it for as long as it does."""
        if outcome.table is not None and outcome.replayed:
            table = outcome.table
            for lacking in refused_defaults(cursor, table.schema, table.target, self._replica.rules):
                logger.warning("%s: %s", table.name, lacking)


def _failed(carrying: Carrying, error: ChameleonError) -> Outcome:
    """Leave a table as it was, but not under its former name, which is free for other tables now."""
    change, tracked = carrying.change, carrying.tracked
    failure = carrying.failure(_name(carrying), error)
    if change.kind is not SchemaChangeKind.ALTER or change.structure_id is None or tracked is None:
        return Outcome(tracked, failure=failure)
    return replace(carrying.leave_behind(tracked, carrying.structure_after()), failure=failure)


def _name(carrying: Carrying) -> TableName | None:
    if carrying.tracked is not None:
        return carrying.tracked.name
    return None if carrying.change.structure_id is None else carrying.structure_after().name
