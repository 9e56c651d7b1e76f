"""Parse CREATE TABLE and CREATE INDEX."""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.ddl.syntax.actions import AddElement, ConstraintKind, DropConstraint
from pg_chameleon.ddl.syntax.columns import column_definition
from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.definitions import Element, KeyKind
from pg_chameleon.ddl.syntax.keys import accept_algorithm, key_body, table_element
from pg_chameleon.ddl.syntax.options import table_options
from pg_chameleon.ddl.syntax.partitions import partition_clause
from pg_chameleon.ddl.syntax.statements import AlterTable, CreateTable, Ignored, Statement


def create_table(cursor: Cursor, or_replace: bool) -> Statement:
    """Consume what follows CREATE TABLE."""
    if_not_exists = cursor.accept_all("IF", "NOT", "EXISTS")
    statement = CreateTable(
        cursor.table_name(), if_not_exists=if_not_exists, or_replace=or_replace, sql_mode=cursor.sql_mode
    )
    if cursor.accept("LIKE"):
        return replace(statement, like=cursor.table_name())
    if cursor.accept_all("(", "LIKE"):
        like = cursor.table_name()
        cursor.expect(")")
        return replace(statement, like=like)
    elements = cursor.parenthesised(lambda: _element(cursor))
    options = table_options(cursor)
    partition_clause(cursor)
    cursor.accept_all("START", "TRANSACTION")
    if options.sequence:
        return Ignored("sequence")
    return replace(statement, elements=elements, options=options)


def _element(cursor: Cursor) -> Element:
    return table_element(cursor) or column_definition(cursor)


def create_index(cursor: Cursor, kind: KeyKind, or_replace: bool) -> AlterTable:
    """Consume what follows CREATE [UNIQUE|FULLTEXT|SPATIAL|VECTOR] INDEX."""
    if_not_exists = cursor.accept_all("IF", "NOT", "EXISTS")
    name = cursor.identifier()
    algorithm = accept_algorithm(cursor)
    cursor.expect("ON")
    table = cursor.table_name()
    accept_wait(cursor)
    key = key_body(cursor, kind, name, if_not_exists)
    accept_wait(cursor)
    accept_algorithm_and_lock(cursor)
    if key.algorithm is None:
        key = replace(key, algorithm=algorithm)
    add = AddElement(key)
    if or_replace:
        return AlterTable(table, (DropConstraint(ConstraintKind.KEY, name, True), add), sql_mode=cursor.sql_mode)
    return AlterTable(table, (add,), sql_mode=cursor.sql_mode)


def accept_wait(cursor: Cursor) -> None:
    """Consume MariaDB's WAIT n or NOWAIT."""
    if cursor.accept("WAIT"):
        cursor.number()
    else:
        cursor.accept("NOWAIT")


def accept_algorithm_and_lock(cursor: Cursor) -> bool:
    """Consume ALGORITHM and LOCK clauses, which do not touch the outcome."""
    found = False
    while cursor.accept_one("ALGORITHM", "LOCK"):
        cursor.accept("=")
        cursor.expect_one("DEFAULT", "INPLACE", "COPY", "INSTANT", "NOCOPY", "NONE", "SHARED", "EXCLUSIVE")
        found = True
    return found
