"""The members of ENUM and SET that ``information_schema`` cannot show.

It shows all names in utf8mb3, so what lies beyond the basic plane, such as emoji, is a question mark there, and in SHOW
CREATE TABLE too. But a column shows its member when it is assigned the number, and so does what only has its type: a
variable of MariaDB, or a column of the temporary table that a recursive query makes.
"""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.model.names import quote_mysql_identifier
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.ddl.column_types import quoted_member
from pg_chameleon.mysql.server import ServerVersion, rows

_WITH_ALL_CHARACTERS = frozenset({"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"})

# The first SELECT gives the types, and one row even of an empty table. The table has no alias, so it may be locked.
_BY_QUERY = """
with recursive assigned as (
    select {table}.{column} as member, 0 as place from (select 1 as one) as single left join {table} on false
    union all
    select {number}, 1 from assigned where place = 0
)
select member from assigned where place = 1"""
# MariaDB cannot assign numbers to large sets in a query.
_BY_VARIABLE = "begin not atomic declare member type of {table}.{column}; set member = {number}; select member; end"
# Of an older server only the members that are in use can be asked.
_BY_ROW = "select {column} from {table} where {column} = {number} limit 1"


def with_true_labels(connection: SourceConnection, version: ServerVersion, table: TableSchema) -> TableSchema:
    """Return the table with the real members of its columns; they are read only where there is a question mark."""
    if not any(map(_is_doubtful, table.columns)):
        return table
    template = _BY_QUERY if version.mysql_since(8) else _BY_VARIABLE if version.mariadb_since(10, 3) else _BY_ROW
    columns = (_with_members(connection, table, column, template) for column in table.columns)
    return replace(table, columns=tuple(columns))


def _is_doubtful(column: Column) -> bool:
    return column.charset in _WITH_ALL_CHARACTERS and any("?" in member for member in column.type.members)


def _with_members(connection: SourceConnection, table: TableSchema, column: Column, template: str) -> Column:
    if not _is_doubtful(column):
        return column
    place = f"{quote_mysql_identifier(table.name.schema)}.{quote_mysql_identifier(table.name.table)}"
    name = quote_mysql_identifier(column.name)
    base, members = column.type.base, list(column.type.members)
    for index, shown in enumerate(members):
        if "?" in shown:
            number = 1 << index if base == "set" else index + 1
            found = rows(connection, template.format(table=place, column=name, number=number))
            members[index] = str(found[0][0]) if found else shown
    return replace(column, column_type=f"{base}({','.join(map(quoted_member, members))})")
