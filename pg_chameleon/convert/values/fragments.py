"""The stream: the encoders compiled, column by column, into the parts of an f-string.

They are built as syntax trees, so no name of a column is ever read as code.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from pg_chameleon.convert.values.carried import CarriedColumn
from pg_chameleon.convert.values.changes import Change
from pg_chameleon.convert.values.encodings import (
    Bits,
    DateCheck,
    Encoding,
    EnumLabel,
    Float,
    Geometry,
    Hex,
    Plain,
    ServerFloat,
    SetLabels,
    Text,
    Vector,
    server_float_text,
)
from pg_chameleon.convert.values.form import Form
from pg_chameleon.convert.values.members import Ambiguous
from pg_chameleon.convert.values.text import CALENDAR, EnumTexts, SetTexts, ewkb, to_json_text, vector_text


class Slot(NamedTuple):
    """A column to write, and its place in the row, whose values are called ``v0``, ``v1`` ..."""

    place: int
    carried: CarriedColumn
    form: Form

    @property
    def key(self) -> str:
        return f"{to_json_text(self.carried.name)}:" if self.form.named else ""

    @property
    def odd_labels(self) -> EnumTexts | SetTexts | None:
        """The labels of an enum or set as they are, if any of them is not to be written just so."""
        encoding = self.carried.rule.encode
        if not isinstance(encoding, EnumLabel | SetLabels):
            return None
        odd = self.carried.ambiguous is not None or any("\0" in member for member in encoding.members)
        return _labels(encoding, str) if odd else None

    def scope(self, changes: list[Change]) -> dict[str, object]:
        """Return what the column's fragment calls by name."""
        names: dict[str, object] = {f"t{self.place}": _tool(self), "calendar": CALENDAR, "quote": self.form.quote}
        return {**names, f"absent{self.place}": _absent(self, changes)} if self.carried.checked else names


class _Unambiguous:
    """The texts of an enum or set but for those that do not tell values apart, which the careful function writes."""

    def __init__(self, texts: EnumTexts | SetTexts, ambiguous: Ambiguous) -> None:
        self._texts = texts
        self._ambiguous = ambiguous

    def __getitem__(self, number: int) -> str:
        if number in self._ambiguous:
            raise LookupError(number)
        return self._texts[number]


def _labels(encoding: EnumLabel | SetLabels, escape: Callable[[str], str]) -> EnumTexts | SetTexts:
    return (EnumTexts if isinstance(encoding, EnumLabel) else SetTexts)(encoding.members, escape)


def _source(encoding: Encoding) -> str:
    """Return the expression of Python that makes a text, fit to stand between quotes, of ``value`` with ``tool``."""
    match encoding:
        case Plain() | Text():
            return "value"
        case Float(plain_zero):
            return "repr(value + 0.0)" if plain_zero else "repr(value)"
        case Bits(width):
            return f"f'{{value:0{width:d}b}}'"
        case Hex(size):
            return f"value.ljust({size:d}, tool).hex()" if size else "value.hex()"
        case ServerFloat() | Geometry() | Vector():
            return "tool(value)"
        case EnumLabel() | SetLabels():
            return "tool[value]"


def _tool(slot: Slot) -> object:
    """Return what the expression of a column calls its ``tool``."""
    encoding, ambiguous = slot.carried.rule.encode, slot.carried.ambiguous
    match encoding:
        case Hex():
            return b"\0"
        case ServerFloat():
            return server_float_text(encoding)
        case Geometry():
            return ewkb
        case Vector():
            return vector_text
        case EnumLabel() | SetLabels():
            texts = _labels(encoding, slot.form.inside)
            return texts if ambiguous is None else _Unambiguous(texts, ambiguous)
        case _:
            return None


_EXISTS = {
    DateCheck.DATE: "calendar[value]",
    DateCheck.DATETIME: "calendar[value[:10]]",
    DateCheck.TIMESTAMP: "value[0] != '0'",
}


def fragment(slot: Slot) -> list[ast.expr]:
    """Return the parts of an f-string that write one value."""
    carried, rule = slot.carried, slot.carried.rule
    encoded = _placed(_source(rule.encode), slot.place)
    if rule.free_text:
        quoted: list[ast.expr] = [_formatted(_called("quote", encoded))]
    else:
        before, after = f'"{slot.form.inside(rule.prefix)}', f'{slot.form.inside(rule.suffix)}"'
        quoted = [ast.Constant(before), _formatted(encoded), ast.Constant(after)]
    if carried.checked and rule.dates is not None:
        exists = _placed(_EXISTS[rule.dates], slot.place)
        absent = _called(f"absent{slot.place}", _value(slot.place))
        quoted = [_formatted(ast.IfExp(exists, ast.JoinedStr(quoted), absent))]
    if carried.source.nullable:
        is_null = ast.Compare(_value(slot.place), [ast.Is()], [ast.Constant(None)])
        only = quoted[0].value if isinstance(quoted[0], ast.FormattedValue) and len(quoted) == 1 else None
        quoted = [_formatted(ast.IfExp(is_null, ast.Constant(slot.form.null), only or ast.JoinedStr(quoted)))]
    return quoted


class Placed(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, expressions: dict[str, ast.expr]) -> None:
        self._expressions = expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._expressions.get(node.id, node)


def _placed(source: str, place: int) -> ast.expr:
    names: dict[str, ast.expr] = {"value": _value(place), "tool": ast.Name(f"t{place}", ast.Load())}
    expression: ast.expr = Placed(names).visit(ast.parse(source, mode="eval").body)
    return expression


def _value(place: int) -> ast.expr:
    return ast.Name(f"v{place}", ast.Load())


def _called(function: str, argument: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(function, ast.Load()), [argument], [])


def _formatted(expression: ast.expr) -> ast.FormattedValue:
    return ast.FormattedValue(expression, -1, None)


def _absent(slot: Slot, changes: list[Change]) -> Callable[[object], str]:
    """Return the function that writes what stands for a date that does not exist."""
    column, reason, substitute = slot.carried.source.name, slot.carried.absent_reason, slot.carried.substitute
    written = slot.form.null if substitute is None else slot.form.quote(substitute)

    def write(value: object) -> str:
        changes.append(Change(column, reason, str(value)))
        return written

    return write
