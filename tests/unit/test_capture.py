"""What a row event becomes: rows of the log, what was changed in them, and why the rest of it is refused."""

from pg_chameleon.convert.rules import ChangeReason
from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import RowKind, RowLayout, RowsEvent, TableMap
from pg_chameleon.model.log import INSERT, LogEntry
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Index, IndexPart, TableSchema
from pg_chameleon.replica.read.capture import TableCapture
from pg_chameleon.replica.read.entries import KeyRefused
from tests.rules import some_rules

NAME = TableName("shop", "t")
INT, VARCHAR = 3, 15
COLUMNS = (
    Column("id", "varchar(20)", nullable=False, charset="utf8mb4"),
    Column("v", "varchar(20)", charset="utf8mb4"),
)
SCHEMA = TableSchema(NAME, COLUMNS, (Index("PRIMARY", (IndexPart("id"),), unique=True),))


def inserted(*rows: tuple[str, str], types: tuple[int, ...] = (VARCHAR, VARCHAR)) -> RowsEvent:
    table = TableMap(1, NAME, bytes(types), (80, 80), b"\2", b"")
    body = b"".join(b"\0" + b"".join(bytes([len(text)]) + text.encode() for text in row) for row in rows)
    return RowsEvent(RowLayout(RowKind.INSERT, table, b"", b"\3", partial_json=False), body, 0, 400)


def capture() -> TableCapture:
    return TableCapture(SCHEMA, some_rules())


def test_rows_become_entries() -> None:
    captured = capture().take(inserted(("a", "one"), ("b", "two")))
    assert captured.entries == [LogEntry(INSERT, '("a")', '("a","one")'), LogEntry(INSERT, '("b")', '("b","two")')]
    assert (captured.changed, captured.refusal) == ([], None)


def test_changed_values_are_told_with_the_row_that_they_were_in() -> None:
    captured = capture().take(inserted(("a", "one"), ("b", "t\0o")))
    assert [entry.image for entry in captured.entries] == ['("a","one")', '("b","to")']
    (row,) = captured.changed
    assert row.label() == "b"
    assert [(change.column, change.reason, change.value) for change in row.changes] == [("v", ChangeReason.NUL, "t\0o")]


def test_a_key_that_cannot_be_held_is_refused_after_the_rows_before() -> None:
    one = capture()
    captured = one.take(inserted(("a", "one"), ("b\0", "t\0o"), ("c", "three")))
    assert [entry.key for entry in captured.entries] == ['("a")']
    assert isinstance(captured.refusal, KeyRefused)
    assert captured.refusal.row_key == "id: b\\x00"
    # Nothing of a refused row is taken for a part of the next one
    assert one.take(inserted(("d", "four"))).changed == []


def test_an_event_that_does_not_fit_the_structure_is_refused() -> None:
    captured = capture().take(inserted(("a", "one"), types=(VARCHAR, INT)))
    assert captured.entries == []
    assert isinstance(captured.refusal, DecodeError)
