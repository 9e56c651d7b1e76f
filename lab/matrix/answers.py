"""What the target should have, by MySQL's own answer and the policies, against what it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql

from lab.compare import Policy
from lab.compare.result import shown
from lab.compare.rows import Row, Sides, TableOnBothSides
from lab.compare.structure import source_table, target_tables
from lab.matrix.tables import GONE, GROUP, INSERTED, KEPT, KindTable, Shape
from lab.servers import Database, SourceServer

REASONS = """
select source_table, reason
from sch_chameleon.tables
where state = 'quarantined'
"""


REFUSED = "the binlog does not hold all that is needed of a row"
RECORD = """
select registered.source_table, changed.row_key, changed.source_column, changed.reason
from sch_chameleon.changed_values as changed
join sch_chameleon.tables as registered on registered.table_id = changed.table_id
"""


@dataclass(slots=True)
class TableAnswer:
    """What is wrong with a table: in the values that were copied, and in those that came by the stream.

    ``refused``: the table has to be quarantined, so there is nothing else to say of the stream.
    """

    refused: bool = False
    copied: list[str] = field(default_factory=list)
    streamed: list[str] = field(default_factory=list)

    def add(self, group: int, line: str) -> None:
        if group == KEPT:
            self.copied.append(line)
        elif not self.refused:
            self.streamed.append(line)


def answers_of(
    server: SourceServer, database: Database, tables: Sequence[KindTable], schemas: tuple[str, str]
) -> dict[str, TableAnswer]:
    """Compare the tables of the two schemas, value by value."""
    reasons = dict(database.execute(REASONS))
    record = {tuple(row) for row in database.execute(RECORD)}
    with closing(server.connect()) as source, closing(database.connect(user="postgres", password="")) as target:
        sides = Sides(source, target, *schemas, "null")
        sides.set_up_sessions()
        there = target_tables(target, schemas[1])
        answers = {table.name: _answer(sides, table, there.get(table.name), reasons) for table in tables}
    for table in tables:
        if table.shape in (Shape.PLAIN, Shape.LIVE):
            for group, line in _not_on_record(table, record):
                answers[table.name].add(group, f"{table.name} {line}")
    return answers


def _answer(
    sides: Sides, table: KindTable, target_types: dict[str, str] | None, reasons: dict[str, str]
) -> TableAnswer:
    answer = TableAnswer(bool(table.kind.refused))
    reason = reasons.get(table.name)
    if table.kind.refused and (reason is None or REFUSED not in reason):
        answer.streamed.append(f"{table.name} should be quarantined, because {REFUSED}; it is not: {reason}")
    if reason is not None and not table.kind.refused:
        answer.streamed.append(f"{table.name} is quarantined: {reason}")
    if target_types is None:
        answer.add(INSERTED if table.shape is Shape.LIVE else KEPT, f"{table.name} is not on the target")
        return answer
    both = TableOnBothSides(sides, source_table(sides.source, sides.source_schema, table.name), target_types)
    for line in both.problems():
        answer.copied.append(line)
    for group, line in _wrong_values(both, table):
        answer.add(group, f"{table.name} {line}")
    for group, line in _unlike_each_other(sides, table):
        answer.add(group, f"{table.name} {line}")
    return answer


def _by_id(both: TableOnBothSides, rows: Iterator[Row]) -> dict[int, Row]:
    place = list(both.readings).index("id")
    return {int(str(row[place])): row for row in rows}


def _wrong_values(both: TableOnBothSides, table: KindTable) -> Iterator[tuple[int, str]]:
    """Compare each row of the source with that of the target, and the policies with those of the catalogue."""
    wanted, found = _by_id(both, both.source_rows(note=True)), _by_id(both, both.target_rows())
    for number in sorted(wanted.keys() - found.keys()):
        yield _group(number), f"row {number} is missing"
    for number in sorted(found.keys() - wanted.keys()):
        yield _group(number), f"row {number} should not be there"
    for number in sorted(wanted.keys() & found.keys()):
        for column, here, there in zip(both.readings, wanted[number], found[number], strict=True):
            if here != there:
                yield _group(number), f"row {number}.{column}: source {shown(here)}, target {shown(there)}"
    if table.shape is not Shape.ALONE:  # where it is the source who chooses the values
        yield from _wrong_policies(both, table)


def _wrong_policies(both: TableOnBothSides, table: KindTable) -> Iterator[tuple[int, str]]:
    """Compare the policies that values of ``KEPT`` follow with what the catalogue declares."""
    followed: dict[int, set[Policy]] = {}
    for change in both.changed:
        if change.column == table.kind.filled_name:
            number = int(dict(part.rsplit(" ", 1) for part in change.key.split(", ") if part.startswith("id "))["id"])
            followed.setdefault(number, set()).add(change.policy)
    group = INSERTED if table.shape is Shape.LIVE else KEPT
    for number, value in enumerate(table.values):
        declared = {value.policy} if value.policy else set()
        if followed.get(group + number, set()) != declared:
            yield group, f"value {value.sql} follows {followed.get(group + number)}, declared is {declared}"


def _not_on_record(table: KindTable, record: set[tuple[Any, ...]]) -> Iterator[tuple[int, str]]:
    """Look for the values that follow a policy in what chameleon recorded, and for others that do not."""
    rows = {(key, reason) for name, key, column, reason in record if name == table.name and column == "v"}
    for group in (INSERTED,) if table.shape is Shape.LIVE else (KEPT, INSERTED):
        for number, value in enumerate(table.values):
            reasons = {reason for key, reason in rows if key == str(group + number)}
            expected = value.policy is not None and any(reason.startswith(value.policy.value) for reason in reasons)
            if len(reasons) != (value.policy is not None) or (reasons and not expected):
                yield group, f"row {group + number}: {reasons or 'nothing'} is recorded, declared is {value.policy}"


def _unlike_each_other(sides: Sides, table: KindTable) -> Iterator[tuple[int, str]]:
    """Compare what the target shows of a value that came by different ways, and with what the catalogue says."""
    texts = _shown_texts(sides, table)
    first = INSERTED if table.shape is Shape.LIVE else KEPT
    if table.shape is Shape.ALONE:
        yield from _unlike_the_catalogue(texts, table)
        return
    for number, text in texts.items():
        group, place = _group(number), number % GROUP
        original = texts.get(first + place)
        if group in GONE:
            yield group, f"row {number} is still there"
        elif text != original:
            yield group, f"row {number} is {shown(text)}, but row {first + place} is {shown(original)}"
    for number, value in enumerate(table.values):
        if value.shown is not None and texts.get(first + number) != value.shown:
            yield first, f"value {value.sql} is {shown(texts.get(first + number))} instead of {shown(value.shown)}"


def _unlike_the_catalogue(texts: dict[int, str | None], table: KindTable) -> Iterator[tuple[int, str]]:
    """Compare what the target shows of each value that is there with what the catalogue says."""
    for number, text in texts.items():
        value = table.values[number % GROUP]
        if value.shown is not None and text != value.shown:
            yield _group(number), f"value {value.sql} is {shown(text)} instead of {shown(value.shown)}"


def _shown_texts(sides: Sides, table: KindTable) -> dict[int, str | None]:
    with sides.target.cursor() as cursor:
        place = sql.Identifier(sides.target_schema, table.name)
        cursor.execute(sql.SQL("select id, {}::text from {}").format(sql.Identifier("v"), place))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return dict(rows)


def _group(number: int) -> int:
    return number // GROUP * GROUP
