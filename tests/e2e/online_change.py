"""Online schema changes as the tools for them do them, statement by statement, beside a writer."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import deque
from contextlib import closing

from pymysql.cursors import Cursor

from lab.servers import SourceServer, provision_program

ROWS = 60
CHUNK = 20
ARCHIVE = "lhma_2024_02_29_12_00_00_000_hedgehog"
"""What LHM leaves behind."""
TOOL_LIMIT = 120.0
_UNTIL_WAITING = 0.3
"""How long a statement is given to come to wait for a lock."""


class Beside(threading.Thread):
    """Writes into a table until told to stop, and remembers what it did, as gh-ost reads it from the binlog."""

    def __init__(self, server: SourceServer, schema: str, table: str) -> None:
        super().__init__()
        self.done: deque[tuple[int, str | None]] = deque()
        self._server, self._schema, self._table = server, schema, table
        self._ended = threading.Event()
        self._random = random.Random(table)

    def run(self) -> None:
        with self._server.connect(self._schema) as connection, connection.cursor() as cursor:
            number = 0
            while not self._ended.is_set():
                number += 1
                key, value = self._random.randrange(1, 2 * ROWS), f"value {number}"
                if number % 3 == 0:
                    cursor.execute(f"delete from {self._table} where id = %s", (key,))
                    self.done.append((key, None))
                else:
                    statement = f"insert into {self._table} (id, v) values (%s, %s) on duplicate key update v = %s"
                    cursor.execute(statement, (key, value, value))
                    self.done.append((key, value))
                time.sleep(0.002)

    def end(self) -> None:
        self._ended.set()
        self.join()


def create(table: str) -> list[str]:
    """Return the statements that make a table with some rows."""
    values = ", ".join(f"({number}, 'row {number}')" for number in range(1, ROWS + 1))
    return [
        f"create table {table} (id int primary key, v varchar(40) not null default '', key by_v (v))",
        f"insert into {table} (id, v) values {values}",
    ]


def chunks() -> list[tuple[int, int]]:
    return [(first, first + CHUNK) for first in range(0, 2 * ROWS, CHUNK)]


def run_gh_ost(server: SourceServer, schema: str, table: str) -> None:
    """Migrate as gh-ost does: ghost and changelog, rows in chunks, the binlog applied, the atomic cut-over."""
    ghost, old = f"_{table}_gho", f"_{table}_del"
    with closing(server.connect(schema)) as connection, connection.cursor() as cursor:
        writer = Beside(server, schema, table)
        writer.start()
        for statement in (
            f"drop /* gh-ost */ table if exists `{schema}`.`{ghost}`",
            f"drop /* gh-ost */ table if exists `{schema}`.`_{table}_ghc`",
            f"create /* gh-ost */ table `{schema}`.`_{table}_ghc` (id bigint unsigned auto_increment, last_update"
            " timestamp not null default current_timestamp on update current_timestamp, hint varchar(64) charset ascii"
            " not null, value varchar(4096) charset ascii not null, primary key(id), unique key hint_uidx(hint))"
            " auto_increment=256 comment='gh-ost-changelog'",
            f"create /* gh-ost */ table `{schema}`.`{ghost}` like `{schema}`.`{table}`",
            f"alter /* gh-ost */ table `{schema}`.`{ghost}` add column w int not null default 5, modify v varchar(80)",
            f"insert /* gh-ost */ into `{schema}`.`_{table}_ghc` (id, hint, value) values (null, 'state', 'Migrated')",
        ):
            cursor.execute(statement)
        for first, last in chunks():
            cursor.execute(
                f"insert /* gh-ost `{schema}`.`{table}` */ ignore into `{schema}`.`{ghost}` (id, v) (select id, v from"
                f" `{schema}`.`{table}` force index (`PRIMARY`) where id > {first} and id <= {last} lock in share mode)"
            )
            _apply_binlog(writer, cursor, ghost)
        _cut_over(server, schema, writer, (table, ghost, old))
        writer.end()
        cursor.execute(f"drop /* gh-ost */ table if exists `{schema}`.`_{table}_ghc`")
        cursor.execute(f"drop /* gh-ost */ table if exists `{schema}`.`{old}`")


def _apply_binlog(writer: Beside, cursor: Cursor, ghost: str) -> None:
    while writer.done:
        key, value = writer.done.popleft()
        if value is None:
            cursor.execute(f"delete /* gh-ost */ from {ghost} where id = %s", (key,))
        else:
            cursor.execute(f"replace /* gh-ost */ into {ghost} (id, v) values (%s, %s)", (key, value))


def _cut_over(server: SourceServer, schema: str, writer: Beside, tables: tuple[str, str, str]) -> None:
    table, ghost, old = tables
    with (
        closing(server.connect(schema)) as locking,
        closing(server.connect(schema)) as renaming,
        locking.cursor() as lock,
        renaming.cursor() as rename,
    ):
        lock.execute(
            f"create /* gh-ost */ table `{schema}`.`{old}` (id int auto_increment primary key) engine=InnoDB"
            " comment='ghost-cut-over-sentry'"
        )
        lock.execute(f"lock /* gh-ost */ tables `{schema}`.`{table}` write, `{schema}`.`{old}` write")
        time.sleep(_UNTIL_WAITING)
        _apply_binlog(writer, rename, ghost)
        swap = threading.Thread(
            target=rename.execute,
            args=(
                f"rename /* gh-ost */ table `{schema}`.`{table}` to `{schema}`.`{old}`,"
                f" `{schema}`.`{ghost}` to `{schema}`.`{table}`",
            ),
        )
        swap.start()
        time.sleep(_UNTIL_WAITING)
        lock.execute(f"drop /* gh-ost */ table `{schema}`.`{old}`")
        lock.execute("unlock tables")
        swap.join()


def run_pt_osc(server: SourceServer, schema: str, table: str, *, underscores: int = 1) -> None:
    """Migrate as pt-online-schema-change does: three triggers keep the new table up to date."""
    new, old = f"{'_' * underscores}{table}_new", f"_{table}_old"
    with closing(server.connect(schema)) as connection, connection.cursor() as cursor:
        writer = Beside(server, schema, table)
        writer.start()
        cursor.execute(f"show create table {table}")
        row = cursor.fetchone()
        assert row is not None
        definition = row[1].replace(f"CREATE TABLE `{table}`", f"CREATE TABLE `{schema}`.`{new}`", 1)
        cursor.execute(definition)
        cursor.execute(f"ALTER TABLE `{schema}`.`{new}` add column w int not null default 5, modify v varchar(80)")
        for statement in _triggers(schema, table, new):
            cursor.execute(statement)
        for first, last in chunks():
            cursor.execute(
                f"INSERT LOW_PRIORITY IGNORE INTO `{schema}`.`{new}` (`id`, `v`) SELECT `id`, `v` FROM"
                f" `{schema}`.`{table}` FORCE INDEX(`PRIMARY`) WHERE ((`id` >= '{first}')) AND ((`id` < '{last}'))"
                " LOCK IN SHARE MODE /*pt-online-schema-change 4711 copy nibble*/"
            )
        cursor.execute(f"ANALYZE TABLE `{schema}`.`{new}` /* pt-online-schema-change */")
        cursor.execute(
            f"RENAME TABLE `{schema}`.`{table}` TO `{schema}`.`{old}`, `{schema}`.`{new}` TO `{schema}`.`{table}`"
        )
        cursor.execute(f"DROP TABLE IF EXISTS `{schema}`.`{old}`")
        for kind in ("del", "upd", "ins"):
            cursor.execute(f"DROP TRIGGER IF EXISTS `{schema}`.`pt_osc_{schema}_{table}_{kind}`")
        writer.end()


def _triggers(schema: str, table: str, new: str) -> list[str]:
    on = f"ON `{schema}`.`{table}` FOR EACH ROW BEGIN DECLARE CONTINUE HANDLER FOR 1146 begin end;"
    target = f"`{schema}`.`{new}`"
    put = f"REPLACE INTO {target} (`id`, `v`) VALUES (NEW.`id`, NEW.`v`);"
    name = f"CREATE TRIGGER `pt_osc_{schema}_{table}"
    gone = f"{target}.`id` <=> OLD.`id`"
    return [
        f"{name}_del` AFTER DELETE {on} DELETE IGNORE FROM {target} WHERE {gone}; END",
        f"{name}_upd` AFTER UPDATE {on}"
        f" DELETE IGNORE FROM {target} WHERE !(OLD.`id` <=> NEW.`id`) AND {gone}; {put} END",
        f"{name}_ins` AFTER INSERT {on} {put} END",
    ]


def run_real_pt_osc(server: SourceServer, schema: str, table: str, alter: str, *arguments: str) -> None:
    """Migrate with the pt-online-schema-change that Percona made, beside a writer."""
    program = provision_program("pt-online-schema-change", "percona-toolkit")
    writer = Beside(server, schema, table)
    writer.start()
    try:
        result = subprocess.run(
            [
                *(program, "--execute", "--alter", alter, *arguments, "--chunk-size", str(CHUNK)),
                *("--recursion-method", "none", "--no-version-check", "--no-check-unique-key-change"),
                f"h={server.host},P={server.port},u=root,D={schema},t={table}",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TOOL_LIMIT,
            check=False,
        )
    finally:
        writer.end()
    assert result.returncode == 0, result.stdout


def run_facebook_osc(server: SourceServer, schema: str, table: str) -> None:
    """Migrate as Facebook's OSC does: triggers note changes in a table of its own, and two renames swap."""
    new, old, changes = f"__osc_new_{table}", f"__osc_old_{table}", f"__osc_chg_{table}"
    with closing(server.connect(schema)) as connection, connection.cursor() as cursor:
        for statement in (
            f"CREATE TABLE `{new}` LIKE `{table}`",
            f"ALTER TABLE `{new}` ADD COLUMN w int not null default 5",
            f"CREATE TABLE `{changes}` (`__OSC_ID` INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"
            " `__OSC_TYPE` TINYINT(1) NOT NULL, id int, v varchar(40))",
            f"INSERT IGNORE INTO `{new}` (`id`, `v`) SELECT `id`, `v` FROM `{table}`",
            f"LOCK TABLE `{table}` WRITE, `{new}` WRITE",
            f"ALTER TABLE `{table}` RENAME `{old}`",
            f"ALTER TABLE `{new}` RENAME `{table}`",
            "UNLOCK TABLES",
            f"DROP TABLE `{old}`",
            f"DROP TABLE `{changes}`",
        ):
            cursor.execute(statement)


def run_lhm(server: SourceServer, schema: str, table: str) -> None:
    """Migrate as LHM does: the former table stays as an archive."""
    new, old = f"lhmn_{table}", ARCHIVE
    with closing(server.connect(schema)) as connection, connection.cursor() as cursor:
        for statement in (
            f"create table `{new}` like `{table}`",
            f"alter table `{new}` add column w int not null default 5",
            f"insert ignore into `{new}` (`id`, `v`) select `id`, `v` from `{table}` where `id` between 1 and 1000",
            f"rename table `{table}` to `{old}`, `{new}` to `{table}`",
        ):
            cursor.execute(statement)
