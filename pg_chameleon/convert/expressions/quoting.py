"""Turn names and values into SQL text that means just that name or value."""

from __future__ import annotations


def quote_identifier(name: str) -> str:
    """Quote a PostgreSQL name."""
    return '"' + _refuse_nul(name).replace('"', '""') + '"'


def quote_qualified(schema: str, name: str) -> str:
    """Quote a PostgreSQL name together with its schema."""
    return f"{quote_identifier(schema)}.{quote_identifier(name)}"


def quote_literal(text: str) -> str:
    """Quote a PostgreSQL string; one with a backslash in the E form, which no setting changes."""
    quoted = "'" + _refuse_nul(text).replace("'", "''").replace("\\", "\\\\") + "'"
    return f"E{quoted}" if "\\" in text else quoted


def mysql_bytes(value: bytes) -> str:
    """Write bytes as a binary string of MySQL, in digits that no ``sql_mode`` and no charset changes."""
    return f"X'{value.hex()}'"


def _refuse_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError(f"neither server has a NUL character in names and strings: {text!r}")
    return text
