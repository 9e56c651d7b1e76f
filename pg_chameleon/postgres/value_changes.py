"""The record of changed values: how many there are in a column, and the first of them one by one."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pg_chameleon.convert.rules import ChangeReason
from pg_chameleon.convert.values.copy_format import NULL, copy_text
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.postgres.answers import one_value
from pg_chameleon.postgres.connection import Cursor
from pg_chameleon.postgres.positions import place
from pg_chameleon.postgres.queries import query
from pg_chameleon.postgres.sources import Source

_COLUMNS = "table_id, source_column, reason, row_key, value, binlog_file, binlog_offset"


class ChangeGroup(NamedTuple):
    """What is counted together: values of one column of a registered table that were changed for one reason."""

    table_id: int
    column: str
    reason: ChangeReason

    @property
    def order(self) -> tuple[int, str, str]:
        """The place of the group where several are counted in one transaction."""
        return self.table_id, self.column, self.reason.value


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """One value that was changed: its row, and what the source has. Without a position, the copy found it."""

    row_key: str
    value: str
    position: BinlogPosition | None


def count(cursor: Cursor, group: ChangeGroup, occurrences: int, last: ChangedValue) -> int:
    """Add to the count of a group; return how many there are now.

    Whoever counts several groups in one transaction does it in their ``order``, so that no two wait for each other.
    """
    cursor.execute(
        query("values.count"),
        {
            "table_id": group.table_id,
            "column": group.column,
            "reason": group.reason.value,
            "occurrences": occurrences,
            "row_key": last.row_key,
            **place(last.position),
        },
    )
    return int(one_value(cursor))


def put_on_record(cursor: Cursor, found: Iterable[tuple[ChangeGroup, ChangedValue]]) -> None:
    """Store values one by one."""
    data = b"".join(_line(group, changed) for group, changed in found)
    if data:
        cursor.copy_expert(f"copy sch_chameleon.changed_values ({_COLUMNS}) from stdin", io.BytesIO(data))


def _line(group: ChangeGroup, changed: ChangedValue) -> bytes:
    found = changed.position
    texts = (group.column, group.reason.value, changed.row_key, changed.value)
    position = [NULL, NULL] if found is None else [copy_text(found.file), b"%d" % found.offset]
    return b"\t".join([b"%d" % group.table_id, *map(copy_text, texts), *position]) + b"\n"


def forget_dropped(cursor: Cursor, source: Source) -> None:
    """Remove the record of registrations that have ended, such as the one before a table was copied again."""
    cursor.execute(query("values.forget_counts"), (source.source_id,))
    cursor.execute(query("values.forget_listed"), (source.source_id,))
