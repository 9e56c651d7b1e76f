"""MariaDB's JSON columns: they are LONGTEXTs with the check ``json_valid(column)``, which MariaDB adds and removes."""

from __future__ import annotations

import re
from dataclasses import replace

from pg_chameleon.model.names import unquote_mysql_identifier
from pg_chameleon.model.schema import Check, TableSchema

# As people and the server itself write it
_JSON_VALID = re.compile(r"\s*json_valid\s*\(\s*(?:(`(?:[^`]|``)+`)|(\w+))\s*\)\s*", re.IGNORECASE)


def with_json_columns(table: TableSchema) -> TableSchema:
    """Give the JSON columns of a MariaDB's table their type, and take away the checks that make them so."""
    marks: dict[str, Check] = {}
    for check in table.checks:
        match = _JSON_VALID.fullmatch(check.expression)
        column = table.column(match[2] or unquote_mysql_identifier(match[1])) if match else None
        if column is not None and column.column_type in ("longtext", "json"):
            marks[column.name] = check
    if not marks:
        return table
    columns = (replace(each, column_type="json") if each.name in marks else each for each in table.columns)
    checks = (check for check in table.checks if check not in marks.values())
    return replace(table, columns=tuple(columns), checks=tuple(checks))
