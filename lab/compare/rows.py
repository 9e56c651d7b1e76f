"""Compare tables: first by sums of hashes in buckets, then the rows of the buckets that differ."""

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from psycopg2 import sql
from pymysql.cursors import SSCursor

from lab.compare.names import column_on_target, on_target
from lab.compare.policy import Policy, as_it_is
from lab.compare.result import ChangedValue, Comparison, Difference, Side, TableComparison
from lab.compare.structure import SourceTable, source_tables, target_tables
from lab.compare.values import reading

if TYPE_CHECKING:
    from psycopg2.extensions import connection as TargetConnection
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

    SourceConnection = Connection[Cursor]

Row = tuple[str | None, ...]
Found = TypeVar("Found")
ConnectSource = Callable[[], "SourceConnection"]
ConnectTarget = Callable[[], "TargetConnection"]

BUCKETS = 4096
BUCKETS_LOOKED_AT = 64
DIFFERENCES_SHOWN = 20
FETCHED_ROWS = 2000


def compare(
    connect_source: ConnectSource,
    connect_target: ConnectTarget,
    source_schema: str,
    target_schema: str,
    *,
    only: Collection[str] | None = None,
    skip: Collection[str] = (),
    zero_dates: str = "null",
) -> Comparison:
    """Compare the tables of a schema of the source (all, or `only` some) with those of the target.

    Nobody may write to either side meanwhile. `zero_dates` says what became of dates that PostgreSQL cannot
    hold: null, or infinity.
    """
    with closing(connect_source()) as source, closing(connect_target()) as target:
        sides = Sides(source, target, source_schema, target_schema, zero_dates)
        sides.set_up_sessions()
        here = chosen(source_tables(source, source_schema), only, skip)
        there = chosen(target_tables(target, target_schema), only, skip)
        names = {name: on_target(name) for name in here}
        problems = [f"table {name} is only on the source" for name in here if names[name] not in there]
        problems += [f"table {name} is only on the target" for name in there if name not in names.values()]
        results = [
            TableOnBothSides(sides, table, there[names[name]]).compare()
            for name, table in here.items()
            if names[name] in there
        ]
    return Comparison(tuple(results), tuple(problems))


def chosen(tables: dict[str, Found], only: Collection[str] | None, skip: Collection[str]) -> dict[str, Found]:
    return {name: table for name, table in tables.items() if name not in skip and (only is None or name in only)}


@dataclass(frozen=True, slots=True)
class Sides:
    """Where both sides are read."""

    source: "SourceConnection"
    target: "TargetConnection"
    source_schema: str
    target_schema: str
    zero_dates: str

    def set_up_sessions(self) -> None:
        """Make both servers write moments in the same way."""
        with self.source.cursor() as cursor:
            cursor.execute("set session time_zone = '+00:00'")
        with self.target.cursor() as target_cursor:
            target_cursor.execute("set timezone = 'UTC'; set datestyle = 'ISO, YMD'")


class TableOnBothSides:
    """One table, compared by the columns that both sides have."""

    def __init__(self, sides: Sides, table: SourceTable, target_types: dict[str, str]) -> None:
        self.sides = sides
        self.table = table
        self.target_types = target_types
        self.target_names = {column.name: column_on_target(column.name) for column in table.columns}
        self.readings = {
            column.name: reading(column, target_types[self.target_names[column.name]], sides.zero_dates)
            for column in table.columns
            if self.target_names[column.name] in target_types
        }
        self.key = [position for position, name in enumerate(self.readings) if name in table.key]
        self.expectations = [
            (position, each.expect)
            for position, each in enumerate(self.readings.values())
            if each.expect is not as_it_is
        ]
        self.changed: list[ChangedValue] = []

    def compare(self) -> TableComparison:
        here, there = Digest(self.source_rows(note=True), self.key), Digest(self.target_rows(), self.key)
        buckets = [number for number in range(BUCKETS) if here.sums[number] != there.sums[number]]
        found = self.differences_in(set(buckets[:BUCKETS_LOOKED_AT])) if buckets else []
        return TableComparison(
            self.table.name,
            here.rows,
            there.rows,
            tuple(found[:DIFFERENCES_SHOWN]),
            tuple(self.problems()),
            tuple(self.changed),
        )

    def problems(self) -> Iterator[str]:
        """Tell which columns only one side has."""
        for name, target_name in self.target_names.items():
            if target_name not in self.target_types:
                yield f"column {self.table.name}.{name} is only on the source"
        for name in self.target_types:
            if name not in self.target_names.values():
                yield f"column {self.table.name}.{name} is only on the target"

    def differences_in(self, buckets: set[int]) -> list[Difference]:
        """Compare the rows of some buckets one by one."""
        here = Counter(row for row in self.source_rows() if bucket(row, self.key) in buckets)
        there = Counter(row for row in self.target_rows() if bucket(row, self.key) in buckets)
        only_here, only_there = self.by_key(here - there), self.by_key(there - here)
        differences: list[Difference] = []
        for key in sorted(only_here.keys() | only_there.keys(), key=repr):
            for mine, yours in zip_longest(only_here.get(key, []), only_there.get(key, [])):
                differences += self.row_differences(key, mine, yours)
        return differences

    def by_key(self, rows: Counter[Row]) -> dict[Row, list[Row]]:
        found: dict[Row, list[Row]] = {}
        for row in rows.elements():
            found.setdefault(tuple(row[position] for position in self.key), []).append(row)
        return found

    def row_differences(self, key: Row, mine: Row | None, yours: Row | None) -> Iterator[Difference]:
        where = self.key_text(key)
        if mine is None or yours is None:
            only_on = Side.TARGET if mine is None else Side.SOURCE
            yield Difference(self.table.name, where, only_on=only_on)
            return
        for column, here, there in zip(self.readings, mine, yours, strict=True):
            if here != there:
                yield Difference(self.table.name, where, column, here, there)

    def key_text(self, key: Row) -> str:
        columns = list(self.readings)
        return ", ".join(f"{columns[position]} {value}" for position, value in zip(self.key, key, strict=True))

    def source_rows(self, *, note: bool = False) -> Iterator[Row]:
        """Stream the rows of the source as the target should have them, each value in its canonical text.

        With `note`, values that follow a policy are added to `changed`.
        """
        names = map(quoted_for_source, self.readings)
        readings = self.readings.values()
        expressions = [each.source_sql.replace("{}", name) for each, name in zip(readings, names, strict=True)]
        place = f"{quoted_for_source(self.sides.source_schema)}.{quoted_for_source(self.table.name)}"
        readers = [each.read_source for each in readings]
        with self.sides.source.cursor(SSCursor) as cursor:
            # Without parameters a percent sign in a name stays what it is.
            cursor.execute(f"select {', '.join(expressions)} from {place}")
            while rows := cursor.fetchmany(FETCHED_ROWS):
                for row in rows:
                    values = [read(value) for read, value in zip(readers, row, strict=True)]
                    yield self.expected(values, note)

    def expected(self, values: list[str | None], note: bool) -> Row:
        """Replace values that PostgreSQL cannot hold by what the policies say."""
        followed: list[tuple[int, Policy, str | None]] = []
        for position, expect in self.expectations:
            found = values[position]
            values[position], policies = expect(found)
            followed += [(position, policy, found) for policy in policies] if note else []
        if followed:
            names, key = list(self.readings), self.key_text(tuple(values[position] for position in self.key))
            self.changed += [
                ChangedValue(self.table.name, key, names[position], policy, found)
                for position, policy, found in followed
            ]
        return tuple(values)

    def target_rows(self) -> Iterator[Row]:
        """Stream the rows of the target, each value in its canonical text."""
        expressions = [
            sql.SQL(each.target_sql).format(sql.Identifier(self.target_names[name]))
            for name, each in self.readings.items()
        ]
        statement = sql.SQL("declare compared no scroll cursor with hold for select {} from {}").format(
            sql.SQL(", ").join(expressions), sql.Identifier(self.sides.target_schema, on_target(self.table.name))
        )
        readers = [each.read_target for each in self.readings.values()]
        with self.sides.target.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute(f"fetch {FETCHED_ROWS} from compared")
            while rows := cursor.fetchall():
                for row in rows:
                    yield tuple(read(value) for read, value in zip(readers, row, strict=True))
                cursor.execute(f"fetch {FETCHED_ROWS} from compared")
            cursor.execute("close compared")


class Digest:
    """The rows of a table as their number and a sum of hashes for each bucket, whatever their order."""

    def __init__(self, rows: Iterable[Row], key: list[int]) -> None:
        self.rows = 0
        self.sums = [0] * BUCKETS
        for row in rows:
            self.rows += 1
            digest = blake2b(as_bytes(row), digest_size=12).digest()
            self.sums[bucket(row, key)] += int.from_bytes(digest, "big")


def bucket(row: Row, key: list[int]) -> int:
    return zlib.crc32(as_bytes(tuple(row[position] for position in key))) % BUCKETS


def as_bytes(row: Row) -> bytes:
    return repr(row).encode("utf-8", "surrogatepass")


def quoted_for_source(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
