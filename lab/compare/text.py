"""How text of any character set is read from the source, and which of its bytes are not text."""

from __future__ import annotations

from collections.abc import Callable

from lab.compare.policy import Replaced

Read = Callable[[object], "str | None"]

# Stored as UTF-8, which the server hands out unseen.
_UTF8 = frozenset({"utf8mb4", "utf8mb3", "utf8"})
# Their characters have a fixed width, and the servers do not keep halves of surrogate pairs out of them.
_FIXED_WIDTHS = {"ucs2": 2, "utf32": 4}
_SURROGATES = range(0xD800, 0xE000)
_WHOLE, _LOSSY = b"=", b"~"


def text_sql(charset: str | None) -> str:
    """Return the expression that gives a column as bytes, to be read by ``text_reader``."""
    if charset is None or charset in _UTF8:
        return "cast({} as binary)"
    if charset in _FIXED_WIDTHS:
        return "hex({})"
    # What comes back as other bytes, with question marks that were not stored, has been replaced.
    stored, text = "cast({} as binary)", "cast(convert({} using utf8mb4) as binary)"
    whole = f"cast(convert(convert({{}} using utf8mb4) using {charset}) as binary) = {stored}"
    as_many = f"{_question_marks(text)} <= {_question_marks(stored)} and not locate(x'efbfbd', {text})"
    mark = f"if({whole} or ({as_many}), '{_WHOLE.decode()}', '{_LOSSY.decode()}')"
    return f"if({{}} is null, null, concat({mark}, {text}))"


def _question_marks(expression: str) -> str:
    return f"(length({expression}) - length(replace({expression}, '?', '')))"


def text_reader(charset: str | None) -> Read:
    """Return the function that reads what ``text_sql`` gives."""
    if charset is None or charset in _UTF8:
        return _read_utf8
    if charset in _FIXED_WIDTHS:
        return _fixed_width_reader(_FIXED_WIDTHS[charset])
    return _read_converted


def _read_utf8(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    assert isinstance(value, bytes)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return Replaced(value.decode(errors="replace"))


def _read_converted(value: object) -> str | None:
    if value is None:
        return None
    content = value.encode() if isinstance(value, str) else value
    assert isinstance(content, bytes)
    text = content[1:].decode()
    return Replaced(text) if content[:1] == _LOSSY else text


def _fixed_width_reader(width: int) -> Read:
    def read(value: object) -> str | None:
        if value is None:
            return None
        content = bytes.fromhex(str(value))
        codes = [int.from_bytes(content[at : at + width], "big") for at in range(0, len(content), width)]
        text = "".join("?" if code in _SURROGATES else chr(code) for code in codes)
        return Replaced(text) if any(code in _SURROGATES for code in codes) else text

    return read
