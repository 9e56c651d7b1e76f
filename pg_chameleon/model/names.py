"""Names of tables."""

from __future__ import annotations

from typing import NamedTuple


class TableName(NamedTuple):
    """A table of the source: its schema (MySQL calls it database) and its own name, unquoted."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def folded(self) -> TableName:
        """The name without case, to compare where it is better to find one too many, whatever the server does."""
        return TableName(self.schema.casefold(), self.table.casefold())

    @classmethod
    def parse(cls, text: str) -> TableName:
        """Split ``schema.table`` at its first dot; raise ``ValueError`` if either part is missing."""
        schema, dot, table = text.partition(".")
        if not (schema and dot and table):
            raise ValueError(f"expected schema.table, got {text!r}")
        return cls(schema, table)


def quote_mysql_table(name: TableName) -> str:
    """Write the name of a table in SQL of MySQL."""
    return f"{quote_mysql_identifier(name.schema)}.{quote_mysql_identifier(name.table)}"


def quote_mysql_identifier(name: str) -> str:
    """Quote a name of MySQL; backticks do not depend on ``sql_mode``."""
    if "\0" in name:
        raise ValueError(f"no server has a NUL character in a name: {name!r}")
    return "`" + name.replace("`", "``") + "`"


def unquote_mysql_identifier(quoted: str) -> str:
    """Return the name that a quoted identifier of MySQL stands for; in the mode ANSI_QUOTES the quotes are double."""
    quote = quoted[0]
    return quoted[1:-1].replace(quote * 2, quote)
