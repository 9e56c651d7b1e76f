"""The reference of the configuration: tables of all keys, for ``docs/configuration.md``.

``python -m pg_chameleon.config.reference docs/configuration.md`` writes them again after a change of the keys.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pg_chameleon.config.keys import REQUIRED, Key, keys_of
from pg_chameleon.config.settings import (
    Configuration,
    PostgresSettings,
    SourceConfiguration,
    SourceConnection,
    TlsSettings,
)

SECTIONS = {
    "global": keys_of(Configuration),
    "pg_conn": keys_of(PostgresSettings),
    "sources": keys_of(SourceConfiguration),
    "db_conn": keys_of(SourceConnection),
    "ssl": keys_of(TlsSettings),
}
_TABLE = re.compile(r"<!-- keys: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def refreshed(page: str) -> str:
    """Return the page with the tables between its ``keys`` and ``end`` marks written again."""
    return _TABLE.sub(lambda match: _marked(match[1]), page)


def _marked(section: str) -> str:
    lines = [
        "| key | value | default | meaning |",
        "|---|---|---|---|",
        *(_line(name, key) for name, key in SECTIONS[section].items()),
    ]
    return "\n".join([f"<!-- keys: {section} -->", *lines, "<!-- end -->"])


def _line(name: str, key: Key) -> str:
    return f"| `{name}` | {key.kind.label} | {_default(key)} | {key.help} |"


def _default(key: Key) -> str:
    if key.default is REQUIRED:
        return "**required**"
    return key.empty if callable(key.default) or not key.default else f"`{key.default}`"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")
