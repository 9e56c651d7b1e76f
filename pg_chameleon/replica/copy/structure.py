"""copy_schema: the structure of the tables without their rows."""

from __future__ import annotations

import logging
import time
from contextlib import closing

from pg_chameleon.convert.expressions.quoting import quote_qualified
from pg_chameleon.convert.rules import UnknownType
from pg_chameleon.errors import TargetError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.structure.inspect import read_schemas
from pg_chameleon.postgres import grants, ownership, staging
from pg_chameleon.postgres.connection import Cursor, transaction
from pg_chameleon.replica.copy.context import CopyContext
from pg_chameleon.replica.copy.settings import CopiedRows, CopyKind, CopyProblem, CopyReport

logger = logging.getLogger(__name__)


def copy_structures(context: CopyContext) -> CopyReport:
    """Make the tables that the target lacks, empty, with their indexes; those that are there stay as they are."""
    began = time.monotonic()
    with closing(connect_source(context.settings.replica.source)) as source:
        found = read_schemas(source, sorted(context.filter.mappings))
    wanted = [schema for schema in found if context.filter.admits(schema.name)]
    for schema in wanted:
        context.tracker.expect(schema.name, 0)
    readers = _prepare_schemas(context)
    made: list[CopiedRows] = []
    problems: list[CopyProblem] = []
    for schema in wanted:
        if context.stop.is_set():
            break
        problem = _make(context, schema, readers)
        if problem is None:
            made.append(CopiedRows(schema.name, 0))
        else:
            problems.append(problem)
        context.tracker.settled(schema.name)
    return CopyReport(
        CopyKind.COPY_SCHEMA,
        copied=tuple(made),
        problems=tuple(problems),
        seconds=time.monotonic() - began,
        interrupted=context.stop.is_set(),
    )


def _prepare_schemas(context: CopyContext) -> list[str]:
    with transaction(context.target) as cursor:
        readers = grants.existing_roles(cursor, context.settings.replica.grant_select_to)
        for schema in context.filter.mappings.values():
            staging.create_schema(cursor, schema)
            grants.let_read_schema(cursor, schema, readers)
    return readers


def _make(context: CopyContext, schema: TableSchema, readers: list[str]) -> CopyProblem | None:
    """Make one table in a transaction of its own; return the problem if it is not made."""
    target = context.target_of(schema)
    try:
        with transaction(context.target) as cursor:
            if target.table in staging.table_names(cursor, target.schema):
                reason = f"the target has the table {target} already; it stays as it is"
                return CopyProblem(schema.name, reason, quarantined=False)
            _create(context, cursor, schema, target, readers)
    except UnknownType as error:
        return CopyProblem(schema.name, error.message, quarantined=False, missing=True)
    except TargetError as error:
        if error.transient:
            raise
        return CopyProblem(schema.name, error.message, quarantined=False, missing=True)
    logger.info("made %s", target)
    return None


def _create(context: CopyContext, cursor: Cursor, schema: TableSchema, target: TableName, readers: list[str]) -> None:
    fillfactor = context.settings.replica.fillfactor.get(str(schema.name))
    staging.create_table(cursor, schema, target, context.rules, fillfactor)
    ownership.claim(cursor, context.source, target)
    grants.let_read_table(cursor, quote_qualified(target.schema, target.table), readers)
    for missing in staging.create_indexes(cursor, schema, target, context.rules):
        logger.warning("%s: %s", schema.name, missing.reason)
