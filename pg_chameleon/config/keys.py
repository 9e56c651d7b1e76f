"""How a field of ``settings`` is declared to be a key of the file: once, with its kind, default and meaning."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, TypeVar

from pg_chameleon.config.kinds import Kind

T = TypeVar("T")


class Required(Enum):
    """Marks a key that has no default."""

    REQUIRED = "required"


REQUIRED = Required.REQUIRED


@dataclass(frozen=True, slots=True)
class Key:
    """A key: ``default`` is written as in the file, or makes that; ``empty`` says what it means to have none."""

    kind: Kind[Any]
    default: object
    help: str
    empty: str

    @property
    def raw_default(self) -> object:
        """The default as it would be written in the file."""
        return self.default() if callable(self.default) else self.default

    def read(self, value: object) -> Any:
        """Read what the file has for the key; nothing stands for the default."""
        raw = self.raw_default if value is None else value
        return None if raw is None else self.kind.read(raw)


def setting(kind: Kind[T], default: object, help: str, empty: str = "none") -> T:  # noqa: A002
    """Declare a field that is a key of the file; the type of the field is what its kind reads."""
    declared = Key(kind, default, help, empty)
    metadata = {"key": declared}
    if default is REQUIRED:
        return field(metadata=metadata)  # type: ignore[no-any-return]
    return field(metadata=metadata, default_factory=lambda: declared.read(None))  # type: ignore[no-any-return]


def keys_of(settings: type[Any] | Any) -> dict[str, Key]:
    """Return the keys that a class of ``settings``, or a value of it, has, by their names."""
    return {found.name: found.metadata["key"] for found in fields(settings) if "key" in found.metadata}
