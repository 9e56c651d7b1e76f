"""A writer: transactions of inserts, updates and deletes on whatever tables it finds."""

import random
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from pymysql.err import MySQLError

from lab.workload.pools import Pools
from lab.workload.structure import Connect, Key, Table, quoted, read_tables
from lab.workload.values import new_value, random_value

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

    from lab.workload.probe import Probe

# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
STRUCTURE_CHANGED = {1054, 1136, 1146, 1412, 1932}
TRANSACTION_LOST = {1205, 1213}
CONNECTION_LOST = range(2000, 3000)
MIX = {
    "insert": 28,
    "insert_many": 6,
    "update": 34,
    "update_many": 6,
    "update_key": 6,
    "replace": 4,
    "delete": 13,
    "delete_many": 3,
}
ROLLED_BACK = 0.03
SAVEPOINT = 0.06
LOOK_AGAIN_AFTER = 250  # transactions
# Types whose values are not found again by what was read of them.
INEXACT = {"float", "double", "json", "bit", "text", "mediumtext", "longtext"}


@dataclass(slots=True)
class Tally:
    """What a writer did; only what was committed counts as changes."""

    transactions: int = 0
    changes: int = 0
    refused: int = 0
    rolled_back: int = 0
    by_action: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"{self.changes:,} row changes in {self.transactions:,} transactions"


class Writer:
    """Writes random changes, the same for the same seed and data.

    What the server refuses is rolled back. Left alone is what makes the server change further rows by the rule
    of a foreign key, because few servers write those changes into the binlog. `truncated` names tables that
    are emptied by TRUNCATE now and then. `stop` ends a run early, between two transactions.
    """

    def __init__(
        self,
        connect: Connect,
        schema: str,
        *,
        seed: int = 1,
        skip: Collection[str] = (),
        truncated: Collection[str] = (),
        probe: "Probe | None" = None,
        stop: Event | None = None,
    ) -> None:
        self.rng = random.Random(seed)
        self.schema = schema
        self.skip = set(skip)
        self.truncated = sorted(truncated)
        self.probe = probe
        self.stop = stop or Event()
        self.tally = Tally()
        self.connection = connect()
        self.connection.autocommit(False)
        with self.connection.cursor() as cursor:
            cursor.execute(f"use {quoted(schema)}", ())
            cursor.execute("set session time_zone = '+00:00'")
            # A deadlock with DDL that the server does not see must end: its default is a day.
            cursor.execute("set session lock_wait_timeout = 20")
        self._look_at_tables()

    def run(self, transactions: int, changes: int) -> Tally:
        """Commit so many transactions with, in all, at least so many row changes."""
        first = Tally(self.tally.transactions, self.tally.changes)
        while not self.stop.is_set():
            left = transactions - (self.tally.transactions - first.transactions)
            if left <= 0:
                break
            wanted = changes - (self.tally.changes - first.changes)
            self._write_transaction(max(1, round(self.rng.uniform(0, 2) * wanted / left)) if left > 1 else wanted)
        return self.tally

    def run_at(self, rate: float, seconds: float, changes: int = 3) -> Tally:
        """Commit `rate` transactions a second for some seconds, each with about so many row changes."""
        began = time.monotonic()
        for number in range(int(rate * seconds)):
            if self.stop.wait(max(0.0, began + number / rate - time.monotonic())):
                break
            self._write_transaction(changes)
        return self.tally

    def close(self) -> None:
        self.connection.close()

    def _look_at_tables(self) -> None:
        self.connection.rollback()
        tables = read_tables(self.connection, self.schema)
        self.tables = {name: table for name, table in tables.items() if name not in self.skip}
        self.pools = Pools(self.connection, self.tables)
        self.connection.commit()

    def _write_transaction(self, changes: int) -> None:
        """Write one transaction, all of it or, if the server refuses a part, the rest of it."""
        if self.tally.transactions % LOOK_AGAIN_AFTER == LOOK_AGAIN_AFTER - 1:
            self._look_at_tables()
        written: Counter[str] = Counter()
        with self.connection.cursor() as cursor:
            try:
                self._fill_transaction(cursor, changes, written)
                self._end_transaction(cursor, written)
            except MySQLError as error:
                self._recover(error)

    def _fill_transaction(self, cursor: "Cursor", changes: int, written: Counter[str]) -> None:
        attempts = 0
        while written.total() < changes and attempts < 3 * changes + 20:
            attempts += 1
            if self.rng.random() < SAVEPOINT:
                cursor.execute("savepoint here")
                self._try_change(cursor, Counter())
                cursor.execute("rollback to savepoint here")
            else:
                self._try_change(cursor, written)

    def _end_transaction(self, cursor: "Cursor", written: Counter[str]) -> None:
        if self.rng.random() < ROLLED_BACK:
            self.connection.rollback()
            self.tally.rolled_back += 1
            return
        number = self.probe.write(cursor) if self.probe else 0
        self.connection.commit()
        if self.probe:
            self.probe.committed(number)
        self.tally.transactions += 1
        self.tally.changes += written.total()
        self.tally.by_action += written
        if self.truncated and self.rng.random() < 0.01:
            cursor.execute(f"truncate table {quoted(self.rng.choice(self.truncated))}", ())

    def _recover(self, error: MySQLError) -> None:
        code = error.args[0]
        if code in CONNECTION_LOST or not code:
            raise error
        self.connection.rollback()
        self.tally.rolled_back += 1
        if code in STRUCTURE_CHANGED:
            self._look_at_tables()

    def _try_change(self, cursor: "Cursor", written: Counter[str]) -> None:
        """Make one change, unless the server refuses it."""
        (action,) = self.rng.choices(list(MIX), weights=list(MIX.values()))
        table = self.tables[self.rng.choice(sorted(self.tables))]
        try:
            written[action] += getattr(self, f"_{action}")(cursor, table)
        except MySQLError as error:
            code = error.args[0]
            if code in STRUCTURE_CHANGED or code in TRANSACTION_LOST or code in CONNECTION_LOST or not code:
                raise
            self.tally.refused += 1

    def _insert(self, cursor: "Cursor", table: Table, rows: int = 1, verb: str = "insert") -> int:
        """Insert rows, with the values of keys that the server gives left to it."""
        columns = [column for column in table.writable if not column.automatic]
        values = [self._row(table) for _ in range(rows)]
        written = ", ".join(f"({', '.join(row[column.name][0] for column in columns)})" for row in values)
        names = ", ".join(quoted(column.name) for column in columns)
        parameters = [row[column.name][1] for row in values for column in columns]
        cursor.execute(f"{verb} into {quoted(table.name)} ({names}) values {written}", parameters)
        for row in values:
            self.pools.added(table, {name: value for name, (_, value) in row.items()}, cursor.lastrowid)
        return rows

    def _insert_many(self, cursor: "Cursor", table: Table) -> int:
        return self._insert(cursor, table, self.rng.randint(2, 12))

    def _replace(self, cursor: "Cursor", table: Table) -> int:
        """Insert a row in place of one that has the same key: an update, or a delete and an insert."""
        key = self.pools.key_of_some_row(table, self.rng)
        if key is None or not table.rows_may_go:
            return 0
        row = {
            **self._row(table),
            **{name: ("%s", value) for name, value in zip(table.key, key, strict=True)},
        }
        columns = [column.name for column in table.writable]
        names = ", ".join(map(quoted, columns))
        values = ", ".join(row[name][0] for name in columns)
        parameters = [row[name][1] for name in columns]
        cursor.execute(f"replace into {quoted(table.name)} ({names}) values ({values})", parameters)
        return 1

    def _row(self, table: Table) -> dict[str, tuple[str, object]]:
        """Make the values of a row; those of foreign keys are taken from the tables that they refer to."""
        row = {column.name: random_value(self.rng, column) for column in table.writable}
        for reference in table.references:
            parent_key = self.pools.key_of_some_parent(reference, self.rng)
            nullable = all(column.nullable for column in table.columns if column.name in reference.columns)
            if parent_key is None or (nullable and self.rng.random() < 0.2):
                parent_key = (None,) * len(reference.columns)
            row.update({name: ("%s", value) for name, value in zip(reference.columns, parent_key, strict=True)})
        return row

    def _update(self, cursor: "Cursor", table: Table, rows: int = 1) -> int:
        """Give some columns of rows new values."""
        columns = table.plain
        if not columns:
            return 0
        chosen = self.rng.sample(columns, k=self.rng.randint(1, min(3, len(columns))))
        values = {column.name: new_value(self.rng, column) for column in chosen}
        where, parameters = self._some_rows(cursor, table, rows)
        if not where:
            return 0
        assignments = ", ".join(f"{quoted(name)} = {value[0]}" for name, value in values.items())
        statement = f"update {quoted(table.name)} set {assignments} where {where}"
        return cursor.execute(statement, [*(value[1] for value in values.values()), *parameters])

    def _update_many(self, cursor: "Cursor", table: Table) -> int:
        return self._update(cursor, table, self.rng.randint(2, 30))

    def _update_key(self, cursor: "Cursor", table: Table) -> int:
        """Give a row another key: one that is free again, or a new one."""
        key = self.pools.key_of_some_row(table, self.rng)
        if key is None or not table.key_may_change:
            return 0
        new_key = self.pools.free_key(table, self.rng)
        if new_key is None:
            if any(column.automatic for column in table.columns):
                return 0
            row = self._row(table)
            new_key = tuple(row[name][1] for name in table.key)
        assignments = ", ".join(f"{quoted(name)} = %s" for name in table.key)
        where, parameters = where_key_is(table, [key])
        statement = f"update {quoted(table.name)} set {assignments} where {where}"
        changed = cursor.execute(statement, [*new_key, *parameters])
        self.pools.moved(table, key, new_key)
        return changed

    def _delete(self, cursor: "Cursor", table: Table, rows: int = 1) -> int:
        if not table.rows_may_go:
            return 0
        where, parameters = self._some_rows(cursor, table, rows)
        if not where:
            return 0
        return cursor.execute(f"delete from {quoted(table.name)} where {where}", parameters)

    def _delete_many(self, cursor: "Cursor", table: Table) -> int:
        return self._delete(cursor, table, self.rng.randint(2, 8))

    def _some_rows(self, cursor: "Cursor", table: Table, rows: int) -> tuple[str, list[object]]:
        """Return a condition, with its parameters, that some row fulfils, or several."""
        if not table.key:
            return self._some_rows_without_key(cursor, table, rows)
        keys = [key for _ in range(rows) if (key := self.pools.key_of_some_row(table, self.rng))]
        return where_key_is(table, list(dict.fromkeys(keys)))

    def _some_rows_without_key(self, cursor: "Cursor", table: Table, rows: int) -> tuple[str, list[object]]:
        columns = [column for column in table.columns if column.data_type not in INEXACT]
        names = ", ".join(quoted(column.name) for column in columns)
        offset = self.rng.randrange(100)
        cursor.execute(f"select {names} from {quoted(table.name)} limit {offset}, 1", ())
        row = cursor.fetchone()
        if row is None:
            return "", []
        where = " and ".join(f"{quoted(column.name)} <=> %s" for column in columns)
        return f"{where} limit {rows}", list(row)


def where_key_is(table: Table, keys: list[Key]) -> tuple[str, list[object]]:
    """Write the condition that a row has one of some keys."""
    one = " and ".join(f"{quoted(name)} = %s" for name in table.key)
    return " or ".join([f"({one})"] * len(keys)), [value for key in keys for value in key]
