"""Rename columns in the expressions that use them, as MariaDB does when a column gets another name."""

from __future__ import annotations

from collections.abc import Mapping

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.model.names import quote_mysql_identifier, unquote_mysql_identifier


def mentions(expression: str, name: str) -> bool:
    """Tell whether an expression uses a column."""
    return renamed_columns(expression, {name.casefold(): f"{name}_"}) != expression


def renamed_columns(expression: str, names: Mapping[str, str]) -> str:
    """Return an expression with the new names of columns; ``names``: by the old ones in lower case."""
    tokens = lexer.tokenize(expression)
    found = []
    position = 0
    for index, kind in enumerate(tokens.kinds):
        start, end = tokens.starts[index], tokens.ends[index]
        text = expression[start:end]
        # What a parenthesis follows is a function, and what a dot follows is the table
        bare = kind == lexer.WORD and tokens.words[index + 1] not in ("(", ".")
        quoted = kind == lexer.QUOTED and tokens.words[index + 1] != "."
        name = unquote_mysql_identifier(text) if quoted else text
        if (bare or quoted) and name.casefold() in names:
            found += [expression[position:start], quote_mysql_identifier(names[name.casefold()])]
            position = end
    return "".join([*found, expression[position:]])
