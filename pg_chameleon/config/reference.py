"""The reference of the configuration: tables of all keys, for ``docs/configuration.md``.

``python -m pg_chameleon.config.reference docs/configuration.md`` writes them anew after a change of the keys.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pg_chameleon.config.keys import (
    DB_CONN_KEYS,
    GLOBAL_KEYS,
    PG_CONN_KEYS,
    REQUIRED,
    SOURCE_KEYS,
    SSL_KEYS,
    Key,
)

SECTIONS = {
    "global": GLOBAL_KEYS,
    "pg_conn": PG_CONN_KEYS,
    "sources": SOURCE_KEYS,
    "db_conn": DB_CONN_KEYS,
    "ssl": SSL_KEYS,
}
_TABLE = re.compile(r"<!-- keys: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def refreshed(page: str) -> str:
    """Return the page with the tables between its ``keys`` and ``end`` marks written anew."""
    return _TABLE.sub(lambda match: _marked(match[1]), page)


def _marked(section: str) -> str:
    lines = ["| key | value | default | meaning |", "|---|---|---|---|", *map(_line, SECTIONS[section])]
    return "\n".join([f"<!-- keys: {section} -->", *lines, "<!-- end -->"])


def _line(key: Key) -> str:
    return f"| `{key.name}` | {key.kind.label} | {_default(key)} | {key.help} |"


def _default(key: Key) -> str:
    if key.default is REQUIRED:
        return "**required**"
    return key.empty if callable(key.default) or not key.default else f"`{key.default}`"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")
