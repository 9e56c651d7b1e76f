"""Structures of tables: column types taken apart, keys found, and the way to JSON and back."""

from __future__ import annotations

import json

import pytest

from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import (
    Check,
    Column,
    Default,
    ForeignKey,
    Generated,
    Index,
    IndexPart,
    TableSchema,
    schema_from_json,
    schema_to_json,
)

NAME = TableName("sakila", "film")
ID = Column("id", "int", nullable=False)
CODE = Column("Code", "varchar(10)", nullable=False)
NOTE = Column("note", "text")


def index(name: str, *columns: str, unique: bool = True) -> Index:
    """Make an index over whole columns."""
    return Index(name, tuple(IndexPart(column) for column in columns), unique=unique)


@pytest.mark.parametrize(
    ("indexes", "key"),
    [
        ((), ()),
        ((index("PRIMARY", "id"),), ("id",)),
        ((index("u", "Code"), index("PRIMARY", "id")), ("id",)),
        ((index("PRIMARY", "code", "id"),), ("Code", "id")),
        ((index("u", "Code"),), ("Code",)),
        ((index("n", "note"), index("u", "Code")), ("Code",)),
        ((index("n", "Code", "note"),), ()),
        ((index("plain", "id", unique=False),), ()),
        ((Index("e", (IndexPart(None, expression="lower(`Code`)"),), unique=True),), ()),
    ],
    ids=[
        "none",
        "primary",
        "primary before unique",
        "primary of several columns",
        "unique",
        "nullable unique passed over",
        "one nullable column is enough",
        "not unique",
        "expression",
    ],
)
def test_key_by_which_rows_are_found_again(indexes: tuple[Index, ...], key: tuple[str, ...]) -> None:
    assert TableSchema(NAME, (ID, CODE, NOTE), indexes).key_columns == key


def test_columns_are_found_without_case() -> None:
    schema = TableSchema(NAME, (ID, CODE))
    assert schema.column("CODE") is CODE
    assert schema.column("none") is None
    assert schema.column_names == ("id", "Code")


def test_primary_key_is_the_index_of_that_name() -> None:
    primary = index("PRIMARY", "id")
    assert TableSchema(NAME, (ID,), (index("u", "id"), primary)).primary_key is primary
    assert TableSchema(NAME, (ID,), (index("u", "id"),)).primary_key is None


FULL = TableSchema(
    NAME,
    columns=(
        Column("id", "int unsigned", nullable=False, auto_increment=True, comment="it's \N{GRINNING FACE}"),
        Column("kind", "enum('a','b')", default=Default("a", literal=True), charset="utf8mb4", collation="x"),
        Column("changed", "timestamp", default=Default("now()", literal=False), on_update="now()"),
        Column("twice", "int", generated=Generated("`id` * 2", stored=True), invisible=True),
        Column("place", "point", srid=0),
        Column("packed", "text", compressed=True),
        Column("raw", "binary(3)", default=Default("\0a\ue000\ue0000\ue000e", literal=True)),
    ),
    indexes=(
        index("PRIMARY", "id"),
        Index("mixed", (IndexPart("kind", 3, True), IndexPart(None, expression="abs(`id`)")), comment="why"),
        Index("words", (IndexPart("packed"),), kind="fulltext"),
    ),
    foreign_keys=(
        ForeignKey("fk", ("id",), TableName("other", "parent"), ("id",), on_delete="CASCADE"),
        ForeignKey("fk2", ("id", "twice"), NAME, ("id", "twice"), on_update="SET NULL"),
    ),
    checks=(Check("positive", "`id` > 0"), Check("off", "false", enforced=False)),
    engine="Aria",
    charset="utf8mb4",
    collation="utf8mb4_general_ci",
    comment="films",
)


@pytest.mark.parametrize("schema", [FULL, TableSchema(NAME, ())], ids=["full", "empty"])
def test_structure_survives_the_way_through_json(schema: TableSchema) -> None:
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema


def test_defaults_are_not_stored() -> None:
    assert schema_to_json(TableSchema(NAME, (NOTE,)))["columns"] == [{"name": "note", "column_type": "text"}]


def test_nul_characters_are_stored_as_something_else() -> None:
    odd = "\0a\ue000\ue0000\0\ue0001\\0"
    padded = Column("padded", "binary(4)", default=Default("ab\0\0", literal=True), comment=odd)
    schema = TableSchema(NAME, (padded,), comment=odd)
    written = json.dumps(schema_to_json(schema))
    assert "\\u0000" not in written
    assert schema_from_json(json.loads(written)) == schema
