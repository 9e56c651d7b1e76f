"""The table of docs/events.md says of every type of event what the code does with it."""

import re
from pathlib import Path
from struct import pack

import pytest

from pg_chameleon.errors import StreamError
from pg_chameleon.model.position import BinlogPosition
from pg_chameleon.mysql.binlog.assembly import PASSED_OVER
from pg_chameleon.mysql.binlog.events import IGNORABLE, EventType
from tests.unit.mysql.recorded import assembler

PAGE = Path(__file__).parents[3] / "docs/events.md"
ROW = re.compile(r"^\| (\d+) \| (\w+) \| .+ \| (read|ignored|stops)\b.* \|$", re.MULTILINE)
TABLE = {int(code): (name, treatment) for code, name, treatment in ROW.findall(PAGE.read_text(encoding="utf-8"))}


KNOWN = {event.value: event.name for event in EventType}


def test_every_event_that_the_code_knows_is_on_the_page() -> None:
    treatments = {code: "ignored" if code in PASSED_OVER else "read" for code in KNOWN}
    on_page = {code: entry for code, entry in TABLE.items() if entry[1] != "stops"}
    assert on_page == {code: (KNOWN[code], treatments[code]) for code in KNOWN}


def test_the_page_has_every_number_up_to_the_last_of_each_product() -> None:
    assert sorted(TABLE) == [*range(1, 43), *range(160, 173)]


def raised_by(code: int, flags: int = 0) -> StreamError | None:
    try:
        list(assembler().accept(pack("<IBIIIH", 0, code, 1, 19, 300, flags)))
    except StreamError as error:
        return error
    return None


@pytest.mark.parametrize("code", sorted(set(range(256)) - KNOWN.keys()))
def test_all_others_stop_the_stream_where_they_are(code: int) -> None:
    assert TABLE.get(code, ("", "stops"))[1] == "stops"
    error = raised_by(code)
    assert error is not None
    assert error.message == f"the binlog holds an event of the unknown type {code}"
    assert error.position == BinlogPosition("binlog.000001", 300)
    assert "init_replica" in str(error)
    assert raised_by(code, IGNORABLE) is None


@pytest.mark.parametrize("code", PASSED_OVER)
def test_what_is_passed_over_gives_nothing(code: int) -> None:
    assert raised_by(code) is None
