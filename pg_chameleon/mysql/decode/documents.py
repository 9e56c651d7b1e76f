"""MySQL's binary JSON as text, and the changes of PARTIAL_UPDATE_ROWS applied to it.

Source: ``json_binary.h`` and "Partial updates" in MySQL's source documentation. The text is what the server itself
shows: members in stored order, ``", "`` and ``": "`` between them, numbers in full.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from struct import unpack_from
from typing import Any, TypeAlias

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import JsonChange, JsonChanges
from pg_chameleon.model.numbers import json_double_text
from pg_chameleon.mysql.binlog.events import length_encoded
from pg_chameleon.mysql.decode.values import datetime_clock, datetime_day, decimal_reader, decimal_size

_SMALL_OBJECT, _LARGE_OBJECT, _SMALL_ARRAY, _LARGE_ARRAY, _LITERAL = range(5)
_INT16, _UINT16, _INT32, _UINT32, _INT64, _UINT64, _DOUBLE, _STRING = range(5, 13)
_OPAQUE = 15

_LITERALS = {0: "null", 1: "true", 2: "false"}
_NUMBER_FORMATS = {_INT16: "<h", _UINT16: "<H", _INT32: "<i", _UINT32: "<I", _INT64: "<q", _UINT64: "<Q"}
_INLINE_SMALL = frozenset({_LITERAL, _INT16, _UINT16})
_INLINE_LARGE = frozenset({_LITERAL, _INT16, _UINT16, _INT32, _UINT32})

# Column types that have a text of their own inside JSON
_DATE, _TIME, _DATETIME, _TIMESTAMP, _DECIMAL = 10, 11, 12, 7, 246


def json_text(document: bytes) -> str:
    """Return a stored JSON document as text. MySQL reads an empty one, which IGNORE can make, as null."""
    return _value(document[0], document, 1) if document else "null"


def _value(kind: int, data: bytes, position: int) -> str:
    """Return the value of a kind that begins at ``position``."""
    number_format = _NUMBER_FORMATS.get(kind)
    if number_format is not None:
        return str(unpack_from(number_format, data, position)[0])
    if kind == _STRING:
        size, start = _variable_length(data, position)
        return _quoted(data[start : start + size].decode())
    if kind == _LITERAL:
        return _LITERALS[data[position]]
    if kind == _DOUBLE:
        return json_double_text(unpack_from("<d", data, position)[0])
    if kind <= _LARGE_ARRAY:
        return _container(kind, data, position)
    if kind == _OPAQUE:
        size, start = _variable_length(data, position + 1)
        return _opaque(data[position], data[start : start + size])
    raise DecodeError(f"a JSON document has a value of the unknown kind {kind}")


def _container(kind: int, data: bytes, start: int) -> str:
    """An object or an array: counts, then entries that tell where keys and values lie, counted from ``start``."""
    is_large = kind in (_LARGE_OBJECT, _LARGE_ARRAY)
    is_object = kind in (_SMALL_OBJECT, _LARGE_OBJECT)
    width, integer, inline = (4, "<I", _INLINE_LARGE) if is_large else (2, "<H", _INLINE_SMALL)
    (count,) = unpack_from(integer, data, start)
    keys_at = start + 2 * width
    values_at = keys_at + count * (width + 2) * is_object
    texts = []
    for index in range(count):
        entry = values_at + index * (1 + width)
        item_kind = data[entry]
        if item_kind in inline:
            text = _value(item_kind, data, entry + 1)
        else:
            (offset,) = unpack_from(integer, data, entry + 1)
            text = _value(item_kind, data, start + offset)
        if is_object:
            entry = keys_at + index * (width + 2)
            (offset,) = unpack_from(integer, data, entry)
            (size,) = unpack_from("<H", data, entry + width)
            key = data[start + offset : start + offset + size].decode()
            text = f"{_quoted(key)}: {text}"
        texts.append(text)
    return f"{{{', '.join(texts)}}}" if is_object else f"[{', '.join(texts)}]"


def _variable_length(data: bytes, position: int) -> tuple[int, int]:
    """Read a length: 7 bits a byte, the lowest first, the high bit tells that another byte follows."""
    length = shift = 0
    while True:
        byte = data[position]
        position += 1
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return length, position
        shift += 7


_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _quoted(text: str) -> str:
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", text)
    return f'"{text}"'


def _opaque(column_type: int, content: bytes) -> str:
    """A value of a type that JSON does not have."""
    if column_type == _DECIMAL:
        return decimal_reader(content[0], content[1])(content[2 : 2 + decimal_size(content[0], content[1])])
    text = _TEMPORAL_TEXTS.get(column_type)
    if text is not None:
        return f'"{text(int.from_bytes(content, "little", signed=True))}"'
    return f'"base64:type{column_type}:{base64.b64encode(content).decode()}"'


def _packed_datetime_text(packed: int) -> str:
    """A packed DATETIME: 24 bits of microseconds, then 17 of time, then the date."""
    whole = packed >> 24
    return f"{datetime_day[whole >> 17]}{datetime_clock[whole & 0x1FFFF]}.{packed & 0xFFFFFF:06d}"


def _packed_date_text(packed: int) -> str:
    return datetime_day[packed >> 41]


def _packed_time_text(packed: int) -> str:
    sign, packed = ("-", -packed) if packed < 0 else ("", packed)
    whole = packed >> 24
    clock = f"{whole >> 12 & 0x3FF:02d}:{whole >> 6 & 63:02d}:{whole & 63:02d}"
    return f"{sign}{clock}.{packed & 0xFFFFFF:06d}"


_TEMPORAL_TEXTS: dict[int, Callable[[int], str]] = {
    _DATE: _packed_date_text,
    _TIME: _packed_time_text,
    _DATETIME: _packed_datetime_text,
    _TIMESTAMP: _packed_datetime_text,
}


# Partial updates.

_REPLACE, _INSERT, _REMOVE = "replace", "insert", "remove"
_OPERATIONS = (_REPLACE, _INSERT, _REMOVE)

_Tree: TypeAlias = "dict[str, Any] | list[Any] | str | _Number | bool | None"
_Step = str | int


class _Number(str):
    """A number as its text, so that it is not rounded on the way."""

    __slots__ = ()


def changed_json(before: str | None, changes: bytes) -> str | None:
    """Apply the changes of a partial update to the text of the document before."""
    if not changes:
        return before
    if before is None:
        raise DecodeError("a partial JSON update changes a document that is NULL")
    tree = json.loads(before, parse_int=_Number, parse_float=_Number)
    for change in json_changes(changes):
        tree = _changed(tree, change)
    return _tree_text(tree)


def json_changes(changes: bytes) -> JsonChanges:
    """Read the changes of a partial update ("Json_diff" in MySQL's source documentation)."""
    found = []
    position = 0
    while position < len(changes):
        operation = _OPERATIONS[changes[position]]
        size, position = length_encoded(changes, position + 1)
        path = changes[position : position + size].decode()
        position += size
        value = None
        if operation != _REMOVE:
            size, position = length_encoded(changes, position)
            value = json_text(changes[position : position + size])
            position += size
        found.append(JsonChange(operation, _steps(path), value))
    return JsonChanges(found)


_STEP = re.compile(r'\.("(?:[^"\\]|\\.)*"|[^.\["]+)|\[(\d+)\]')


def _steps(path: str) -> tuple[_Step, ...]:
    """Take a path such as ``$.a[2]."b c"`` apart."""
    steps: list[_Step] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise DecodeError(f"a partial JSON update has a path that cannot be read: {path}")
        member, index = match.groups()
        if index is not None:
            steps.append(int(index))
        else:
            steps.append(json.loads(member) if member.startswith('"') else member)
        position = match.end()
    return tuple(steps)


def _changed(tree: _Tree, change: JsonChange) -> _Tree:
    value: _Tree = None
    if change.value is not None:
        value = json.loads(change.value, parse_int=_Number, parse_float=_Number)
    if not change.path:
        return value
    *way, last = change.path
    parent: Any = tree
    try:
        for step in way:
            parent = parent[step]
        if change.operation == _REMOVE:
            del parent[last]
        elif change.operation == _INSERT and isinstance(parent, list) and isinstance(last, int):
            parent.insert(last, value)
        else:
            if change.operation == _REPLACE:
                _ = parent[last]
            parent[last] = value
    except (KeyError, IndexError, TypeError) as error:
        raise DecodeError(
            f"a partial JSON update changes {list(change.path)}, which the document before does not have"
        ) from error
    return tree


def _tree_text(tree: _Tree) -> str:
    if isinstance(tree, _Number):
        return str(tree)
    if isinstance(tree, str):
        return _quoted(tree)
    if isinstance(tree, list):
        return f"[{', '.join(map(_tree_text, tree))}]"
    if isinstance(tree, dict):
        members = sorted((len(key.encode()), key.encode(), key) for key in tree)
        return f"{{{', '.join(f'{_quoted(key)}: {_tree_text(tree[key])}' for _, _, key in members)}}}"
    return {None: "null", True: "true", False: "false"}[tree]
