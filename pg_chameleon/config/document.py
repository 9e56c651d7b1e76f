"""Configuration files as plain text, lists and mappings: YAML without guessed types."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from pg_chameleon.errors import ConfigurationError, UsageError


class _TextLoader(yaml.SafeLoader):
    """Keeps every scalar as the text it is, except for nothing (empty, ``~``, ``null``) and the merge key."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Note the keys that occur twice in one mapping, of which YAML would silently take the last."""
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                self.repeated.append(f"line {key.start_mark.line + 1}: {key.value} is given twice")
            seen.add(key.value)
        mapping = super().construct_mapping(node, deep)
        return {str(key): value for key, value in mapping.items()}


_TextLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_document(path: Path) -> dict[str, Any]:
    """Load the file as a mapping; raise ``ConfigurationError`` on bad YAML, with its line and column."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the configuration {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(path), (f"byte {error.start}: the file is not UTF-8",)) from error
    document, problems = _parse(text)
    if document is None and not problems:
        problems = ["the file is empty"]
    elif not problems and not isinstance(document, dict):
        problems = ["expected a mapping of keys to values"]
    if problems:
        raise ConfigurationError(str(path), tuple(problems))
    assert isinstance(document, dict)
    return document


def _parse(text: str) -> tuple[object, list[str]]:
    """Parse; the problems quote nothing of the file, since it may contain a password."""
    try:
        loader = _TextLoader(text)
        return loader.get_single_data(), loader.repeated
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        return None, [f"{where}{_discreet(error.problem or error.context or '')}"]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [f"line {line}: a character that YAML does not allow"]


def _discreet(problem: str) -> str:
    """Reword those messages of the parser that would quote a password such as ``!word`` or ``*word``."""
    if re.search(r"\b(alias|tag|tag handle|anchor)\b", problem):
        return "text that begins with !, * or & must be quoted"
    return problem


_VARIABLE = re.compile(r"\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def fill_in_environment(document: object, problems: list[str], path: str = "") -> Any:
    """Replace ``${NAME}`` in all text by that environment variable; ``$${NAME}`` gives ``${NAME}`` itself."""
    if isinstance(document, dict):
        return {
            key: fill_in_environment(value, problems, f"{path}.{key}".lstrip(".")) for key, value in document.items()
        }
    if isinstance(document, list):
        return [fill_in_environment(item, problems, f"{path}[{n}]") for n, item in enumerate(document)]
    if isinstance(document, str):
        return _VARIABLE.sub(lambda match: _variable(match, problems, path), document)
    return document


def _variable(match: re.Match[str], problems: list[str], path: str) -> str:
    if match[0].startswith("$$"):
        return match[0][1:]
    value = os.environ.get(match[1])
    if value is None:
        problems.append(f"{path}: the environment variable {match[1]} is not set")
    return value or ""
