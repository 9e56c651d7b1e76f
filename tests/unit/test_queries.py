"""The named queries: each is found, none is left over, and none is asked for in vain."""

import re
from pathlib import Path

from pg_chameleon.postgres.queries import query

ROOT = Path(__file__).parents[2]
# These names are put together in the code.
BY_PATTERN = {"copies.forget_batches", "copies.forget_prepared_rows", "copies.forget_source_held_rows"}


def stored() -> set[str]:
    return {
        f"{file.stem}.{name}"
        for file in (ROOT / "sql/queries").glob("*.sql")
        for name in re.findall(r"^-- name: ([a-z_]+)$", file.read_text(encoding="utf-8"), re.M)
    }


def asked_for() -> set[str]:
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "pg_chameleon").rglob("*.py"))
    subjects = {file.stem for file in (ROOT / "sql/queries").glob("*.sql")}
    found = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', code))
    return {name for name in found if name.partition(".")[0] in subjects and not name.endswith(".sql")} | BY_PATTERN


def test_every_query_is_used_and_every_used_query_is_there() -> None:
    assert stored() == asked_for()


def test_a_query_is_the_statement_behind_its_name() -> None:
    assert query("sources.set_maintained").startswith("update sch_chameleon.sources")
    assert "-- name:" not in query("sources.all")
