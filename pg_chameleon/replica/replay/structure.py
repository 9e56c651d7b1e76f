"""Changes of structure on the target: what the source's DDL means there, run in order with the rows around it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from pg_chameleon.convert.alter.plan import alter_table
from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.convert.rules import Rules, UnknownType
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.defaults import omitted_changes
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.convert.values.carried import carried_columns
from pg_chameleon.convert.values.changes import readable
from pg_chameleon.errors import ChameleonError, TargetError
from pg_chameleon.model.log import AlterDetails, SchemaChangeKind, StoredChange
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import ownership, swap, tables
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import Failure, run_statements
from pg_chameleon.postgres.grants import existing_roles, let_read_table
from pg_chameleon.postgres.held_rows import forget_held
from pg_chameleon.postgres.left_out import refused_defaults
from pg_chameleon.postgres.sources import Source
from pg_chameleon.postgres.tables import TrackedTable
from pg_chameleon.postgres.value_changes import ChangedValue, ChangeGroup, count
from pg_chameleon.replica.settings import ReplicaSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change: the table as it is now (None: there is none), or why it could not be followed."""

    table: TrackedTable | None = None
    replayed: int = 0
    failure: Failure | None = None


class SchemaReplay:
    """Carries changes of structure over to the target of one source."""

    def __init__(self, source: Source, mappings: dict[str, str], rules: Rules, settings: ReplicaSettings) -> None:
        self._source = source
        self._mappings = mappings
        self._rules = rules
        self._settings = settings

    def replay(self, cursor: Cursor, change: StoredChange, tracked: TrackedTable | None, *, careful: bool) -> Outcome:
        """Carry a change over. With ``careful``, what PostgreSQL refuses is undone and returned as a failure."""
        try:
            outcome = self._act(cursor, change, tracked, careful=careful)
        except ChameleonError as error:
            # An error of the connection, or one that a careful second pass is to confine.
            if error.transient or (isinstance(error, TargetError) and not careful):
                raise
            outcome = self._failed(cursor, change, tracked, error)
        logger.info("replayed at %s: %s", change.position, change.statement)
        self._warn_of_defaults(cursor, outcome)
        return outcome

    def _warn_of_defaults(self, cursor: Cursor, outcome: Outcome) -> None:
        """Tell at once what the target lacks; ``show_status`` tells it as long as it is so."""
        if outcome.table is not None and outcome.replayed:
            table = outcome.table
            for lacking in refused_defaults(cursor, table.schema, table.target, self._rules):
                logger.warning("%s: %s", table.name, lacking)

    def _failed(
        self, cursor: Cursor, change: StoredChange, tracked: TrackedTable | None, error: ChameleonError
    ) -> Outcome:
        """Leave a table as it was, but not under the name that it has no more: that is for others now."""
        failure = _failure(change, self._name(cursor, change, tracked), error)
        if change.kind is not SchemaChangeKind.ALTER or change.structure_id is None or tracked is None:
            return Outcome(tracked, failure=failure)
        altered = tables.load_structure(cursor, change.structure_id)
        return replace(self._leave_behind(cursor, tracked, altered, self._target_of(altered)), failure=failure)

    def _act(self, cursor: Cursor, change: StoredChange, tracked: TrackedTable | None, *, careful: bool) -> Outcome:
        if change.kind is SchemaChangeKind.CREATE:
            return self._create(cursor, change, careful=careful)
        if change.kind is SchemaChangeKind.DROP:
            return self._drop(cursor, change.table_id, tracked, careful=careful)
        if change.kind is SchemaChangeKind.ALTER:
            return self._alter(cursor, change, tracked, careful=careful)
        return self._truncate(cursor, tracked, careful=careful)

    def _name(self, cursor: Cursor, change: StoredChange, tracked: TrackedTable | None) -> TableName | None:
        if tracked is not None or change.structure_id is None:
            return None if tracked is None else tracked.name
        return tables.load_structure(cursor, change.structure_id).name

    def _create(self, cursor: Cursor, change: StoredChange, *, careful: bool) -> Outcome:
        assert change.structure_id is not None  # stored with every create
        created = tables.load_structure(cursor, change.structure_id)
        if created.state is not TableState.REPLICATED:
            # Copied anew, or taken out, since the statement was read.
            tables.set_replayed(cursor, created.structure_id)
            return Outcome(created)
        try:
            target = target_table(created.schema, self._rules)
        except UnknownType as error:
            tables.set_replayed(cursor, created.structure_id)
            return Outcome(created, failure=_failure(change, created.name, error))
        schema = created.target.schema
        statements = [
            f"create schema if not exists {quote_identifier(schema)}",
            *ddl.create_table(target, schema, fillfactor=self._settings.fillfactor.get(str(created.schema.name))),
            *ddl.create_indexes(target, schema),
        ]
        try:
            ownership.find_own(cursor, self._source, created.target)
            _run(cursor, statements, careful=careful)
        except TargetError as error:
            if error.transient or not careful:
                raise
            tables.set_replayed(cursor, created.structure_id)
            return Outcome(created, failure=_failure(change, created.name, error))
        ownership.claim(cursor, self._source, created.target)
        roles = existing_roles(cursor, self._settings.grant_select_to)
        let_read_table(cursor, quote_qualified(schema, target.name), roles)
        tables.set_replayed(cursor, created.structure_id)
        return Outcome(created, replayed=1)

    def _alter(self, cursor: Cursor, change: StoredChange, tracked: TrackedTable | None, *, careful: bool) -> Outcome:
        assert change.structure_id is not None  # stored with every alter
        assert change.alter is not None
        if tracked is None:
            tables.set_replayed(cursor, change.structure_id)
            return Outcome()
        altered = tables.load_structure(cursor, change.structure_id)
        after = self._target_of(altered)
        if tracked.state is not TableState.REPLICATED:
            return self._leave_behind(cursor, tracked, altered, after)
        for name in {tracked.target, after}:
            ownership.find_own(cursor, self._source, name)
        statements = alter_table(
            tracked.schema,
            altered.schema,
            change.alter.origins,
            self._rules,
            schema_name=tracked.target.schema,
            new_schema_name=after.schema,
            circumstances=change.alter.circumstances,
        )
        _run(cursor, statements, careful=careful)
        tables.set_replayed(cursor, change.structure_id)
        if after != tracked.target:
            tables.rename_target(cursor, tracked.table_id, after)
        self._count_changed(cursor, change.alter, change.position, replace(altered, target=after))
        return Outcome(replace(altered, target=after), replayed=1)

    def _count_changed(
        self, cursor: Cursor, alter: AlterDetails, position: BinlogPosition, altered: TrackedTable
    ) -> None:
        """Put on record that new columns do not hold in any row what the source has in all of them."""
        carried = {each.source.name: each for each in carried_columns(altered.schema, self._rules)}
        changes = [
            found
            for column, origin in zip(altered.schema.columns, alter.origins, strict=True)
            if origin is None and column.name in carried
            for found in omitted_changes(column, carried[column.name])
        ]
        rows = tables.count_rows(cursor, altered.target) if changes else 0
        if rows:
            groups = {ChangeGroup(altered.table_id, each.column, each.reason): readable(each.value) for each in changes}
            for group in sorted(groups, key=lambda group: group.order):
                count(cursor, group, rows, ChangedValue("each row", groups[group], position))

    def _leave_behind(self, cursor: Cursor, tracked: TrackedTable, altered: TrackedTable, after: TableName) -> Outcome:
        """Keep the target of a table that is out of the replica, unless its name is for another table now."""
        if after == tracked.target:
            return Outcome(tracked)
        self._drop_former(cursor, tracked)
        tables.set_replayed(cursor, altered.structure_id)
        tables.rename_target(cursor, tracked.table_id, after)
        return Outcome(replace(altered, target=after))

    def _target_of(self, table: TrackedTable) -> TableName:
        """The name that the target takes with this structure; the registry may be further ahead."""
        name = table.schema.name
        return TableName(self._mappings[name.schema], names.table_name(name.table))

    def _drop(self, cursor: Cursor, table_id: int, tracked: TrackedTable | None, *, careful: bool) -> Outcome:
        tables.set_state(cursor, table_id, TableState.DROPPED)
        if tracked is None:
            return Outcome()
        if tracked.state is not TableState.REPLICATED:
            forget_held(cursor, table_id)
            self._drop_former(cursor, tracked)
            return Outcome()
        try:
            ownership.find_own(cursor, self._source, tracked.target)
            _run(
                cursor,
                ddl.drop_table(target_table(tracked.schema, self._rules), tracked.target.schema),
                careful=careful,
            )
        except TargetError as error:
            if error.transient or not careful:
                raise
            # Views of the user may depend on it; the table stays for them, and is none of the replica any
            # more. Or it is the user's own.
            logger.warning("%s is gone from the source, its target is left as it is: %s", tracked.name, error)
            return Outcome()
        return Outcome(replayed=1)

    def _truncate(self, cursor: Cursor, tracked: TrackedTable | None, *, careful: bool) -> Outcome:
        if tracked is None or tracked.state is not TableState.REPLICATED:
            return Outcome(tracked)
        ownership.find_own(cursor, self._source, tracked.target)
        target = target_table(tracked.schema, self._rules)
        _run(cursor, [ddl.truncate_table(target, tracked.target.schema)], careful=careful)
        return Outcome(tracked, replayed=1)

    def _drop_former(self, cursor: Cursor, tracked: TrackedTable) -> None:
        """Drop the target of a table that is out of the replica, or that was copied again meanwhile."""
        refusal = swap.drop_former(cursor, self._source, tracked.target)
        if refusal is not None:
            logger.warning("%s: %s", tracked.name, refusal)


def _run(cursor: Cursor, statements: list[str], *, careful: bool) -> None:
    if careful:
        run_statements(cursor, statements)
    else:
        for statement in statements:
            cursor.execute(statement)


def _failure(change: StoredChange, name: TableName | None, error: Exception) -> Failure:
    return Failure(
        f"a change of its structure could not be followed: {error}",
        table=name,
        position=change.position,
        statement=change.statement,
    )
