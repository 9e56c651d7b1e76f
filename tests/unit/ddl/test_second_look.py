"""What a statement did that is not understood is decided from two structures and its words, or not at all."""

from dataclasses import replace

import pytest

from pg_chameleon.ddl.doubt.second_look import second_look
from pg_chameleon.ddl.doubt.subject import Act, Subject, find_subject
from pg_chameleon.ddl.syntax.errors import Unfollowable
from pg_chameleon.model.change import SchemaChange, TableAltered, TableCreated, TableDropped
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Default, Index, IndexPart, TableSchema

NAME = TableName("harbour", "boats")
ID, WORD, SIZE = Column("id", "int(11)", nullable=False), Column("word", "varchar(20)"), Column("size", "int(11)")
BEFORE = TableSchema(NAME, (ID, WORD, SIZE))
ADDED = Column("made", "int(11)")


def subject_of(statement: str) -> Subject:
    found = find_subject(statement, default_schema="harbour")
    assert found is not None
    return found


def test_the_subject_stands_behind_set_statement() -> None:
    found = subject_of("set statement max_statement_time = 60 for alter table boats add kind enum(0x61)")
    assert (found.act, found.name) == (Act.ALTER, NAME)


def looked(statement: str, after: TableSchema | None, *later: str) -> tuple[SchemaChange, ...]:
    subjects = [find_subject(each, default_schema="harbour") for each in later]
    return second_look(subject_of(statement), BEFORE, after, known=NAME, later=subjects)


def with_columns(*columns: Column) -> TableSchema:
    return replace(BEFORE, columns=columns)


@pytest.mark.parametrize(
    ("statement", "act", "table"),
    [
        ("create table boats (a weird)", Act.CREATE, "boats"),
        ("create or replace table if not exists `boats` (a weird)", Act.CREATE, "boats"),
        ("alter table port.boats frobnicate", Act.ALTER, "boats"),
        ("alter online table if exists boats wait 5 add column a weird", Act.ALTER, "boats"),
        ("create unique index i using weird on boats (a)", Act.INDEX, "boats"),
        ("drop index if exists i on boats frobnicate", Act.INDEX, "boats"),
    ],
)
def test_the_table_of_a_statement_is_found(statement: str, act: Act, table: str) -> None:
    found = subject_of(statement)
    assert (found.act, found.name.table) == (act, table)


@pytest.mark.parametrize(
    "statement",
    [
        "alter ignore table boats add unique (word)",
        "rename table boats to ships, weird",
        "drop table boats weird",
        "create view boats as weird",
        "create table 'boats' (a int)",
        "alter table boats add column a /* open",
        "frobnicate table boats",
        "drop index",
    ],
)
def test_other_statements_are_about_no_single_table(statement: str) -> None:
    assert find_subject(statement, default_schema="harbour") is None


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("alter table boats add a enum(0x61), rename to quay.ships", TableName("quay", "ships")),
        ("alter table boats rename = `ships`, add a enum(0x61)", TableName("harbour", "ships")),
        ("alter table boats rename column a to b, rename key c to d, add e enum(0x61)", None),
        ("alter table boats add `rename` enum(0x61) default 'rename'", None),
    ],
)
def test_the_new_name_of_a_table_is_found(statement: str, expected: TableName | None) -> None:
    assert subject_of(statement).new_name == expected


def test_clauses_are_split_at_the_outer_commas() -> None:
    found = subject_of("alter table boats add column a weird(1, 2) default 'x', drop column `word`;")
    assert found.clauses == (("ADD", "COLUMN", "A", "WEIRD", "DEFAULT", ""), ("DROP", "COLUMN", ""))


def test_a_new_table_is_empty() -> None:
    after = with_columns(ID)
    found = second_look(subject_of("create table boats (id int weird)"), None, after)
    assert found == (TableCreated(after),)


def test_a_table_that_was_made_again_takes_the_place_of_the_former() -> None:
    after = with_columns(ID)
    assert looked("create or replace table boats (id int weird)", after) == (TableDropped(NAME), TableCreated(after))
    assert looked("create table boats (id int weird)", after) == (TableDropped(NAME), TableCreated(after))
    assert looked("create table if not exists boats (id int weird)", BEFORE) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "create table boats (id int weird) select 1",
        "create table boats (select 1 as weird frobnicate)",
        "create table boats (id int weird) values row(1)",
        "create table boats table ships weird",
        "create table boats (id int) union = (a, b) weird",
    ],
)
def test_a_table_that_is_made_with_rows_is_not_followed(statement: str) -> None:
    with pytest.raises(Unfollowable, match="may change rows"):
        looked(statement, with_columns(ID))


@pytest.mark.parametrize("engine", ["MRG_MyISAM", "CONNECT", "FEDERATED", "S3", "BLACKHOLE", ""])
def test_engines_with_rows_from_elsewhere_are_not_followed(engine: str) -> None:
    with pytest.raises(Unfollowable, match="engine"):
        looked("create table boats (id int weird)", replace(BEFORE, engine=engine))


@pytest.mark.parametrize(
    ("column_type", "default", "followed"),
    [
        ("float", "0.123457", False),
        ("float", "0.3", False),
        ("float", "0", True),
        ("float(7,2)", "0.30", True),
        ("varbinary(9)", "0x61", False),
        ("binary(3)", "", False),
        ("varchar(9)", "ab", True),
    ],
)
def test_defaults_that_are_not_shown_whole_fill_no_rows(column_type: str, default: str, followed: bool) -> None:
    after = with_columns(*BEFORE.columns, Column("made", column_type, default=Default(default, True)))
    if followed:
        assert looked("alter table boats add made weird", after)
    else:
        with pytest.raises(Unfollowable, match="default"):
            looked("alter table boats add made weird", after)
    assert looked("create table boats (id weird)", after)[-1] == TableCreated(after)


def test_what_happens_to_an_empty_table_does_not_matter() -> None:
    after = with_columns(ID, ADDED)
    later = ("alter table boats change word made int, modify id int", "create index i on boats (made)")
    assert looked("create table boats (id int weird)", after, *later)[-1] == TableCreated(after)


@pytest.mark.parametrize(
    "later",
    [
        "drop table boats",
        "rename table boats to ships, ships to boats",
        "create table boats (id int)",
        "alter table boats rename to ships",
        "alter table boats import tablespace",
        "alter table boats exchange partition p with table ships",
        "drop database harbour",
    ],
)
def test_a_new_table_that_became_another_one_is_not_followed(later: str) -> None:
    with pytest.raises(Unfollowable):
        looked("create table boats (id int weird)", with_columns(ID), later)


@pytest.mark.parametrize(
    ("statement", "after", "origins"),
    [
        ("alter table boats add column made weird", with_columns(ID, WORD, SIZE, ADDED), ("id", "word", "size", None)),
        ("alter table boats add made weird first", with_columns(ADDED, ID, WORD, SIZE), (None, "id", "word", "size")),
        ("alter table boats drop column word, weird = 1", with_columns(ID, SIZE), ("id", "size")),
        ("alter table boats drop word, drop key k, add weird = 1", with_columns(ID, SIZE), ("id", "size")),
        (
            "alter table boats modify size weird",
            with_columns(ID, WORD, Column("size", "bigint(20)")),
            ("id", "word", "size"),
        ),
        (
            "alter table boats comment = 'x' weird",
            replace(BEFORE, comment="x"),
            ("id", "word", "size"),
        ),
        (
            "create index i using weird on boats (word)",
            replace(BEFORE, indexes=(Index("i", (IndexPart("word"),)),)),
            ("id", "word", "size"),
        ),
    ],
)
def test_an_unambiguous_change_is_followed(statement: str, after: TableSchema, origins: tuple[str | None, ...]) -> None:
    assert looked(statement, after) == (TableAltered(BEFORE, after, origins),)


def test_a_change_that_leaves_the_structure_is_none() -> None:
    assert looked("alter table boats weird = 1", BEFORE) == ()


@pytest.mark.parametrize(
    ("statement", "after"),
    [
        # A new name may be a former column, or another one of the former name
        ("alter table boats add column made weird, drop column word", with_columns(ID, SIZE, ADDED)),
        ("alter table boats add column word weird, drop column word", with_columns(ID, WORD, SIZE)),
        ("alter table boats drop column word", with_columns(ID, WORD, SIZE)),
        # The values of two columns may have been swapped
        ("alter table boats change word size weird, change size word weird", with_columns(ID, WORD, SIZE)),
        ("alter table boats rename column word to size, rename column size to word, weird", BEFORE),
        # Rows come or go
        ("alter table boats add column made weird, truncate partition p", with_columns(ID, WORD, SIZE, ADDED)),
        ("alter table boats import tablespace weird", BEFORE),
        ("alter table boats exchange partition p with table ships weird", BEFORE),
        ("alter table boats convert to character set weird", BEFORE),
        ("alter table boats drop system versioning weird", BEFORE),
        # An action that is not known
        ("alter table boats shuffle rows", BEFORE),
        ("alter table boats add column made weird, shuffle rows", with_columns(ID, WORD, SIZE, ADDED)),
    ],
)
def test_a_change_that_may_have_moved_values_is_not_followed(statement: str, after: TableSchema) -> None:
    with pytest.raises(Unfollowable):
        looked(statement, after)


def test_a_table_that_is_gone_or_was_unknown_is_not_followed() -> None:
    with pytest.raises(Unfollowable, match="no longer"):
        looked("alter table boats add column made weird", None)
    with pytest.raises(Unfollowable, match="not known"):
        second_look(subject_of("alter table boats add column made weird"), None, BEFORE)


def test_several_statements_that_only_add_are_followed_at_once() -> None:
    after = with_columns(ID, WORD, SIZE, ADDED, Column("more", "int(11)"))
    (change,) = looked(
        "alter table boats add column made weird",
        after,
        "alter table boats add column more int",
        "create index i on boats (more)",
    )
    assert change == TableAltered(BEFORE, after, ("id", "word", "size", None, None))


@pytest.mark.parametrize(
    "later",
    [
        "alter table boats modify made int",
        "alter table boats alter column made set default 5",
        "alter table boats drop column word",
        "alter table boats add partition (weird)",
        "drop table boats",
        "frobnicate table boats",
    ],
)
def test_later_changes_of_another_kind_leave_the_table_in_doubt(later: str) -> None:
    with pytest.raises(Unfollowable):
        looked("alter table boats add column made weird", with_columns(ID, WORD, SIZE, ADDED), later)
