"""The stream: a function per table, generated and compiled once, that writes a decoded row as text.

All values are PostgreSQL's text form of them. A whole row is a composite literal, ``("1","a b",)``, which
PostgreSQL reads fastest. What holds some columns only, as the image of a partial update does, is a JSON object
whose keys are the names of the target's columns, to be read as ``(image ->> name)::type``: for a column of JSON,
``jsonb_populate_record`` would take the text for a JSON string, and the document ``null`` for NULL.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple, cast

from pg_chameleon.convert.rules import ChangeReason, Rules
from pg_chameleon.convert.values.carried import CarriedColumn, carried_columns
from pg_chameleon.convert.values.changes import Change, clean_text
from pg_chameleon.convert.values.members import Ambiguous
from pg_chameleon.convert.values.text import (
    EnumTexts,
    SetTexts,
    document_without_nul,
    inside_json,
    inside_record,
    to_json_text,
    to_record_text,
)
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.change import JsonChanges, Undecodable
from pg_chameleon.model.schema import TableSchema

# In any form, for a backslash that is doubled still has this behind it.
DOCUMENT_NUL = "\\u0000"
# What the generated code raises on a value that is not of the form which is usual for its column.
_UNUSUAL = (TypeError, ValueError, LookupError, AttributeError)


Encoder = Callable[[tuple[object, ...]], str]
NoteChange = Callable[[Change], None]


class EncodeError(ChameleonError):
    """A decoded value does not fit its column, so the tracked structure is not that of the row."""


class Form(NamedTuple):
    """How rows are written. ``inside`` escapes what stands between quotes; ``nul`` is what NUL becomes there."""

    begin: str
    end: str
    null: str
    quote: Callable[[str], str]
    inside: Callable[[str], str]
    nul: str
    named: bool


JSON_OBJECT = Form("{", "}", "null", to_json_text, inside_json, "\\u0000", named=True)
COMPOSITE = Form("(", ")", "", to_record_text, inside_record, "\0", named=False)


def row_encoder(
    schema: TableSchema,
    rules: Rules,
    columns: tuple[str, ...],
    note: NoteChange | None = None,
    *,
    form: Form = JSON_OBJECT,
) -> Encoder:
    """Return the function that writes rows whose values are those of ``columns``, named as on the source.

    Values that had to be changed are given to ``note`` while their row is being written.
    """
    wanted = tuple(each.source.name for each in carried_columns(schema, rules) if each.source.name in columns)
    return key_encoder(schema, rules, columns, wanted, note, form=form)


def key_encoder(
    schema: TableSchema,
    rules: Rules,
    columns: tuple[str, ...],
    key_columns: tuple[str, ...],
    note: NoteChange | None = None,
    *,
    form: Form = JSON_OBJECT,
) -> Encoder:
    """Return the function that writes ``key_columns``, in their order, of rows with the values of ``columns``."""
    carried = {each.source.name: each for each in carried_columns(schema, rules)}
    slots = tuple(_Slot(columns.index(name), carried[name], form) for name in key_columns if name in carried)
    changes: list[Change] = []
    careful = _careful_encoder(schema, slots, len(columns), changes, form)
    return _compiled(slots, len(columns), careful, changes, note=note or _unnoted, form=form)


class _Slot(NamedTuple):
    """A column to write, and its place in the row."""

    place: int
    carried: CarriedColumn
    form: Form

    @property
    def key(self) -> str:
        return f"{to_json_text(self.carried.name)}:" if self.form.named else ""

    @property
    def odd_labels(self) -> EnumTexts | SetTexts | None:
        """The labels of an enum or set as they are, if any of them is not to be written just so."""
        constant, members = self.carried.rule.constant, self.carried.source.type.members
        odd = self.carried.ambiguous is not None or any("\0" in member for member in members)
        return type(constant)(members, str) if odd and isinstance(constant, EnumTexts | SetTexts) else None

    @property
    def constant(self) -> object:
        constant, ambiguous = self.carried.rule.constant, self.carried.ambiguous
        if not isinstance(constant, EnumTexts | SetTexts):
            return constant
        texts = type(constant)(self.carried.source.type.members, self.form.inside)
        return texts if ambiguous is None else _Unambiguous(texts, ambiguous)


class _Unambiguous:
    """The texts of an enum or set but for those that do not tell values apart, which the careful function writes."""

    def __init__(self, texts: EnumTexts | SetTexts, ambiguous: Ambiguous) -> None:
        self._texts = texts
        self._ambiguous = ambiguous

    def __getitem__(self, number: int) -> str:
        if number in self._ambiguous:
            raise LookupError(number)
        return self._texts[number]


def _unnoted(change: Change) -> None:
    """Take note of nothing."""


# The generated function is, for the columns id (int), name (varchar) and day (date):
#
#   def encode(row):
#       try:
#           v0, v1, v2 = row
#           text = f'{{"id":"{v0}","name":{"null" if v1 is None else quote(v1)},"day":{"null" if v2 is None
#               else (f\'"{v2}"\' if c2[v2] else absent2(v2))}}}'
#       except unusual:
#           changes.clear()
#           text = careful(row)
#       else:
#           if '\\u0000' in text: changes.clear(); text = careful(row)
#       if changes: report()
#       return text
#
# It is built as a syntax tree, so no name of a column is ever read as code.


def _compiled(
    slots: tuple[_Slot, ...],
    width: int,
    careful: Encoder,
    changes: list[Change],
    *,
    note: NoteChange,
    form: Form,
) -> Encoder:
    def report() -> None:
        found = changes.copy()
        changes.clear()
        for change in found:
            note(change)

    scope: dict[str, object] = {
        "quote": form.quote,
        "unusual": _UNUSUAL,
        "careful": careful,
        "changes": changes,
        "report": report,
        "written_nul": form.nul,
        "document_nul": DOCUMENT_NUL,
        **{f"c{slot.place}": slot.constant for slot in slots},
        **{f"absent{slot.place}": _absent(slot, changes) for slot in slots if slot.carried.checked},
    }
    code = compile(_module(slots, width, form), "<row encoder>", "exec")
    exec(code, scope)  # noqa: S102 - compiled from the table of rules; names are constants in it
    encode: Encoder = scope["encode"]  # type: ignore[assignment]
    return encode


def _module(slots: tuple[_Slot, ...], width: int, form: Form) -> ast.Module:
    any_text = any(slot.carried.rule.free_text or slot.odd_labels is not None for slot in slots)
    any_document = any(slot.carried.rule.document for slot in slots)
    any_checked = any(slot.carried.checked for slot in slots)
    unusual = "written_nul in text or document_nul in text" if any_document else "written_nul in text"
    wanted = {slot.place for slot in slots}
    unpacked = "".join(f"v{place}, " if place in wanted else "_, " for place in range(width))
    template = f"""
def encode(row):
    try:
        {f"{unpacked} = row" if unpacked else "() = row"}
        text = TEXT
    except unusual:
        changes.clear()
        text = careful(row)
    {"else:" if any_text else ""}
        {f"if {unusual}:" if any_text else ""}
            {"changes.clear()" if any_text else ""}
            {"text = careful(row)" if any_text else ""}
    {"if changes:" if any_text or any_checked else ""}
        {"report()" if any_text or any_checked else ""}
    return text
"""
    tree = ast.parse(template)
    placed: ast.Module = _Placed({"TEXT": _text(slots, form)}).visit(tree)
    return ast.fix_missing_locations(placed)


def _text(slots: tuple[_Slot, ...], form: Form) -> ast.JoinedStr:
    parts: list[ast.expr] = [ast.Constant(form.begin)]
    for number, slot in enumerate(slots):
        parts.append(ast.Constant(("," if number else "") + slot.key))
        parts += _fragment(slot)
    parts.append(ast.Constant(form.end))
    return ast.JoinedStr(_merged(parts))


def _fragment(slot: _Slot) -> list[ast.expr]:
    """Return the parts of an f-string that write one value."""
    carried, rule = slot.carried, slot.carried.rule
    encoded = _expression(rule.encode, slot.place)
    if rule.free_text:
        quoted: list[ast.expr] = [_formatted(_called("quote", encoded))]
    else:
        before, after = f'"{slot.form.inside(rule.prefix)}', f'{slot.form.inside(rule.suffix)}"'
        quoted = [ast.Constant(before), _formatted(encoded), ast.Constant(after)]
    if carried.checked:
        exists = _expression(rule.valid_encode, slot.place)
        absent = _called(f"absent{slot.place}", _value(slot.place))
        quoted = [_formatted(ast.IfExp(exists, ast.JoinedStr(quoted), absent))]
    if carried.source.nullable:
        is_null = ast.Compare(_value(slot.place), [ast.Is()], [ast.Constant(None)])
        only = quoted[0].value if isinstance(quoted[0], ast.FormattedValue) and len(quoted) == 1 else None
        quoted = [_formatted(ast.IfExp(is_null, ast.Constant(slot.form.null), only or ast.JoinedStr(quoted)))]
    return quoted


def _merged(parts: list[ast.expr]) -> list[ast.expr]:
    """Join neighbouring constants: each part of an f-string costs time."""
    merged: list[ast.expr] = []
    for part in parts:
        if merged and isinstance(part, ast.Constant) and isinstance(merged[-1], ast.Constant):
            merged[-1] = ast.Constant(f"{merged[-1].value!s}{part.value!s}")
        else:
            merged.append(part)
    return merged


def _value(place: int) -> ast.expr:
    return ast.Name(f"v{place}", ast.Load())


def _expression(source: str, place: int) -> ast.expr:
    names: dict[str, ast.expr] = {"value": _value(place), "constant": ast.Name(f"c{place}", ast.Load())}
    expression: ast.expr = _Placed(names).visit(ast.parse(source, mode="eval").body)
    return expression


def _called(function: str, argument: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(function, ast.Load()), [argument], [])


def _formatted(expression: ast.expr) -> ast.FormattedValue:
    return ast.FormattedValue(expression, -1, None)


class _Placed(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, expressions: dict[str, ast.expr]) -> None:
        self._expressions = expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._expressions.get(node.id, node)


def _absent(slot: _Slot, changes: list[Change]) -> Callable[[object], str]:
    """Return the function that writes what stands for a date that does not exist."""
    column, reason, substitute = slot.carried.source.name, slot.carried.absent_reason, slot.carried.substitute
    fragment = slot.form.null if substitute is None else slot.form.quote(substitute)

    def write(value: object) -> str:
        changes.append(Change(column, reason, str(value)))
        return fragment

    return write


def _careful_encoder(
    schema: TableSchema, slots: tuple[_Slot, ...], width: int, changes: list[Change], form: Form
) -> Encoder:
    """Return the slow function for rows with NUL characters, undecodable bytes, or values of wrong types."""
    writers = [(slot, _writer(slot, changes)) for slot in slots]

    def encode(row: tuple[object, ...]) -> str:
        if len(row) != width:
            raise EncodeError(f"a row has {len(row)} values instead of {width}", table=schema.name)
        values = (slot.key + written(slot, write, row[slot.place]) for slot, write in writers)
        return form.begin + ",".join(values) + form.end

    def written(slot: _Slot, write: Callable[[object], str], value: object) -> str:
        try:
            return write(value)
        except _UNUSUAL as error:
            column = slot.carried.source
            raise EncodeError(
                f"the value {value!r} of column {column.name} is none of type {column.column_type}",
                table=schema.name,
            ) from error

    return encode


def _writer(slot: _Slot, changes: list[Change]) -> Callable[[object], str]:
    rule = slot.carried.rule
    if rule.free_text:
        return _text_writer(slot, changes)
    labels = slot.odd_labels
    if labels is not None:
        return _label_writer(slot, labels, changes)
    names: dict[str, ast.expr] = {"TEXT": ast.JoinedStr(_fragment(slot))}
    function = _Placed(names).visit(ast.parse(f"lambda v{slot.place}: TEXT", mode="eval"))
    scope = {f"c{slot.place}": slot.constant, f"absent{slot.place}": _absent(slot, changes)}
    writer: Callable[[object], str] = eval(  # noqa: S307 - as in _compiled
        compile(ast.fix_missing_locations(function), "<value encoder>", "eval"), scope
    )

    def write(value: object) -> str:
        return slot.form.null if value is None else writer(value)

    return write


def _label_writer(slot: _Slot, labels: EnumTexts | SetTexts, changes: list[Change]) -> Callable[[object], str]:
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


def _text_writer(slot: _Slot, changes: list[Change]) -> Callable[[object], str]:
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
            advice="Take PARTIAL_JSON out of binlog_row_value_options on the source, then copy the table again",
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
