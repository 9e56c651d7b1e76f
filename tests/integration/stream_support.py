"""Reading the binlog of a private server in tests."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from lab.servers import SourceServer
from pg_chameleon.model.change import Idle, RowKind, RowsEvent, StreamEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import Position
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.connection import SourceSettings, connect
from pg_chameleon.mysql.decode.decoder import check_table_map, row_decoder
from pg_chameleon.mysql.server import SourceServer as Inquiry
from pg_chameleon.mysql.stream import BinlogStream
from pg_chameleon.mysql.structure.inspect import read_table

SERVER_ID = 4_000_000
# A caught-up stream hears a heartbeat before
LONGEST_SILENCE = 20.0


def settings_of(server: SourceServer) -> SourceSettings:
    return SourceSettings(server.host, server.port, "root", "")


def position_of(server: SourceServer, *, with_gtid: bool = False) -> Position:
    with closing(connect(settings_of(server))) as connection:
        return Inquiry(connection).position(with_gtid=with_gtid)


def open_stream(
    server: SourceServer, start: Position, *, use_gtid: bool = False, heartbeat: float = 0.3
) -> BinlogStream:
    return BinlogStream(settings_of(server), server_id=SERVER_ID, start=start, use_gtid=use_gtid, heartbeat=heartbeat)


def events_until_idle(stream: BinlogStream, target: Position | None = None) -> list[StreamEvent]:
    """Read all that the source has, at least up to ``target``: heartbeats may have been sent before."""
    events: list[StreamEvent] = []
    while True:
        event = stream.next(LONGEST_SILENCE)
        assert event is not None, "the source fell silent"
        if not (isinstance(event, Idle) and event.caught_up):
            events.append(event)
        elif target is None or event.position.binlog >= target.binlog:
            return events


def events_of(server: SourceServer, write: Callable[[], object], *, use_gtid: bool = False) -> list[StreamEvent]:
    """Return what the binlog says of what ``write`` does."""
    with open_stream(server, position_of(server, with_gtid=use_gtid), use_gtid=use_gtid) as stream:
        write()
        return events_until_idle(stream, position_of(server))


def own_server(like: SourceServer, **options: str | int | bool | None) -> SourceServer:
    """Make a server of the same installation that a test can stop, or set up, as it likes."""
    return type(like)(installation=like.installation, options=options, durable=False)


def execute_all(server: SourceServer, schema: str | None, statements: Iterable[str], **options: Any) -> None:
    """Execute statements one after the other in one session, with an empty sql_mode."""
    with closing(server.connect(schema, **{"sql_mode": "", **options})) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def structure_of(server: SourceServer, schema: str, table: str) -> TableSchema:
    with closing(connect(settings_of(server))) as connection:
        found = read_table(connection, TableName(schema, table))
    assert found is not None
    return found


class DecodedRows(NamedTuple):
    """The rows of an event, with the names of the columns in their images."""

    kind: RowKind
    before_columns: tuple[str, ...]
    after_columns: tuple[str, ...]
    rows: list[Any]


def decoded(event: RowsEvent, structure: TableSchema) -> DecodedRows:
    check_table_map(event.table, structure)
    decoder = row_decoder(event.layout, structure)
    rows = decoder.decode(event.body, event.start)
    if not event.layout.partial_json:
        _assert_former_rows_can_be_read_in_part(event, structure, decoder.before_columns, rows)
    return DecodedRows(event.kind, decoder.before_columns, decoder.after_columns, rows)


def _assert_former_rows_can_be_read_in_part(
    event: RowsEvent, structure: TableSchema, columns: tuple[str, ...], rows: list[Any]
) -> None:
    decoder = row_decoder(event.layout, structure, columns[::2])
    found = decoder.decode(event.body, event.start)
    if event.kind is RowKind.UPDATE:
        assert repr(found) == repr([(before[::2], after) for before, after in rows])
    elif event.kind is RowKind.DELETE:
        assert repr(found) == repr([row[::2] for row in rows])


def decoded_rows(events: Sequence[StreamEvent], structure: TableSchema) -> list[DecodedRows]:
    """Decode all row events of one table."""
    return [
        decoded(event, structure)
        for event in events
        if isinstance(event, RowsEvent) and event.table.name == structure.name
    ]
