"""How the values of both sides are read and brought to one canonical text, for each pair of types."""

import ipaddress
import json
import re
import struct
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lab.compare import policy
from lab.compare.policy import ZERO, Expect, as_it_is, expect_document, expect_moment, expect_text, written_json
from lab.compare.structure import SourceColumn
from lab.compare.text import Read, text_reader, text_sql

GEOMETRIES = (
    *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"),
    *("geometrycollection", "geomcollection"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one column is read: an SQL expression for each side, {} being the name, and what becomes of it.

    `expect` says what the target shall have where the source has a value that PostgreSQL cannot hold.
    """

    source_sql: str
    target_sql: str
    read_source: Read
    read_target: Read
    expect: Expect = as_it_is


def reading(column: SourceColumn, target_type: str, zero_dates: str = "null") -> Reading:
    """Choose how to read a column; `target_type` is pg_type.typname.

    `zero_dates` says what stands for a date that PostgreSQL cannot hold: null, or infinity. In a key it is infinity.
    """
    data_type = column.data_type
    if target_type in BY_TARGET_TYPE:
        return BY_TARGET_TYPE[target_type]
    if data_type == "bit":
        return Reading("hex({})", "{}::text", bits_of_width(column.column_type), as_text)
    if data_type in ("date", "datetime", "timestamp"):
        return temporal_reading(data_type, "infinity" if column.in_key else zero_dates)
    if target_type == "bytea":
        return BY_SOURCE_TYPE_IN_BYTEA.get(data_type, IN_BYTEA)
    if data_type in TEXTS:
        charset = column.charset
        return Reading(text_sql(charset), "{}::text", text_reader(charset), as_text, expect_text)
    return BY_SOURCE_TYPE.get(data_type, ANY_TEXT)


def temporal_reading(data_type: str, zero_dates: str) -> Reading:
    canonical = canonical_date if data_type == "date" else canonical_moment

    def target(value: object) -> str | None:
        return "infinity" if value is not None and str(value).endswith("infinity") else canonical(value)

    substitute = None if zero_dates == "null" else zero_dates
    return Reading("cast({} as char)", "{}::text", canonical, target, expect_moment(substitute))


def as_text(value: object) -> str | None:
    if isinstance(value, bytes):  # an enum or a set whose members have no character set
        return value.decode()
    return None if value is None else str(value)


def lower_case(value: object) -> str | None:
    return None if value is None else str(value).lower()


def boolean_of_number(value: object) -> str | None:
    if value is None:
        return None
    number = int(str(value))
    return {0: "false", 1: "true"}.get(number, f"{number} is not a boolean")


def canonical_number(value: object) -> str | None:
    return None if value is None else policy.canonical_number(str(value))


def canonical_single(value: object) -> str | None:
    if value is None:
        return None
    (single,) = struct.unpack("f", struct.pack("f", float(str(value))))
    return repr(single)


def canonical_double(value: object) -> str | None:
    return None if value is None else repr(float(str(value)))


def bits_of_width(column_type: str) -> Read:
    width = int((re.findall(r"\d+", column_type) or ["1"])[0])

    def read(value: object) -> str | None:
        return None if value is None else format(int(str(value), 16), f"0{width}b")

    return read


def canonical_date(value: object) -> str | None:
    """Return the day, or ZERO where the calendar has no such day (MySQL can hold them)."""
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return ZERO


def canonical_moment(value: object) -> str | None:
    """Return day and time in UTC with six digits of a second, or ZERO."""
    if value is None:
        return None
    day, _, clock = str(value).partition(" ")
    if canonical_date(day) == ZERO:
        return ZERO
    seconds, _, fraction = clock.removesuffix("+00").partition(".")
    return f"{day} {seconds}.{fraction:0<6}"


def microseconds_of_time(value: object) -> str | None:
    """Return a span of time such as -838:59:59.000001 in microseconds."""
    if value is None:
        return None
    text = str(value)
    hours, minutes, seconds = text.removeprefix("-").split(":")
    total = (int(hours) * 3600 + int(minutes) * 60) * 1_000_000 + int(Decimal(seconds) * 1_000_000)
    return str(-total if text.startswith("-") else total)


def canonical_json(value: object) -> str | None:
    """Write a JSON document with its members in order and its numbers exact."""
    if value is None:
        return None
    text = value.decode() if isinstance(value, bytes) else str(value)
    return written_json(json.loads(text, parse_float=Decimal))


def extended_wkb(value: object) -> str | None:
    """Turn MySQL's form of a geometry (SRID, then WKB) into that of PostGIS, which has the SRID inside."""
    if value is None:
        return None
    content = bytes.fromhex(str(value))
    (srid,) = struct.unpack_from("<I", content)
    wkb = content[4:]
    if srid == 0:
        return wkb.hex()
    (kind,) = struct.unpack_from("<I", wkb, 1)
    return (wkb[:1] + struct.pack("<II", kind | 0x20000000, srid) + wkb[5:]).hex()


def floats_of_bytes(value: object) -> str | None:
    if value is None:
        return None
    content = bytes.fromhex(str(value))
    return " ".join(map(repr, struct.unpack(f"<{len(content) // 4}f", content)))


def floats_of_text(value: object) -> str | None:
    """Read a vector from an array {1,2} or from the form of pgvector, [1,2]."""
    if value is None:
        return None
    return " ".join(str(canonical_single(number)) for number in str(value)[1:-1].split(","))


def canonical_address(value: object) -> str | None:
    return None if value is None else str(ipaddress.ip_address(str(value)))


NUMBER = Reading("cast({} as char)", "{}::text", canonical_number, canonical_number)
TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set")
ANY_TEXT = Reading("cast({} as char)", "{}::text", lower_case, lower_case)
ADDRESS = Reading("cast({} as char)", "host({})", canonical_address, canonical_address)
JSON = Reading("{}", "{}::text", canonical_json, canonical_json, expect_document)
IN_BYTEA = Reading("hex({})", "encode({}, 'hex')", lower_case, lower_case)

BY_TARGET_TYPE = {
    "bool": Reading("{} + 0", "{}::text", boolean_of_number, as_text),
    "json": JSON,
    "jsonb": JSON,
}
BY_SOURCE_TYPE_IN_BYTEA = {
    **dict.fromkeys(GEOMETRIES, Reading("hex({})", "encode({}, 'hex')", extended_wkb, as_text)),
    "vector": Reading("hex({})", "encode({}, 'hex')", floats_of_bytes, floats_of_bytes),
}
BY_SOURCE_TYPE = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year", "decimal"), NUMBER),
    # Shown by itself, a float of MySQL loses digits; as a double it is exact.
    "float": Reading("{} * 1e0", "{}::text", canonical_single, canonical_single),
    "double": Reading("{}", "{}::text", canonical_double, canonical_double),
    "time": Reading(
        "cast({} as char)",
        "(extract(epoch from {}) * 1000000)::bigint::text",
        microseconds_of_time,
        as_text,
    ),
    **dict.fromkeys(GEOMETRIES, Reading("hex({})", "{}::text", extended_wkb, lower_case)),
    "vector": Reading("hex({})", "{}::text", floats_of_bytes, floats_of_text),
    "inet4": ADDRESS,
    "inet6": ADDRESS,
}
