"""What a default that is the time was when its statement ran: exact, or not told at all."""

import pytest

from pg_chameleon.convert.alter.statement_time import statement_time
from pg_chameleon.model.change import Circumstances
from pg_chameleon.model.schema import Column, Default
from pg_chameleon.mysql.zones import fixed_offset

NOON = 1_700_000_000  # 2023-11-14 22:13:20 UTC
TOLD = Circumstances(NOON, microseconds=123_456, local_seconds=NOON + 3600)


def value(column_type: str, default: str, circumstances: Circumstances | None = TOLD) -> str | None:
    found = statement_time(Column("a", column_type, default=Default(default, False)), circumstances)
    return None if found is None else found.sql


@pytest.mark.parametrize(
    ("column_type", "default", "expected"),
    [
        ("timestamp", "CURRENT_TIMESTAMP", "'2023-11-14 22:13:20+00'"),
        ("timestamp(3)", "current_timestamp(3)", "'2023-11-14 22:13:20.123+00'"),
        ("datetime", "(now())", "'2023-11-14 23:13:20'"),
        ("datetime(6)", "LOCALTIME(6)", "'2023-11-14 23:13:20.123456'"),
        ("datetime(6)", "current_timestamp(2)", "'2023-11-14 23:13:20.12'"),
        ("date", "curdate()", "'2023-11-14'"),
        ("datetime", "current_timestamp(3)", None),  # rounded or cut by the server
        ("timestamp", "uuid()", None),
        ("time", "curtime()", None),
    ],
)
def test_the_time_is_that_of_the_statement(column_type: str, default: str, expected: str | None) -> None:
    assert value(column_type, default) == expected


def test_what_the_event_does_not_tell_is_not_guessed() -> None:
    assert value("timestamp", "now()", None) is None
    assert value("timestamp(1)", "now(1)", TOLD._replace(microseconds=None)) is None
    assert value("datetime", "now()", TOLD._replace(local_seconds=None)) is None
    assert value("date", "curdate()", TOLD._replace(local_seconds=None)) is None


def test_time_zones_with_names_have_no_fixed_offset() -> None:
    zones = ("+05:30", "-03:30", "+00:00", "UTC", "SYSTEM", "Europe/Berlin")
    assert [fixed_offset(zone) for zone in zones] == [19800, -12600, 0, 0, None, None]
