"""Dates and times, those that do not exist too."""

from collections.abc import Mapping

from lab.compare import Policy
from lab.matrix.kinds import Kind, Value, Version, quoted

_NO_DATES = ("0000-00-00", "2024-00-00", "2024-05-00", "0000-01-01", "2024-00-15")
_DATES = ("2024-02-29", "1000-01-01", "9999-12-31", "0001-01-01", "1582-10-10", "1969-12-31")
_MOMENTS = ("2024-02-29 23:59:59.999999", "1000-01-01 00:00:00", "9999-12-31 23:59:59", "0001-01-01 00:00:00.000001")
_STAMPS = ("1970-01-01 00:00:01", "2038-01-19 03:14:07", "2024-03-31 02:30:00.123456", "2000-12-31 23:59:59.000001")
_TIMES = (
    *("00:00:00", "838:59:59", "-838:59:59", "-00:00:01", "-00:00:00.000001", "-00:00:00.5", "23:59:59.999999"),
    *("-12:34:56.789012", "-100:00:00.1", "24:00:00", "-01:59:59.999999", "838:59:58.999999"),
)
_INVALID = ("set session sql_mode = 'ALLOW_INVALID_DATES'",)


def _absent(*values: str) -> tuple[Value, ...]:
    return tuple(Value(f"'{value}'", Policy.ZERO_DATE) for value in values)


_DATE_VALUES = (*quoted(*_DATES), *_absent(*_NO_DATES))
_MOMENT_VALUES = (
    *quoted(*_MOMENTS),
    *_absent("0000-00-00 00:00:00", "2024-00-01 10:00:00", "2024-04-00 23:59:59.5", "0000-05-05 00:00:01"),
)
_STAMP_VALUES = (*quoted(*_STAMPS), *_absent("0000-00-00 00:00:00"))
_DEFAULT_STAMP = "not null default '2000-01-01 00:00:00'"
_OLD = ("set global mysql56_temporal_format = off",)
_NEW = ("set global mysql56_temporal_format = on",)
_ONLY_MARIADB: Mapping[str, Version] = {"mariadb": (10, 1)}


def _moments(name: str, values: tuple[Value, ...], required: str = "not null") -> list[Kind]:
    return [
        Kind(f"{name}({digits})" if digits else name, f"{name}({digits})", values, "v", required) for digits in range(7)
    ]


def _old(name: str, values: tuple[Value, ...], required: str = "not null") -> list[Kind]:
    """The formats from before MySQL 5.6, which MariaDB can still write."""
    return [
        Kind(f"old {name}({digits})", f"{name}({digits})", values, "v", required, None, _OLD, _NEW, _ONLY_MARIADB)
        for digits in (0, 3, 6)
    ]


MOMENTS = (
    Kind("date", "date", _DATE_VALUES, "v"),
    Kind(
        "date, invalid ones allowed",
        "date",
        _absent("2024-02-31", "2023-02-29", "2024-04-31"),
        "v",
        settings=_INVALID,
        undo=("set session sql_mode = ''",),
    ),
    *_moments("datetime", _MOMENT_VALUES),
    *_moments("timestamp", _STAMP_VALUES, _DEFAULT_STAMP),
    *_moments("time", quoted(*_TIMES)),
    *_old("datetime", _MOMENT_VALUES),
    *_old("timestamp", _STAMP_VALUES, _DEFAULT_STAMP),
    *_old("time", quoted(*_TIMES)),
)
