"""A table map that does not describe the structure that is known is found, with what differs; see record.py there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import TableMap
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Index, IndexPart, TableSchema, schema_from_json
from pg_chameleon.mysql.decode.layout import check_table_map

FOLDER = Path(__file__).parents[2] / "data/table_maps"
SERVERS = ("mysql-9.7", "mariadb-10.11")

Recorded = tuple[TableMap, TableSchema]
Wrong = dict[str, tuple[dict[str, Any], str]]


def recorded(server: str, metadata: str = "full") -> dict[str, Recorded]:
    """Give the table maps of a server, with the structures of their tables."""
    documents = json.loads((FOLDER / f"{server}.json").read_text())
    return {
        document["map"]["name"][1]: (map_of(document["map"]), schema_from_json(document["structure"]))
        for document in documents
        if document["metadata"] == metadata
    }


def map_of(document: dict[str, Any]) -> TableMap:
    return TableMap(
        document["table_id"],
        TableName(*document["name"]),
        bytes.fromhex(document["types"]),
        tuple(document["metadata"]),
        bytes.fromhex(document["nullable"]),
        bytes.fromhex(document["optional"]),
    )


def with_column(schema: TableSchema, column: str, **changed: Any) -> TableSchema:
    columns = tuple(replace(each, **changed) if each.name == column else each for each in schema.columns)
    return replace(schema, columns=columns)


def assert_differs(table: TableMap, schema: TableSchema, words: str) -> None:
    with pytest.raises(DecodeError) as caught:
        check_table_map(table, schema)
    assert words in caught.value.message


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("metadata", ["minimal", "full"])
def test_tables_fit_their_own_table_maps(server: str, metadata: str) -> None:
    found = recorded(server, metadata)
    assert len(found) >= 3
    for table, schema in found.values():
        check_table_map(table, schema)


WITHOUT_METADATA: Wrong = {
    "id": ({"column_type": "bigint unsigned"}, "stored as type 3"),
    "name": ({"column_type": "varchar(11)"}, "stored with the size 0xa where 0xb is expected"),
    "note": ({"column_type": "mediumtext"}, "stored with the size 0x2 where 0x3 is expected"),
    "price": ({"column_type": "decimal(10,3)"}, "stored with the size 0x20a where 0x30a is expected"),
    "at": ({"column_type": "datetime(6)"}, "stored with the size 0x3 where 0x6 is expected"),
    "flags": ({"column_type": "bit(6)"}, "stored with the size 0x5 where 0x6 is expected"),
    "kind": ({"column_type": "set('a','é')"}, "stored as type 247"),
    "chosen": ({"column_type": "set('x','y','3','4','5','6','7','8','9')"}, "stored with the size 0x1"),
    "fixed": ({"column_type": "char(6)"}, "stored with the size 0x14 where 0x18 is expected"),
    "raw": ({"column_type": "varbinary(8)"}, "stored with the size 0x7 where 0x8 is expected"),
    "place": ({"column_type": "json"}, "stored as type 255"),
    "born": ({"nullable": False}, "column born can be NULL"),
    "small": ({"nullable": False}, "column small can be NULL"),
}
ONLY_SIGNS: Wrong = {
    "id": ({"column_type": "int"}, "is unsigned"),
    "small": ({"column_type": "tinyint unsigned"}, "is signed"),
}
ONLY_FULL: Wrong = {
    "small": ({"name": "smaller"}, "column smaller is called small"),
    "kind": ({"column_type": "enum('a','b')"}, "has the members ['a', 'é']"),
    "chosen": ({"column_type": "set('y','x')"}, "has the members ['x', 'y']"),
    "place": ({"column_type": "polygon"}, "is a point"),
    "note": ({"charset": "latin1"}, "has the character set utf8mb4 where latin1 is expected"),
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("metadata", ["minimal", "full"])
@pytest.mark.parametrize("column", WITHOUT_METADATA)
def test_what_every_table_map_tells_is_compared(server: str, metadata: str, column: str) -> None:
    table, schema = recorded(server, metadata)["wide"]
    changed, words = WITHOUT_METADATA[column]
    assert_differs(table, with_column(schema, column, **changed), words)


@pytest.mark.parametrize("server", SERVERS)
def test_the_number_of_columns_is_compared(server: str) -> None:
    table, schema = recorded(server, "minimal")["wide"]
    assert_differs(table, replace(schema, columns=schema.columns[:-1]), "13 columns where 12 are expected")
    doubled = (*schema.columns, replace(schema.columns[-1], name="another"))
    assert_differs(table, replace(schema, columns=doubled), "13 columns where 14 are expected")


@pytest.mark.parametrize("column", ONLY_SIGNS)
@pytest.mark.parametrize("metadata", ["minimal", "full"])
def test_signs_are_compared(metadata: str, column: str) -> None:
    table, schema = recorded("mysql-9.7", metadata)["wide"]
    changed, words = ONLY_SIGNS[column]
    assert_differs(table, with_column(schema, column, **changed), words)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("column", ONLY_FULL)
def test_what_all_metadata_tell_is_compared(server: str, column: str) -> None:
    table, schema = recorded(server)["wide"]
    changed, words = ONLY_FULL[column]
    assert_differs(table, with_column(schema, column, **changed), words)


def keys(*columns: tuple[str, int | None]) -> tuple[Index, ...]:
    return (Index("PRIMARY", tuple(IndexPart(*each) for each in columns), unique=True),)


def wrong_keys(schema: TableSchema) -> Iterator[tuple[TableSchema, str]]:
    yield replace(schema, indexes=()), "the primary key is (id, name(4)) where none is expected"
    yield replace(schema, indexes=keys(("id", None))), "(id, name(4)) where (id) is expected"
    yield replace(schema, indexes=keys(("id", None), ("name", None))), "where (id, name) is expected"
    yield replace(schema, indexes=keys(("name", 4), ("id", None))), "where (name(4), id) is expected"


@pytest.mark.parametrize("server", SERVERS)
def test_the_primary_key_is_compared(server: str) -> None:
    table, schema = recorded(server)["wide"]
    for wrong, words in wrong_keys(schema):
        assert_differs(table, wrong, words)
    table, schema = recorded(server)["keyless"]
    assert_differs(table, replace(schema, indexes=keys(("a", None))), "the primary key is none where (a) is expected")


@pytest.mark.parametrize("server", SERVERS)
def test_a_unique_key_may_stand_for_the_primary_key(server: str) -> None:
    table, schema = recorded(server)["unique_only"]
    unique = {index.parts[0].column: index for index in schema.indexes}
    check_table_map(table, schema)
    assert_differs(table, replace(schema, indexes=(unique["b"],)), "the primary key is (a) where (b) is expected")


def test_the_size_of_a_vector_is_compared() -> None:
    table, schema = recorded("mysql-9.7")["vectors"]
    assert_differs(table, with_column(schema, "v", column_type="vector(4)"), "vector(4)")
