"""The functions that give the same on both sides."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.expressions.translated import Kind, Refused, Translated, Use, of_kind

_Arguments = list[Translated]
_MOST_DIGITS = 2


def call(name: str, arguments: _Arguments, use: Use) -> Translated:
    """Translate the call of a function, whose name is in lower case."""
    function = _FUNCTIONS.get(name)
    if function is None:
        raise Refused
    return function(arguments, use)


def _concat(arguments: _Arguments, _use: Use) -> Translated:
    return Translated(f"({' || '.join(of_kind(each, Kind.TEXT) for each in arguments)})", Kind.TEXT)


def _coalesce(arguments: _Arguments, _use: Use) -> Translated:
    kind = arguments[0].kind
    return Translated(f"coalesce({', '.join(of_kind(each, kind) for each in arguments)})", kind)


def _abs(arguments: _Arguments, _use: Use) -> Translated:
    return Translated(f"abs({of_kind(_only(arguments), Kind.NUMBER)})", Kind.NUMBER)


def _round(arguments: _Arguments, _use: Use) -> Translated:
    if len(arguments) != 2:
        raise Refused
    number, digits = arguments
    wanted = digits.literal or ""
    if digits.kind is not Kind.NUMBER or not wanted.isdigit() or len(wanted) > _MOST_DIGITS:
        raise Refused
    return Translated(f"round({of_kind(number, Kind.NUMBER)}, {wanted})", Kind.NUMBER)


def _char_length(arguments: _Arguments, use: Use) -> Translated:
    if use is Use.VALUE:
        raise Refused  # the target has no NUL characters
    return Translated(f"char_length({of_kind(_only(arguments), Kind.TEXT)})::numeric", Kind.NUMBER)


def _folding(name: str) -> Callable[[_Arguments, Use], Translated]:
    def fold(arguments: _Arguments, use: Use) -> Translated:
        if use is Use.VALUE:
            raise Refused
        return Translated(f"{name}({of_kind(_only(arguments), Kind.TEXT)})", Kind.TEXT)

    return fold


def _only(arguments: _Arguments) -> Translated:
    if len(arguments) != 1:
        raise Refused
    return arguments[0]


_FUNCTIONS: dict[str, Callable[[_Arguments, Use], Translated]] = {
    "concat": _concat,
    "coalesce": _coalesce,
    "ifnull": _coalesce,
    "abs": _abs,
    "round": _round,
    "char_length": _char_length,
    "character_length": _char_length,
    "lower": _folding("lower"),
    "upper": _folding("upper"),
}
