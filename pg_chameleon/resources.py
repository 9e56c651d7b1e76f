"""The files that come with the code: ``sql/`` and ``configuration/``, in a checkout as well as installed.

They are read by path, because ``importlib.resources`` fails on mapped folders in editable installs.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    """Find a folder inside the package (installed), else beside it (checkout)."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def sql_text(name: str) -> str:
    """Read a file of ``sql/``; ``name`` may have a folder in it: ``queries/sources.sql``."""
    return (_folder("sql") / name).read_text(encoding="utf-8")


def sql_files(folder: str) -> tuple[str, ...]:
    """List the ``.sql`` files of a folder of ``sql/``, sorted, as names for ``sql_text``."""
    return tuple(sorted(f"{folder}/{path.name}" for path in (_folder("sql") / folder).glob("*.sql")))


_SECTION = re.compile(r"^-- name: ([a-z_]+)\n", re.M)
_COMMENT = re.compile(r"^ *--.*\n", re.M)


@cache
def _sections(file: str) -> dict[str, str]:
    _, *parts = _SECTION.split(sql_text(file))
    # Comments are for those who read the files; a percent sign in one would be taken for a parameter
    return {name: _COMMENT.sub("", text).strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def named_statement(folder: str, name: str) -> str:
    """Return the statement ``subject.name`` of a folder of ``sql/``; raise ``KeyError`` if its file has none such."""
    subject, _, section = name.partition(".")
    return _sections(f"{folder}/{subject}.sql")[section]


def configuration_example() -> str:
    """Read the example configuration."""
    return (_folder("configuration") / "config-example.yml").read_text(encoding="utf-8")
