"""What a default that is the time was when a statement ran."""

from __future__ import annotations

from datetime import datetime, timedelta

from pg_chameleon.convert.structure.defaults import TargetDefault, quoted
from pg_chameleon.convert.structure.source_defaults import Says, source_default
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Column


def statement_time(column: Column, circumstances: Circumstances | None) -> TargetDefault | None:
    """Return what a default that is the time was when the statement ran; None if that cannot be told."""
    default = source_default(column)
    if default is None or circumstances is None:
        return None
    base, local = column.type.base, circumstances.local_seconds
    if base == "date" and local is not None and default.says in (Says.TODAY, Says.NOW):
        return quoted(f"{_clock(local):%Y-%m-%d}")
    if default.says is not Says.NOW or base not in ("datetime", "timestamp"):
        return None
    seconds, zone = (circumstances.seconds, "+00") if base == "timestamp" else (local, "")
    digits = default.digits
    if seconds is None or digits > column.type.fraction or (digits and circumstances.microseconds is None):
        return None
    # The servers leave off the digits that were not asked for.
    fraction = f".{circumstances.microseconds:06d}"[: digits + 1] if digits else ""
    return quoted(f"{_clock(seconds):%Y-%m-%d %H:%M:%S}{fraction}{zone}")


def _clock(seconds: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)
