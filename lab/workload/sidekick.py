"""A second connection that changes the structure of the tables while a writer fills them."""

import random
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from threading import Event
from typing import TYPE_CHECKING

from pymysql.err import MySQLError

from lab.workload.structure import Connect, Table, query, quoted, read_tables

if TYPE_CHECKING:
    from lab.workload.structure import SourceConnection

NEW_COLUMNS = (
    "int",
    "varchar(50) not null default 'new ☂'",
    "decimal(8,3) default -1.5",
    "datetime not null default '2024-02-29 12:00:00'",
    "enum('a','b') not null default 'b'",
    "tinyint unsigned not null default 200",
    "text",
    "bit(5) default b'10101'",
)
LOCKED = {1205, 1213}
ATTEMPTS = 20


class DdlSidekick:
    """Runs DDL of every everyday kind, one statement after the other, the same for the same seed.

    Tables named in `fixed` keep their names.
    """

    def __init__(self, connect: Connect, schema: str, *, seed: int = 1, fixed: Collection[str] = ()) -> None:
        self.connect = connect
        self.schema = schema
        self.fixed = set(fixed)
        self.rng = random.Random(seed)
        self.number = 0
        self.statements: list[str] = []
        self.refused: list[str] = []

    def run(self, rounds: int, pause: float, stop: Event | None = None) -> list[str]:
        """Run rounds of all kinds of statements with a pause after each; return what the server accepted."""
        kinds = (
            *(self._add_column, self._add_index, self._create_table, self._rename_table, self._create_view),
            *(self._grant, self._widen_column, self._drop_column, self._create_and_alter),
        )
        with closing(self.connect()) as connection:
            connection.select_db(self.schema)
            with connection.cursor() as cursor:
                cursor.execute("set session lock_wait_timeout = 50")
            # An ALTER that waits for a table's lock while the writer waits for the ALTER is a deadlock that no
            # server sees: one lock is InnoDB's, the other the server's.
            query(connection, "set session innodb_lock_wait_timeout = 1")
            for kind in kinds * rounds:
                self.number += 1
                tables = read_tables(connection, self.schema)
                for statement in kind(self.rng.choice([tables[name] for name in sorted(tables)])):
                    self._execute(connection, statement)
                if stop is not None and stop.is_set():
                    break
                time.sleep(pause)
        return self.statements

    def _execute(self, connection: "SourceConnection", statement: str) -> None:
        for attempt in range(ATTEMPTS):
            try:
                query(connection, statement, ())
            except MySQLError as error:
                if error.args[0] not in LOCKED or attempt == ATTEMPTS - 1:
                    self.refused.append(f"{statement}: {error}")
                    return
            else:
                self.statements.append(statement.replace("%%", "%"))
                return

    def _add_column(self, table: Table) -> Sequence[str]:
        place = self.rng.choice(["", " first", f" after {quoted(table.columns[0].name)}"])
        kind = self.rng.choice(NEW_COLUMNS)
        return [f"alter table {quoted(table.name)} add column new_{self.number} {kind}{place}"]

    def _add_index(self, table: Table) -> Sequence[str]:
        indexed = [each for each in table.columns if each.data_type in ("int", "datetime", "varchar", "decimal")]
        column = self.rng.choice(indexed or table.columns)
        return [f"alter table {quoted(table.name)} add index index_{self.number} ({quoted(column.name)})"]

    def _rename_table(self, table: Table) -> Sequence[str]:
        if table.name in self.fixed:
            return []
        return [f"rename table {quoted(table.name)} to {quoted(f'{table.name[:40]} {self.number}')}"]

    def _create_table(self, _: Table) -> Sequence[str]:
        name = f"made_{self.number}"
        return [
            f"create table {name} (id int unsigned not null auto_increment primary key,"
            " word varchar(60) not null, at timestamp(3) not null default current_timestamp(3),"
            " amount decimal(9,2) unsigned)",
            f"insert into {name} (word, amount) values ('at once', 1.50), ('NULL', null), ('🪁', 99)",
            f"update {name} set amount = 2 where id = 1",
        ]

    def _create_and_alter(self, _: Table) -> Sequence[str]:
        name = f"altered_{self.number}"
        return [
            f"create table {name} (id int primary key, a varchar(10))",
            f"alter table {name} add column b int not null default 7, change a a2 varchar(20), add key (b)",
            f"insert into {name} (id, a2) values (1, 'one'), (2, null)",
        ]

    def _create_view(self, table: Table) -> Sequence[str]:
        return [f"create or replace view view_{self.number} as select * from {quoted(table.name)}"]

    def _grant(self, table: Table) -> Sequence[str]:
        return [f"grant select, show view on {quoted(self.schema)}.{quoted(table.name)} to 'usr_replica'@'%%'"]

    def _widen_column(self, table: Table) -> Sequence[str]:
        texts = [each for each in table.plain if each.data_type == "varchar" and (each.length or 0) < 150]
        if not texts:
            return []
        column = self.rng.choice(texts)
        null = "null" if column.nullable else "not null"
        name, length = quoted(column.name), (column.length or 0) + 30
        return [f"alter table {quoted(table.name)} modify {name} varchar({length}) {null}"]

    def _drop_column(self, table: Table) -> Sequence[str]:
        own = [column for column in table.columns if column.name.startswith("new_")]
        if not own:
            return []
        return [f"alter table {quoted(table.name)} drop column {quoted(self.rng.choice(own).name)}"]
