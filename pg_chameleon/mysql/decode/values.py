"""Single values as row images store them: from their bytes to what PostgreSQL's side takes.

Sources: "Rows_event" in MySQL's source documentation, "Date and Time Data Type Representation" of MySQL's internals
(TIMESTAMP2, DATETIME2, TIME2), "Fixed-Point" in ``strings/decimal.c`` terms of its manual, MariaDB's knowledge base.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

from pg_chameleon.errors import DecodeError

_Value = TypeVar("_Value")
_from_bytes = int.from_bytes


class Memo(dict[int, _Value], Generic[_Value]):
    """Texts that were made before, by the number that they were made from. It forgets all when it is full."""

    _MOST = 200_000

    def __init__(self, make: Callable[[int], _Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, number: int) -> _Value:
        if len(self) >= self._MOST:
            self.clear()
        value = self[number] = self._make(number)
        return value


# Dates and times.


def _date_text(packed: int) -> str:
    """DATE: 5 bits of day, 4 of month, the year above."""
    return f"{packed >> 9:04d}-{packed >> 5 & 15:02d}-{packed & 31:02d}"


def _datetime_day_text(packed: int) -> str:
    """The date of DATETIME2: 5 bits of day, then year * 13 + month."""
    year, month = divmod(packed >> 5, 13)
    return f"{year:04d}-{month:02d}-{packed & 31:02d}"


def _datetime_clock_text(packed: int) -> str:
    """The time of DATETIME2, with the space before it: 6 bits of second, 6 of minute, 5 of hour."""
    return f" {packed >> 12:02d}:{packed >> 6 & 63:02d}:{packed & 63:02d}"


def _epoch_day_text(days: int) -> str:
    """The date so many days after 1970-01-01, by the algorithm of the civil calendar."""
    era, day_of_era = divmod(days + 719468, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    return f"{year_of_era + era * 400 + (month <= 2):04d}-{month:02d}-{day:02d}"


def _epoch_clock_text(seconds: int) -> str:
    return f" {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


date_text = Memo(_date_text)
datetime_day = Memo(_datetime_day_text)
datetime_clock = Memo(_datetime_clock_text)
_epoch_day = Memo(_epoch_day_text)
_epoch_clock = Memo(_epoch_clock_text)

ZERO_DATETIME = "0000-00-00 00:00:00"


def timestamp_text(seconds: int) -> str:
    """TIMESTAMP: seconds since the epoch, in UTC; 0 is the zero date."""
    if not seconds:
        return ZERO_DATETIME
    days, second = divmod(seconds, 86400)
    return _epoch_day[days] + _epoch_clock[second]


def timestamp_fraction_text(raw: bytes, digits: int) -> str:
    """TIMESTAMP2 with a fraction: 4 bytes of seconds, then those of the fraction."""
    bits = (len(raw) - 4) * 8
    packed = _from_bytes(raw, "big")
    return timestamp_text(packed >> bits) + fraction_text(packed & ((1 << bits) - 1), digits)


def _hour_text(hour: int) -> str:
    return f"{hour:02d}"


def _minute_text(packed: int) -> str:
    """Minute and second with the points before them: 6 bits each."""
    return f":{packed >> 6:02d}:{packed & 63:02d}"


_hour = Memo(_hour_text)
_minute = Memo(_minute_text)


def time_text(raw: bytes, digits: int) -> str:
    """TIME2: a signed number of 3 bytes and those of the fraction: 10 bits of hour, 6 of minute, 6 of second."""
    fraction_bits = (len(raw) - 3) * 8
    packed = _from_bytes(raw, "big") - (0x800000 << fraction_bits)
    sign, packed = ("-", -packed) if packed < 0 else ("", packed)
    whole = packed >> fraction_bits
    text = sign + _hour[whole >> 12 & 0x3FF] + _minute[whole & 0xFFF]
    if not digits:
        return text
    fraction = packed & ((1 << fraction_bits) - 1)
    return text + fraction_text(fraction, digits)


def fraction_text(fraction: int, digits: int) -> str:
    """The fraction of a second with its point; it is stored with an even number of digits."""
    if digits == 6:
        return f".{fraction:06d}"
    stored_digits = digits + digits % 2
    return f".{fraction:0{stored_digits}d}"[: digits + 1]


def old_datetime_text(number: int) -> str:
    """DATETIME before MySQL 5.6: the decimal number YYYYMMDDHHMMSS."""
    day, clock = divmod(number, 1_000_000)
    return (
        f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"
        f" {clock // 10000:02d}:{clock // 100 % 100:02d}:{clock % 100:02d}"
    )


def old_time_text(raw: bytes) -> str:
    """TIME before MySQL 5.6: the signed decimal number HHMMSS."""
    number = _from_bytes(raw, "little", signed=True)
    sign, number = ("-", -number) if number < 0 else ("", number)
    return f"{sign}{number // 10000:02d}:{number // 100 % 100:02d}:{number % 100:02d}"


# MariaDB's formats of before 10.1 for fractions, "hires" in its sources: numbers with the highest byte first, in units
# of the last digit.

HIRES_TIMESTAMP_BYTES = (4, 5, 5, 6, 6, 7, 7)
HIRES_DATETIME_BYTES = (5, 6, 6, 7, 7, 7, 8)
HIRES_TIME_BYTES = (3, 4, 4, 5, 5, 5, 6)
# A second more than the longest TIME, so that no number is negative
_HIRES_TIME_ZERO = 838 * 3600 + 59 * 60 + 59 + 1


def hires_timestamp_text(raw: bytes, digits: int) -> str:
    """TIMESTAMP: 4 bytes of seconds, then those of the fraction."""
    return f"{timestamp_text(_from_bytes(raw[:4], 'big'))}.{_from_bytes(raw[4:], 'big'):0{digits}d}"


def hires_datetime_text(raw: bytes, digits: int) -> str:
    """DATETIME: 60 seconds, 60 minutes, 24 hours, 32 days and 13 months to the next unit."""
    seconds, fraction = divmod(_from_bytes(raw, "big"), 10**digits)
    days, second = divmod(seconds, 86400)
    months, day = divmod(days, 32)
    year, month = divmod(months, 13)
    return f"{year:04d}-{month:02d}-{day:02d}{_epoch_clock[second]}.{fraction:0{digits}d}"


def hires_time_text(raw: bytes, digits: int) -> str:
    """TIME: the distance from the shortest one."""
    number = _from_bytes(raw, "big") - _HIRES_TIME_ZERO * 10**digits
    sign, number = ("-", -number) if number < 0 else ("", number)
    seconds, fraction = divmod(number, 10**digits)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:0{digits}d}"


# Decimals.

_BYTES_OF_DIGITS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)


def decimal_size(precision: int, scale: int) -> int:
    """Return the bytes of a DECIMAL: four for each nine digits on a side of the point, fewer for the rest."""
    sides = divmod(precision - scale, 9), divmod(scale, 9)
    return sum(full * 4 + _BYTES_OF_DIGITS[rest] for full, rest in sides)


@cache
def decimal_reader(precision: int, scale: int) -> Callable[[bytes], str]:
    """Return the function that reads a DECIMAL of this size as text with its full scale.

    Its digits lie in groups of nine, with the shorter ones at the ends, as whole numbers. The first bit is 1 for
    positive numbers; negative ones have all their bits turned over.
    """
    whole_full, whole_rest = divmod(precision - scale, 9)
    fraction_full, fraction_rest = divmod(scale, 9)
    whole = [whole_rest] * (whole_rest > 0) + [9] * whole_full
    fraction = [9] * fraction_full + [fraction_rest] * (fraction_rest > 0)
    shift = decimal_size(precision, scale) * 8
    top = 1 << (shift - 1)
    groups = []
    for digits in [*whole, *fraction]:
        bits = _BYTES_OF_DIGITS[digits] * 8
        shift -= bits
        groups.append(f"(n >> {shift} & {(1 << bits) - 1})")
    number = "0"
    for digits, group in zip(whole, groups, strict=False):
        number = group if number == "0" else f"({number}) * {10**digits} + {group}"
    decimals = "".join(f"{{{group}:0{digits}d}}" for digits, group in zip(fraction, groups[len(whole) :], strict=True))
    text = f"{{{number}}}.{decimals}" if decimals else f"{{{number}}}"
    source = f"""
def read(raw):
    n = from_bytes(raw, "big")
    if n >= {top}:
        n -= {top}
        return f"{text}"
    n = {top - 1} - n
    return f"-{text}"
"""
    namespace: dict[str, Any] = {"from_bytes": _from_bytes}
    exec(source, namespace)  # noqa: S102 - made of numbers only
    read: Callable[[bytes], str] = namespace["read"]
    return read


# MariaDB's own types.


def uuid_value(raw: bytes) -> str:
    """UUID, whose zero bytes at the end are not stored."""
    text = raw.ljust(16, b"\0").hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def inet4_value(raw: bytes) -> str:
    """INET4, whose zero bytes at the end are not stored."""
    return socket.inet_ntop(socket.AF_INET, raw.ljust(4, b"\0"))


def inet6_value(raw: bytes) -> str:
    """INET6 as MariaDB shows it: the first longest run of zero groups is omitted, even one of a single group."""
    raw = raw.ljust(16, b"\0")
    groups = [f"{_from_bytes(raw[at : at + 2], 'big'):x}" for at in range(0, 16, 2)]
    start, length = _longest_zero_run(groups)
    if start == 0 and (length == 6 or (length == 5 and groups[5] == "ffff")):
        return f"::{'ffff:' if length == 5 else ''}{socket.inet_ntop(socket.AF_INET, raw[12:])}"
    if not length:
        return ":".join(groups)
    return f"{':'.join(groups[:start])}::{':'.join(groups[start + length :])}"


def _longest_zero_run(groups: list[str]) -> tuple[int, int]:
    best = (0, 0)
    start = 0
    for at, group in enumerate([*groups, "end"]):
        if group != "0":
            if at - start > best[1]:
                best = (start, at - start)
            start = at + 1
    return best


_ZLIB = 0x80
_RAW_DEFLATE = 0x08


def uncompressed_column(raw: bytes) -> bytes:
    """The value of a COMPRESSED column: a byte that tells the method, the size in big-endian bytes, the content."""
    if not raw:
        return b""
    method, size_bytes = raw[0] & 0xF0, raw[0] & 0x07
    if raw[0] == 0:
        return raw[1:]
    if method != _ZLIB:
        raise DecodeError(f"a COMPRESSED column uses the unknown method {raw[0]:#x}")
    content = raw[1 + size_bytes :]
    value = zlib.decompress(content, wbits=-15 if raw[0] & _RAW_DEFLATE else 15)
    if len(value) != _from_bytes(raw[1 : 1 + size_bytes], "big"):
        raise DecodeError("a COMPRESSED column has another size than it announces")
    return value
