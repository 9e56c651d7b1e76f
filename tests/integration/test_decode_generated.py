"""Random tables with random values, under every row image and with all metadata, are decoded as SELECT says."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lab.servers import SourceServer
from pg_chameleon.model.change import RowKind
from pg_chameleon.model.schema import TableSchema
from tests.conftest import FreshSchema
from tests.integration.stream_support import DecodedRows, decoded_rows, events_of, execute_all, structure_of
from tests.integration.test_decode_types import select_rows

ROWS = 5
PYTHON_CODECS = {
    "latin1": "cp1252",
    "latin2": "iso8859-2",
    "cp1251": "cp1251",
    "koi8r": "koi8-r",
    "greek": "iso8859-7",
    "hebrew": "iso8859-8",
    "ascii": "ascii",
    "utf16": "utf-16-be",
    "utf32": "utf-32-be",
}


class Kind(NamedTuple):
    """A column type, and the values that it can hold as SQL. ``narrow``: hundreds of them fit into a row."""

    column_type: str
    values: st.SearchStrategy[str]
    narrow: bool = False


def hexadecimal(content: bytes) -> str:
    return f"x'{content.hex()}'"


def text_literal(text: str) -> str:
    return f"convert({hexadecimal(text.encode())} using utf8mb4)"


def quoted(value: object) -> str:
    return f"'{value}'"


def _integer() -> st.SearchStrategy[Kind]:
    types = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

    def kind(name: str, unsigned: bool) -> Kind:
        low, high = (0, 2 ** types[name] - 1) if unsigned else (-(2 ** (types[name] - 1)), 2 ** (types[name] - 1) - 1)
        return Kind(name + " unsigned" * unsigned, st.integers(low, high).map(str), narrow=True)

    return st.builds(kind, st.sampled_from(sorted(types)), st.booleans())


@st.composite
def _decimal(draw: st.DrawFn) -> Kind:
    precision = draw(st.integers(1, 65))
    scale = draw(st.integers(0, min(precision, 30)))
    numbers = st.integers(-(10**precision) + 1, 10**precision - 1) | st.integers(-9, 9)
    return Kind(f"decimal({precision},{scale})", numbers.map(lambda number: f"{number}e-{scale}"), narrow=True)


def _float() -> st.SearchStrategy[Kind]:
    kinds = [Kind("float", _finite(single=True).map(repr)), Kind("double", _finite().map(repr))]
    return st.sampled_from(kinds)


def _finite(*, single: bool = False) -> st.SearchStrategy[float]:
    if single:
        return st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    return st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)


def _bit() -> st.SearchStrategy[Kind]:
    return st.integers(1, 64).map(
        lambda size: Kind(f"bit({size})", st.integers(0, 2**size - 1).map(lambda bits: f"b'{bits:b}'"), narrow=True)
    )


def _temporal(kind: str, values: st.SearchStrategy[Any], write: Callable[[Any], str]) -> st.SearchStrategy[Kind]:
    return st.integers(0, 6).map(lambda digits: Kind(f"{kind}({digits})", values.map(write).map(quoted), narrow=True))


def _moments() -> st.SearchStrategy[Kind]:
    spans = st.tuples(st.sampled_from(["", "-"]), st.integers(0, 837), st.times())
    return st.one_of(
        st.just(Kind("year", (st.integers(1901, 2155) | st.just(0)).map(str), narrow=True)),
        st.just(Kind("date", st.dates(date(1, 1, 1)).map(quoted), narrow=True)),
        _temporal("datetime", st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)), str),
        _temporal("timestamp", st.datetimes(datetime(1970, 1, 2), datetime(2038, 1, 19)), str).map(
            lambda kind: kind._replace(column_type=f"{kind.column_type} null default null")
        ),
        _temporal("time", spans, lambda span: f"{span[0]}{span[1]}{_after_hours(span[2])}"),
    )


def _after_hours(clock: time) -> str:
    return f":{clock.minute:02d}:{clock.second:02d}.{clock.microsecond:06d}"


@st.composite
def _text(draw: st.DrawFn) -> Kind:
    charset = draw(st.sampled_from(["utf8mb4", "utf8mb4", "utf8", "ucs2", *PYTHON_CODECS]))
    most = 0xFFFF if charset in ("utf8", "ucs2") else None
    characters = st.characters(codec=PYTHON_CODECS.get(charset, "utf-8"), max_codepoint=most)
    size = draw(st.integers(1, 60))
    base = draw(st.sampled_from([f"varchar({size})", f"char({size})", "tinytext", "text", "mediumtext", "longtext"]))
    return Kind(f"{base} character set {charset}", st.text(characters, max_size=size).map(text_literal))


@st.composite
def _binary(draw: st.DrawFn) -> Kind:
    size = draw(st.sampled_from([1, 3, 60, 255, 300]))
    fixed = [f"binary({size})"] if size < 256 else []
    base = draw(st.sampled_from([*fixed, f"varbinary({size})", "blob", "mediumblob", "longblob"]))
    return Kind(base, st.binary(max_size=size).map(hexadecimal))


@st.composite
def _members(draw: st.DrawFn) -> Kind:
    base = draw(st.sampled_from(["enum", "set"]))
    words = st.text(string.ascii_letters + " ü'\"\\%_" + "," * (base == "enum"), max_size=8)
    count = draw(st.integers(1, 64 if base == "set" else 300))
    members = [f"{number}{draw(words) if number < 20 else ''}".rstrip() for number in range(count)]
    written = ",".join("'" + member.replace("\\", "\\\\").replace("'", "''") + "'" for member in members)
    largest = count if base == "enum" else 2**count - 1
    return Kind(f"{base}({written}) character set utf8mb4", st.integers(base == "enum", largest).map(str))


def _documents() -> st.SearchStrategy[Any]:
    numbers = st.integers(-(2**63), 2**64 - 1) | _finite()
    leaves = st.none() | st.booleans() | numbers | st.text(max_size=20)
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=10), inner), max_leaves=12
    )


def _json(server: SourceServer) -> st.SearchStrategy[Kind]:
    written = _documents().map(lambda document: json.dumps(document, ensure_ascii=False)).map(text_literal)
    if server.product == "mysql" and server.version >= (5, 7, 8):
        written = written.map(lambda literal: f"cast({literal} as json)")
    return st.just(Kind("json" if server.version >= (5, 7, 8) else "longtext character set utf8mb4", written))


def kinds_of(server: SourceServer) -> st.SearchStrategy[Kind]:
    narrow = (_integer(), _decimal(), _bit(), _moments())
    return st.one_of(*narrow, _float(), _text(), _binary(), _members(), _json(server))


class Table(NamedTuple):
    """Random columns: how each is declared, and what it may hold."""

    definitions: list[str]
    values: list[st.SearchStrategy[str]]


@st.composite
def tables(draw: st.DrawFn, server: SourceServer) -> Table:
    if draw(st.integers(0, 4)) == 0:
        narrow = draw(st.lists(st.one_of(_integer(), _bit(), _moments()), min_size=3, max_size=6))
        kinds = [narrow[number % len(narrow)] for number in range(draw(st.sampled_from([60, 251, 300])))]
    else:
        kinds = draw(st.lists(kinds_of(server), min_size=1, max_size=20))
    definitions, values = [], []
    for number, kind in enumerate(kinds):
        nullable = "null" in kind.column_type or draw(st.booleans())
        definitions.append(f"c{number} {kind.column_type}" + ("" if nullable else " not null"))
        values.append(kind.values | st.just("null") if nullable else kind.values)
    return Table(definitions, values)


def _statements(draw: st.DrawFn, table: Table) -> tuple[list[str], list[str]]:
    """Insert some rows, then update some columns of each."""
    inserts, updates = [], []
    places = st.lists(st.integers(0, len(table.values) - 1), min_size=1, max_size=5, unique=True)
    for number in range(ROWS):
        inserts.append(f"insert into r values ({', '.join([str(number), *map(draw, table.values)])})")
        changed = ", ".join(f"c{place} = {draw(table.values[place])}" for place in draw(places))
        updates.append(f"update r set {changed} where id = {number}")
    return inserts, updates


def _assert_part(columns: tuple[str, ...], row: tuple[Any, ...], whole: tuple[Any, ...], schema: TableSchema) -> None:
    expected = dict(zip(schema.column_names, whole, strict=True))
    assert {name: repr(value) for name, value in zip(columns, row, strict=True)} == {
        name: repr(expected[name]) for name in columns
    }


class _Written(NamedTuple):
    decoded: list[DecodedRows]
    before: list[tuple[Any, ...]]
    after: list[tuple[Any, ...]]


def _write(server: SourceServer, schema: TableSchema, image: str, inserts: list[str], updates: list[str]) -> _Written:
    found: list[list[tuple[Any, ...]]] = []
    session = f"set binlog_row_image = {image}, time_zone = '+00:00'"

    def write() -> None:
        for statements in (inserts, updates):
            execute_all(server, schema.name.schema, [session, *statements])
            found.append(select_rows(server, schema))
        execute_all(server, schema.name.schema, [session, "delete from r"])

    return _Written(decoded_rows(events_of(server, write), schema), *found)


def _compare(written: _Written, schema: TableSchema) -> None:
    seen = 0
    for rows in written.decoded:
        for row in rows.rows:
            seen += 1
            old, new = row if rows.kind is RowKind.UPDATE else ((), row) if rows.kind is RowKind.INSERT else (row, ())
            was = written.after if rows.kind is RowKind.DELETE else written.before
            now = written.before if rows.kind is RowKind.INSERT else written.after
            key = dict(zip(rows.before_columns or rows.after_columns, old or new, strict=True))["id"]
            _assert_part(rows.before_columns, old, was[key], schema)
            _assert_part(rows.after_columns, new, now[key], schema)
    assert seen >= 2 * ROWS  # an update that changes nothing is not written


@pytest.fixture(params=["MINIMAL", "FULL"])
def metadata(request: pytest.FixtureRequest, source_server: SourceServer) -> Iterator[str]:
    """Set how much table maps tell, where they can."""
    if source_server.version < ((10, 5) if source_server.product == "mariadb" else (8, 0, 1)):
        if request.param == "FULL":
            pytest.skip("the server writes no metadata")
        yield "none"
        return
    ((before,),) = source_server.execute("select @@global.binlog_row_metadata")
    source_server.execute(f"set global binlog_row_metadata = {request.param}")
    yield str(request.param)
    source_server.execute(f"set global binlog_row_metadata = {before}")


@pytest.mark.parametrize("examples", [5, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.usefixtures("metadata")
def test_generated_rows_are_what_select_says(
    source_server: SourceServer, fresh_schema: FreshSchema, examples: int
) -> None:
    name = fresh_schema(source_server)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        table = data.draw(tables(source_server))
        inserts, updates = _statements(data.draw, table)  # type: ignore[arg-type]
        image = data.draw(st.sampled_from(["FULL", "MINIMAL", "NOBLOB"]))
        definition = ", ".join(["id int primary key", *table.definitions])
        execute_all(
            source_server, name, ["drop table if exists r", f"create table r ({definition}) row_format=dynamic"]
        )
        schema = structure_of(source_server, name, "r")
        _compare(_write(source_server, schema, image, inserts, updates), schema)

    check()
