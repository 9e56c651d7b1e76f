"""What a copy is about, and what it registers and drops, decided without any server."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pg_chameleon.errors import UsageError
from pg_chameleon.model.choices import ZeroDates
from pg_chameleon.model.filter import TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.mysql.snapshot import TableStatistics
from pg_chameleon.replica.copy.inspection import Inspection
from pg_chameleon.replica.copy.plan import PlannedTable
from pg_chameleon.replica.copy.presence import at_snapshot, bystanders, missing, unknown
from pg_chameleon.replica.copy.scope import Scope
from pg_chameleon.replica.copy.settings import CopyKind, CopyRequest, CopySettings

FILTER = TableFilter({"shop": "sch_shop", "blog": "sch_blog"}, skip=frozenset({TableName("shop", "logs")}))
ORDERS, ITEMS, LOGS, POSTS = (
    TableName("shop", "orders"),
    TableName("shop", "items"),
    TableName("shop", "logs"),
    TableName("blog", "posts"),
)


def settings(**values: Any) -> CopySettings:
    replica = SimpleNamespace(overrides=(), zero_dates=ZeroDates.NULL)
    return CopySettings(cast(Any, replica), **values)


def scope(kind: CopyKind, **request: Any) -> Scope:
    return Scope(CopyRequest(kind, **request), FILTER)


def found(*names: TableName, created: str = "monday") -> Inspection:
    return Inspection({name: (TableSchema(name, ()), TableStatistics(1, 1, created)) for name in names})


def planned(*names: TableName) -> list[PlannedTable]:
    return [PlannedTable(TableSchema(name, ()), TableStatistics(1, 1, "monday")) for name in names]


def test_a_first_copy_is_about_everything_that_is_mapped_and_admitted() -> None:
    first = scope(CopyKind.INIT_REPLICA)
    assert first.schemas == ["blog", "shop"]
    assert first.target_schemas == ["sch_blog", "sch_shop"]
    assert first.wants(ORDERS)
    assert first.means(LOGS)
    assert not first.wants(LOGS)
    assert not first.means(TableName("other", "t"))


def test_a_refresh_is_about_one_schema() -> None:
    refresh = scope(CopyKind.REFRESH_SCHEMA, schema="shop")
    assert refresh.schemas == ["shop"]
    assert refresh.wants(ORDERS)
    assert not refresh.wants(POSTS)


def test_a_synchronisation_is_about_the_tables_that_are_named() -> None:
    sync = scope(CopyKind.SYNC_TABLES, tables=(ORDERS,)).of([ORDERS])
    assert sync.schemas == ["shop"]
    assert sync.wants(ORDERS)
    assert not sync.wants(ITEMS)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (scope(CopyKind.REFRESH_SCHEMA, schema="nosuch"), "nosuch is not mapped"),
        (scope(CopyKind.SYNC_TABLES, tables=(ORDERS, LOGS)), "configuration: shop.logs"),
    ],
)
def test_what_the_configuration_does_not_have_is_refused(asked: Scope, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        asked.check()


def test_a_copy_is_resumed_only_if_it_was_asked_for_the_same() -> None:
    sync = scope(CopyKind.SYNC_TABLES, tables=(ORDERS, ITEMS))
    recorded = json.loads(json.dumps(sync.of([ORDERS]).record(settings())))
    assert sync.continues(recorded, settings(workers=7, spool_folder=Path("/elsewhere")))
    assert not sync.continues(recorded, settings(keep_existing=True))
    assert not scope(CopyKind.SYNC_TABLES, tables=(ORDERS,)).continues(recorded, settings())
    assert sync.as_recorded(recorded).names == frozenset({ORDERS})
    assert sync.as_recorded(sync.record(settings())).names is None


def test_only_tables_that_are_the_same_at_the_snapshot_are_begun() -> None:
    before, after = found(ORDERS, ITEMS), found(ORDERS)
    begun, changed = at_snapshot(planned(ORDERS, ITEMS), before, after)
    assert [table.name for table in begun] == [ORDERS]
    assert [table.name for table in changed] == [ITEMS]
    assert at_snapshot(planned(ORDERS), found(ORDERS), found(ORDERS, created="tuesday")).begun == []


def test_bystanders_are_the_tables_that_the_filter_excludes_and_that_are_not_registered() -> None:
    assert [schema.name for schema in bystanders(found(ORDERS, LOGS), FILTER, set())] == [LOGS]
    assert bystanders(found(ORDERS, LOGS), FILTER, {LOGS}) == []


def test_missing_are_the_registered_tables_that_the_copy_is_about_and_the_source_has_not() -> None:
    refresh = scope(CopyKind.REFRESH_SCHEMA, schema="shop")
    assert missing(refresh, [ORDERS, ITEMS, POSTS], {ORDERS}) == {ITEMS}


def test_unknown_are_the_tables_that_are_named_and_nowhere() -> None:
    sync = scope(CopyKind.SYNC_TABLES, tables=(ORDERS, ITEMS)).of([ORDERS, ITEMS])
    (problem,) = unknown(sync, {ORDERS})
    assert problem.name == ITEMS
    assert problem.missing
    assert unknown(scope(CopyKind.INIT_REPLICA), set()) == []
