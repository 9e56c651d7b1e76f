"""What the registry decides about each statement that is understood; nothing here needs a server."""

from collections.abc import Iterable

import pytest

from pg_chameleon.ddl.doubt.programs import Program
from pg_chameleon.model.log import SchemaChangeKind
from pg_chameleon.model.status import TableState
from pg_chameleon.replica.read.following import steps
from tests.unit.following.followed import MYSQL, Replica, name_of, told

MADE = "create table {} (id int primary key, v int)"
A, B, C = (MADE.format(name) for name in "abc")


def replica_of(*tables: str, limit: Iterable[str] = (), skip: Iterable[str] = ()) -> Replica:
    """Return a replica that has seen these tables being made, in this order: the first one has the id 1."""
    replica = Replica(limit=limit, skip=skip)
    replica.run(*(MADE.format(table) for table in tables))
    return replica


# Tables come


def test_a_new_table_is_registered_and_made_on_the_target() -> None:
    assert Replica().run(A) == ["register shop.a replicated", "store create 1 101", "segment"]


def test_a_new_table_goes_where_its_schema_is_mapped() -> None:
    replica = Replica()
    replica.run(MADE.format("mill.a"))
    (register,) = [step for step in replica.done if isinstance(step, steps.Register)]
    assert register.target == ("sch_mill", "a")
    assert register.position == replica.position


def test_a_table_of_another_schema_is_nothing_for_us() -> None:
    assert Replica().run(MADE.format("elsewhere.a")) == []


def test_a_table_like_another_has_its_structure() -> None:
    replica = replica_of("a")
    assert replica.run("create table b like a") == ["register shop.b replicated", "store create 2 102", "segment"]
    assert replica.table("b").schema.column_names == ("id", "v")


def test_if_not_exists_does_nothing_to_a_table_that_is_there() -> None:
    assert replica_of("a").run("create table if not exists a (other int)") == []


def test_or_replace_ends_the_former_table() -> None:
    assert replica_of("a").run("create or replace table a (other int)") == [
        "end 1",
        "store drop 1",
        "register shop.a replicated",
        "store create 2 102",
        "segment",
    ]


# Tables change


def test_an_altered_table_gets_a_structure_from_here_on() -> None:
    replica = replica_of("a")
    assert replica.run("alter table a add column w int") == ["structure 1 id,v,w", "store alter 1 102", "segment"]
    (store,) = [step for step in replica.done if isinstance(step, steps.Store)]
    assert store.details is not None
    assert store.details.origins == ("id", "v", None)
    assert (store.kind, store.position) == (SchemaChangeKind.ALTER, replica.position)


def test_what_changes_nothing_is_passed_over() -> None:
    assert replica_of("a").run("alter table a comment = ''") == []


def test_a_truncated_table_is_emptied_between_the_rows() -> None:
    assert replica_of("a").run("truncate table a") == ["store truncate 1", "segment"]


def test_a_dropped_table_ends() -> None:
    replica = replica_of("a")
    assert replica.run("drop table a") == ["end 1", "store drop 1", "segment"]
    assert replica.states() == {}


def test_tables_that_are_dropped_together_are_of_one_segment() -> None:
    assert replica_of("a", "b").run("drop table a, b") == ["end 1", "store drop 1", "end 2", "store drop 2", "segment"]


def test_a_dropped_database_ends_all_its_tables() -> None:
    replica = replica_of("a", "mill.b", "c")
    assert replica.run("drop database shop") == ["end 1", "store drop 1", "end 3", "store drop 3", "segment"]
    assert replica.states() == {"mill.b": TableState.REPLICATED}


def test_what_the_copy_holds_already_is_passed_over() -> None:
    replica = replica_of("a")
    replica.copied("a", at=350)
    for statement in ("alter table a add column w int", "truncate table a"):
        assert replica.run(statement) == []
    assert replica.run("truncate table a") == ["store truncate 1", "segment"]


# Tables change their names


def test_a_renamed_table_keeps_its_registration() -> None:
    replica = replica_of("a")
    assert replica.run("rename table a to b") == ["structure 1 id,v", "rename 1 shop.b", "store alter 1 102", "segment"]
    assert replica.states() == {"shop.b": TableState.REPLICATED}


def test_tables_that_trade_names_keep_their_registrations() -> None:
    replica = replica_of("a", "b")
    lines = replica.run("rename table a to x, b to a, x to b")
    assert [line for line in lines if line.startswith("rename")] == [
        "rename 1 shop.x",
        "rename 2 shop.a",
        "rename 1 shop.b",
    ]
    assert lines[-1] == "segment"
    assert (replica.table("b").table_id, replica.table("a").table_id) == (1, 2)


def test_a_name_for_a_moment_is_nothing_that_filters_are_about() -> None:
    replica = replica_of("a", "b", skip=["x"])
    replica.run("rename table a to x, b to a, x to b")
    assert replica.reasons == []
    assert replica.states() == {"shop.a": TableState.REPLICATED, "shop.b": TableState.REPLICATED}


def test_a_table_that_is_renamed_to_another_schema_of_ours_goes_on_there() -> None:
    replica = replica_of("a")
    assert "rename 1 mill.a" in replica.run("rename table a to mill.a")


def test_a_table_that_is_renamed_out_of_the_mapped_schemas_ends() -> None:
    assert replica_of("a").run("rename table a to elsewhere.a") == ["end 1", "store drop 1", "segment"]


def test_a_table_from_outside_is_registered_as_unknown() -> None:
    replica = Replica()
    assert replica.run("rename table elsewhere.a to a") == [
        "register lost shop.a replicated replayed",
        "quarantine 1 shop.a",
    ]
    assert replica.reasons == ["it was elsewhere.a, which is not tracked"]


def test_a_child_follows_the_name_of_its_parent() -> None:
    replica = replica_of("a")
    replica.run("create table child (id int primary key, foreign key (id) references a (id))")
    lines = replica.run("rename table a to b")
    assert lines == [
        *("structure 1 id,v", "rename 1 shop.b", "store alter 1 103"),
        *("structure 2 id", "store alter 2 104"),
        "segment",
    ]


# Filters


@pytest.mark.parametrize(("limit", "skip"), [("", "a"), ("b", "")])
def test_a_filtered_table_is_registered_without_work_for_the_target(limit: str, skip: str) -> None:
    replica = Replica(limit=limit, skip=skip)
    assert replica.run(A) == ["register shop.a filtered replayed"]
    assert replica.run("alter table a add column w int") == ["structure 1 id,v,w replayed"]
    assert replica.run("truncate table a") == []
    assert replica.run("drop table a") == ["state 1 dropped"]


def test_a_limit_binds_only_the_schemas_that_it_names() -> None:
    assert Replica(limit=["b"]).run(MADE.format("mill.a"))[0] == "register mill.a replicated"


def test_a_filtered_table_that_is_renamed_to_an_admitted_name_is_quarantined() -> None:
    replica = replica_of("a", skip=["a"])
    assert replica.run("rename table a to b") == [
        "state 1 dropped",
        "register shop.b replicated replayed",
        "quarantine 2 shop.b",
    ]
    assert "limit_tables or skip_tables exclude it" in replica.reasons[0]


def test_a_table_that_is_renamed_to_a_filtered_name_leaves_the_replica() -> None:
    assert replica_of("a", skip=["b"]).run("rename table a to b") == [
        "end 1",
        "store drop 1",
        "register shop.b filtered replayed",
        "segment",
    ]


def test_a_table_that_the_filters_admit_since_a_restart_is_quarantined() -> None:
    replica = replica_of("a", skip=["a"])
    assert replica.restart(skip=[]) == ["state 1 replicated", "quarantine 1 shop.a"]


def test_an_excluded_table_of_lost_structure_is_quarantined_once_the_filters_admit_it() -> None:
    replica = Replica(skip=["a"])
    assert replica.run("create table a (v varchar(5) character set unheard)") == [
        "register lost shop.a filtered replayed"
    ]
    assert replica.restart(skip=[]) == ["state 1 replicated", "quarantine 1 shop.a"]
    assert replica.reasons == ["limit_tables and skip_tables admit it now; copy it with sync_tables"]


def test_a_table_that_the_filters_exclude_since_a_restart_is_filtered() -> None:
    replica = replica_of("a", "b")
    assert replica.restart(skip=["a"]) == ["state 1 filtered"]
    assert replica.restart() == []


# Online schema changes


@pytest.mark.parametrize("shadow", ["_a_gho", "_a_new", "__osc_new_a", "lhmn_a"])
def test_a_shadow_table_is_replicated_whatever_the_filters_say(shadow: str) -> None:
    replica = replica_of("a", limit=["a"])
    assert replica.run(f"create table {shadow} like a")[0] == f"register shop.{shadow} replicated"
    assert replica.restart() == []
    lines = replica.run(f"rename table a to _a_del, {shadow} to a")
    assert "register shop._a_del filtered replayed" in lines
    assert "rename 2 shop.a" in lines
    assert replica.reasons == []
    assert replica.table("a").table_id == 2


def test_a_shadow_table_that_was_there_before_the_copy_comes_without_its_rows() -> None:
    replica = replica_of("_a_gho", "a", limit=["a"])
    assert replica.table("_a_gho").state is TableState.FILTERED
    replica.run("rename table a to _a_del, _a_gho to a")
    assert replica.table("a").state is TableState.QUARANTINED


# Tables that are quarantined


def test_a_quarantined_table_is_followed_without_work_for_the_target() -> None:
    replica = replica_of("a")
    assert replica.quarantine("a") == ["quarantine 1 shop.a"]
    assert replica.quarantine("a") == []
    assert replica.run("alter table a add column w int") == ["structure 1 id,v,w replayed"]
    assert replica.run("truncate table a") == []
    assert replica.run("drop table a") == ["end 1", "store drop 1", "segment"]


def test_a_quarantined_table_stays_so_under_another_name() -> None:
    replica = replica_of("a")
    replica.quarantine("a")
    assert replica.run("rename table a to b") == [
        *("end 1", "store drop 1", "register shop.b replicated replayed", "quarantine 2 shop.b"),
        "segment",
    ]
    assert replica.reasons == ["it was renamed from shop.a, whose rows were not replicated: it is quarantined"]


def test_the_structure_of_a_quarantined_table_is_not_known_after_a_restart() -> None:
    replica = replica_of("a")
    replica.quarantine("a")
    assert replica.restart() == []
    assert replica.run("alter table a add column w int") == []
    assert replica.run("rename table a to b") == [
        *("end 1", "store drop 1", "register lost shop.b replicated replayed", "quarantine 2 shop.b"),
        "segment",
    ]


def test_the_name_of_a_quarantined_table_is_free_for_others() -> None:
    replica = replica_of("a", "b")
    replica.quarantine("a")
    replica.run("drop table a")
    replica.run("rename table b to a")
    assert replica.table("a").table_id == 2


def test_the_name_of_a_table_that_was_never_known_is_free_for_others() -> None:
    replica = replica_of("t")
    assert replica.meet("x4") == ["register lost shop.x4 replicated replayed", "quarantine 2 shop.x4"]
    assert replica.run("alter table x4 add column w int") == []
    assert replica.run("rename table x4 to x5, t to x4") == [
        *("end 2", "store drop 2", "register lost shop.x5 replicated replayed", "quarantine 3 shop.x5"),
        *("structure 1 id,v", "rename 1 shop.x4", "store alter 1 104"),
        "segment",
    ]
    assert replica.reasons == ["it was shop.x4, whose structure is not known"]
    assert replica.table("x4").table_id == 1


@pytest.mark.parametrize("statement", ["rename table b to a", "alter table b rename to a"])
def test_a_table_takes_the_name_of_one_that_was_dropped_unseen(statement: str) -> None:
    replica = replica_of("a", "b")
    assert replica.run(statement) == [
        *("end 1", "store drop 1", "structure 2 id,v", "rename 2 shop.a", "store alter 2 103"),
        "segment",
    ]


# Tables that are not known


def test_rows_of_a_table_that_is_not_known_quarantine_it() -> None:
    replica = Replica(skip=["b"])
    assert replica.meet("a") == ["register lost shop.a replicated replayed", "quarantine 1 shop.a"]
    assert "copy it with sync_tables" in replica.reasons[0]
    assert replica.meet("b") == []
    assert replica.meet("elsewhere.a") == []


def test_rows_of_a_sequence_are_passed_over() -> None:
    replica = Replica()
    sequence = bytes((8, 8, 8, 8, 8, 8, 1, 8))
    assert replica.meet("s", sequence) == []
    assert replica.meet("s", sequence) == []
    assert replica.asked == ["IsTable"]
    replica.tables_of_source.add(name_of("like_one"))
    assert replica.meet("like_one", sequence)[-1] == "quarantine 1 shop.like_one"


# What databases hand down


def test_the_default_of_a_database_is_kept() -> None:
    replica = Replica()
    assert replica.run("alter database shop character set latin1") == ["default shop latin1"]
    replica.run("create table a (v varchar(5))")
    assert replica.table("a").schema.columns[0].charset == "latin1"


def test_a_default_that_is_not_known_is_kept_as_such() -> None:
    replica = Replica()
    assert replica.run("alter database shop character set unheard") == ["default shop None"]
    assert replica.run("create database elsewhere character set latin1") == []


# Circumstances


def test_the_source_is_asked_for_the_clock_only_where_it_matters() -> None:
    replica = replica_of("a")
    circumstances = told(time_zone="Europe/Vienna")
    replica.session_offset = 3600
    replica.run("create table b (id int primary key)", circumstances=circumstances)
    assert replica.asked == []
    statement = "create table c (at timestamp not null default '2026-01-01 12:00:00')"
    replica.run(statement, circumstances=circumstances)
    assert replica.asked == ["Locate"]
    default = replica.table("c").schema.columns[0].default
    assert default is not None
    assert default.text == "2026-01-01 11:00:00"


def test_an_altered_table_takes_the_circumstances_to_the_target() -> None:
    replica = replica_of("a")
    replica.run("alter table a add column w int", circumstances=told(time_zone="Europe/Vienna"))
    assert replica.asked == ["Locate"]
    (store,) = [step for step in replica.done if isinstance(step, steps.Store)]
    assert store.details is not None
    assert store.details.circumstances is not None
    assert store.details.circumstances.mariadb


def test_a_statement_that_failed_on_the_source_leaves_its_tables_in_doubt() -> None:
    replica = replica_of("a", "b")
    assert replica.run("alter table a add column w int", error_code=1317) == ["quarantine 1 shop.a"]
    assert replica.run("drop table b, c", error_code=1051)[0] == "end 2"


def test_statements_in_a_session_of_wide_literals_quarantine_what_they_mention() -> None:
    replica = replica_of("a", "b")
    utf32 = 60
    lines = replica.run("alter table a add column w int", circumstances=told(connection_collation=utf32))
    assert lines == ["quarantine 1 shop.a"]


# Statement format


def test_a_statement_in_statement_format_quarantines_what_it_changes() -> None:
    replica = replica_of("a", "b")
    assert replica.run("update a set v = 1") == ["quarantine 1 shop.a"]
    assert replica.reasons == ["was changed in statement format; set binlog_format=ROW on the source"]
    assert replica.run("update a set v = 1") == []


def test_a_statement_in_statement_format_reaches_through_views() -> None:
    replica = replica_of("a", "b")
    replica.programs = (Program(name_of("seen"), "select * from `shop`.`a`"),)
    assert replica.run("update seen set v = 1") == ["quarantine 1 shop.a"]
    assert replica.asked == ["ListPrograms"]


def test_programs_are_asked_for_again_after_one_may_have_changed() -> None:
    replica = replica_of("a", "b")
    replica.run("update other set v = 1", "update other set v = 1")
    assert replica.asked == ["ListPrograms"]
    replica.programs = (Program(name_of("seen"), "select * from b"),)
    assert replica.run("create view seen as select * from b", "update seen set v = 1") == ["quarantine 2 shop.b"]


def test_what_a_routine_changes_that_nobody_sees_may_be_everything() -> None:
    replica = replica_of("a", "b")
    assert replica.run("call tidy()") == ["quarantine 1 shop.a", "quarantine 2 shop.b"]
    assert "may have been changed in statement format (CALL)" in replica.reasons[0]


def test_a_statement_in_statement_format_that_seems_to_change_nothing_is_recorded() -> None:
    replica = replica_of("a")
    assert replica.run("update nothing set v = 1") == ["record"]
    assert replica.run("update elsewhere.nothing set v = 1", schema="elsewhere") == []


def test_mysql_is_followed_as_mariadb_is() -> None:
    replica = Replica(MYSQL)
    assert replica.run(A, "rename table a to b")[1] == "rename 1 shop.b"
