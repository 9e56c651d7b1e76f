"""A table that is altered on a source, and followed on a target beside a new copy of it."""

from collections.abc import Iterator
from typing import NamedTuple

import psycopg2
import pytest

from lab.servers import PostgreSQL, SourceServer
from pg_chameleon.convert.alter.plan import alter_table
from pg_chameleon.model.schema import TableSchema
from tests.integration.convert_support import SourceSchema, Target
from tests.rules import some_rules

RULES = some_rules()
FOLLOWED, FRESH = "sch_followed", "sch_fresh"


class Case(NamedTuple):
    """A table ``t`` with rows, and what is done to it. ``origins`` names the columns that were others before."""

    columns: str
    rows: str
    change: str
    origins: dict[str, str | None] = {}  # noqa: RUF012 - it is never changed
    refused: bool = False
    table: str = "t"
    session: str = ""


@pytest.fixture
def source(source_server: SourceServer, fresh_schema: object) -> Iterator[SourceSchema]:
    schema = SourceSchema(source_server, fresh_schema(source_server))  # type: ignore[operator]
    yield schema
    schema.close()


@pytest.fixture
def target(postgres: PostgreSQL) -> Iterator[Target]:
    name = "db_convert"
    if not postgres.execute("select 1 from pg_database where datname = %s", (name,)):
        postgres.create_database(name)
    connection = postgres.connect(name)
    with connection.cursor() as cursor:
        found = Target(cursor)
        found.make_schema(FOLLOWED)
        found.make_schema(FRESH)
        yield found
    connection.close()


def check_altered(case: Case, source: SourceSchema, source_server: SourceServer, target: Target) -> None:
    """Alter the table; what is followed has to be what a new copy would be, rows and catalogue, or is refused."""
    if source_server.version < (5, 7) and any(word in case.columns + case.change for word in ("json", "generated")):
        pytest.skip("MySQL 5.6 has neither JSON nor generated columns")
    source.run(f"create table t ({case.columns}) engine=InnoDB", f"insert into t values {case.rows}")
    before = source.structure("t")
    target.make(before, RULES, FOLLOWED, source.lines(before, RULES))
    source.run(case.session or "do 0")
    circumstances = source.alter(f"alter table t {case.change}")
    source.run("set time_zone = '+00:00', sql_mode = ''")
    after = source.structure(case.table)
    fresh = target.make(after, RULES, FRESH, source.lines(after, RULES))
    origins = origins_of(case, after)
    statements = alter_table(
        before,
        after,
        origins,
        RULES,
        schema_name=FOLLOWED,
        new_schema_name=FOLLOWED,
        circumstances=circumstances,
    )
    if case.refused:
        with pytest.raises(psycopg2.errors.RaiseException):
            target.run(statements)
        target.run([f'TRUNCATE "{FOLLOWED}"."t"', *statements])
    else:
        target.run(statements)
        assert target.rows(fresh, FOLLOWED) == target.rows(fresh, FRESH)
    assert target.catalogue(fresh, FOLLOWED) == target.catalogue(fresh, FRESH)


def origins_of(case: Case, after: TableSchema) -> tuple[str | None, ...]:
    return tuple(case.origins.get(column.name, column.name) for column in after.columns)
