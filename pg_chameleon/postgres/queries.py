"""The named queries of ``sql/queries``: one file per subject, one section per query."""

from __future__ import annotations

import re
from functools import cache

from pg_chameleon.resources import sql_text

_SECTION = re.compile(r"^-- name: ([a-z_]+)\n", re.M)


@cache
def _sections(subject: str) -> dict[str, str]:
    parts = _SECTION.split(sql_text(f"queries/{subject}.sql"))
    return dict(zip(parts[1::2], (text.strip() for text in parts[2::2]), strict=True))


def query(name: str) -> str:
    """Return the statement ``subject.name``; raise ``KeyError`` if the file has no such section."""
    subject, _, section = name.partition(".")
    return _sections(subject)[section]
