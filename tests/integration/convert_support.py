"""A source and a target between which the tests of the conversion carry tables."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import lab.servers
from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_qualified
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import TargetTable, target_table
from pg_chameleon.convert.values.changes import Change
from pg_chameleon.convert.values.lines import copy_columns, copy_field_expressions, copy_line, copy_line_expression
from pg_chameleon.convert.values.mending import LineMender, RefusedLine
from pg_chameleon.model.change import Circumstances, StatementEvent, StreamEvent
from pg_chameleon.model.names import TableName, quote_mysql_identifier
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.server import SourceServer
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.mysql.structure.inspect import read_table
from pg_chameleon.mysql.zones import located

Row = tuple[Any, ...]
LONGEST = 4000

_COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
    a.attidentity, a.attgenerated, col_description(a.attrelid, a.attnum),
    array(select enumlabel::text from pg_enum e where e.enumtypid = a.atttypid order by enumsortorder),
    pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)
from pg_attribute a
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
"""
_INDEXES = """
select pg_get_indexdef(i.indexrelid), i.indisprimary, obj_description(i.indexrelid, 'pg_class')
from pg_index i
where i.indrelid = %s::regclass
"""
_RELATIONS = """
select relname, relkind from pg_class where relnamespace = %(schema)s::regnamespace and relkind in ('r', 'i', 'S')
union all
select typname, 'T' from pg_type where typnamespace = %(schema)s::regnamespace and typtype = 'e'
"""


class SourceSchema:
    """An empty schema on a source server, and a session as the first copy has it."""

    def __init__(self, server: lab.servers.SourceServer, name: str) -> None:
        self.name = name
        self.changes: list[tuple[str, list[Change]]] = []
        self.refused: list[RefusedLine] = []
        self._settings = SourceSettings(server.host, server.port, "root")
        self.connection = connect(self._settings, schema=name)

    def run(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def alter(self, statement: str) -> Circumstances:
        """Execute a statement, and return what its event in the binlog says of it."""
        server = SourceServer(self.connection)
        start = server.position()
        self.run(statement)
        with BinlogStream(self._settings, server_id=4711, start=start) as stream:
            event: StreamEvent | None = None
            while not isinstance(event, StatementEvent):
                event = stream.next(30)
                assert event is not None, "nothing of the statement came"
        assert event.circumstances is not None
        return located(event.circumstances._replace(mariadb=server.is_mariadb), self.connection)

    def query(self, statement: str) -> list[Row]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def structure(self, table: str) -> TableSchema:
        found = read_table(self.connection, TableName(self.name, table))
        assert found is not None
        return found

    def lines(self, schema: TableSchema, rules: Rules) -> list[bytes]:
        """Return the rows as lines of COPY, written by the server."""
        expression = copy_line_expression(schema, rules, LONGEST)
        if expression is None:
            return self.lines_by_field(schema, rules)
        table = quote_mysql_identifier(schema.name.table)
        return self._mended(schema, rules, [row[0] for row in self.query(f"select {expression} from {table}")])

    def lines_by_field(self, schema: TableSchema, rules: Rules) -> list[bytes]:
        """Return the rows as lines of COPY, read field by field."""
        fields = copy_field_expressions(schema, rules)
        selected = ", ".join(field.select for field in fields)
        table = quote_mysql_identifier(schema.name.table)
        lines = [copy_line(fields, row) for row in self.query(f"select {selected} from {table}")]
        return self._mended(schema, rules, lines)

    def _mended(self, schema: TableSchema, rules: Rules, lines: list[bytes]) -> list[bytes]:
        """Mend what has to be mended; ``changes`` are those of the last table that was read."""
        self.changes = []
        mender = LineMender(schema, rules, LONGEST, lambda label, found: self.changes.append((label(), found)))
        mended = [mender.mended(line) if line is not None and mender.suspects(line) else line for line in lines]
        self.refused = [line for line in mended if isinstance(line, RefusedLine)]
        return [line for line in mended if not isinstance(line, RefusedLine)]

    def close(self) -> None:
        self.connection.close()


@dataclass(frozen=True)
class Target:
    """A cursor on the target, outside of any transaction."""

    cursor: Any  # psycopg2's, whose stubs do not say what rows hold

    def make_schema(self, name: str) -> None:
        quoted = quote_identifier(name)
        self.run([f"DROP SCHEMA IF EXISTS {quoted} CASCADE", f"CREATE SCHEMA {quoted}"])

    def run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self.cursor.execute(statement)

    def make(self, schema: TableSchema, rules: Rules, schema_name: str, lines: Iterable[bytes] = ()) -> TargetTable:
        """Make a table with its rows and indexes, as the first copy does."""
        target = target_table(schema, rules)
        self.run(ddl.create_table(target, schema_name))
        self.load(target, schema_name, copy_columns(schema, rules), lines)
        self.run(ddl.create_indexes(target, schema_name))
        return target

    def load(self, target: TargetTable, schema_name: str, columns: Iterable[str], lines: Iterable[bytes]) -> None:
        names = ", ".join(map(quote_identifier, columns))
        table = quote_qualified(schema_name, target.name)
        self.cursor.copy_expert(
            f"COPY {table} ({names}) FROM STDIN", io.BytesIO(b"".join(b"%s\n" % line for line in lines))
        )

    def catalogue(self, target: TargetTable, schema_name: str) -> tuple[set[Row], set[Row], set[Row]]:
        """Return all that PostgreSQL knows of a table and of its schema, without the schema's name."""
        table = quote_qualified(schema_name, target.name)
        return (
            self._described(_COLUMNS, (table,), schema_name),
            self._described(_INDEXES, (table,), schema_name),
            self.relations(schema_name),
        )

    def relations(self, schema_name: str) -> set[Row]:
        """Return the names and kinds of all that is in a schema."""
        return self._described(_RELATIONS, {"schema": quote_identifier(schema_name)}, schema_name)

    def rows(self, target: TargetTable, schema_name: str) -> list[Row]:
        """Return the rows as text, with the columns and the rows in an order of their own."""
        columns = ", ".join(
            f"{quote_identifier(name)}::text" for name in sorted(column.name for column in target.columns)
        )
        self.cursor.execute(f"SELECT {columns} FROM {quote_qualified(schema_name, target.name)}")
        return sorted(self.cursor.fetchall(), key=repr)

    def _described(self, query: str, values: Any, schema_name: str) -> set[Row]:
        self.cursor.execute(query, values)
        return {tuple(_without_schema(value, schema_name) for value in row) for row in self.cursor.fetchall()}


def _without_schema(value: object, schema_name: str) -> object:
    if isinstance(value, str):
        return value.replace(f"{quote_identifier(schema_name)}.", "").replace(f"{schema_name}.", "")
    return tuple(value) if isinstance(value, list) else value
