"""The fields of PostgreSQL's COPY in its text format.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from __future__ import annotations

import re

from pg_chameleon.convert.values.text import without_nul

NULL = b"\\N"
# Characters that have to be escaped, the backslash first, and what stands for them
ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"))

_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANINGS = {escape[1:]: character for character, escape in ESCAPES}


def escaped(value: bytes) -> bytes:
    """Escape a text as a field."""
    for character, escape in ESCAPES:
        value = value.replace(character, escape)
    return value


def unescaped(field: bytes) -> bytes:
    """Return the text of a field."""
    return _ESCAPED.sub(lambda found: _MEANINGS[found[1]], field) if b"\\" in field else field


def copy_text(text: str) -> bytes:
    """Write a text as a field, without the NUL characters that PostgreSQL cannot hold."""
    return escaped(without_nul(text).encode())


def has_escapes(text: str) -> bool:
    """Tell whether a text is not its own field."""
    return copy_text(text) != text.encode()
