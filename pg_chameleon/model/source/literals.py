"""String literals of the source: what their escapes mean, and how the servers write them.

https://dev.mysql.com/doc/refman/8.4/en/string-literals.html
"""

from __future__ import annotations

import re

# Every other character stands for itself; \\% and \\_ keep their backslash, which means something to LIKE.
_MEANINGS = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {quote: re.compile(rf"\\(.)|{quote}{quote}", re.DOTALL) for quote in "'\""}


def unescaped(inside: str, quote: str = "'", *, backslashes: bool = True) -> str:
    """Return what stands between the quotes of a literal as its value.

    ``backslashes``: they escape, as they do unless the session has NO_BACKSLASH_ESCAPES. What the servers write
    themselves is escaped whatever the mode.

    >>> unescaped(r"it''s 5\\% of \\'x\\'")
    "it's 5\\\\% of 'x'"
    """
    if not backslashes or "\\" not in inside:
        return inside.replace(quote * 2, quote)
    return _ESCAPED[quote].sub(lambda match: quote if match[1] is None else _meaning(match), inside)


def without_backslashes(text: str) -> str:
    """Undo the backslashes of a text in which quotes are not doubled, such as an expression that MySQL 8 shows."""
    return _BACKSLASH.sub(_meaning, text)


def _meaning(match: re.Match[str]) -> str:
    return _MEANINGS.get(match[1], match[1])


_WRITTEN = str.maketrans({"\\": "\\\\", "\0": "\\0", "\n": "\\n", "\r": "\\r", "'": "''"})


def quoted_text(value: str) -> str:
    """Quote a text as the servers write literals, and as every mode but NO_BACKSLASH_ESCAPES reads them."""
    return f"'{value.translate(_WRITTEN)}'"


def quoted_member(value: str) -> str:
    """Quote a member of ENUM or SET as the servers do in COLUMN_TYPE; they strip the spaces at its end."""
    return quoted_text(value.rstrip(" "))
