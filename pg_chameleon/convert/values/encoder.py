"""The stream: a function per table, generated and compiled once, that writes a decoded row as text.

All values are PostgreSQL's text form of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.values.careful import UNUSUAL, Encoder, careful_encoder
from pg_chameleon.convert.values.carried import carried_columns
from pg_chameleon.convert.values.changes import Change
from pg_chameleon.convert.values.form import JSON_OBJECT, Form
from pg_chameleon.convert.values.fragments import Placed, Slot, fragment
from pg_chameleon.model.schema import TableSchema

# In any form, for a backslash that is doubled still has this behind it.
DOCUMENT_NUL = "\\u0000"

NoteChange = Callable[[Change], None]


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
    slots = tuple(Slot(columns.index(name), carried[name], form) for name in key_columns if name in carried)
    changes: list[Change] = []
    careful = careful_encoder(schema, slots, len(columns), changes, form)
    return _compiled(slots, len(columns), careful, changes, note=note or _unnoted, form=form)


def _unnoted(change: Change) -> None:
    """Take note of nothing."""


# The generated function is, for the columns id (int), name (varchar) and day (date):
#
#   def encode(row):
#       try:
#           v0, v1, v2 = row
#           text = f'{{"id":"{v0}","name":{"null" if v1 is None else quote(v1)},"day":{"null" if v2 is None
#               else (f\'"{v2}"\' if calendar[v2] else absent2(v2))}}}'
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
    slots: tuple[Slot, ...],
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
        "unusual": UNUSUAL,
        "careful": careful,
        "changes": changes,
        "report": report,
        "written_nul": form.nul,
        "document_nul": DOCUMENT_NUL,
    }
    for slot in slots:
        scope |= slot.scope(changes)
    code = compile(_module(slots, width, form), "<row encoder>", "exec")
    exec(code, scope)  # noqa: S102 - compiled from the table of rules; names are constants in it
    encode: Encoder = scope["encode"]  # type: ignore[assignment]
    return encode


def _module(slots: tuple[Slot, ...], width: int, form: Form) -> ast.Module:
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
    placed: ast.Module = Placed({"TEXT": _text(slots, form)}).visit(tree)
    return ast.fix_missing_locations(placed)


def _text(slots: tuple[Slot, ...], form: Form) -> ast.JoinedStr:
    parts: list[ast.expr] = [ast.Constant(form.begin)]
    for number, slot in enumerate(slots):
        parts.append(ast.Constant(("," if number else "") + slot.key))
        parts += fragment(slot)
    parts.append(ast.Constant(form.end))
    return ast.JoinedStr(_merged(parts))


def _merged(parts: list[ast.expr]) -> list[ast.expr]:
    """Join neighbouring constants: each part of an f-string costs time."""
    merged: list[ast.expr] = []
    for part in parts:
        if merged and isinstance(part, ast.Constant) and isinstance(merged[-1], ast.Constant):
            merged[-1] = ast.Constant(f"{merged[-1].value!s}{part.value!s}")
        else:
            merged.append(part)
    return merged
