"""The cutover: drain what the source has, and leave a PostgreSQL database that stands on its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure import ddl, triggers
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import LeftOutRow
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.model.status import TableState
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.postgres import cutover, ownership
from pg_chameleon.postgres.connection import Connection, Stop, transaction
from pg_chameleon.postgres.cutover import ConstraintResult
from pg_chameleon.postgres.left_out import find_left_out
from pg_chameleon.postgres.roles import LockRole, take_role
from pg_chameleon.postgres.sources import Source, read_mappings, remove_source
from pg_chameleon.postgres.tables import TrackedTable, load_tables
from pg_chameleon.replica.draining import replay_waiting
from pg_chameleon.replica.rules import recorded_rules
from pg_chameleon.replica.settings import ReplicaSettings
from pg_chameleon.replica.worker import read

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Report:
    """What the cutover did, for people."""

    sequences: int = 0
    foreign_keys: list[ConstraintResult] = field(default_factory=list)
    checks: list[ConstraintResult] = field(default_factory=list)
    triggers: list[ConstraintResult] = field(default_factory=list)
    unstamped: list[str] = field(default_factory=list)
    still_nullable: list[str] = field(default_factory=list)
    left_out: list[LeftOutRow] = field(default_factory=list)
    writers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def failures(self) -> list[ConstraintResult]:
        """The foreign keys, checks and triggers that could not be created, or that rows violate."""
        made = (*self.foreign_keys, *self.checks, *self.triggers)
        return [result for result in made if result.failure is not None]


def take_over(connection: Connection, source: Source) -> None:
    """Take the place of every process of the source, so that nobody else changes anything."""
    for role in LockRole:
        take_role(connection, source, role)


def present_position(settings: ReplicaSettings) -> BinlogPosition:
    """Return where the source is now; raise ``SourceUnreachable`` if it does not answer."""
    control = connect_source(settings.source)
    try:
        return SourceServer(control).position().binlog
    finally:
        control.close()


def drain(
    settings: ReplicaSettings, connection: Connection, source: Source, until: BinlogPosition | None, stop: Stop
) -> None:
    """Read up to a position, unless it is None, and replay everything; raise if that was not done to the end."""
    if until is not None:
        read(settings, connection, source, stop, until=until)
    replay_waiting(settings, connection, source, stop)
    if stop.is_set():
        raise ChameleonError(
            "interrupted before everything was replayed; nothing was detached",
            advice="Run detach_replica again, or start_replica to continue replicating",
        )


def complete(settings: ReplicaSettings, connection: Connection, source: Source) -> Report:
    """Give the target what only a database that is written to needs; the source stays registered."""
    mappings = read_mappings(connection, source)
    with transaction(connection) as cursor:
        found = load_tables(cursor, source, replayed=True)
        replicated = [table for table in found if table.state is TableState.REPLICATED]
        for table in replicated:
            ownership.find_own(cursor, source, table.target)
    report = Report()
    if replicated:
        rules = recorded_rules(settings, connection, source)
        report.left_out = find_left_out(connection, source, rules)
        report.sequences = _set_sequences(connection, replicated, rules)
        report.still_nullable = _restore_not_null(connection, replicated, rules)
        _make_constraints(connection, replicated, rules, mappings, report)
        done = _stamp_updates(connection, replicated, rules, report) if settings.on_update_timestamps else set()
        report.unstamped = _unstamped(replicated, done)
    if settings.grant_write_to:
        for schema in mappings.values():
            report.writers[schema] = cutover.let_write(connection, schema, settings.grant_write_to)
    return report


def forget(connection: Connection, source: Source) -> None:
    """Remove the source from the catalogue: the last step, so that everything before can be repeated."""
    remove_source(connection, source, detached=True)


def _set_sequences(connection: Connection, tables: list[TrackedTable], rules: Rules) -> int:
    return cutover.set_sequences(
        connection,
        [
            statement
            for table in tables
            for statement in ddl.sequence_resets(target_table(table.schema, rules), table.target.schema)
        ],
    )


def _unstamped(tables: list[TrackedTable], done: set[tuple[TableName, str]]) -> list[str]:
    return [
        f"{table.target}.{column.name}"
        for table in tables
        for column in table.schema.columns
        if column.on_update is not None and (table.target, column.name) not in done
    ]


def _make_constraints(
    connection: Connection, tables: list[TrackedTable], rules: Rules, mappings: dict[str, str], report: Report
) -> None:
    """Create the foreign keys and checks, and report by name those that cannot be created."""
    report.foreign_keys = _constrain(
        connection, [(table.target, key) for table in tables for key in ddl.foreign_keys(table.schema, mappings)]
    )
    report.checks = _constrain(
        connection, [(table.target, check) for table in tables for check in ddl.checks(table.schema, rules, mappings)]
    )
    for table in tables:
        for left_out in ddl.left_out(table.schema, rules, mappings):
            results = report.checks if left_out.kind == "check" else report.foreign_keys
            results.append(ConstraintResult(table.target, left_out.name, added=False, failure=left_out.reason))


def _constrain(connection: Connection, wanted: list[tuple[TableName, ddl.Constraint]]) -> list[ConstraintResult]:
    """Create all constraints first, which is quick, and then check the rows against each."""
    results = []
    added = []
    for table, constraint in wanted:
        result = cutover.add_constraint(connection, table, constraint)
        if result.added:
            added.append((table, constraint))
        else:
            results.append(result)
    for table, constraint in added:
        result = cutover.validate_constraint(connection, table, constraint)
        logger.info("constraint %s of %s: %s", result.name, table, result.failure or "valid")
        results.append(result)
    return results


def _stamp_updates(
    connection: Connection, tables: list[TrackedTable], rules: Rules, report: Report
) -> set[tuple[TableName, str]]:
    """Make the triggers that do what ON UPDATE CURRENT_TIMESTAMP did; return the columns for which there is one."""
    done = set()
    for table in tables:
        stamped = [column.source for column in triggers.stamped_columns(table.schema, rules)]
        if stamped:
            statements = triggers.update_trigger(table.schema, rules, table.target.schema)
            made = cutover.make_trigger(connection, table.target, ", ".join(stamped), statements)
            report.triggers.append(made)
            done |= {(table.target, column) for column in stamped if made.failure is None}
    return done


def _restore_not_null(connection: Connection, tables: list[TrackedTable], rules: Rules) -> list[str]:
    """Restore NOT NULL on columns that were nullable for the sake of zero dates; return those that hold some."""
    refused = []
    for table in tables:
        loosened = [
            column.name
            for column in target_table(table.schema, rules).columns
            if column.nullable and (of_source := table.schema.column(column.source)) and not of_source.nullable
        ]
        refused += [f"{table.target}.{name}" for name in cutover.restore_not_null(connection, table.target, loosened)]
    return refused
