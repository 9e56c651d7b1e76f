"""The named statements: each is found, none is left over, and none is asked for in vain."""

import re
from pathlib import Path

import pytest

from pg_chameleon.mysql import queries as source
from pg_chameleon.postgres.queries import query

ROOT = Path(__file__).parents[2]
# Of each folder of statements, the layer that runs them
LAYERS = {"queries": ("postgres", "replica"), "source": ("mysql",)}
# These names are put together in the code.
BY_PATTERN = {"queries": {"copies.forget_batches", "copies.forget_prepared_rows", "copies.forget_source_held_rows"}}


def stored(folder: str) -> set[str]:
    return {
        f"{file.stem}.{name}"
        for file in (ROOT / "sql" / folder).glob("*.sql")
        for name in re.findall(r"^-- name: ([a-z_]+)$", file.read_text(encoding="utf-8"), re.M)
    }


def asked_for(folder: str) -> set[str]:
    modules = [module for layer in LAYERS[folder] for module in (ROOT / "pg_chameleon" / layer).rglob("*.py")]
    code = "".join(module.read_text(encoding="utf-8") for module in modules)
    subjects = {file.stem for file in (ROOT / "sql" / folder).glob("*.sql")}
    found = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', code))
    named = {name for name in found if name.partition(".")[0] in subjects and not name.endswith(".sql")}
    return named | BY_PATTERN.get(folder, set())


@pytest.mark.parametrize("folder", LAYERS)
def test_every_statement_is_used_and_every_used_statement_is_there(folder: str) -> None:
    assert stored(folder) == asked_for(folder)


def test_a_query_is_the_statement_behind_its_name() -> None:
    assert query("sources.set_maintained").startswith("update sch_chameleon.sources")
    assert "--" not in query("sources.all")


def test_comments_stay_in_the_file() -> None:
    assert query("batches.store").startswith("with moved as (")


def test_a_statement_for_a_source_takes_its_words() -> None:
    name = "tables.checks_of_mariadb"
    assert "table_name = " not in source.query(name, one_table=source.one_table(None))
    assert source.query(name, one_table=source.one_table("t")).endswith("and table_name = %s;")
