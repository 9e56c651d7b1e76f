"""One source has one set of rules, whoever applies them: the copy, the stream, status and detach."""

from __future__ import annotations

from contextlib import closing

import pytest

from lab.servers import Database, MariaDB, SourceServer
from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.mysql.connection import connect as connect_source
from pg_chameleon.mysql.server import SourceServer as Inquiry
from pg_chameleon.postgres.sources import find_source
from pg_chameleon.replica import rules
from tests.conftest import FreshSchema
from tests.integration.copy_support import Stage

TEXTS = (TypeOverride("double", "text"), TypeOverride("float", "text"))


@pytest.fixture
def stage(source_server: SourceServer, target_database: Database, fresh_schema: FreshSchema) -> Stage:
    made = Stage(source_server, target_database, fresh_schema(source_server))
    made.change_replica(overrides=TEXTS)
    return made


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Rules]:
    """Return the list of all rules that are built from now on."""
    found: list[Rules] = []
    build = rules._rules

    def watched(*arguments: object) -> Rules:
        found.append(build(*arguments))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(rules, "_rules", watched)
    return found


def test_copy_stream_status_and_detach_have_the_same_rules(stage: Stage, built: list[Rules]) -> None:
    settings = stage.settings.replica
    with closing(stage.connect()) as target:
        source = find_source(target, settings.name)
        assert rules.known_rules(settings, target, source) is None
    stage.execute("create table t (id int primary key, d double)", "insert into t values (1, 1.5)")
    assert stage.copy().complete
    stage.execute("insert into t values (2, 2.5)")
    stage.follow()
    with closing(stage.connect()) as target, closing(connect_source(settings.source)) as control:
        assert rules.known_rules(settings, target, source) == rules.recorded_rules(settings, target, source)
        expected = Rules(Inquiry(control).version, overrides=TEXTS)
    assert len(built) >= len(("the copy", "read", "replay", "status", "detach"))
    assert set(built) == {expected}


def test_what_mariadb_shows_of_a_negative_zero_is_the_same_by_all_ways(
    mariadb_server: MariaDB, target_database: Database, fresh_schema: FreshSchema
) -> None:
    stage = Stage(mariadb_server, target_database, fresh_schema(mariadb_server))
    stage.change_replica(overrides=TEXTS)
    stage.execute(
        "create table t (id int primary key, d double default -0e0, f float default -0e0)",
        "insert into t values (1, -0e0, -0e0)",
    )
    assert stage.copy().complete
    stage.execute(
        "insert into t values (2, -0e0, -0e0)",
        "alter table t add e double not null default -0e0, add g float default -0e0",
        "create table u (id int primary key, d double default -0e0, f float default -0e0)",
    )
    stage.follow()
    shown = stage.execute("select concat(d), concat(f), concat(e), concat(g) from t")
    assert set(stage.database.execute(f"select d, f, e, g from {stage.target_schema}.t")) == set(shown)
    stage.database.execute(f"insert into {stage.target_schema}.t (id) values (3)")
    stage.database.execute(f"insert into {stage.target_schema}.u (id) values (3)")
    made = stage.database.execute(
        f"select d, f from {stage.target_schema}.t where id = 3 union select d, f from {stage.target_schema}.u"
    )
    assert made == [shown[0][:2]]
