"""One change of structure as it is carried out on the target: statements, ownership, and what the registry keeps."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from pg_chameleon.convert.alter.plan import alter_table
from pg_chameleon.convert.expressions import names
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.convert.rules import Rules, UnknownType
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.omitted import omitted_changes
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.convert.values.carried import carried_columns
from pg_chameleon.convert.values.changes import readable
from pg_chameleon.errors import TargetError
from pg_chameleon.model.log import AlterDetails, SchemaChangeKind, StoredChange
from pg_chameleon.model.names import TableName
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres import ownership, swap, tables
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.failures import Failure, run_statements
from pg_chameleon.postgres.grants import existing_roles, let_read_table
from pg_chameleon.postgres.held_rows import forget_held
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


@dataclass(frozen=True, slots=True)
class Replica:
    """What is the same for every change of a replica."""

    source: Source
    mappings: dict[str, str]
    rules: Rules
    settings: ReplicaSettings

    def target_of(self, table: TrackedTable) -> TableName:
        """Return the name that the target takes with this structure; the registry may be further ahead."""
        name = table.schema.name
        return TableName(self.mappings[name.schema], names.table_name(name.table))


@dataclass(frozen=True, slots=True)
class Carrying:
    """A change of structure, and the table that it is about as the target has it.

    ``careful``: what PostgreSQL refuses is undone, up to the change itself.
    """

    replica: Replica
    cursor: Cursor
    change: StoredChange
    tracked: TrackedTable | None
    careful: bool

    def out(self) -> Outcome:
        """Carry the change out; raise ``TargetError`` if PostgreSQL refuses it, unless the outcome can say so."""
        act = {
            SchemaChangeKind.CREATE: self._create,
            SchemaChangeKind.ALTER: self._alter,
            SchemaChangeKind.DROP: self._drop,
            SchemaChangeKind.TRUNCATE: self._truncate,
        }
        return act[self.change.kind]()

    def _create(self) -> Outcome:
        created = self.structure_after()
        tables.set_replayed(self.cursor, created.structure_id)
        if created.state is not TableState.REPLICATED:
            # Copied again, or quarantined, since the statement was read
            return Outcome(created)
        try:
            self._make(created)
        except UnknownType as error:
            return Outcome(created, failure=self.failure(created.name, error))
        except TargetError as error:
            if error.transient or not self.careful:
                raise
            return Outcome(created, failure=self.failure(created.name, error))
        return Outcome(created, replayed=1)

    def _make(self, created: TrackedTable) -> None:
        """Create a table with its indexes, and grant its readers SELECT."""
        cursor, settings = self.cursor, self.replica.settings
        target = target_table(created.schema, self.replica.rules)
        schema = created.target.schema
        statements = [
            f"create schema if not exists {quote_identifier(schema)}",
            *ddl.create_table(target, schema, fillfactor=settings.fillfactor.get(str(created.schema.name))),
            *ddl.create_indexes(target, schema),
        ]
        ownership.find_own(cursor, self.replica.source, created.target)
        self._run(statements)
        ownership.claim(cursor, self.replica.source, created.target)
        let_read_table(cursor, quote_qualified(schema, target.name), existing_roles(cursor, settings.grant_select_to))

    def _alter(self) -> Outcome:
        cursor, tracked, details = self.cursor, self.tracked, self.change.alter
        assert details is not None  # stored with every alter
        if tracked is None:
            tables.set_replayed(cursor, self._structure_id)
            return Outcome()
        altered = self.structure_after()
        if tracked.state is not TableState.REPLICATED:
            return self.leave_behind(tracked, altered)
        after = self.replica.target_of(altered)
        for name in {tracked.target, after}:
            ownership.find_own(cursor, self.replica.source, name)
        statements = alter_table(
            tracked.schema,
            altered.schema,
            details.origins,
            self.replica.rules,
            schema_name=tracked.target.schema,
            new_schema_name=after.schema,
            circumstances=details.circumstances,
        )
        self._run(statements)
        tables.set_replayed(cursor, altered.structure_id)
        if after != tracked.target:
            tables.rename_target(cursor, tracked.table_id, after)
        now = replace(altered, target=after)
        self._count_changed(details, now)
        return Outcome(now, replayed=1)

    def _count_changed(self, details: AlterDetails, altered: TrackedTable) -> None:
        """Record that the new columns hold another value than the source's in every row."""
        carried = {each.source.name: each for each in carried_columns(altered.schema, self.replica.rules)}
        changes = [
            found
            for column, origin in zip(altered.schema.columns, details.origins, strict=True)
            if origin is None and column.name in carried
            for found in omitted_changes(column, carried[column.name])
        ]
        rows = tables.count_rows(self.cursor, altered.target) if changes else 0
        if rows:
            groups = {ChangeGroup(altered.table_id, each.column, each.reason): readable(each.value) for each in changes}
            for group in sorted(groups, key=lambda group: group.order):
                count(self.cursor, group, rows, ChangedValue("each row", groups[group], self.change.position))

    def leave_behind(self, tracked: TrackedTable, altered: TrackedTable) -> Outcome:
        """Keep the target of a table that is not replicated, unless its name now belongs to another table."""
        after = self.replica.target_of(altered)
        if after == tracked.target:
            return Outcome(tracked)
        self._drop_former(tracked)
        tables.set_replayed(self.cursor, altered.structure_id)
        tables.rename_target(self.cursor, tracked.table_id, after)
        return Outcome(replace(altered, target=after))

    def _drop(self) -> Outcome:
        tracked = self.tracked
        tables.set_state(self.cursor, self.change.table_id, TableState.DROPPED)
        if tracked is None:
            return Outcome()
        if tracked.state is not TableState.REPLICATED:
            forget_held(self.cursor, tracked.table_id)
            self._drop_former(tracked)
            return Outcome()
        try:
            ownership.find_own(self.cursor, self.replica.source, tracked.target)
            self._run(ddl.drop_table(target_table(tracked.schema, self.replica.rules), tracked.target.schema))
        except TargetError as error:
            if error.transient or not self.careful:
                raise
            # Views of the user may depend on it: the table stays for them, and is no longer replicated. Or it is the
            # user's own.
            logger.warning("%s was dropped on the source, but its target table stays: %s", tracked.name, error)
            return Outcome()
        return Outcome(replayed=1)

    def _truncate(self) -> Outcome:
        tracked = self.tracked
        if tracked is None or tracked.state is not TableState.REPLICATED:
            return Outcome(tracked)
        ownership.find_own(self.cursor, self.replica.source, tracked.target)
        target = target_table(tracked.schema, self.replica.rules)
        self._run([ddl.truncate_table(target, tracked.target.schema)])
        return Outcome(tracked, replayed=1)

    def structure_after(self) -> TrackedTable:
        """Load the table as it is after a CREATE or ALTER."""
        return tables.load_structure(self.cursor, self._structure_id)

    @property
    def _structure_id(self) -> int:
        assert self.change.structure_id is not None  # stored with every create and alter
        return self.change.structure_id

    def failure(self, name: TableName | None, error: Exception) -> Failure:
        """Return what the error log is to say of the change."""
        return Failure(
            f"a change of its structure could not be followed: {error}",
            table=name,
            position=self.change.position,
            statement=self.change.statement,
        )

    def _drop_former(self, tracked: TrackedTable) -> None:
        """Drop the target of a table that is not replicated, or that was copied again meanwhile."""
        refusal = swap.drop_former(self.cursor, self.replica.source, tracked.target)
        if refusal is not None:
            logger.warning("%s: %s", tracked.name, refusal)

    def _run(self, statements: list[str]) -> None:
        if self.careful:
            run_statements(self.cursor, statements)
        else:
            for statement in statements:
                self.cursor.execute(statement)
