"""Where the configuration files are, and how they get there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pg_chameleon.errors import ChameleonError, UsageError
from pg_chameleon.resources import configuration_example

_FOLDERS = ("configuration", "logs", "pid")
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


HOME_VARIABLE = "PG_CHAMELEON_HOME"


def base_folder() -> Path:
    """Return the folder of configurations, logs and pid files, which the environment may choose."""
    return Path(os.environ.get(HOME_VARIABLE) or "~/.pg_chameleon").expanduser().absolute()


def configuration_names() -> list[str]:
    """Return the names of the configurations that exist."""
    return sorted(file.stem for file in (base_folder() / "configuration").glob("*.yml"))


def configuration_path(name: str) -> Path:
    """Find the file of a configuration, which is named or given as the path of a ``.yml`` file."""
    try:
        return _given_path(name) if "/" in name or name.startswith(".") else _named_path(name)
    except OSError as error:
        raise UsageError(f"the configuration {name} cannot be read: {error.strerror}: {error.filename}") from error


def _given_path(given: str) -> Path:
    path = Path(given).expanduser().absolute()
    if "/" not in given or path.suffix != ".yml":
        raise UsageError(f"--config takes a name or the path of a .yml file, not {given}")
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    return path


def _named_path(name: str) -> Path:
    """Find the configuration in its folder; if it is not there, say which exist."""
    path = base_folder() / "configuration" / f"{name.removesuffix('.yml')}.yml"
    if not path.exists():
        found = ", ".join(configuration_names()) or "none"
        raise UsageError(
            f"there is no configuration {path}; existing configurations: {found}",
            advice="Create one from the example that chameleon set_configuration_files provides",
        )
    return path


def set_configuration_files() -> Iterator[str]:
    """Create the folders and copy the example into them; report each step."""
    base = base_folder()
    try:
        for folder in (base, *(base / name for name in _FOLDERS)):
            yield _make_folder(folder)
        yield from _copy_example(base / "configuration" / "config-example.yml")
    except OSError as error:
        raise ChameleonError(f"{error.filename} cannot be created: {error.strerror}") from error


def _make_folder(folder: Path) -> str:
    if folder.is_dir():
        return f"directory {folder} already exists"
    folder.mkdir(mode=_PRIVATE_FOLDER)
    return f"creating directory {folder}"


def _copy_example(path: Path) -> Iterator[str]:
    """Copy the example, but never overwrite one that the user may have edited."""
    example = configuration_example()
    if path.exists() and path.read_text(encoding="utf-8") == example:
        yield f"configuration example {path} already exists"
        return
    if path.exists():
        path = path.with_name(f"{path.name}.new")
    _write_private(path, example)
    yield f"copying configuration example in {path}"


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: its copies will contain passwords."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
