"""Random values for columns of every type, with the edges of each type among them."""

import json
import random
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from lab.workload.structure import Column, quoted

Value = tuple[str, object]  # an SQL expression with one %s, and its parameter
Maker = Callable[[random.Random, Column], object]

INTEGER_BITS: dict[str, int] = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
BLOB_LENGTHS = {"tinyblob": 255, "blob": 65_535, "mediumblob": 120_000, "longblob": 120_000}
TEXT_LENGTHS = {"tinytext": 63, "text": 16_000, "mediumtext": 60_000, "longtext": 60_000}
SNIPPETS = (
    *("NULL", "\\N", "\\", "'", '"', "\t", "\r\n", "%s", "{}", ",", ";", "--", "/*", "$1", "\\.", "  "),
    *("plain", "words that fill", "0", "-1", "true", "\x01", "\x7f"),
)
WIDE_SNIPPETS = ("é", "ß", "Ø", "Ж", "한", "漢字", "\u200fאבגד", "e\u0301")
EMOJI_SNIPPETS = ("🐬", "🧭", "👩‍🚀", "𝄞")
WIDE_CHARSETS = {"utf8mb4", "utf8mb3", "utf8", "utf16", "utf32", "ucs2"}
EMOJI_CHARSETS = {"utf8mb4", "utf16", "utf32"}
FUNCTIONS = {"vector": "string_to_vector(%s)"}
GEOMETRIES = {
    "geometry": "POINT({} {})",
    "point": "POINT({} {})",
    "linestring": "LINESTRING(0 0,{} {})",
    "polygon": "POLYGON((0 0,{0} 0,{0} {1},0 0))",
    "multipoint": "MULTIPOINT(0 0,{} {})",
    "multilinestring": "MULTILINESTRING((0 0,{} {}),(1 1,2 2))",
    "multipolygon": "MULTIPOLYGON(((0 0,{0} 0,{0} {1},0 0)))",
    "geometrycollection": "GEOMETRYCOLLECTION(POINT({} {}),LINESTRING(0 0,1 1))",
    "geomcollection": "GEOMETRYCOLLECTION(POINT({} {}),LINESTRING(0 0,1 1))",
}
LARGE = 0.02
EDGE = 0.1
NULL = 0.15
IN_PLACE = 0.6
DOCUMENT_CHANGES: tuple[tuple[str, Callable[[random.Random], object]], ...] = (
    ("json_set({}, '$.text', %s)", lambda rng: phrase(rng, "utf8mb4", rng.randint(0, 30))),
    ("json_replace({}, '$.numbers[0]', %s)", lambda rng: rng.randint(-(2**63), 2**63 - 1)),
    ("json_array_insert({}, '$.numbers[1]', %s)", lambda rng: rng.choice(["x", 1, None])),
    ("json_array_append({}, '$.numbers', %s)", lambda rng: rng.randint(0, 9)),
    ("json_set({}, '$.\"new key\"', %s)", lambda rng: rng.randint(0, 9)),
    ("json_replace({}, '$.\"ключ\".nested[3]', %s)", lambda rng: phrase(rng, "utf8mb4", 5)),
    ("json_remove({}, %s)", lambda rng: rng.choice(["$.numbers[2]", "$.text", '$."new key"', '$."ключ".nested[0]'])),
)


def random_value(rng: random.Random, column: Column) -> Value:
    """Make a value that the column can hold; NULL among others where it may be."""
    expression = "ST_GeomFromText(%s)" if column.data_type in GEOMETRIES else FUNCTIONS.get(column.data_type, "%s")
    if column.nullable and rng.random() < NULL:
        return expression, None
    return expression, MAKERS.get(column.data_type, any_text)(rng, column)


def new_value(rng: random.Random, column: Column) -> Value:
    """Make a value to update a column to; that of a document is often the document, changed in a part."""
    if column.data_type == "json" and rng.random() < IN_PLACE:
        expression, make = rng.choice(DOCUMENT_CHANGES)
        return expression.replace("{}", quoted(column.name)), make(rng)
    return random_value(rng, column)


def integer(rng: random.Random, column: Column) -> int:
    values = 1 << INTEGER_BITS[column.data_type]
    low, high = (0, values - 1) if column.unsigned else (-values // 2, values // 2 - 1)
    if rng.random() < EDGE:
        return rng.choice([low, high, 0])
    return rng.randint(max(low, -1_000_000), min(high, 1_000_000))


def decimal(rng: random.Random, column: Column) -> str:
    precision, scale = column.precision or 10, column.scale or 0
    digits = precision if rng.random() < EDGE else rng.randint(1, precision)
    text = str(rng.randrange(10**digits)).rjust(scale + 1, "0")
    sign = "" if column.unsigned or rng.random() < 0.6 else "-"
    return f"{sign}{text[: len(text) - scale]}.{text[len(text) - scale :]}" if scale else f"{sign}{text}"


def floating(rng: random.Random, column: Column) -> float:
    if column.scale:
        bound = 10 ** ((column.precision or 6) - column.scale) - 1
        number = round(rng.uniform(-bound, bound), column.scale)
    elif rng.random() < EDGE:
        number = rng.choice([0.0, 1.1, -1e-30, 3e38, 1 / 3])
    else:
        number = rng.gauss(0, 1000)
    return abs(number) if column.unsigned else number


def bits(rng: random.Random, column: Column) -> int:
    return rng.getrandbits(column.precision or 1)


def year(rng: random.Random, _: Column) -> int:
    return rng.choice([1901, 2155, rng.randint(1950, 2050)])


def day(rng: random.Random, _: Column) -> date:
    if rng.random() < EDGE:
        return rng.choice([date(1000, 1, 1), date(9999, 12, 31), date(2024, 2, 29)])
    return date(1970, 1, 1) + timedelta(days=rng.randint(0, 25_000))


def moment(rng: random.Random, column: Column) -> str:
    """Make a day and time; those of TIMESTAMP begin in 1970 and end in 2038."""
    if column.data_type == "datetime" and rng.random() < EDGE:
        return rng.choice(["1000-01-01 00:00:00", "9999-12-31 23:59:59", "1582-10-10 12:00:00"])
    made = datetime(1971, 1, 1) + timedelta(seconds=rng.randint(0, 2_000_000_000))
    return f"{made}{fraction(rng, column)}"


def span(rng: random.Random, column: Column) -> str:
    if rng.random() < EDGE:
        return rng.choice(["-838:59:59", "838:59:59", "00:00:00"])
    sign = rng.choice(["", "", "-"])
    return f"{sign}{rng.randint(0, 100)}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}{fraction(rng, column)}"


def fraction(rng: random.Random, column: Column) -> str:
    digits = column.fraction or 0
    return f".{rng.randrange(10**digits):0{digits}}" if digits else ""


def short_text(rng: random.Random, column: Column) -> str:
    length = column.length or 1
    if column.charset == "binary":
        return "x" * rng.randint(0, length)
    return phrase(rng, column.charset, length if rng.random() < EDGE else rng.randint(0, min(length, 60)))


def long_text(rng: random.Random, column: Column) -> str:
    most = TEXT_LENGTHS[column.data_type]
    return phrase(rng, column.charset, rng.randint(0, most if rng.random() < LARGE else min(most, 200)))


def phrase(rng: random.Random, charset: str | None, length: int) -> str:
    """Make text of up to `length` characters that the character set can write."""
    snippets: tuple[str, ...] = SNIPPETS
    if charset in WIDE_CHARSETS:
        snippets += WIDE_SNIPPETS
    if charset in EMOJI_CHARSETS:
        snippets += EMOJI_SNIPPETS
    words = rng.choices(snippets, k=min(length, 40))
    text = "".join(words)[:length]
    return (text * (length // (len(text) or 1) + 1))[:length] if length > 200 else text


def fixed_bytes(rng: random.Random, column: Column) -> bytes:
    """Make bytes of which some end in zeros, which the binlog omits from BINARY columns."""
    content = rng.randbytes(rng.randint(0, column.length or 1))
    return content if rng.random() < 0.7 else content[: len(content) // 2] + bytes(len(content) // 2)


def blob(rng: random.Random, column: Column) -> bytes:
    most = BLOB_LENGTHS[column.data_type]
    return rng.randbytes(rng.randint(0, most if rng.random() < LARGE else min(most, 300)))


def members(column: Column) -> list[str]:
    return [name.replace("''", "'") for name in re.findall(r"'((?:[^']|'')*)'", column.column_type)]


def label(rng: random.Random, column: Column) -> str:
    return rng.choice(members(column))


def label_set(rng: random.Random, column: Column) -> str:
    return ",".join(name for name in members(column) if rng.random() < 0.4)


def document(rng: random.Random, _: Column) -> str:
    content: object = {
        "text": phrase(rng, "utf8mb4", rng.randint(0, 30)),
        "numbers": [rng.randint(-(2**63), 2**64 - 1), 0, -1, rng.choice([0.5, 1e-7, 123456.789])],
        rng.choice(["", "ключ", 'a "key"']): {"nested": [None, True, False, {}, []]},
    }
    if rng.random() < EDGE:
        content = rng.choice([None, [], {}, "", 0, True])
    return json.dumps(content, ensure_ascii=rng.random() < 0.3)


def geometry(rng: random.Random, column: Column) -> str:
    return GEOMETRIES[column.data_type].format(rng.randint(1, 180), rng.randint(1, 90))


def vector(rng: random.Random, column: Column) -> str:
    dimensions = int(re.findall(r"\d+", column.column_type)[0])
    return json.dumps([rng.randint(-100, 100) for _ in range(dimensions)])


def address(rng: random.Random, column: Column) -> str:
    if column.data_type == "inet4":
        return ".".join(str(rng.randrange(256)) for _ in range(4))
    return f"2001:db8::{rng.randrange(1 << 16):x}"


def uuid(rng: random.Random, _: Column) -> str:
    digits = rng.randbytes(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def any_text(rng: random.Random, _: Column) -> str:
    return str(rng.randrange(10))


MAKERS: dict[str, Maker] = {
    **dict.fromkeys(INTEGER_BITS, integer),
    **dict.fromkeys(("char", "varchar"), short_text),
    **dict.fromkeys(TEXT_LENGTHS, long_text),
    **dict.fromkeys(("binary", "varbinary"), fixed_bytes),
    **dict.fromkeys(BLOB_LENGTHS, blob),
    **dict.fromkeys(GEOMETRIES, geometry),
    **dict.fromkeys(("float", "double"), floating),
    **dict.fromkeys(("datetime", "timestamp"), moment),
    **dict.fromkeys(("inet4", "inet6"), address),
    "bit": bits,
    "date": day,
    "decimal": decimal,
    "enum": label,
    "json": document,
    "set": label_set,
    "time": span,
    "uuid": uuid,
    "vector": vector,
    "year": year,
}
