"""The first copy: what PostgreSQL cannot hold is marked in the lines of MySQL; here it is changed and recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from pg_chameleon.convert.rules import ChangeReason, Rules
from pg_chameleon.convert.values.carried import CarriedColumn, carried_columns
from pg_chameleon.convert.values.changes import Change, clean_text, row_label, unfit_for_key
from pg_chameleon.convert.values.copy_format import NULL, copy_text, unescaped
from pg_chameleon.convert.values.lines import may_be_longer, may_lose
from pg_chameleon.convert.values.marks import AMBIGUOUS_MARK, DOCUMENT_MARK, HEX_MARK, MARK, UNCONVERTED_MARK
from pg_chameleon.model.change import Undecodable
from pg_chameleon.model.schema import TableSchema

NoteChanges = Callable[[Callable[[], str], list[Change]], None]
"""Takes what names a row, and what was changed in it."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is not to be loaded. ``label``: the row's key."""

    line: bytes
    label: str
    reason: str


class LineMender:
    """Puts what PostgreSQL can hold into marked lines, and tells which values of which rows were changed.

    ``longest`` is that of ``copy_line_expression``.
    """

    def __init__(self, schema: TableSchema, rules: Rules, longest: int | None, note: NoteChanges) -> None:
        columns = carried_columns(schema, rules)
        self._note = note
        self._columns = tuple(carried.source.name for carried in columns)
        self._key = schema.key_columns
        named = self._key or self._columns
        self._named = tuple((name, self._columns.index(name)) for name in named if name in self._columns)
        self._dates = tuple((place, _Substitute.of(each)) for place, each in enumerate(columns) if each.checked)
        self._ambiguous = tuple(place for place, each in enumerate(columns) if each.ambiguous is not None)
        self._texts = tuple((place, _text_mender(each)) for place, each in enumerate(columns) if each.rule.escaped)
        marks = {
            MARK: True,
            HEX_MARK: longest is not None and any(may_be_longer(carried, longest) for carried in columns),
            DOCUMENT_MARK: any(carried.rule.document for carried in columns),
            UNCONVERTED_MARK: any(map(may_lose, columns)),
            AMBIGUOUS_MARK: bool(self._ambiguous),
        }
        self._marks = tuple(mark for mark, possible in marks.items() if possible)
        self._any_bytes = any(map(_hands_out_any_bytes, columns))

    def suspects(self, data: bytes) -> bool:
        """Tell whether any of these lines may have to be mended; nearly free for lines that have not."""
        for mark in self._marks:  # a loop: this is asked for each line where all have a mark
            if mark in data:
                return True
        return self._any_bytes and not data.isascii() and not _is_text(data)

    def mended(self, line: bytes) -> bytes | RefusedLine:
        """Return a line as COPY wants it, or why the row must not be loaded."""
        fields = line.split(b"\t")
        changes: list[Change] = []
        for place, substitute in self._dates:
            field = fields[place]
            if field[:1] == MARK:
                changes.append(Change(substitute.column, substitute.reason, field[1:].decode()))
                fields[place] = substitute.field
        for place in self._ambiguous:
            field = fields[place]
            if field.startswith(AMBIGUOUS_MARK):
                fields[place] = field = field[len(AMBIGUOUS_MARK) :]
                changes.append(Change(self._columns[place], ChangeReason.AMBIGUOUS, unescaped(field).decode()))
        mended = b"\t".join(fields)
        if self._texts and self.suspects(mended):
            for place, mend in self._texts:
                fields[place] = mend(fields[place], changes)
            mended = b"\t".join(fields)
        if changes:
            reason = unfit_for_key(changes, self._key)
            if reason is not None:
                return RefusedLine(line, self._label(fields, changes), reason)
            self._note(partial(self._label, fields, changes), changes)
        return mended

    def _label(self, fields: list[bytes], changes: list[Change]) -> str:
        found = {name: fields[place] for name, place in self._named}
        texts = [None if field == NULL else unescaped(field).decode() for field in found.values()]
        return row_label(tuple(found), texts, changes)


class _Substitute(NamedTuple):
    """What stands for the dates of a column that do not exist."""

    column: str
    reason: ChangeReason
    field: bytes

    @classmethod
    def of(cls, carried: CarriedColumn) -> _Substitute:
        substitute = NULL if carried.substitute is None else carried.substitute.encode()
        return cls(carried.source.name, carried.absent_reason, substitute)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_marked(field: bytes, *, document: bool) -> bool:
    """Tell whether a text is not yet as COPY wants it."""
    return field.startswith(HEX_MARK) or MARK in field or (document and DOCUMENT_MARK in field) or not _is_text(field)


def _from_hex(field: bytes, mark: bytes) -> bytes:
    return bytes.fromhex(field[len(mark) :].decode("ascii"))


def _hands_out_any_bytes(carried: CarriedColumn) -> bool:
    """Tell whether MySQL hands bytes out as they are, even if they are no UTF-8: wherever it converts nothing."""
    return carried.rule.free_text and not carried.rule.converted


def _text_mender(carried: CarriedColumn) -> Callable[[bytes, list[Change]], bytes]:
    """Return what makes a text of a column fit for PostgreSQL and gathers what was changed."""
    column, document = carried.source.name, carried.rule.document

    def mend(field: bytes, changes: list[Change]) -> bytes:
        head, _, rest = field.partition(b" ") if field.startswith(UNCONVERTED_MARK) else (b"", b"", field)
        if field == NULL or not (head or _is_marked(rest, document=document)):
            return field
        raw = _from_hex(rest, HEX_MARK) if rest.startswith(HEX_MARK) else unescaped(rest)
        value: str | bytes | Undecodable = raw.decode() if _is_text(raw) else raw
        if head:
            # The server converted it, so it is valid
            value = Undecodable(raw.decode(), _from_hex(head, UNCONVERTED_MARK))
        text, found = clean_text(column, value, document=document)
        changes.extend(found)
        return copy_text(text)

    return mend
