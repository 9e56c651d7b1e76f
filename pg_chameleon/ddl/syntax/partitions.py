"""Parse partition clauses. How a table is partitioned is not tracked; what its partitions do to rows is."""

from __future__ import annotations

from pg_chameleon.ddl.syntax.actions import Action, NoChange, RowsUnseen
from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.lexer import QUOTED, WORD

_UNITS = [
    "MICROSECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
    "SECOND_MICROSECOND",
    "MINUTE_MICROSECOND",
    "MINUTE_SECOND",
    "HOUR_MICROSECOND",
    "HOUR_SECOND",
    "HOUR_MINUTE",
    "DAY_MICROSECOND",
    "DAY_SECOND",
    "DAY_MINUTE",
    "DAY_HOUR",
    "YEAR_MONTH",
]


def partition_clause(cursor: Cursor) -> bool:
    """Consume ``PARTITION BY …``, if it comes next."""
    if not cursor.accept_all("PARTITION", "BY"):
        return False
    _method(cursor)
    if cursor.accept("PARTITIONS"):
        cursor.number()
    if cursor.accept_all("SUBPARTITION", "BY"):
        _method(cursor)
        if cursor.accept("SUBPARTITIONS"):
            cursor.number()
    if cursor.word == "(":
        cursor.balanced()
    return True


def _method(cursor: Cursor) -> None:
    cursor.accept("LINEAR")
    method = cursor.expect_one("HASH", "KEY", "RANGE", "LIST", "SYSTEM_TIME")
    if method == "SYSTEM_TIME":
        _system_time(cursor)
        return
    if method == "KEY" and cursor.accept("ALGORITHM"):
        cursor.expect("=")
        cursor.number()
    if method in ("RANGE", "LIST"):
        cursor.accept_one("COLUMNS", "COLUMN_LIST")
    cursor.balanced()


def _system_time(cursor: Cursor) -> None:
    """Consume how MariaDB splits the history of a system-versioned table."""
    if cursor.accept("LIMIT"):
        cursor.number()
    elif cursor.accept("INTERVAL"):
        _interval(cursor)
    if cursor.accept("STARTS"):
        cursor.accept("TIMESTAMP")
        cursor.string()
    cursor.accept("AUTO")


def _interval(cursor: Cursor) -> None:
    if cursor.word == "(":
        cursor.balanced()
    else:
        cursor.index += 1  # a number, or a string such as '1:30'
    cursor.expect_one(*_UNITS)


def partition_action(cursor: Cursor) -> Action | None:
    """Consume an action of ALTER TABLE on partitions, if one comes next."""
    for words, rule in _ACTIONS:
        if cursor.accept_all(*words):
            cursor.accept_one("NO_WRITE_TO_BINLOG", "LOCAL")
            return rule(cursor)
    return None


def _names(cursor: Cursor) -> None:
    if not cursor.accept("ALL"):
        cursor.listed(cursor.identifier)


def _add(cursor: Cursor) -> Action:
    cursor.accept_all("IF", "NOT", "EXISTS")
    cursor.accept_one("NO_WRITE_TO_BINLOG", "LOCAL")
    if cursor.accept("PARTITIONS"):
        cursor.number()
    else:
        cursor.balanced()
    return NoChange("ADD PARTITION")


def _drop(cursor: Cursor) -> Action:
    cursor.accept_all("IF", "EXISTS")
    cursor.listed(cursor.identifier)
    return RowsUnseen("DROP PARTITION")


def _truncate(cursor: Cursor) -> Action:
    _names(cursor)
    if cursor.accept_one("DROP", "REUSE"):
        cursor.expect("STORAGE")
    return RowsUnseen("TRUNCATE PARTITION")


def _tablespace(cursor: Cursor) -> Action:
    _names(cursor)
    cursor.expect("TABLESPACE")
    return RowsUnseen("DISCARD or IMPORT PARTITION")


def _coalesce(cursor: Cursor) -> Action:
    cursor.number()
    return NoChange("COALESCE PARTITION")


def _reorganize(cursor: Cursor) -> Action:
    """Consume ``[names INTO (definitions)]``; without them the rows are only redistributed."""
    if cursor.kind in (WORD, QUOTED):
        cursor.listed(cursor.identifier)
        cursor.expect("INTO")
        cursor.balanced()
    return NoChange("REORGANIZE PARTITION")


def _exchange(cursor: Cursor) -> Action:
    cursor.identifier()
    cursor.expect("WITH", "TABLE")
    other = cursor.table_name()
    if cursor.accept_one("WITH", "WITHOUT"):
        cursor.expect("VALIDATION")
    return RowsUnseen("EXCHANGE PARTITION", (other,))


def _convert_partition(cursor: Cursor) -> Action:
    cursor.identifier()
    cursor.expect("TO", "TABLE")
    other = cursor.table_name()
    if cursor.accept_one("WITH", "WITHOUT"):
        cursor.expect("VALIDATION")
    return RowsUnseen("CONVERT PARTITION", (other,))


def _convert_table(cursor: Cursor) -> Action:
    other = cursor.table_name()
    cursor.expect("TO", "PARTITION")
    _definition(cursor)
    return RowsUnseen("CONVERT TABLE", (other,))


def _definition(cursor: Cursor) -> None:
    """Consume one partition's definition without its options."""
    cursor.identifier()
    if cursor.accept("VALUES"):
        if not cursor.accept("IN"):
            cursor.expect("LESS", "THAN")
        if not cursor.accept("MAXVALUE"):
            cursor.balanced()
    else:
        cursor.accept("DEFAULT")
    if cursor.accept_one("WITH", "WITHOUT"):
        cursor.expect("VALIDATION")


def _maintain(cursor: Cursor) -> Action:
    """Consume ANALYZE, CHECK, OPTIMIZE, REBUILD or REPAIR PARTITION: no row changes."""
    _names(cursor)
    while cursor.accept_one("QUICK", "FAST", "MEDIUM", "EXTENDED", "CHANGED", "USE_FRM") or cursor.accept_all(
        "FOR", "UPGRADE"
    ):
        pass
    return NoChange("PARTITION maintenance")


def _nothing(_cursor: Cursor) -> Action:
    return NoChange("PARTITIONING")


_ACTIONS = (
    (("ADD", "PARTITION"), _add),
    (("DROP", "PARTITION"), _drop),
    (("TRUNCATE", "PARTITION"), _truncate),
    (("DISCARD", "PARTITION"), _tablespace),
    (("IMPORT", "PARTITION"), _tablespace),
    (("COALESCE", "PARTITION"), _coalesce),
    (("REORGANIZE", "PARTITION"), _reorganize),
    (("EXCHANGE", "PARTITION"), _exchange),
    (("CONVERT", "PARTITION"), _convert_partition),
    (("CONVERT", "TABLE"), _convert_table),
    (("ANALYZE", "PARTITION"), _maintain),
    (("CHECK", "PARTITION"), _maintain),
    (("OPTIMIZE", "PARTITION"), _maintain),
    (("REBUILD", "PARTITION"), _maintain),
    (("REPAIR", "PARTITION"), _maintain),
    (("REMOVE", "PARTITIONING"), _nothing),
    (("UPGRADE", "PARTITIONING"), _nothing),
)
