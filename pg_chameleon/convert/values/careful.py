"""The stream: the slow way to write rows that are not as usual, value by value, and to note what is changed in them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import cast

from pg_chameleon.convert.rules import ChangeReason
from pg_chameleon.convert.values.carried import CarriedColumn
from pg_chameleon.convert.values.changes import Change, clean_text
from pg_chameleon.convert.values.form import Form
from pg_chameleon.convert.values.fragments import Placed, Slot, fragment
from pg_chameleon.convert.values.text import EnumTexts, SetTexts, document_without_nul, to_json_text
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.change import JsonChanges, Undecodable
from pg_chameleon.model.schema import TableSchema

# What the generated code raises on a value that is not of the form which is usual for its column.
UNUSUAL = (TypeError, ValueError, LookupError, AttributeError)

Encoder = Callable[[tuple[object, ...]], str]


class EncodeError(ChameleonError):
    """A decoded value does not fit its column, so the tracked structure is not that of the row."""


def careful_encoder(
    schema: TableSchema, slots: tuple[Slot, ...], width: int, changes: list[Change], form: Form
) -> Encoder:
    """Return the slow function for rows with NUL characters, undecodable bytes, or values of wrong types."""
    writers = [(slot, _writer(slot, changes)) for slot in slots]

    def encode(row: tuple[object, ...]) -> str:
        if len(row) != width:
            raise EncodeError(f"a row has {len(row)} values instead of {width}", table=schema.name)
        values = (slot.key + written(slot, write, row[slot.place]) for slot, write in writers)
        return form.begin + ",".join(values) + form.end

    def written(slot: Slot, write: Callable[[object], str], value: object) -> str:
        try:
            return write(value)
        except UNUSUAL as error:
            column = slot.carried.source
            raise EncodeError(
                f"the value {value!r} of column {column.name} is not a valid {column.column_type}",
                table=schema.name,
            ) from error

    return encode


def _writer(slot: Slot, changes: list[Change]) -> Callable[[object], str]:
    rule = slot.carried.rule
    if rule.free_text:
        return _text_writer(slot, changes)
    labels = slot.odd_labels
    if labels is not None:
        return _label_writer(slot, labels, changes)
    names: dict[str, ast.expr] = {"TEXT": ast.JoinedStr(fragment(slot))}
    function = Placed(names).visit(ast.parse(f"lambda v{slot.place}: TEXT", mode="eval"))
    writer: Callable[[object], str] = eval(  # noqa: S307 - as in the encoder of rows
        compile(ast.fix_missing_locations(function), "<value encoder>", "eval"), slot.scope(changes)
    )

    def write(value: object) -> str:
        return slot.form.null if value is None else writer(value)

    return write


def _label_writer(slot: Slot, labels: EnumTexts | SetTexts, changes: list[Change]) -> Callable[[object], str]:
    form, column, ambiguous = slot.form, slot.carried.source.name, slot.carried.ambiguous

    def write(value: object) -> str:
        if value is None:
            return form.null
        label = labels[cast("int", value)]
        if ambiguous is not None and value in ambiguous:
            changes.append(Change(column, ChangeReason.AMBIGUOUS, label))
        text, found = clean_text(column, label, document=False)
        changes.extend(found)
        return form.quote(text)

    return write


def _text_writer(slot: Slot, changes: list[Change]) -> Callable[[object], str]:
    carried, form = slot.carried, slot.form
    column, document = carried.source.name, carried.rule.document

    def write(value: object) -> str:
        if value is None:
            return form.null
        if isinstance(value, JsonChanges) and document:
            return _json_changes(value, carried, form, changes)
        if not isinstance(value, str | bytes | Undecodable):
            raise TypeError(f"expected text, got {type(value).__name__}")
        text, found = clean_text(column, value, document=document)
        changes.extend(found)
        return form.quote(text)

    return write


def _json_changes(value: JsonChanges, carried: CarriedColumn, form: Form, changes: list[Change]) -> str:
    """Write changes of a document as the function ``changed_document`` of the catalogue takes them."""
    if not form.named or carried.rule.target not in ("jsonb", "json"):
        raise EncodeError(
            f"the binlog holds only what changed in the document of column {carried.source.name},"
            f" which cannot be followed in a column of {carried.rule.target}",
            advice="Remove PARTIAL_JSON from binlog_row_value_options on the source, then copy the table again",
        )
    written = (
        f"[{to_json_text(change.operation)},[{','.join(to_json_text(str(step)) for step in change.path)}],"
        f"{change.value or 'null'}]"
        for change in value
    )
    text = f"[{','.join(written)}]"
    cleaned = document_without_nul(text)
    if cleaned != text:
        changes.append(Change(carried.source.name, ChangeReason.NUL, text))
    return cleaned
