"""Values that PostgreSQL cannot hold: what becomes of them, and how people are shown them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pg_chameleon.convert.rules import ChangeReason
from pg_chameleon.convert.values.text import document_without_nul, without_nul
from pg_chameleon.model.change import Undecodable

_SHOWN_CHARACTERS = 200
_SHOWN_OF_ROW = 1000
_ZEROS = "0-:. "
_DATES = (ChangeReason.NO_DATE, ChangeReason.INFINITE_DATE)


class Change(NamedTuple):
    """A value that was changed because PostgreSQL cannot hold it; ``value`` is what the source has."""

    column: str
    reason: ChangeReason
    value: str | bytes


def clean_text(column: str, value: str | bytes | Undecodable, *, document: bool) -> tuple[str, list[Change]]:
    """Return what PostgreSQL can hold of a text, and what was changed in it; bytes are taken for UTF-8."""
    changes = []
    stored: str | bytes
    if isinstance(value, Undecodable):
        text, stored = value
        changes.append(Change(column, ChangeReason.UNDECODABLE, stored))
    elif isinstance(value, bytes):
        text, stored = value.decode("utf-8", "replace"), value
        if text.encode() != stored:
            changes.append(Change(column, ChangeReason.UNDECODABLE, stored))
    else:
        text = stored = value
    cleaned = document_without_nul(text) if document else without_nul(text)
    if cleaned != text:
        changes.append(Change(column, ChangeReason.NUL, stored))
    return cleaned, changes


def unfit_for_key(changes: Iterable[Change], key: Sequence[str]) -> str | None:
    """Say why a row cannot be distinguished from others by its key on the target; None if it can.

    Changed values of a key could become equal, and two rows one. Only 0000-00-00 is safe, for '-infinity' stands for
    nothing else in a key.
    """
    for change in changes:
        if change.column in key and not (change.reason in _DATES and _is_zero(change.value)):
            return (
                f"the key column {change.column} holds {readable(change.value)!r}, which PostgreSQL cannot"
                f" ({change.reason.value}): changed, it might be the key of another row"
            )
    return None


def _is_zero(value: str | bytes) -> bool:
    return isinstance(value, str) and not value.strip(_ZEROS)


def readable(value: str | bytes, longest: int = _SHOWN_CHARACTERS) -> str:
    """Write a value for people: on one line, shortened, with escapes for what cannot be shown."""
    beginning = value[:longest]
    shown = beginning.decode("utf-8", "backslashreplace") if isinstance(beginning, bytes) else beginning
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else _escaped(each) for each in shown)
    unit = "bytes" if isinstance(value, bytes) else "characters"
    return shown if len(value) <= longest else f"{shown}… ({len(value)} {unit})"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def row_label(columns: Sequence[str], texts: Sequence[str | None], changes: Iterable[Change]) -> str:
    """Name a row by the values of these columns, those of its key or of all, as the source has them."""
    original = {change.column: change.value for change in changes}
    values = (original.get(column, text) for column, text in zip(columns, texts, strict=True))
    return readable(", ".join("NULL" if value is None else readable(value) for value in values), _SHOWN_OF_ROW)


def composite_fields(literal: str) -> list[str | None]:
    """Take a composite literal apart, whose fields are quoted wherever they are not NULL."""
    fields: list[str | None] = []
    position = 1
    while True:
        if literal[position] != '"':
            fields.append(None)
        else:
            text, position = _quoted(literal, position + 1)
            fields.append(text)
        if literal[position] == ")":
            return fields
        position += 1


def _quoted(literal: str, position: int) -> tuple[str, int]:
    """Read up to the closing quote; return the text and the place behind it."""
    begin = position
    while (character := literal[position]) != '"':
        position += 2 if character == "\\" else 1
    return re.sub(r"\\(.)", r"\1", literal[begin:position], flags=re.DOTALL), position + 1
