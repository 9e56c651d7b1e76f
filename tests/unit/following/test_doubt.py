"""What the registry decides about statements that are not understood; nothing here needs a server."""

from dataclasses import replace

from pg_chameleon.ddl.doubt.second_look import Reading
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.status import TableState
from tests.unit.following.followed import Replica, name_of
from tests.unit.following.test_following import replica_of

REFUSED = "alter table {} add column w frobnicated"
READABLE = "create table {} (id int primary key, v varchar(5) character set unheard)"


def shown(table: str, *columns: str) -> TableSchema:
    """Return a structure as the source may show it."""
    return TableSchema(name_of(table), tuple(Column(column, "int") for column in columns))


def with_columns(replica: Replica, table: str, *columns: str) -> TableSchema:
    """Return the structure of a table with further columns."""
    before = replica.table(table).schema
    return replace(before, columns=(*before.columns, *(Column(column, "int") for column in columns)))


# The second look


def test_a_statement_that_is_not_understood_is_followed_by_what_the_source_shows() -> None:
    replica = replica_of("a")
    replica.readings[name_of("a")] = Reading(with_columns(replica, "a", "w"))
    assert replica.run(REFUSED.format("a")) == ["structure 1 id,v,w", "store alter 1 102", "segment"]


def test_a_table_that_the_source_does_not_show_is_quarantined() -> None:
    replica = replica_of("a")
    assert replica.run(REFUSED.format("a")) == ["quarantine 1 shop.a"]
    assert "not understood" in replica.reasons[0]
    assert replica.reasons[0].endswith("; the table stayed locked")
    assert not replica.table("a").schema.columns


def test_a_table_that_is_gone_from_the_source_is_quarantined() -> None:
    replica = replica_of("a")
    replica.readings[name_of("a")] = Reading(None)
    assert replica.run(REFUSED.format("a")) == ["quarantine 1 shop.a"]
    assert replica.reasons[0].endswith("; the source no longer has the table")


def test_a_new_table_of_unknown_structure_is_read_from_the_source() -> None:
    replica = Replica()
    replica.readings[name_of("a")] = Reading(shown("a", "id", "v"))
    assert replica.run(READABLE.format("a")) == ["register shop.a replicated", "store create 1 101", "segment"]


def test_a_new_table_that_cannot_be_read_is_registered_as_unknown() -> None:
    replica = Replica()
    assert replica.run(READABLE.format("a")) == ["register lost shop.a replicated replayed", "quarantine 1 shop.a"]


def test_statements_that_a_later_structure_holds_are_passed_over() -> None:
    replica = replica_of("a")
    offset = replica.offset
    first = replica.event(REFUSED.format("a"))
    second = replica.event("alter table a add column x int")
    replica.readings[name_of("a")] = Reading(with_columns(replica, "a", "w", "x"), (second,))
    replica.offset = offset + 100
    lines = replica.lines(replica.following.follow(first))
    assert lines == ["structure 1 id,v,w,x", "store alter 1 102", "segment", f"start 1 {offset + 200}"]
    assert replica.lines(replica.following.follow(second)) == []
    replica.offset = offset + 200
    assert replica.run("alter table a add column y int")[0] == "structure 1 id,v,w,x,y"


def test_a_filtered_table_is_not_worth_a_second_look() -> None:
    replica = replica_of("a", skip=["a"])
    assert replica.run(REFUSED.format("a")) == ["structure 1 lost replayed"]
    assert replica.asked == []
    assert replica.run("create table b like a") == [
        "register lost shop.b replicated replayed",
        "quarantine 2 shop.b",
    ]


def test_a_quarantined_table_is_not_worth_a_second_look() -> None:
    replica = replica_of("a")
    replica.quarantine("a")
    assert replica.run(REFUSED.format("a")) == []
    assert replica.asked == []
    assert not replica.table("a").schema.columns


def test_what_was_refused_before_the_snapshot_of_a_copy_is_in_it() -> None:
    replica = replica_of("a")
    replica.copied("a", at=1000)
    assert replica.run(REFUSED.format("a")) == []
    assert replica.asked == []


# Names


def test_a_table_that_is_renamed_by_what_is_not_understood_is_quarantined_under_its_new_name() -> None:
    replica = replica_of("a")
    assert replica.run(REFUSED.format("a") + ", rename to b") == [
        *("structure 1 id,v", "rename 1 shop.b", "store alter 1 102", "segment"),
        "quarantine 1 shop.b",
    ]
    assert replica.run("create table a (id int primary key)")[0] == "register shop.a replicated"


def test_every_table_that_a_refused_statement_mentions_is_quarantined() -> None:
    replica = replica_of("a", "b", "c")
    assert replica.run("optimise a and shop.b") == ["quarantine 1 shop.a", "quarantine 2 shop.b"]


def test_a_refused_statement_that_concerns_no_table_is_recorded() -> None:
    replica = replica_of("a")
    assert replica.run("frobnicate everything") == ["record"]
    assert replica.run("frobnicate everything", schema="elsewhere") == []


def test_an_ambiguous_statement_is_not_trusted() -> None:
    replica = replica_of("a")
    assert replica.run("alter table a add column w int", ambiguous=True) == ["quarantine 1 shop.a"]
    assert "cannot tell in which character set it is written" in replica.reasons[0]


def test_a_table_may_take_the_place_of_one_that_is_lost_in_one_statement() -> None:
    replica = replica_of("older", "newer")
    replica.run(REFUSED.format("newer"))
    replica.run("rename table older to passing, newer to older, passing to newer")
    assert replica.table("newer").table_id == 1
    assert replica.table("older").state is TableState.QUARANTINED


def test_a_lost_table_that_the_filters_exclude_is_remembered() -> None:
    replica = Replica(skip=["a"])
    assert replica.run(READABLE.format("a")) == ["register lost shop.a filtered replayed"]
    replica.restart()
    assert replica.run("create table if not exists a (id int primary key)") == []
    assert replica.run("rename table a to b") == [
        "state 1 dropped",
        "register lost shop.b replicated replayed",
        "quarantine 2 shop.b",
    ]
