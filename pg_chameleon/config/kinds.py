"""The kinds of single values that a configuration key can have: how each is read from YAML and shown.

The YAML is loaded without guessing types, so that a reader gets text, a list or a mapping, but never 83 for the
password ``0123``. Empty entries never get here: they mean the default.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar

from pg_chameleon.config.secret import Secret

T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)
Problem = tuple[str, str]
"""What is wrong: a path below the key, often empty, and a text."""


class BadValue(ValueError):
    """A value is not valid for its key."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(message for _, message in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """A kind of value, which ``read`` turns into a type of Python. ``label`` names it in the reference."""

    label: str
    read: Callable[[Any], T_co]
    show: Callable[[Any], str] = str


def nearest(word: str, known: Collection[str]) -> str:
    """Suggest the known word that was probably meant, or list those that exist."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(sorted(known))}" if known else "there are none"


def expected(what: str, value: object) -> BadValue:
    """Make the error for a value that is not what its key takes."""
    shown = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
    return BadValue(("", f"expected {what}, got {shown}"))


def read_text(value: object) -> str:
    """Read text; lists and mappings are not text."""
    if isinstance(value, (dict, list)):
        raise expected("text", value)
    return str(value)


def _read_secret(value: object) -> Secret:
    if isinstance(value, (dict, list)):
        raise BadValue(("", "expected text"))
    return Secret(str(value))


def _read_path(value: object) -> Path:
    return Path(read_text(value)).expanduser().absolute()


def _read_file(value: object) -> Path:
    path = _read_path(value)
    if not path.is_file():
        raise BadValue(("", f"there is no file {path}"))
    return path


_TRUTHS = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


def _read_boolean(value: object) -> bool:
    truth = _TRUTHS.get(str(value).strip().lower())
    if truth is None:
        raise expected("Yes or No", value)
    return truth


def _show_boolean(value: bool) -> str:
    return "Yes" if value else "No"


def _show_optional(value: object) -> str:
    return "" if value is None else str(value)


TEXT = Kind("text", read_text)
SECRET = Kind("text", _read_secret)
PATH = Kind("path", _read_path, _show_optional)
FILE = Kind("path", _read_file, _show_optional)
BOOLEAN = Kind("Yes or No", _read_boolean, _show_boolean)


def whole_number(least: int, most: int | None = None) -> Kind[int]:
    """Make the kind of whole numbers within bounds."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"

    def read(value: object) -> int:
        text = str(value).strip().replace("_", "")
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            raise expected("a number", value)
        number = int(text)
        if number < least or (most is not None and number > most):
            raise expected(f"a number {bounds}", value)
        return number

    return Kind("number", read, _show_optional)


def _read_seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        raise expected("a number", value) from None
    if not math.isfinite(seconds) or seconds <= 0:
        raise expected("a number of seconds above 0", value)
    return seconds


SECONDS = Kind("seconds", _read_seconds, lambda seconds: f"{seconds:g}")


def one_of(words: type[E]) -> Kind[E]:
    """Make the kind of a few fixed words that the values of an enumeration are."""
    spelt = choice(*(member.value for member in words))
    return Kind(spelt.label, lambda value: words(spelt.read(value)), lambda member: str(member.value))


def choice(*known: str) -> Kind[str]:
    """Make the kind of a few fixed words."""

    def read(value: object) -> str:
        word = str(value).strip().lower()
        if word not in known:
            raise expected(f"one of {', '.join(known)}", value)
        return word

    *others, last = (f"`{word}`" for word in known)
    return Kind(f"{', '.join(others)} or {last}", read)


_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmg]?)i?b?", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def _read_size(value: object) -> int:
    match = _SIZE.fullmatch(str(value).strip())
    size = int(float(match[1]) * _SIZE_UNITS[match[2].lower()]) if match else 0
    if size <= 0:
        raise expected("a size such as 300M", value)
    return size


def _show_size(size: int) -> str:
    for unit in ("g", "m", "k"):
        if size % _SIZE_UNITS[unit] == 0:
            return f"{size // _SIZE_UNITS[unit]}{unit.upper() if unit != 'k' else unit}"
    return str(size)


SIZE = Kind("size", _read_size, _show_size)


_INTERVAL_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")
_CLOCK = re.compile(r"([0-9]+):([0-5][0-9])(?::([0-5][0-9]))?")
_INTERVAL_UNITS = {
    unit: timedelta(seconds=seconds)
    for seconds, units in (
        (1, "s sec secs second seconds"),
        (60, "m min mins minute minutes"),
        (3600, "h hour hours"),
        (86400, "d day days"),
        (604800, "w week weeks"),
        (2592000, "mon mons month months"),
    )
    for unit in units.split()
}


def parse_interval(text: str) -> timedelta:
    """Read an interval as PostgreSQL has them: ``12 hours``, ``1 day 02:30``; a month has 30 days."""
    rest = text.strip().lower()
    total = timedelta()
    while rest:
        clock, part = _CLOCK.match(rest), _INTERVAL_PART.match(rest)
        if clock:
            total += timedelta(hours=int(clock[1]), minutes=int(clock[2]), seconds=int(clock[3] or 0))
        elif part and part[2] in _INTERVAL_UNITS:
            total += float(part[1]) * _INTERVAL_UNITS[part[2]]
        else:
            raise ValueError(f"not an interval: {text!r}")
        rest = rest[(clock or part).end() :].lstrip(" ,")  # type: ignore[union-attr]
    return total


def _read_interval(value: object) -> timedelta:
    try:
        interval = parse_interval(str(value))
    except (ValueError, OverflowError):
        interval = timedelta()
    if interval <= timedelta():
        raise expected("an interval such as '1 day'", value)
    return interval


def show_interval(interval: timedelta) -> str:
    """Write an interval as it may stand in a configuration: ``1 day 2 hours``."""
    seconds = int(interval.total_seconds())
    parts = []
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts)


def _read_interval_or_disabled(value: object) -> timedelta | None:
    return None if str(value).strip().lower() in ("disabled", "no", "off", "false") else _read_interval(value)


INTERVAL = Kind("interval", _read_interval, show_interval)
INTERVAL_OR_DISABLED = Kind(
    "interval or `disabled`",
    _read_interval_or_disabled,
    lambda interval: "disabled" if interval is None else show_interval(interval),
)


_TIMEOUT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|min|h|d)?")
_TIMEOUT_UNITS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def _read_milliseconds(value: object) -> int:
    """The units are those of PostgreSQL's own settings, where a bare number is in milliseconds."""
    match = _TIMEOUT.fullmatch(str(value).strip())
    if match is None:
        raise expected("a time such as 120s", value)
    return round(float(match[1]) * _TIMEOUT_UNITS[match[2] or "ms"])


def _show_milliseconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"


MILLISECONDS = Kind("time", _read_milliseconds, _show_milliseconds)

_SERVER_ID = whole_number(1, 2**32 - 1)


def _read_server_id(value: object) -> int:
    """Read a server id; 0, which no server may have, stands for ``automatic``."""
    return 0 if str(value).strip().lower() == "automatic" else _SERVER_ID.read(value)


SERVER_ID = Kind("number or `automatic`", _read_server_id, lambda number: str(number or "automatic"))
