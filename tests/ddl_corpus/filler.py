"""Rows for whatever tables there are: some are inserted, one is changed, one removed."""

from __future__ import annotations

import random
from collections.abc import Collection

from pymysql.connections import Connection
from pymysql.cursors import Cursor
from pymysql.err import MySQLError

from lab.workload.structure import COLUMNS, Column, Table, query, quoted, read_json_columns
from lab.workload.values import Value, random_value
from tests.ddl_corpus.live import is_lost

_INSERTED = 3
_LARGEST = 2**63 - 1
_SESSION = "set session sql_mode = '', foreign_key_checks = 0, time_zone = '+00:00', lock_wait_timeout = 20"
# Whoever refers to a table with such a rule changes its rows below the binlog.
_RULED = """
select count(*) from information_schema.referential_constraints
where unique_constraint_schema = %s and referenced_table_name = %s
and (delete_rule not in ('NO ACTION', 'RESTRICT') or update_rule not in ('NO ACTION', 'RESTRICT'))"""


class Filler:
    """Writes to tables between the statements of a sequence; what a server refuses is skipped."""

    def __init__(self, connection: Connection[Cursor], seed: int) -> None:
        self._connection = connection
        self._chance = random.Random(seed)
        self.written = 0
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)

    def fill(self, schema: str, wanted: Collection[str]) -> None:
        """Change some rows of the tables named."""
        for table in self._tables(schema, wanted):
            name = f"{quoted(schema)}.{quoted(table.name)}"
            for _ in range(_INSERTED):
                self._insert(name, table)
            self._update(name, table)
            ((rules,),) = query(self._connection, _RULED, (schema, table.name))
            if not rules and self._chance.random() < 0.5:
                self._execute(f"delete from {name} limit 1", [])

    def _tables(self, schema: str, wanted: Collection[str]) -> list[Table]:
        tables: dict[str, Table] = {}
        for name, *rest in query(self._connection, COLUMNS, (schema,)):
            tables.setdefault(name, Table(name, [])).columns.append(Column(*rest))
        read_json_columns(self._connection, schema, tables)
        folded = {name.casefold() for name in wanted}
        return [table for name, table in tables.items() if name.casefold() in folded]

    def _insert(self, name: str, table: Table) -> None:
        row = [(column, self._value(column)) for column in table.writable if not column.automatic]
        names = ", ".join(quoted(column.name) for column, _ in row)
        places = ", ".join(expression for _, (expression, _) in row)
        self._execute(f"insert into {name} ({names}) values ({places})", [value for _, (_, value) in row])

    def _update(self, name: str, table: Table) -> None:
        """Give one column of a row another value; the server refuses it where it would break a key."""
        columns = [column for column in table.writable if not column.automatic]
        if columns:
            column = self._chance.choice(columns)
            expression, value = self._value(column)
            self._execute(f"update {name} set {quoted(column.name)} = {expression} limit 1", [value])

    def _value(self, column: Column) -> Value:
        expression, value = random_value(self._chance, column)
        # Above is what the target does not hold where the column is one of a foreign key.
        return expression, min(value, _LARGEST) if isinstance(value, int) else value

    def _execute(self, statement: str, parameters: list[object]) -> None:
        try:
            with self._connection.cursor() as cursor:
                self.written += cursor.execute(statement, parameters)
        except MySQLError as error:
            if is_lost(error):
                raise
