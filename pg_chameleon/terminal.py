"""Text that others wrote (keys, names, messages of servers), made safe for a terminal.

A control character in it could move the cursor, change the title or hide a line; a line break could break a table.
"""

from __future__ import annotations

import unicodedata

_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Controls, invisible marks such as those that turn the direction of writing, halves of characters, line separators."""


def one_line(text: str) -> str:
    """Write as escapes whatever a terminal does not show as a character of the same line."""
    if text.isprintable():
        return text
    return "".join(_escaped(each) if unicodedata.category(each) in _UNSAFE else each for each in text)


def several_lines(text: str) -> str:
    """Do the same, but keep the line breaks, and write tabs as spaces."""
    return "\n".join(map(one_line, text.expandtabs().split("\n")))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
