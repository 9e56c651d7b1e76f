"""What the status tells of tables, by their structures."""

from __future__ import annotations

from pg_chameleon.model.names import TableName
from pg_chameleon.model.overview import RenamedRow
from pg_chameleon.model.schema import Column, Index, IndexPart, TableSchema
from pg_chameleon.model.status import TableState
from pg_chameleon.postgres.tables import TrackedTable
from pg_chameleon.replica.status import find_keyless, find_renamed


def tracked(
    name: str,
    *columns: str,
    key: str | None = None,
    target: str | None = None,
    state: TableState = TableState.REPLICATED,
) -> TrackedTable:
    """Make a table of the registry."""
    full = TableName("sakila", name)
    indexes = () if key is None else (Index("PRIMARY", (IndexPart(key),), unique=True),)
    schema = TableSchema(full, tuple(Column(column, "int", nullable=column != key) for column in columns), indexes)
    return TrackedTable(1, full, TableName("sch_sakila", target or name), state, None, None, 1, schema)


def test_keyless_tables_are_those_whose_rows_are_found_by_all_columns() -> None:
    tables = [
        tracked("film", "id", key="id"),
        tracked("log", "line"),
        tracked("broken", "line", state=TableState.QUARANTINED),
        tracked("unwanted", "line", state=TableState.FILTERED),
    ]
    assert list(find_keyless(tables)) == [TableName("sakila", "log")]


def test_names_are_changed_of_tables_and_of_columns() -> None:
    tables = [
        tracked("film", "id", "title", key="id"),
        tracked("x" * 70, "id", "ctid", target="x_1"),
        tracked("unwanted", "id", target="other", state=TableState.FILTERED),
    ]
    found = list(find_renamed(tables))
    assert found[0] == RenamedRow(TableName("sakila", "x" * 70), None, "x_1")
    assert [(row.column, row.target != "ctid") for row in found[1:]] == [("ctid", True)]
