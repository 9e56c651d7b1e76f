"""The time zones of a source's sessions: what their clocks show, by the source's own tables."""

from __future__ import annotations

import re

import pymysql

from pg_chameleon.model.change import Circumstances
from pg_chameleon.mysql.connection import SourceConnection, error_number, source_errors
from pg_chameleon.mysql.error_numbers import UNKNOWN_TIME_ZONE

# https://dev.mysql.com/doc/refman/8.4/en/time-zone-support.html
_FIXED = re.compile(r"([+-])(\d{1,2}):(\d{2})")
_SYSTEM = "SYSTEM"
_UTC = "UTC"


def fixed_offset(time_zone: str) -> int | None:
    """Return how many seconds a time zone such as ``+05:30`` is ahead of UTC; None for those with a name."""
    match = _FIXED.fullmatch(time_zone)
    if match is None:
        return 0 if time_zone == _UTC else None
    seconds = 3600 * int(match[2]) + 60 * int(match[3])
    return -seconds if match[1] == "-" else seconds


def located(circumstances: Circumstances, connection: SourceConnection) -> Circumstances:
    """Add what the clock of the session's time zone showed, if the statement depended on it."""
    zone = circumstances.time_zone
    if zone is None:
        return circumstances
    offset = fixed_offset(zone)
    if offset is not None:
        return circumstances._replace(local_seconds=circumstances.seconds + offset, offset=offset)
    with connection.cursor() as cursor, source_errors("asking for a time zone"):
        return _asked(circumstances, zone, cursor)


def _asked(circumstances: Circumstances, zone: str, cursor: pymysql.cursors.Cursor) -> Circumstances:
    cursor.execute("SELECT @@global.system_time_zone, @@session.time_zone")
    system_zone, own_zone = cursor.fetchone() or ("", "")
    try:
        cursor.execute("SET time_zone = %s", (zone,))
    except pymysql.MySQLError as error:
        if error_number(error) != UNKNOWN_TIME_ZONE:
            raise
        return circumstances
    # The difference of two times without a time zone does not depend on any time zone rules.
    cursor.execute("SELECT TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', FROM_UNIXTIME(%s))", (circumstances.seconds,))
    row = cursor.fetchone()
    cursor.execute("SET time_zone = %s", (own_zone,))
    always_utc = zone == _SYSTEM and system_zone == _UTC
    return circumstances._replace(local_seconds=None if row is None else int(row[0]), offset=0 if always_utc else None)
