"""The words that the catalogue stores are those of the model, in SQL files, check constraints and the code."""

import re
from enum import Enum
from pathlib import Path

import pytest

from pg_chameleon.model.change import Circumstances, RowKind
from pg_chameleon.model.log import (
    DELETE,
    INSERT,
    ORDERED,
    PARTIAL,
    UPDATE,
    AlterDetails,
    Counts,
    Operation,
    SchemaChangeKind,
    summary_from_json,
    summary_to_json,
)
from pg_chameleon.model.status import SourceStatus, SourceType, TableState
from pg_chameleon.postgres.copies import LEFT_OUT
from pg_chameleon.replica.copy.settings import CopyKind

ROOT = Path(__file__).parents[2]
CATALOGUE = (ROOT / "sql/catalogue.sql").read_text(encoding="utf-8")
SQL_FILES = sorted((ROOT / "sql").rglob("*.sql"))
# Beside the rows of a prepared transaction stands a row of table 0, whose letter nobody reads
PREPARED_MARK = "x"


def checked(table: str, column: str) -> set[str]:
    """Return the values that a check constraint of the catalogue admits."""
    body = re.search(rf"create table sch_chameleon\.{table} \((.*?)\n\);", CATALOGUE, re.S)
    assert body is not None
    found = re.search(rf"check \({column} in \((.*?)\)\)", body[1])
    assert found is not None
    return set(re.findall(r"'(\w+)'", found[1]))


def values(enumeration: type[Enum]) -> set[str]:
    return {each.value for each in enumeration}


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("sources", "type", SourceType),
        ("sources", "status", SourceStatus),
        ("tables", "state", TableState),
        ("schema_changes", "kind", SchemaChangeKind),
        ("copies", "kind", CopyKind),
    ],
)
def test_check_constraints_admit_what_the_model_names(table: str, column: str, words: type[Enum]) -> None:
    assert checked(table, column) == values(words)


def compared(text: str, column: str) -> set[str]:
    """Return the literals that a column of this name is compared with, or set to."""
    pattern = rf"\b{column}\s*(?:=|<>|(?:not\s+)?in)\s*\(?((?:'\w+'(?:\s*,\s*)?)+)"
    return {word for literals in re.findall(pattern, text) for word in re.findall(r"'(\w+)'", literals)}


@pytest.mark.parametrize("file", SQL_FILES, ids=lambda path: path.stem)
def test_sql_names_only_words_of_the_model(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert compared(text, "operation") <= values(Operation)
    assert compared(text, "state") <= values(TableState)
    assert compared(text, "status") <= values(SourceStatus)


@pytest.mark.parametrize("name", ["held_rows", "prepared"])
def test_sql_counts_the_operations_in_their_order(name: str) -> None:
    text = (ROOT / f"sql/queries/{name}.sql").read_text(encoding="utf-8")
    counted = re.findall(r"count\(\*\) filter \(where operation = '(\w)'\)", text)
    assert counted == [each.value for each in Operation]


def test_sql_names_the_reason_of_a_structure_that_is_kept_for_a_copy() -> None:
    text = (ROOT / "sql/queries/copies.sql").read_text(encoding="utf-8")
    assert f"case when reason = '{LEFT_OUT}' then 'dropped'" in text


def test_the_mark_of_a_prepared_transaction_is_no_operation() -> None:
    text = (ROOT / "sql/queries/prepared.sql").read_text(encoding="utf-8")
    assert f"0, 0, '{PREPARED_MARK}'" in text
    assert PREPARED_MARK not in values(Operation)


def test_each_operation_has_its_slot_in_the_counts() -> None:
    assert [each.slot for each in Operation] == list(range(len(Counts._fields)))
    assert Counts._fields == ("inserts", "updates", "deletes", "partials", "ordered")
    assert list(Operation) == [INSERT, UPDATE, DELETE, PARTIAL, ORDERED]
    assert "[[segment, table_id, inserts, updates, deletes, partials, ordered], ...]" in CATALOGUE


def test_an_operation_knows_what_the_source_did() -> None:
    assert [each.row_kind for each in Operation] == [
        *(RowKind.INSERT, RowKind.UPDATE, RowKind.DELETE),
        *(RowKind.UPDATE, RowKind.UPDATE),
    ]


def test_a_summary_survives_the_catalogue() -> None:
    summary = {(0, 7): Counts(inserts=3), (1, 7): Counts(deletes=2, ordered=1)}
    assert summary_to_json(summary) == [[0, 7, 3, 0, 0, 0, 0], [1, 7, 0, 0, 2, 0, 1]]
    assert summary_from_json(summary_to_json(summary)) == summary


@pytest.mark.parametrize("told", [None, Circumstances(1, 2, "+01:00", 3, True, 4, 5, 6)])
def test_the_details_of_an_alter_survive_the_catalogue(told: Circumstances | None) -> None:
    details = AlterDetails(("id", None), told)
    assert AlterDetails.from_json(details.to_json()) == details


def test_circumstances_are_stored_under_these_names() -> None:
    """Batches of an older release may still wait in the catalogue."""
    assert AlterDetails((), Circumstances(1)).to_json() == {
        "origins": [],
        "circumstances": {
            "seconds": 1,
            "microseconds": None,
            "time_zone": None,
            "sql_mode": 0,
            "mariadb": False,
            "local_seconds": None,
            "offset": None,
            "connection_collation": None,
        },
    }


LETTERS = re.compile(r"""(["'])([iudpo])\1""")
KINDS = re.compile(r"""(["'])(create|alter|drop|truncate)\1""")


@pytest.mark.parametrize("layer", ["postgres", "replica"])
def test_the_code_spells_no_stored_word(layer: str) -> None:
    for module in sorted((ROOT / "pg_chameleon" / layer).rglob("*.py")):
        text = module.read_text(encoding="utf-8")
        assert LETTERS.search(text) is None, module
        assert KINDS.search(text) is None, module
