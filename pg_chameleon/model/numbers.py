"""Floating-point numbers as MySQL and MariaDB write them."""

from __future__ import annotations

import struct


def double_text(number: float) -> str:
    """Write a double as the servers do: the shortest digits that give it again.

    It has an exponent below 1e-15, and from 1e15 on unless there are digits after the point.
    """
    text = repr(number)
    if "e" not in text and (abs(number) < 1e15 or not text.endswith(".0")):
        return text.removesuffix(".0")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    mantissa, _, shown_exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0").rstrip("0")
    exponent = int(shown_exponent) if shown_exponent else len(whole) - 1
    if -15 <= exponent < 0:
        return f"{sign}0.{digits:0>{len(digits) - exponent - 1}}"
    point = "." if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}e{exponent}"


def mariadb_double_text(number: float) -> str:
    """Write a double as MariaDB does, which shows 0 for -0."""
    return double_text(number + 0.0)


def json_double_text(number: float) -> str:
    """Write a double as MySQL does in JSON, where it is always marked as one."""
    text = double_text(number)
    return text if "." in text or "e" in text else f"{text}.0"


def single(number: float) -> float:
    """Round a number to single precision."""
    rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return rounded
