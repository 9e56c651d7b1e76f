"""Turn the default of a temporal column as written into the value that the server stores.

Only what both servers read in the same way under every mode is turned; they know many more ways to write a moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from pg_chameleon.ddl.syntax.errors import UntoldStructure
from pg_chameleon.model.source.types import ColumnType

Offset = Callable[[], int | None]
"""Tells how far the clock of the statement's session is ahead of UTC, if that is known and so all the year."""

_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})(?:\.(\d*))?)?")
_CLOCK = re.compile(r"(-?)(\d{1,3}):([0-5]?\d)(?::([0-5]?\d)(?:\.(\d*))?)?")
_MOST_HOURS = 838


def unknown_offset() -> None:
    """The session's time zone is not known."""


def stored_moment(text: str, shape: ColumnType, offset: Offset) -> str:
    """Return the default of a temporal column, that of a TIMESTAMP in UTC; raise ``UntoldStructure`` if in doubt."""
    if shape.base == "year":
        return _year(text)
    return _time(text, shape) if shape.base == "time" else _date(text, shape, offset)


def _date(text: str, shape: ColumnType, offset: Offset) -> str:
    match = _DATE.fullmatch(text) or _PACKED.fullmatch(text)
    if match is None and text.strip("0") != "":
        raise UntoldStructure(f"{text!r} can be read as a date in several ways")
    parts = match.groups() if match else ("0", "0", "0", None, None, None, None)
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    fraction = _fraction(parts[6], shape)
    date = f"{year:04d}-{month:02d}-{day:02d}"
    if shape.base == "date":
        return date
    moment = f"{date} {hour:02d}:{minute:02d}:{second:02d}"
    if shape.base == "timestamp" and year:
        moment = _in_utc(moment, offset())
    return moment + fraction


def _in_utc(moment: str, offset: int | None) -> str:
    if offset is None:
        raise UntoldStructure(f"which instant {moment} is depends on a time zone")
    try:
        return str(datetime.fromisoformat(moment) - timedelta(seconds=offset))
    except ValueError as error:
        raise UntoldStructure(f"{moment} is not a valid instant") from error


def _time(text: str, shape: ColumnType) -> str:
    if text.strip("0") == "":
        return f"00:00:00{_fraction('', shape)}"
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[2]) > _MOST_HOURS or (match[1] and not text.strip("-0:.")):
        raise UntoldStructure(f"{text!r} can be read as a time in several ways")
    sign, hours, minutes, seconds, digits = match.groups()
    return f"{sign}{int(hours):02d}:{int(minutes):02d}:{int(seconds or 0):02d}{_fraction(digits, shape)}"


def _year(text: str) -> str:
    if len(text) != len("2000") or not text.isdecimal():
        raise UntoldStructure(f"{text!r} can be read as a year in several ways")
    return text


def _fraction(digits: str | None, shape: ColumnType) -> str:
    """Return the digits of a second that are stored; it depends on the server's modes whether others are rounded."""
    written = (digits or "").rstrip("0")
    if len(written) > shape.fraction:
        raise UntoldStructure(f"{shape.base} has no room for the digits .{digits}")
    return f".{written.ljust(shape.fraction, '0')}" if shape.fraction else ""
