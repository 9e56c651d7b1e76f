"""What ALTER TABLE does to dates and times, which depends on the product and on the session.

Where a value leaves its time zone, only one that is the same all the year is certain: a rule for summer time is in the
source's own tables. A date that does not exist on PostgreSQL is NULL or '-infinity' there, and becomes such a one.
"""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.conversion import Conversion, literal, unless_null
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.modes import MARIADB_TIME_ROUND_FRACTIONAL, MYSQL_TIME_TRUNCATE_FRACTIONAL
from pg_chameleon.model.source.types import CHARACTER_STRINGS

_Converter = Callable[[Column, Column, "Circumstances | None"], "Conversion | None"]

_LONGEST_TIME = "interval '838:59:59'"
_FIRST, _LAST = "timestamp '1970-01-01 00:00:01'", "timestamp '2038-01-19 03:14:07'"
# The days that there are, from the year 100 on.
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2})"
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_EARLY = "(0[1-9]|1[0-9]|2[0-8])"
_LATE = "((0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_DAY = f"({_YEAR}-(0[1-9]|1[0-2])-{_EARLY}|{_YEAR}-{_LATE}|{_LEAP_YEAR}-02-29)"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"


def _rounds(circumstances: Circumstances) -> bool:
    """Tell whether digits that do not fit are rounded, not left off."""
    if circumstances.mariadb:
        return bool(circumstances.sql_mode & MARIADB_TIME_ROUND_FRACTIONAL)
    return not circumstances.sql_mode & MYSQL_TIME_TRUNCATE_FRACTIONAL


def _with_digits(moment: str, digits: int, *, rounds: bool) -> str:
    """Write a timestamp with fewer digits of its seconds."""
    half = f"interval '0.{'0' * digits}5 seconds'"
    shifted = f"({moment} + {half})" if rounds else moment
    length = 19 if digits == 0 else 20 + digits
    text = f"left(to_char({shifted}, 'YYYY-MM-DD HH24:MI:SS.US'), {length})"
    return f"CASE WHEN isfinite({moment}) THEN {text}::timestamp ELSE {moment} END"


_BEFORE_THE_END = unless_null("{column} < '9999-12-31 23:59:59'")


def _datetime_to_datetime(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    if old.type.fraction <= new.type.fraction:
        return Conversion()
    if circumstances is None:
        return None
    using = _with_digits("{column}", new.type.fraction, rounds=_rounds(circumstances))
    return Conversion(using, exact=False, certain=_BEFORE_THE_END)


def _timestamp_to_timestamp(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    if old.type.fraction <= new.type.fraction:
        return Conversion()
    if circumstances is None:
        return None
    moment = _with_digits("({column} AT TIME ZONE 'UTC')", new.type.fraction, rounds=_rounds(circumstances))
    certain = unless_null(f"({{column}} AT TIME ZONE 'UTC') < {_LAST}")
    return Conversion(f"({moment}) AT TIME ZONE 'UTC'", exact=False, certain=certain)


def _time_to_time(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    if old.type.fraction <= new.type.fraction:
        return Conversion()
    if circumstances is None:
        return None
    function = "round" if _rounds(circumstances) else "trunc"
    seconds = f"{function}(extract(epoch from {{column}})::numeric, {new.type.fraction})"
    using = f"make_interval(secs => ({seconds})::double precision)"
    bounded = f"CASE WHEN {{column}} IS NOT NULL THEN least(greatest({using}, -{_LONGEST_TIME}), {_LONGEST_TIME}) END"
    return Conversion(bounded, exact=False)


def _date_to_datetime(_old: Column, _new: Column, _circumstances: Circumstances | None) -> Conversion | None:
    return Conversion("{column}::timestamp")


def _datetime_to_date(old: Column, _new: Column, circumstances: Circumstances | None) -> Conversion | None:
    return _to_date("{column}", old.type.fraction, circumstances)


def _to_date(moment: str, digits: int, circumstances: Circumstances | None) -> Conversion | None:
    """Take the day; MySQL rounds to whole seconds first, which may lead to the next one."""
    if digits == 0:
        return Conversion(f"({moment})::date", exact=False)
    if circumstances is None:
        return None
    if not _rounds(circumstances):
        return Conversion(f"({moment})::date", exact=False)
    rounded = _with_digits(moment, 0, rounds=True)
    return Conversion(f"({rounded})::date", exact=False, certain=_BEFORE_THE_END)


def _timestamp_to_date(old: Column, _new: Column, circumstances: Circumstances | None) -> Conversion | None:
    local = _local(circumstances)
    return None if local is None else _to_date(local, old.type.fraction, circumstances)


def _local(circumstances: Circumstances | None) -> str | None:
    """Return what the session's clock shows for an instant; None where the zone has rules of its own."""
    if circumstances is None or circumstances.offset is None:
        return None
    return f"(({{column}} AT TIME ZONE 'UTC') + interval '{circumstances.offset} seconds')"


def _timestamp_to_datetime(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    local = _local(circumstances)
    if local is None or circumstances is None:
        return None
    if old.type.fraction <= new.type.fraction:
        return Conversion(local, exact=False)
    return Conversion(_with_digits(local, new.type.fraction, rounds=_rounds(circumstances)), exact=False)


def _datetime_to_timestamp(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    return _to_timestamp("{column}::timestamp", old.type.fraction, new, circumstances)


def _to_timestamp(moment: str, digits: int, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    if circumstances is None or circumstances.offset is None:
        return None
    if digits > new.type.fraction:
        moment = _with_digits(moment, new.type.fraction, rounds=_rounds(circumstances))
    instant = f"(({moment}) - interval '{circumstances.offset} seconds')"
    inside = f"({instant} BETWEEN {_FIRST} AND {_LAST} OR NOT isfinite({instant}))"
    return Conversion(f"{instant} AT TIME ZONE 'UTC'", exact=False, certain=unless_null(inside))


def _date_to_timestamp(_old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    return _to_timestamp("{column}::timestamp", 0, new, circumstances)


def _date_to_text(_old: Column, new: Column, _circumstances: Circumstances | None) -> Conversion | None:
    return _written("{column}", 10, new)


def _datetime_to_text(old: Column, new: Column, _circumstances: Circumstances | None) -> Conversion | None:
    return _written("{column}", _length(old), new)


def _timestamp_to_text(old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    local = _local(circumstances)
    return None if local is None else _written(local, _length(old), new)


def _length(column: Column) -> int:
    return 19 if column.type.fraction == 0 else 20 + column.type.fraction


def _written(moment: str, length: int, new: Column) -> Conversion | None:
    """Write a moment as the source shows it; what is NULL may have been no date, and has a text then."""
    if new.type.base in CHARACTER_STRINGS and new.type.length < length:
        return None
    text = f"left(to_char({moment}, 'YYYY-MM-DD HH24:MI:SS.US'), {length})"
    return Conversion(text, exact=False, certain="isfinite({column})")


def _text_to_date(_old: Column, _new: Column, _circumstances: Circumstances | None) -> Conversion | None:
    return Conversion("{column}::date", exact=False, certain=_matches(f"^{_DAY}$"))


def _text_to_datetime(_old: Column, new: Column, _circumstances: Circumstances | None) -> Conversion | None:
    return Conversion("{column}::timestamp", exact=False, certain=_matches(_moment_pattern(new)))


def _moment_pattern(new: Column) -> str:
    fraction = rf"(\.[0-9]{{1,{new.type.fraction}}})?" if new.type.fraction else ""
    return f"^{_DAY}( {_CLOCK}{fraction})?$"


def _text_to_timestamp(_old: Column, new: Column, circumstances: Circumstances | None) -> Conversion | None:
    """Read in the session's zone, from the day after the first to the day before the last that is certain."""
    if circumstances is None or circumstances.offset is None:
        return None
    using = f"({{column}}::timestamp - interval '{circumstances.offset} seconds') AT TIME ZONE 'UTC'"
    inside = "{column} > '1970-01-02' AND {column} < '2038-01-18'"
    return Conversion(using, exact=False, certain=f"({_matches(_moment_pattern(new))}) AND ({unless_null(inside)})")


def _text_to_time(_old: Column, _new: Column, _circumstances: Circumstances | None) -> Conversion | None:
    return Conversion("{column}::interval", exact=False, certain=_matches(f"^{_CLOCK}$"))


def _matches(pattern: str) -> str:
    return unless_null(f"{{column}} ~ {literal(pattern)}")


TEMPORAL: dict[tuple[str, str], _Converter] = {
    ("date", "datetime"): _date_to_datetime,
    ("date", "timestamp"): _date_to_timestamp,
    ("date", "text"): _date_to_text,
    ("datetime", "datetime"): _datetime_to_datetime,
    ("datetime", "date"): _datetime_to_date,
    ("datetime", "timestamp"): _datetime_to_timestamp,
    ("datetime", "text"): _datetime_to_text,
    ("timestamp", "timestamp"): _timestamp_to_timestamp,
    ("timestamp", "date"): _timestamp_to_date,
    ("timestamp", "datetime"): _timestamp_to_datetime,
    ("timestamp", "text"): _timestamp_to_text,
    ("time", "time"): _time_to_time,
    ("text", "date"): _text_to_date,
    ("text", "datetime"): _text_to_datetime,
    ("text", "timestamp"): _text_to_timestamp,
    ("text", "time"): _text_to_time,
}
