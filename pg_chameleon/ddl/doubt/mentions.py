"""Find the names in a statement that is not understood, so that the tables among them can be quarantined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.model.names import TableName, unquote_mysql_identifier

# What may be a name where the lexer has given up: quoted or bare, and whether a dot follows
_LOOSE = re.compile(r"(?:(`(?:[^`]|``)*`)|\"([^\"]*)\"|([0-9A-Za-z_$\x80-\U0010ffff]+))\s*(\.?)")


def mentioned_tables(
    statement: str, *, sql_mode: int = 0, default_schema: str, mariadb: bool = True
) -> frozenset[TableName]:
    """Return every table that a statement may name: each name in it, alone and as ``schema.table``.

    It is generous, for statements that ``parse`` refuses; most of what it returns are no tables.
    """
    tokens = lexer.tokenize(statement, sql_mode, mariadb=mariadb)
    rest = statement[tokens.starts[-1] :] if tokens.kinds[-1] == lexer.BAD else ""
    names = [*_names(statement, tokens), *_loose_names(rest)]
    found = {TableName(default_schema, name) for name, _ in names}
    found.update(TableName(schema, table) for (schema, dotted), (table, _) in pairwise(names) if dotted)
    return frozenset(found)


def _names(statement: str, tokens: lexer.Tokens) -> Iterator[tuple[str, bool]]:
    """Yield each name, and whether a dot follows; a string may be a name under another sql_mode."""
    for index, kind in enumerate(tokens.kinds):
        text = statement[tokens.starts[index] : tokens.ends[index]]
        dotted = tokens.words[min(index + 1, len(tokens.words) - 1)] == "."
        if kind in (lexer.QUOTED, lexer.STRING):
            yield unquote_mysql_identifier(text), dotted
        elif kind in (lexer.WORD, lexer.NUMBER):
            yield text, dotted


def _loose_names(text: str) -> Iterator[tuple[str, bool]]:
    for match in _LOOSE.finditer(text):
        backticked, quoted, bare, dot = match.groups()
        name = unquote_mysql_identifier(backticked) if backticked else quoted if quoted is not None else bare
        yield name, bool(dot)
