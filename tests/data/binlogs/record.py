"""Record the binlogs of this folder again: `python -m tests.data.binlogs.record`.

Each server runs the same odd statements. What is kept are its binlog files, and the structures of the tables, in which
tests/unit/mysql/test_recorded_binlogs.py then expects what the statements did, without a server.
"""

import json
import tempfile
from contextlib import closing
from pathlib import Path

from lab.servers import SourceServer, source_server
from pg_chameleon.model.schema import schema_to_json
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.structure.inspect import read_schemas

FOLDER = Path(__file__).parent
SERVERS = ("mysql-9.7", "mariadb-10.11")
MARIADB_OPTIONS = {"log_bin_compress": 0, "log_bin_compress_min_len": 10}

STRUCTURE = [
    "create database d",
    "use d",
    """create table t (id int unsigned primary key, v varchar(20) character set latin1, price decimal(10,2),
       at timestamp(3) null, kind enum('a','b'), doc json)""",
    "create table m (id int primary key) engine=MyISAM",
]
COMMON = [
    "insert into t values (1, 'é', -1.50, '2024-02-29 12:34:56.789', 'b', '{\"k\": [1, 2.5, null]}')",
    "update t set id = 4294967295, v = null",
    "delete from t",
    "begin",
    "insert into t (id) values (1)",
    "savepoint s",
    "insert into t (id) values (2)",
    "rollback to s",
    "commit",
    "insert into m values (1)",
    "xa start 'x'",
    "insert into t (id) values (3)",
    "xa end 'x'",
    "xa prepare 'x'",
    "xa commit 'x'",
    "xa start 'y'",
    "insert into t (id) values (4)",
    "xa end 'y'",
    "xa prepare 'y'",
    "xa rollback 'y'",
    "set binlog_format = statement",
    "insert into t (id, v) values (5, @@port)",
    "load data local infile '{file}' into table t (id)",
    "set binlog_format = row",
]
MYSQL_ONLY = [
    "set binlog_transaction_compression = on",
    "begin",
    "insert into t (id, v) values (10, repeat('x', 20)), (11, repeat('x', 20))",
    "update t set v = 'y' where id = 11",
    "commit",
    "set binlog_transaction_compression = off",
    "set gtid_next = 'AUTOMATIC:recorded'",
    "insert into t (id) values (12)",
    "set gtid_next = 'AUTOMATIC'",
    'insert into t (id, doc) values (13, \'{"list": [1, 2, 3], "text": "a text that is long enough"}\')',
    "set binlog_row_value_options = partial_json",
    "update t set doc = json_set(doc, '$.list[1]', 'two') where id = 13",
    "set binlog_row_value_options = ''",
]
MARIADB_ONLY = [
    "set global log_bin_compress = on",
    "insert into t (id, v) values (10, repeat('x', 20)), (11, repeat('x', 20))",
    "update t set v = 'y' where id = 11",
    "create table compressed_statement (id int primary key, a_long_name_that_compresses int)",
    "set global log_bin_compress = off",
    "set binlog_annotate_row_events = on",
    "begin",
    "insert into t (id) values (12)",
    "insert into m values (2)",
    "savepoint s",
    "insert into t (id) values (13)",
    "rollback to s",
    "commit",
]
SECOND_FILE = ["set global binlog_checksum = none", "insert into t (id) values (20)", "flush logs"]


def main() -> None:
    for name in SERVERS:
        options = MARIADB_OPTIONS if name.startswith("mariadb") else {}
        with source_server(name, options={**options, "local_infile": 1}, durable=False) as server:
            record(server, name)


def record(server: SourceServer, name: str) -> None:
    server.execute("reset master" if server.product == "mariadb" else "reset binary logs and gtids")
    own = MYSQL_ONLY if server.product == "mysql" else MARIADB_ONLY
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("6\n")
        file.flush()
        with closing(server.connect(local_infile=True)) as connection, connection.cursor() as cursor:
            cursor.execute("set sql_mode = '', time_zone = '+00:00'")
            for statement in [*STRUCTURE, *COMMON, *own, *SECOND_FILE]:
                cursor.execute(statement.replace("{file}", file.name))
    for number in (1, 2):
        content = (server.data_folder / f"binlog.{number:06d}").read_bytes()
        (FOLDER / f"{name}.{number}.binlog").write_bytes(content)
    with closing(connect(SourceSettings(server.host, server.port, "root"))) as connection:
        structures = [schema_to_json(table) for table in read_schemas(connection, ["d"])]
    (FOLDER / f"{name}.json").write_text(json.dumps(structures, indent=1) + "\n")


if __name__ == "__main__":
    main()
