"""Record the binlogs of the folder `odd` again: `python -m tests.data.binlogs.record_odd [SERVER …]`.

Each server runs whatever it can of these statements, in several sessions. What is kept are its binlog files, and what
SELECT says of the tables in the end. tests/unit/mysql/test_odd_binlogs.py follows the files without a server and comes
to the same rows.
"""

import json
import sys
import tempfile
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.servers import Options, SourceServer, source_server
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.server import SourceServer as Inquiry
from pg_chameleon.mysql.structure.inspect import read_schemas
from tests.integration.test_decode_types import expected, selected

FOLDER = Path(__file__).parent / "odd"
SERVERS = ("mysql-9.7", "mysql-5.6", "mariadb-10.11", "mariadb-11.8")
OPTIONS = {"local_infile": 1, "binlog_row_event_max_size": 512}
PRODUCT_OPTIONS: dict[str, Options] = {
    "mariadb": {"log_bin_compress": 0, "log_bin_compress_min_len": 10},
    # With GTIDs, MySQL refuses transactions on engines of both kinds
    "mysql": {"gtid_mode": "OFF", "enforce_gtid_consistency": "OFF"},
}

Script = list[tuple[str, str]]


def script(text: str) -> Script:
    """Take statements, one a line, each after the name of its session."""
    lines = (line.strip() for line in text.strip().splitlines())
    return [(session, statement) for session, _, statement in (line.partition(": ") for line in lines if line)]


TABLES = script("""
    A: create database d character set utf8mb4
    A: create table d.a (id int auto_increment primary key, v varchar(30), n int, doc text)
    A: create table d.b (id int primary key, v varchar(30), n int) partition by hash (id) partitions 3
    A: create table d.h (x int, y varchar(10))
    A: create table d.u (k int not null, v varchar(10), unique (k))
    A: create table d.m (id int primary key, v varchar(10)) engine=MyISAM
    A: create table d.s (id int auto_increment primary key, v varchar(40))
    A: create table d.parent (id int primary key)
    A: create table d.child (id int primary key, p int, foreign key (p) references d.parent (id) on delete cascade)
""")
STATEMENTS = script("""
    A: use d
    A: load data local infile '{file}' into table a (v, n)
    A: insert into b select id, v, n from a
    A: update a join b using (id) set a.v = concat(a.v, '!'), b.n = a.n + 1, b.v = 'joined' where a.id < 4
    A: delete a, b from a join b using (id) where a.id = 2
    A: replace into a (id, v) values (3, 'replaced'), (2, 'back')
    A: insert into a (id, v) values (3, 'x'), (77, 'new') on duplicate key update v = concat(v, '+'), n = 5
    A: insert ignore into b values (1, 'no', 0), (78, 'yes', 0)
    A: insert into h values (1, 'same'), (1, 'same'), (1, 'same'), (2, null)
    A: delete from h where x = 1 limit 1
    A: update h set y = 'other' where x = 1 limit 1
    A: insert into u values (1, 'one'), (2, 'two'), (3, 'three')
    A: update u set k = k + 10 order by k desc
    A: delete from u where k = 12
    A: insert into parent values (1), (2), (3)
    A: insert into child values (10, 1), (11, 1), (12, 2)
    A: delete from parent where id = 1
    A: begin
    A: insert into a (v) values ('goes with the rollback')
    A: insert into m values (1, 'stays')
    A: rollback
    A: begin
    A: insert into a (v) values ('kept')
    A: insert into m values (2, 'kept')
    A: savepoint `s 1`
    A: insert into a (v) values ('undone')
    A: insert into m values (3, 'stays')
    A: rollback to savepoint `s 1`
    A: savepoint `s 1`
    A: insert into a (v) values ('kept too')
    A: release savepoint `s 1`
    A: commit
    A: create table c_like like a
    A: insert into c_like select * from a
    A: create table gone (id int primary key)
    A: insert into gone values (1)
    A: drop table gone
    A: truncate table b
    A: insert into b (id, v) values (5, 'after truncate')
    A: create temporary table hidden (id int)
    A: insert into hidden values (1)
    A: drop temporary table hidden
    A: alter table a add column (w int, x int), drop column n
    A: insert into a (v, w) values ('with w', 7)
    A: update a set x = 1 where v = 'with w'
    A: rename table c_like to c_renamed
    A: delete from c_renamed where id < 4
    B: use d
    B: begin
    B: insert into a (v) values ('before the rotation')
    A: flush logs
    A: insert into a (v) values ('first in the file')
    B: insert into m values (4, 'at once')
    B: insert into a (v) values ('after the rotation')
    B: commit
    A: insert into h select id, left(repeat(v, 20), 10) from a
    A: set @odd = 'a user variable', @@session.insert_id = 900
    A: set session binlog_format = mixed
    A: insert into s (v) values (uuid())
    A: insert into s (v) values (@odd)
    A: set session binlog_format = statement
    A: update s set v = 'statement'
    A: set session binlog_format = row
    A: update s set v = 'row' where id = 1
    A: set session binlog_row_image = minimal
    A: insert into a (id) values (5000)
    A: update a set id = 4000, doc = repeat('d', 600) where id = 5000
    A: update u set v = 'tiny'
    A: update h set y = 'whole' where x = 2
    A: delete from a where v = 'kept'
    A: set session binlog_row_image = noblob
    A: update a set v = 'no blob' where id = 4000
    A: set session binlog_row_image = full
    A: alter table u drop index k, add primary key (k)
    A: update u set k = k + 1 order by k desc
    A: xa start 'one','b',7
    A: insert into a (v) values ('in one phase')
    A: xa end 'one','b',7
    A: xa commit 'one','b',7 one phase
""")
XA = script("""
    B: xa start 'first'
    B: insert into a (v) values ('xa rolled back')
    B: xa end 'first'
    B: xa prepare 'first'
    C: use d
    C: xa start X'0001FF', 'branch', 3
    C: insert into a (v) values ('xa committed')
    C: insert into u values (50, 'xa')
    C: xa end X'0001FF', 'branch', 3
    C: xa prepare X'0001FF', 'branch', 3
    A: insert into a (v) values ('between')
    A: flush logs
    A: insert into a (v) values ('in the next file')
    C: xa commit X'0001FF', 'branch', 3
    B: xa rollback 'first'
    D: use d
    D: xa start 'empty'
    D: xa end 'empty'
    D: xa prepare 'empty'
    D: xa commit 'empty'
""")
PRODUCT_SCRIPTS: list[tuple[str, tuple[int, ...], Script]] = [
    ("mysql", (5, 7, 7), XA),
    ("mariadb", (10, 5), XA),
    (
        "mysql",
        (5, 6, 2),
        script("""
    A: set session binlog_rows_query_log_events = on
    A: update a set w = 1 where id = 3
    A: set session binlog_rows_query_log_events = off
"""),
    ),
    (
        "mysql",
        (8, 0, 21),
        script("""
    A: create table c_select (primary key (id)) as select id, v from a where id > 3
    A: update c_select set v = 'selected' limit 3
    A: set session binlog_transaction_compression = on
    A: begin
    A: insert into a (v) values ('compressed'), (repeat('c', 30))
    A: update u set v = 'payload'
    A: delete from h where x = 2
    A: commit
    A: set session binlog_transaction_compression = off
    A: create table j (id int primary key, doc json)
    A: insert into j values (1, '{"a": [1, {"b": 2}], "text": "long enough to be worth a change in place"}')
    A: set session binlog_row_value_options = partial_json
    A: update j set doc = json_set(doc, '$.a[1].b', 3)
    A: update j set doc = json_remove(json_array_insert(doc, '$.a[1]', 'x'), '$.text')
    A: update j set id = 2
    A: set session binlog_row_value_options = ''
    A: set global enforce_gtid_consistency = on
    A: set global gtid_mode = off_permissive
    A: set global gtid_mode = on_permissive
    A: insert into a (v) values ('with a name')
    A: set global gtid_mode = on
    A: set gtid_next = 'AUTOMATIC:tagged'
    A: insert into a (v) values ('tagged')
    A: set gtid_next = 'AUTOMATIC'
"""),
    ),
    (
        "mariadb",
        (10, 8),
        script("""
    A: create table c_select (primary key (id)) as select id, v from a where id > 3
    A: update c_select set v = 'selected' limit 3
    A: create or replace table c_select (id int primary key, again int)
    A: insert into c_select values (1, 1)
    A: set session binlog_annotate_row_events = on
    A: update a set w = 1 where id = 3
    A: set global log_bin_compress = on
    A: begin
    A: insert into a (v) values ('compressed'), (repeat('c', 30))
    A: insert into m values (9, 'outside')
    A: update u set v = 'payload'
    A: delete from h where x = 2
    A: commit
    A: create table a_table_with_a_name_that_is_long_enough_to_be_compressed (id int primary key)
    A: set global log_bin_compress = off
    A: set session binlog_alter_two_phase = 1
    A: alter table a add column two_phases int default 2, algorithm = copy
    A: insert into a (v) values ('after two phases')
    A: set session gtid_domain_id = 5
    A: insert into a (v) values ('another domain')
"""),
    ),
    (
        "mariadb",
        (11, 4),
        script("""
    A: set session binlog_row_image = full_nodup
    A: update a set v = 'no duplicate' where id = 3
    A: update h set y = 'nodup' limit 1
    A: set session binlog_row_image = full
"""),
    ),
]
LAST = script("""
    A: set global binlog_checksum = none
    A: insert into u values (60, 'unchecked')
    A: flush logs
""")


def main() -> None:
    for name in sys.argv[1:] or SERVERS:
        product = name.partition("-")[0]
        with source_server(name, options={**OPTIONS, **PRODUCT_OPTIONS[product]}, durable=False) as server:
            record(server, name)


def record(server: SourceServer, name: str) -> None:
    old_mysql = server.product == "mariadb" or server.version < (8, 2)
    server.execute("reset master" if old_mysql else "reset binary logs and gtids")
    statements = [*TABLES, *STATEMENTS]
    for product, since, extra in PRODUCT_SCRIPTS:
        if server.product == product and server.version >= since:
            statements += extra
    _run(server, [*statements, *LAST])
    files = [row[0] for row in server.execute("show binary logs")][:-1]
    for number, file in enumerate(files, 1):
        (FOLDER / f"{name}.{number}.binlog").write_bytes((server.data_folder / file).read_bytes())
    (FOLDER / f"{name}.json").write_text(json.dumps(_told(server), indent=1) + "\n", encoding="utf-8")


def _run(server: SourceServer, statements: Script) -> None:
    with ExitStack() as sessions, tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"line {number}\t{number * 10}\n" for number in range(1, 30)))
        file.flush()
        cursors: dict[str, Any] = {}
        for session, statement in statements:
            if session not in cursors:
                connection = sessions.enter_context(closing(server.connect(local_infile=True)))
                cursors[session] = connection.cursor()
                cursors[session].execute("set sql_mode = '', time_zone = '+00:00'")
            cursors[session].execute(statement.replace("{file}", file.name))


def _told(server: SourceServer) -> dict[str, Any]:
    """Return what the server says of itself and of the rows, as texts that Python's repr gives."""
    with closing(connect(SourceSettings(server.host, server.port, "root"))) as connection:
        traits = Inquiry(connection).traits()
        schemas = read_schemas(connection, ["d"])
    rows = {}
    for schema in schemas:
        columns = ", ".join(map(selected, schema.columns))
        found = server.execute(f"select {columns} from d.`{schema.name.table}`")
        rows[schema.name.table] = sorted(
            repr(tuple(expected(column, value) for column, value in zip(schema.columns, row, strict=True)))
            for row in found
        )
    return {"traits": {**asdict(traits), "version": traits.version.text}, "rows": rows}


if __name__ == "__main__":
    main()
