"""The members of ENUM and SET, and the defaults, that ``information_schema`` cannot show.

It shows all texts in utf8mb3, so what lies beyond the basic plane, such as emoji, is a question mark there, and in SHOW
CREATE TABLE too. But a column shows its member when it is assigned the number, and so does what only has its type: a
variable of MariaDB, or a column of the temporary table that a recursive query makes.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pg_chameleon.model.names import quote_mysql_identifier, quote_mysql_table
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.server import ServerVersion
from pg_chameleon.model.source.charsets import FULL_UNICODE
from pg_chameleon.model.source.literals import quoted_member
from pg_chameleon.mysql.connection import SourceConnection
from pg_chameleon.mysql.server import rows

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
# The default of a column that cannot be NULL is NULL where there is no row.
_DEFAULT = "select default({column}) from (select 1 as one) as single left join {table} on false"
_DEFAULT_BY_ROW = "select default({column}) from {table} limit 1"


def with_true_texts(connection: SourceConnection, version: ServerVersion, table: TableSchema) -> TableSchema:
    """Return the table with the real members and defaults; they are read only where there is a question mark."""
    template = _BY_QUERY if version.mysql_since(8) else _BY_VARIABLE if version.mariadb_since(10, 3) else _BY_ROW
    place = quote_mysql_table(table.name)

    def with_texts(column: Column) -> Column:
        if column.charset not in FULL_UNICODE:
            return column
        return _with_default(connection, place, _with_members(connection, place, column, template))

    columns = tuple(map(with_texts, table.columns))
    return table if columns == table.columns else replace(table, columns=columns)


def with_true_instants(connection: SourceConnection, version: ServerVersion, table: TableSchema) -> TableSchema:
    """Return the table with its defaults of the type TIMESTAMP in UTC, in which the session has to be.

    ``information_schema`` of MySQL 8 shows them as they were written, whatever the time zone was; SHOW CREATE TABLE
    shows them in that of the session.
    """
    shifted = {column.name for column in table.columns if _is_instant(column)}
    if not shifted or not version.mysql_since(8):
        return table
    place = quote_mysql_table(table.name)
    shown = str(rows(connection, f"show create table {place}")[0][1])

    def with_instant(column: Column) -> Column:
        if column.name not in shifted or column.default is None:
            return column
        name = re.escape(quote_mysql_identifier(column.name))
        found = re.search(rf"^  {name} timestamp\b[^'\n]* DEFAULT '([^']*)'", shown, re.MULTILINE)
        return column if found is None else replace(column, default=column.default._replace(text=found[1]))

    return replace(table, columns=tuple(map(with_instant, table.columns)))


def _is_instant(column: Column) -> bool:
    return column.type.base == "timestamp" and column.default is not None and column.default.literal


def _with_members(connection: SourceConnection, place: str, column: Column, template: str) -> Column:
    base, members = column.type.base, list(column.type.members)
    name = quote_mysql_identifier(column.name)
    for index, shown in enumerate(members):
        if "?" in shown:
            number = 1 << index if base == "set" else index + 1
            found = rows(connection, template.format(table=place, column=name, number=number))
            members[index] = str(found[0][0]) if found else shown
    if members == list(column.type.members):
        return column
    return replace(column, column_type=f"{base}({','.join(map(quoted_member, members))})")


def _with_default(connection: SourceConnection, place: str, column: Column) -> Column:
    default = column.default
    if default is None or not default.literal or "?" not in default.text:
        return column
    template = _DEFAULT if column.nullable else _DEFAULT_BY_ROW
    found = rows(connection, template.format(table=place, column=quote_mysql_identifier(column.name)))
    text = found[0][0] if found else None
    return column if text is None else replace(column, default=default._replace(text=str(text)))
