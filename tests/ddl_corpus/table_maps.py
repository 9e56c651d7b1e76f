"""Compare table maps with tracked structures: ``python -m tests.ddl_corpus.table_maps mysql-9.7``.

Each CREATE TABLE of the corpus is executed on a real server that writes all metadata, followed by a row. The structure
that the tracker makes of the statement is then held against the table map, as the replica does it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from lab.servers import SourceServer, source_server
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.errors import DdlRefused, DecodeError
from pg_chameleon.model.change import RowsEvent, StatementEvent, StreamEvent
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.decode.layout import check_table_map
from pg_chameleon.mysql.server import SourceServer as Inquiry
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.replica.read.reader import schema_defaults
from tests.ddl_corpus.live import ServerGone, quoted
from tests.ddl_corpus.truth import read_lines

SCHEMA = "corpus"
SERVER_ID = 4_000_001
_STRICT = 1 << 21 | 1 << 22
_LOST = (0, 2006, 2013)
_TABLES = "select table_name from information_schema.tables where table_schema = %s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="such as mysql-9.7")
    parser.add_argument("--path", type=Path, default=Path(__file__).parents[3] / "shared/corpora/ddl")
    arguments = parser.parse_args()
    tally: Counter[str] = Counter()
    with source_server(arguments.server, durable=False) as server:
        server.execute("set global binlog_row_metadata = full")
        settings = SourceSettings(server.host, server.port, "root")
        with closing(connect(settings)) as control:
            start = Inquiry(control).position()
            structures = Structures(
                Inquiry(control).traits(),
                schema_defaults=dict(schema_defaults(control)),
                mapped=frozenset([SCHEMA]),
            )
            execute_all(server, arguments.path, tally)
            end = Inquiry(control).position().binlog
        for difference in differences(structures, events(settings, start, end), tally):
            print(difference)
    print(", ".join(f"{count} {what}" for what, count in tally.most_common()))


def execute_all(server: SourceServer, path: Path, tally: Counter[str]) -> None:
    """Execute every CREATE TABLE in an empty schema, and write a row into what it makes."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        for document in read_lines(path / "statements.jsonl"):
            if document["class"] == "create_table" and document["status"] in ("accepted", "mysql-unverified"):
                try:
                    execute(cursor, document)
                except pymysql.MySQLError as error:
                    if error.args[0] in _LOST:
                        raise ServerGone(document["stmt"]) from error
                    tally["refused by the server"] += 1


def execute(cursor: Cursor, document: dict[str, Any]) -> None:
    for statement in (f"drop database if exists {SCHEMA}", f"create database {SCHEMA}", f"use {SCHEMA}"):
        cursor.execute(statement)
    mode = document.get("sql_mode", 0) & ~_STRICT
    cursor.execute("set foreign_key_checks = 0, sql_mode = %s", (mode,))
    cursor.execute(document["stmt"])
    cursor.execute("set sql_mode = ''")
    cursor.execute(_TABLES, (SCHEMA,))
    for (table,) in cursor.fetchall():
        cursor.execute(f"insert into {quoted(table)} () values ()")


def events(settings: SourceSettings, start: Position, end: BinlogPosition) -> Iterator[StreamEvent]:
    with BinlogStream(settings, server_id=SERVER_ID, start=start) as stream:
        while stream.position.binlog < end:
            event = stream.next(1)
            if event is not None:
                yield event


def differences(structures: Structures, found: Iterator[StreamEvent], tally: Counter[str]) -> Iterator[str]:
    """Follow the statements, and compare each table map of a row with the structure that is tracked then."""
    last = ""
    for event in found:
        if isinstance(event, StatementEvent):
            last = event.statement
            follow(structures, event)
        elif isinstance(event, RowsEvent) and event.table.name.schema == SCHEMA:
            schema = structures.table(event.table.name)
            try:
                if schema is not None:
                    check_table_map(event.table, schema)
                tally["unknown" if schema is None else "fit"] += 1
            except DecodeError as error:
                tally["differ"] += 1
                yield f"{error.message}\n    {' '.join(last.split())[:200]}"


def follow(structures: Structures, event: StatementEvent) -> None:
    try:
        statement = parse(
            event.statement,
            sql_mode=event.sql_mode,
            default_schema=event.schema,
            mariadb=structures.server.mariadb,
        )
    except DdlRefused:
        return
    structures.move(statement, changes_by(statement, structures, error_code=event.error_code, offset=lambda: 0))


if __name__ == "__main__":
    main()
