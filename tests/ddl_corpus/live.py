"""Make sequences with ground truth out of the corpus by running its statements on a real server."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from lab.servers import SourceServer, source_server
from tests.ddl_corpus.truth import NUMERIC, Structure, read_lines

SYSTEM_SCHEMAS = ("mysql", "sys", "information_schema", "performance_schema")
SYSTEM = re.compile(rf"\b(?:{'|'.join(SYSTEM_SCHEMAS)})\b", re.I)
UNVERIFIED = "mysql-unverified"
_FOLLOWED = ("accepted", "parsed-only", UNVERIFIED)
_USE = re.compile(r"use `((?:[^`]|``)+)`; ")
_LOST = (0, 2006, 2013)  # what the client says when the connection is gone
_XID = re.compile(r" /\* xid=\d+ \*/$")
# sql_modes that no longer exist on any server are dropped from the session's mode
MODES_EVERYWHERE = 0b111 | 1 << 3 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 24 | 1 << 25 | 1 << 30


class Task(NamedTuple):
    """A statement to execute. ``schema``: the default database, if it is another one than before."""

    schema: str | None
    statement: str
    sql_mode: int
    unverified: bool = False


Work = tuple[str, list[Task]]


class ServerGone(Exception):
    """The server did not survive a statement; some of the corpus are from reports of crashes."""


def recorded_sequences(name: str, path: Path) -> Iterator[dict[str, Any]]:
    """Yield documents like those of ``sequences.jsonl``, with what a server makes of the statements."""
    work = deque(_work(path))
    while work:
        with source_server(name, durable=False) as server:
            while work:
                try:
                    yield _recorded(server, *work.popleft())
                except ServerGone:
                    break


def is_lost(error: pymysql.err.MySQLError) -> bool:
    """Tell whether the connection is gone, not only a statement refused."""
    return not error.args or error.args[0] in _LOST


def _work(path: Path) -> Iterator[Work]:
    for (source, unit), group in groupby(read_lines(path / "statements.jsonl"), lambda d: (d["source"], d["unit"])):
        tasks = [
            Task(None, d["stmt"], d.get("sql_mode", 0), d["status"] == UNVERIFIED)
            for d in group
            if d["status"] in _FOLLOWED
        ]
        yield f"{source} {unit}", tasks
    for document in read_lines(path / "sequences.jsonl"):
        yield document["id"], [Task(step["db"], step["stmt"], step.get("sql_mode", 0)) for step in document["steps"]]


def _recorded(server: SourceServer, name: str, tasks: list[Task]) -> dict[str, Any]:
    with server.connect() as connection, connection.cursor() as cursor:
        recorder = _Recorder(cursor)
        recorder.start_anew()
        steps = [step for task in tasks if (step := recorder.step(connection, task))]
        cursor.execute("select version(), @@character_set_server, @@collation_server")
        version, charset, collation = cursor.fetchone() or ("", "", "")
    return {
        "id": name,
        "server": f"{server.product} {version}",
        "server_charset": charset,
        "server_collation": collation,
        "steps": steps,
    }


class _Recorder:
    """Runs statements and notes which tables they changed, and to what."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.known: dict[str, Structure] = {}

    def start_anew(self) -> None:
        """Leave nothing but an empty database ``test``."""
        self.cursor.execute("set foreign_key_checks = 0")
        self.cursor.execute("show databases")
        for (schema,) in self.cursor.fetchall():
            if schema not in SYSTEM_SCHEMAS:
                self.cursor.execute(f"drop database {quoted(schema)}")
        self.cursor.execute("create database test")
        self.cursor.execute("use test")

    def step(self, connection: Connection[Cursor], task: Task) -> dict[str, Any] | None:
        """Execute a statement; None if nothing of it is in the binlog, as when the server refuses it."""
        if SYSTEM.search(task.statement):
            return None
        error_code = 0
        mode = task.sql_mode & MODES_EVERYWHERE
        try:
            if task.schema is not None:
                connection.select_db(task.schema)
            self.cursor.execute(f"set sql_mode = {mode}")
            file, position = self._position()
        except pymysql.err.OperationalError:
            return None  # the schema is not there
        try:
            self.cursor.execute(task.statement)
        except pymysql.err.MySQLError as error:
            if is_lost(error):
                raise ServerGone from error
            error_code = error.args[0]
        logged = self._logged(file, position)
        if not logged:
            return None
        if any(SYSTEM.search(statement) for _, statement in logged):
            return None
        return {
            "db": logged[0][0],
            "stmt": [statement for _, statement in logged],
            "sql_mode": mode,
            "error_code": error_code,
            "changed": self._changes(),
            "unverified": task.unverified,
        }

    def _position(self) -> tuple[str, int]:
        try:
            self.cursor.execute("show binary log status")
        except pymysql.err.ProgrammingError:
            self.cursor.execute("show master status")
        file, position, *_ = self.cursor.fetchone() or ("", 0)
        return file, position

    def _logged(self, file: str, position: int) -> list[tuple[str, str]]:
        """Return the default schema and the text of each statement that was logged since a position."""
        self.cursor.execute("show binlog events in %s from %s", (file, position))
        found = []
        for _, _, kind, _, _, info in self.cursor.fetchall():
            if kind == "Query" and info not in ("BEGIN", "COMMIT"):
                match = _USE.match(info)
                schema = match.group(1).replace("``", "`") if match else "test"
                found.append((schema, _XID.sub("", info[match.end() if match else 0 :])))
        return found

    def _changes(self) -> dict[str, Structure | None]:
        """Return the tables that differ from before, None for those that are gone."""
        now = {f"{schema}.{table}": row for schema, table, row in self._tables()}
        changed: dict[str, Structure | None] = {name: None for name in self.known if name not in now}
        changed.update({name: found for name, found in now.items() if self.known.get(name) != found})
        self.known = now
        return changed

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(query)
        return [tuple(_text(value) for value in row) for row in self.cursor.fetchall()]

    def _tables(self) -> Iterator[tuple[str, str, Structure]]:
        columns: dict[tuple[str, str], list[Any]] = {}
        for schema, table, *column in self._rows(_COLUMNS):
            columns.setdefault((schema, table), []).append(_column(column))
        indexes: dict[tuple[str, str], dict[str, Any]] = {}
        for schema, table, index, non_unique, kind, name, prefix in self._rows(_INDEXES):
            entry = indexes.setdefault((schema, table), {}).setdefault(index, [int(not non_unique), kind, []])
            entry[2].append([name, prefix] if prefix is not None else name)
        for schema, table, engine, collation in self._rows(_TABLES):
            yield (
                schema,
                table,
                {
                    "type": "BASE TABLE",
                    "engine": engine,
                    "coll": collation,
                    "cols": columns.get((schema, table), []),
                    "idx": indexes.get((schema, table), {}),
                },
            )


_OURS = f"table_schema not in ({', '.join(repr(schema) for schema in SYSTEM_SCHEMAS)})"
_TABLES = f"""
    select table_schema, table_name, engine, table_collation from information_schema.tables
    where table_type in ('BASE TABLE', 'SYSTEM VERSIONED') and {_OURS}"""
_COLUMNS = f"""
    select table_schema, table_name, column_name, column_type, is_nullable, column_default, extra,
           character_set_name, collation_name
    from information_schema.columns where {_OURS} order by table_schema, table_name, ordinal_position"""
_INDEXES = f"""
    select table_schema, table_name, index_name, non_unique, index_type, column_name, sub_part
    from information_schema.statistics where {_OURS} order by table_schema, table_name, index_name, seq_in_index"""


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _column(row: list[Any]) -> list[Any]:
    """Return a column as ``sequences.jsonl`` has it, where a default is written as MariaDB shows it."""
    name, column_type, nullable, default, extra, charset, collation = row
    null = nullable == "YES"
    written = "DEFAULT_GENERATED" in extra or re.match(r"(?i)current_timestamp|b'", default or "")
    if default is None:
        shown = "NULL" if null else None
    elif written or column_type.partition("(")[0].split()[0] in NUMERIC:
        shown = default
    else:
        for plain, escaped in (("\\", "\\\\"), ("'", "''"), ("\n", "\\n"), ("\0", "\\0"), ("\r", "\\r")):
            default = default.replace(plain, escaped)
        shown = f"'{default}'"
    return [
        name,
        column_type,
        int(null),
        shown,
        extra.replace("DEFAULT_GENERATED", "").strip(),
        charset,
        None,
        collation,
    ]


def quoted(name: str) -> str:
    """Quote an identifier."""
    return f"`{name.replace('`', '``')}`"
