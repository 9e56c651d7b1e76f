"""What the recorded binlogs hold is read as what was done; see tests/data/binlogs/record.py."""

import zlib
from collections.abc import Sequence
from dataclasses import astuple, replace
from struct import pack

import pytest

from pg_chameleon.errors import DecodeError, StreamError
from pg_chameleon.model.change import (
    Idle,
    PreparedDecided,
    RowKind,
    RowsEvent,
    SavepointRolledBack,
    SavepointSet,
    StatementEvent,
    StreamEvent,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, MariadbGtidPosition, MysqlGtidSet, Position
from pg_chameleon.mysql.binlog.assembly import Assembler
from pg_chameleon.mysql.binlog.events import EventType, unpack_header
from pg_chameleon.mysql.binlog.payload import payload_events
from pg_chameleon.mysql.binlog.query import parse_status_variables
from pg_chameleon.mysql.decode.decoder import check_table_map, row_decoder
from tests.unit.mysql.recorded import SERVERS, assembler, raw_events_of, replayed, structures

Told = tuple[object, ...]

EMPTY = (None, None, None, None, None)
FIRST = (1, "é", "-1.50", "2024-02-29 12:34:56.789", 2)


def told(server: str, events: list[StreamEvent]) -> list[Told]:
    """Put each event into a short tuple; row events with their rows."""
    return [_told(server, event) for event in events]


def _told(server: str, event: StreamEvent) -> Told:
    if isinstance(event, RowsEvent):
        schema = structures(server).get(event.table.name)
        assert schema is not None
        check_table_map(event.table, schema)
        decoder = row_decoder(event.layout, schema)
        return (event.kind.value, schema.name.table, *decoder.decode(event.body, event.start))
    if isinstance(event, StatementEvent):
        return ("statement", " ".join(event.statement.lower().split()[:2]))
    if isinstance(event, SavepointSet | SavepointRolledBack):
        return (type(event).__name__, event.name)
    if isinstance(event, PreparedDecided):
        return ("PreparedDecided", event.xid, event.committed)
    return (type(event).__name__,)


def outline(events: Sequence[StreamEvent]) -> list[object]:
    """What the events are and where, without the rows."""
    return [(event.kind, event.table.name, event.offset) if isinstance(event, RowsEvent) else event for event in events]


BEGIN: Told = ("TransactionBegin",)
END: Told = ("TransactionEnd",)


def transaction(*inside: Told) -> list[Told]:
    return [BEGIN, *inside, END]


def inserted(*rows: tuple[object, ...]) -> Told:
    return ("insert", "t", *rows)


def row(number: int, v: str | None = None, doc: str | None = None) -> tuple[object, ...]:
    return (number, v, None, None, None, doc)


def common(first_document: str) -> list[Told]:
    first, renamed = (*FIRST, first_document), (4294967295, None, *FIRST[2:], first_document)
    return [
        *transaction(("statement", "create database")),
        *transaction(("statement", "create table")),
        *transaction(("statement", "create table")),
        *transaction(inserted(first)),
        *transaction(("update", "t", (first, renamed))),
        *transaction(("delete", "t", renamed)),
        *transaction(inserted(row(1)), ("SavepointSet", "s")),
        *transaction(("insert", "m", (1,))),
        *[BEGIN, inserted(row(3)), ("TransactionPrepared",)],
        *[BEGIN, ("PreparedDecided", "X'78',X'',1", True)],
        *[BEGIN, inserted(row(4)), ("TransactionPrepared",)],
        *[BEGIN, ("PreparedDecided", "X'79',X'',1", False)],
        *transaction(("statement", "insert into")),
        *transaction(("statement", "load data")),
    ]


END_OF_FIRST_FILE: list[Told] = [("Idle",), *transaction(inserted(row(20))), ("Idle",)]
UPDATE_TO_Y: Told = ("update", "t", (row(11, "x" * 20), row(11, "y")))


def without_savepoints(events: list[Told]) -> list[Told]:
    """Whether a savepoint that undoes nothing in the binlog is in it differs from server to server."""
    return [event for event in events if event[0] != "SavepointSet"]


def test_mysql_is_read_as_what_was_done() -> None:
    document = '{"list": [1, 2, 3], "text": "a text that is long enough"}'
    changed = '{"list": [1, "two", 3], "text": "a text that is long enough"}'
    expected = [
        *common('{"k": [1, 2.5, null]}'),
        *transaction(inserted(row(10, "x" * 20), row(11, "x" * 20)), UPDATE_TO_Y),
        *transaction(inserted(row(12))),
        *transaction(inserted(row(13, doc=document))),
        *transaction(("update", "t", (row(13, doc=document), row(13, doc=changed)))),
        *END_OF_FIRST_FILE,
    ]
    assert without_savepoints(told("mysql-9.7", replayed("mysql-9.7"))) == without_savepoints(expected)


def test_mariadb_is_read_as_what_was_done() -> None:
    expected = [
        *common('{"k": [1, 2.5, null]}'),
        *transaction(inserted(row(10, "x" * 20), row(11, "x" * 20))),
        *transaction(UPDATE_TO_Y),
        *transaction(("statement", "create table")),
        *transaction(("insert", "m", (2,))),
        *transaction(inserted(row(12)), ("SavepointSet", "s"), inserted(row(13)), ("SavepointRolledBack", "s")),
        *END_OF_FIRST_FILE,
    ]
    assert without_savepoints(told("mariadb-10.11", replayed("mariadb-10.11"))) == without_savepoints(expected)


@pytest.mark.parametrize("server", SERVERS)
def test_positions_only_grow_and_end_transactions(server: str) -> None:
    ends = [event.position.binlog for event in replayed(server) if isinstance(event, TransactionEnd | Idle)]
    assert ends == sorted(ends)
    assert ends[-1] == BinlogPosition("binlog.000003", 4)


@pytest.mark.parametrize("server", SERVERS)
def test_reading_from_any_transaction_end_gives_the_rest(server: str) -> None:
    raws = raw_events_of(server)
    # The second file has one transaction: begin, rows, end
    in_first_file = [event for event in replayed(server) if not isinstance(event, Idle)][:-3]
    for index, event in enumerate(in_first_file):
        if not isinstance(event, TransactionEnd | TransactionPrepared | PreparedDecided):
            continue
        resumed = Assembler(event.position)
        # As a server does it: the format first, then what comes after the position
        format_description = raws[0][:13] + bytes(4) + raws[0][17:]
        rest = [format_description, *(raw for raw in raws[1:] if unpack_header(raw)[4] > event.position.binlog.offset)]
        found = [again for raw in rest for again in resumed.accept(raw) if not isinstance(again, Idle)]
        assert outline(found) == outline(in_first_file[index + 1 :])


def numbered(gtid: str) -> tuple[str, int]:
    source, _, number = gtid.rpartition(":")
    return source, int(number)


@pytest.mark.parametrize(("server", "empty"), [("mysql-9.7", MysqlGtidSet()), ("mariadb-10.11", MariadbGtidPosition())])
def test_gtids_are_added_up(server: str, empty: MysqlGtidSet | MariadbGtidPosition) -> None:
    events = replayed(server, empty)
    end = [event for event in events if isinstance(event, TransactionEnd)][-1]
    gtids = [event.gtid for event in events if isinstance(event, TransactionBegin)]
    if isinstance(end.position.gtid, MysqlGtidSet):
        executed = end.position.gtid
        assert all(executed.add(*numbered(gtid)) == executed for gtid in gtids if gtid)
        assert end.position.gtid.tagged
    else:
        assert str(end.position.gtid) == gtids[-1]


def test_gtids_of_the_other_kind_stop_the_stream() -> None:
    with pytest.raises(StreamError, match="GTIDs of another kind"):
        replayed("mysql-9.7", MariadbGtidPosition())


def test_commit_times_of_mysql_have_microseconds() -> None:
    end = next(event for event in replayed("mysql-9.7") if isinstance(event, TransactionEnd))
    assert end.commit_time > 1_700_000_000
    assert end.commit_time % 1


@pytest.mark.parametrize("server", SERVERS)
def test_statements_know_their_session(server: str) -> None:
    statements = [event for event in replayed(server) if isinstance(event, StatementEvent)]
    create, insert = statements[1], next(each for each in statements if each.statement.startswith("insert"))
    assert create.schema == insert.schema == "d"
    assert create.sql_mode == insert.sql_mode == 0


# Damaged and unknown events.


def rewritten(raw: bytes, **changes: int) -> bytes:
    """An event with other parts of its header, and a checksum that fits."""
    timestamp, kind, server_id, size, end, flags = unpack_header(raw)
    parts = {"timestamp": timestamp, "kind": kind, "server_id": server_id, "size": size, "end": end, "flags": flags}
    content = pack("<IBIIIH", *{**parts, **changes}.values()) + raw[19:-4]
    return content + pack("<I", zlib.crc32(content))


def fed(raws: list[bytes]) -> list[StreamEvent]:
    assembling = assembler()
    return [event for raw in raws for event in assembling.accept(raw)]


def first_of(kind: EventType, server: str = "mysql-9.7") -> tuple[list[bytes], int]:
    """The events of the first file, and the place of the first one of a type."""
    raws = raw_events_of(server)
    return raws, next(index for index, raw in enumerate(raws) if raw[4] == kind)


def test_an_unknown_event_stops_the_stream_at_its_position() -> None:
    raws, place = first_of(EventType.WRITE_ROWS)
    raws[place] = rewritten(raws[place], kind=77)
    with pytest.raises(StreamError, match="unknown type 77") as raised:
        fed(raws)
    assert raised.value.position == BinlogPosition("binlog.000001", unpack_header(raws[place])[4])


def test_an_unknown_event_that_may_be_ignored_is_passed_over() -> None:
    raws, place = first_of(EventType.WRITE_ROWS)
    count = len(fed(raws))
    raws.insert(place, rewritten(raws[place], kind=77, flags=0x80))
    assert len(fed(raws)) == count


def test_an_unknown_event_in_a_compressed_transaction_stops_the_stream() -> None:
    raws, place = first_of(EventType.TRANSACTION_PAYLOAD)
    (inner,) = [raw for raw in payload_events(raws[place][19:-4]) if raw[4] == EventType.UPDATE_ROWS]
    for flags, stops in ((0, True), (0x80, False)):
        unknown = inner[:4] + bytes([77]) + inner[5:17] + pack("<H", flags) + inner[19:]
        body = bytes([2, 3, 0xFC, 255, 0, 0]) + unknown  # the field of the compression, which is none; the end mark
        changed = [*raws]
        changed[place] = rewritten(raws[place][:19] + body + bytes(4), size=19 + len(body) + 4)
        if stops:
            with pytest.raises(StreamError, match="unknown type 77") as raised:
                fed(changed)
            assert raised.value.position == BinlogPosition("binlog.000001", unpack_header(raws[place])[4])
        else:
            # Without its events the transaction is not ended, which is found at the next one
            with pytest.raises(StreamError, match="begins within another"):
                fed(changed)


@pytest.mark.parametrize("server", SERVERS)
def test_every_flipped_bit_is_found_by_the_checksum(server: str) -> None:
    raws = raw_events_of(server)
    for place in range(1, len(raws)):
        raw = raws[place]
        if raw[4] == EventType.ROTATE:
            continue
        for at in (0, 17, 19, len(raw) // 2, len(raw) - 5, len(raw) - 1):
            damaged = raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :]
            with pytest.raises(StreamError, match="checksum") as raised:
                fed([raws[0], damaged])
            assert raised.value.position


def test_status_variables_are_read_up_to_an_unknown_one() -> None:
    known = bytes([0]) + bytes(4) + bytes([1]) + pack("<Q", 4) + bytes([4]) + pack("<HHH", 45, 45, 45)
    found = parse_status_variables(known + bytes([200, 1, 2, 3]))
    assert (found.sql_mode, found.client_collation) == (4, 45)


def test_an_incident_stops_the_stream() -> None:
    raws, place = first_of(EventType.XID)
    body = pack("<HB", 1, 4) + b"lost"
    raws[place] = rewritten(raws[place][:19] + body + bytes(4), kind=EventType.INCIDENT, size=19 + len(body) + 4)
    with pytest.raises(StreamError, match=r"incident 1.*lost"):
        fed(raws)


def test_rows_without_their_table_map_stop_the_stream() -> None:
    raws, place = first_of(EventType.TABLE_MAP)
    del raws[place]
    with pytest.raises(StreamError, match="was not described"):
        fed(raws)


def test_a_transaction_within_another_stops_the_stream() -> None:
    raws, place = first_of(EventType.XID)
    del raws[place]
    with pytest.raises(StreamError, match="begins within another"):
        fed(raws)


def test_an_event_that_is_cut_short_stops_the_stream() -> None:
    raws, place = first_of(EventType.WRITE_ROWS)
    raws[place] = raws[place][:-1]
    with pytest.raises(StreamError, match="bytes came with"):
        fed(raws)


@pytest.mark.parametrize("kind", [EventType.TABLE_MAP, EventType.QUERY, EventType.WRITE_ROWS, EventType.GTID])
def test_an_event_that_cannot_be_read_stops_the_stream_at_its_position(kind: EventType) -> None:
    raws, place = first_of(kind)
    raws[place] = rewritten(raws[place][:24] + bytes(4), size=28)
    with pytest.raises(StreamError) as raised:
        fed(raws)
    assert raised.value.position == BinlogPosition("binlog.000001", unpack_header(raws[place])[4])


def test_a_transaction_payload_that_is_damaged_stops_the_stream() -> None:
    raws, place = first_of(EventType.TRANSACTION_PAYLOAD)
    whole = raws[place]
    for cut in (40, 60, len(whole) - 20):
        raws[place] = rewritten(whole[:cut] + bytes(4), size=cut + 4)
        with pytest.raises(StreamError) as raised:
            fed(raws)
        assert raised.value.position


def test_a_transaction_that_a_crash_cut_off_is_rolled_back() -> None:
    raws, place = first_of(EventType.XID)
    events = fed([*raws[:place], *raw_events_of("mysql-9.7", 2)[:1]])
    assert isinstance(events[-1], TransactionRolledBack)


def test_artificial_events_do_not_move_the_position() -> None:
    raws, place = first_of(EventType.XID)
    assembling = assembler()
    for raw in raws[: place + 1]:
        list(assembling.accept(raw))
    before = assembling.position
    list(assembling.accept(rewritten(raws[1], flags=0x20, end=999_999)))
    assert assembling.position == before


def rotation(file: str, offset: int) -> bytes:
    body = pack("<Q", offset) + file.encode()
    return pack("<IBIIIH", 0, EventType.ROTATE, 1, 19 + len(body), 0, 0x20) + body


def heartbeat(file: str, end: int) -> bytes:
    return pack("<IBIIIH", 0, EventType.HEARTBEAT, 1, 19 + len(file), end, 0) + file.encode()


def test_the_rotation_that_opens_a_stream_is_no_news() -> None:
    assert fed([rotation("binlog.000001", 4)]) == []


def test_a_rotation_with_a_checksum_is_read_without_it() -> None:
    plain = rotation("binlog.000002", 4)
    content = plain[:9] + pack("<I", len(plain) + 4) + plain[13:]
    events = fed([rotation("binlog.000001", 4), content + pack("<I", zlib.crc32(content))])
    assert events == [Idle(Position(BinlogPosition("binlog.000002", 4)), caught_up=False)]


def test_a_heartbeat_at_the_position_says_that_all_was_read() -> None:
    events = fed([rotation("binlog.000001", 4), heartbeat("binlog.000001", 4)])
    assert events == [Idle(Position(BinlogPosition("binlog.000001", 4)), caught_up=True)]


def test_a_heartbeat_further_on_says_so_only_the_second_time() -> None:
    raws = [rotation("binlog.000001", 4), *[heartbeat("binlog.000001", 500)] * 2]
    there = Position(BinlogPosition("binlog.000001", 500))
    assert fed(raws) == [Idle(there, caught_up=False), Idle(there, caught_up=True)]


def test_offsets_grow_beyond_the_32_bits_of_a_header() -> None:
    start = Position(BinlogPosition("binlog.000001", (1 << 32) - 100))
    assembling = Assembler(start)
    raws = raw_events_of("mysql-9.7")
    for raw in (rotation("binlog.000001", start.binlog.offset), raws[0][:13] + bytes(4) + raws[0][17:]):
        assert list(assembling.accept(raw)) == []
    list(assembling.accept(rewritten(raws[2], end=50)))
    assert assembling.binlog_position.offset == (1 << 32) + 50


def by_value(event: StreamEvent) -> object:
    """Make events of two assemblers comparable, each of which has layouts of its own."""
    return (astuple(event.layout), *event[1:]) if isinstance(event, RowsEvent) else event


def test_events_before_the_place_to_go_on_from_are_left_out() -> None:
    whole = replayed("mysql-9.7")
    end = [event for event in whole if isinstance(event, TransactionEnd)][4].position.binlog
    skipping = Assembler(Position(end), skip_to=end.offset)
    raws = [rotation("binlog.000001", 4), *raw_events_of("mysql-9.7"), *raw_events_of("mysql-9.7", 2)]
    found = [event for raw in raws for event in skipping.accept(raw)]
    assert list(map(by_value, found)) == list(map(by_value, whole[-len(found) :]))
    assert isinstance(whole[-len(found) - 1], TransactionEnd)


# Structures that do not fit.


def test_a_structure_that_differs_is_refused_with_the_first_difference() -> None:
    schema = structures("mysql-9.7")[TableName("d", "t")]
    table = next(event.table for event in replayed("mysql-9.7") if isinstance(event, RowsEvent))
    check_table_map(table, schema)
    columns = schema.columns
    for position, column_type, words in (
        (0, "int", "unsigned"),
        (0, "bigint unsigned", "stored as type 3"),
        (1, "varchar(30)", "size"),
        (2, "decimal(10,3)", "size"),
        (3, "timestamp", "size"),
        (3, "datetime(3)", "stored as type 17"),
        (4, "enum(" + ",".join(f"'{number}'" for number in range(256)) + ")", "size"),
        (5, "text", "stored as type 245"),
        (5, "nonsense", "not known"),
    ):
        changed = replace(columns[position], column_type=column_type)
        other = replace(schema, columns=(*columns[:position], changed, *columns[position + 1 :]))
        with pytest.raises(DecodeError, match=words) as raised:
            check_table_map(table, other)
        assert raised.value.table == TableName("d", "t")
        assert columns[position].name in raised.value.message
    with pytest.raises(DecodeError, match="6 columns where 5 are expected"):
        check_table_map(table, replace(schema, columns=columns[:5]))


@pytest.mark.parametrize("server", SERVERS)
def test_columns_of_former_rows_are_read_alone_as_with_the_others(server: str) -> None:
    former = 0
    for event in replayed(server):
        schema = structures(server).get(event.table.name) if isinstance(event, RowsEvent) else None
        if not isinstance(event, RowsEvent) or schema is None:
            continue
        whole = row_decoder(event.layout, schema)
        rows = whole.decode(event.body, event.start)
        if event.layout.partial_json:
            assert row_decoder(event.layout, schema, ()).decode(event.body, event.start) == rows
            continue
        for place, name in enumerate(whole.before_columns):
            alone = row_decoder(event.layout, schema, (name,))
            assert (alone.before_columns, alone.after_columns) == ((name,), whole.after_columns)
            found = alone.decode(event.body, event.start)
            if event.kind is RowKind.UPDATE:
                assert found == [((before[place],), after) for before, after in rows]
            else:
                assert found == [(before[place],) for before in rows]
            former += len(found)
    assert former


def test_a_damaged_row_is_an_error_not_a_value() -> None:
    schema = structures("mysql-9.7")[TableName("d", "t")]
    event = next(event for event in replayed("mysql-9.7") if isinstance(event, RowsEvent))
    decoder = row_decoder(event.layout, schema)
    for body in (event.body[:-1], event.body + b"\0", event.body[: event.start + 3]):
        with pytest.raises(DecodeError) as raised:
            decoder.decode(body, event.start)
        assert raised.value.table == TableName("d", "t")
