"""What an expression of the source is made of, told by its tokens: the columns in it, and whether two mean the same.

Expressions are written as in a session without modes, whether the server shows them or they stand in a statement
(``Cursor.source`` sees to that).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.model.names import quote_mysql_identifier, unquote_mysql_identifier

_Token = tuple[int, str]


def mentioned_columns(expression: str, names: Iterable[str]) -> frozenset[str]:
    """Return those of the columns that an expression mentions; of one that cannot be read, all of them.

    >>> sorted(mentioned_columns("concat('price', `Name`, t.size(1), `a``b`)", ["price", "name", "t", "size", "a`b"]))
    ['a`b', 'name']
    """
    found = _columns(expression)
    return frozenset(names if found is None else (name for name in names if name.casefold() in found))


def made_of(expressions: Mapping[str, str], names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return for each generated column those of the columns that it is made of, by way of others, too.

    ``expressions``: those of the generated columns, by their names.
    """
    names = frozenset(names)
    found = {name: mentioned_columns(expression, names) for name, expression in expressions.items()}
    others = {name: mentioned_columns(expression, expressions) for name, expression in expressions.items()}
    for _ in expressions:  # as long as the longest chain may be
        found = {name: columns.union(*(found[other] for other in others[name])) for name, columns in found.items()}
    return found


def renamed_columns(expression: str, names: Mapping[str, str]) -> str:
    """Return an expression with the new names of columns; ``names``: by the old ones in lower case."""
    found = []
    position = 0
    for start, end, name in _references(expression, lexer.tokenize(expression)):
        if name.casefold() in names:
            found += [expression[position:start], quote_mysql_identifier(names[name.casefold()])]
            position = end
    return "".join([*found, expression[position:]])


def same_expression(one: str, other: str) -> bool:
    """Tell whether two expressions are the same but for spaces, quotes, the case of words, and brackets around all."""
    return _normal(one) == _normal(other)


@lru_cache(maxsize=1024)
def _columns(expression: str) -> frozenset[str] | None:
    """Return the names of columns in lower case; None if the expression cannot be split to its end."""
    tokens = lexer.tokenize(expression)
    if tokens.kinds[-1] == lexer.BAD:
        return None
    return frozenset(name.casefold() for _, _, name in _references(expression, tokens))


def _references(expression: str, tokens: lexer.Tokens) -> Iterator[tuple[int, int, str]]:
    """Yield where a column is mentioned, from and to, and its name."""
    for index, kind in enumerate(tokens.kinds):
        # What a parenthesis follows is a function, and what a dot follows is the table
        bare = kind == lexer.WORD and tokens.words[index + 1] not in ("(", ".")
        quoted = kind == lexer.QUOTED and tokens.words[index + 1] != "."
        if bare or quoted:
            start, end = tokens.starts[index], tokens.ends[index]
            text = expression[start:end]
            yield start, end, unquote_mysql_identifier(text) if quoted else text


def _normal(expression: str) -> list[_Token]:
    tokens = lexer.tokenize(expression)
    found = [
        _normal_token(kind, expression[start:end])
        for kind, start, end in zip(tokens.kinds, tokens.starts, tokens.ends, strict=True)
        if kind not in (lexer.END, lexer.BAD)
    ]
    if tokens.kinds[-1] == lexer.BAD:
        found.append((lexer.BAD, expression[tokens.starts[-1] :]))
    while _is_bracketed(found):
        found = found[1:-1]
    return found


def _normal_token(kind: int, text: str) -> _Token:
    if kind == lexer.QUOTED:
        return lexer.WORD, unquote_mysql_identifier(text).casefold()
    if kind == lexer.STRING:
        return kind, lexer.unquote_string(text, 0)
    return kind, text.casefold()


def _is_bracketed(tokens: list[_Token]) -> bool:
    """Tell whether one pair of brackets holds everything."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token == (lexer.SYMBOL, "(")) - (token == (lexer.SYMBOL, ")"))
        if depth == 0:
            return place == len(tokens) - 1 and len(tokens) > 1
    return False
