"""The parser takes what it knows to the last token, and refuses the rest."""

from __future__ import annotations

import pytest

from pg_chameleon.ddl.doubt.mentions import mentioned_tables
from pg_chameleon.ddl.syntax.actions import (
    AddColumn,
    AddElement,
    ChangeColumn,
    ConstraintKind,
    ConvertCharset,
    DropColumn,
    DropConstraint,
    NoChange,
    Place,
    RenameColumn,
    RenameKey,
    RenameTo,
    RowsUnseen,
    SetDefault,
    SetEnforced,
    SetOptions,
    SetVisibility,
)
from pg_chameleon.ddl.syntax.definitions import (
    CharsetClause,
    CheckDefinition,
    ColumnDefinition,
    DataType,
    DefaultClause,
    DefaultKind,
    ForeignKeyDefinition,
    GeneratedClause,
    KeyDefinition,
    KeyKind,
    KeyPart,
    TableOptions,
)
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.ddl.syntax.statements import (
    AlterDatabase,
    AlterTable,
    CreateDatabase,
    CreateTable,
    DropDatabase,
    DropTable,
    Ignored,
    RenameTable,
    Statement,
    StatementFormatChange,
    TruncateTable,
)
from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.names import TableName
from pg_chameleon.model.source.modes import ANSI_QUOTES, MARIADB_EMPTY_STRING_IS_NULL, MAXDB, ORACLE, REAL_AS_FLOAT
from pg_chameleon.model.source.modes import MARIADB_SIMULTANEOUS_ASSIGNMENT as ORACLE_SINCE_10_3

BOATS = TableName("harbour", "boats")


def parsed(statement: str, sql_mode: int = 0, *, mariadb: bool = True) -> Statement:
    return parse(statement, sql_mode=sql_mode, default_schema="harbour", mariadb=mariadb)


def created(statement: str, sql_mode: int = 0) -> CreateTable:
    found = parsed(statement, sql_mode)
    assert isinstance(found, CreateTable)
    return found


def column(definition: str, sql_mode: int = 0) -> ColumnDefinition:
    element = created(f"create table boats (c {definition})", sql_mode).elements[0]
    assert isinstance(element, ColumnDefinition)
    return element


def actions(text: str) -> tuple[object, ...]:
    found = parsed(f"alter table boats {text}")
    assert isinstance(found, AlterTable)
    return found.actions


@pytest.mark.parametrize(
    ("written", "base", "length", "decimals"),
    [
        ("int8", "bigint", None, None),
        ("middleint(5)", "mediumint", 5, None),
        ("bool", "tinyint", 1, None),
        ("dec(8,3)", "decimal", 8, 3),
        ("fixed", "decimal", None, None),
        ("numeric(9.5)", "decimal", 9, None),
        ("real", "double", None, None),
        ("double precision(6,2)", "double", 6, 2),
        ("float(24)", "float", None, None),
        ("float(25)", "double", None, None),
        ("float(7,4)", "float", 7, 4),
        ("character varying(20)", "varchar", 20, None),
        ("national varchar(9)", "varchar", 9, None),
        ("nchar varying(9)", "varchar", 9, None),
        ("nvarchar(9)", "varchar", 9, None),
        ("long", "mediumtext", None, None),
        ("long varchar", "mediumtext", None, None),
        ("long varbinary", "mediumblob", None, None),
        ("char varying(3)", "varchar", 3, None),
        ("text(300)", "text", 300, None),
        ("year(4)", "year", 4, None),
        ("timestamp(6)", "timestamp", 6, None),
        ("geometrycollection", "geometrycollection", None, None),
        ("vector(768)", "vector", 768, None),
        ("uuid", "uuid", None, None),
    ],
)
def test_types_lose_their_synonyms(written: str, base: str, length: int | None, decimals: int | None) -> None:
    found = column(written).type
    assert (found.base, found.length, found.decimals) == (base, length, decimals)


def test_the_mode_makes_real_a_float() -> None:
    assert column("real", REAL_AS_FLOAT).type.base == "float"


def test_the_modes_of_other_products_change_types() -> None:
    oracle = ORACLE | ORACLE_SINCE_10_3
    assert column("date", oracle).type.base == "datetime"
    assert column("number(5,2)", oracle).type == DataType("decimal", 5, 2)
    assert column("number", oracle).type.base == "double"
    assert column("varchar2(7)", oracle).type == DataType("varchar", 7)
    assert column("clob", oracle).type.base == "longtext"
    assert column("timestamp(3)", MAXDB).type == DataType("datetime", 3)


def test_an_oracle_mode_of_unknown_meaning_is_refused() -> None:
    with pytest.raises(DdlRefused, match="ORACLE"):
        parsed("create table boats (c date)", ORACLE)
    assert isinstance(parsed("drop table boats", ORACLE), DropTable)
    assert isinstance(parsed("create table boats (c date)", ORACLE, mariadb=False), CreateTable)


def test_text_attributes() -> None:
    assert column("char(3) character set latin2 binary").type == DataType("char", 3, charset="latin2", binary=True)
    assert column("varchar(3) collate utf8mb4_bin").type == DataType("varchar", 3, collation="utf8mb4_bin")
    assert column("text not null collate utf8mb4_bin").type == DataType("text", collation="utf8mb4_bin")
    assert column("char byte").type.charset == "binary"
    assert column("char ascii").type.charset == "latin1"
    assert column("nchar(2)").type.charset == "utf8"
    assert column("varchar(10) compressed").type.compressed
    assert column("blob null compressed=zlib").type.compressed


def test_members_of_enum_keep_commas_and_quotes() -> None:
    assert column("enum('a,b','it''s',\"x\")").type.members == ("a,b", "it's", "x")


def test_attributes_of_a_column() -> None:
    found = column("int unsigned zerofill not null auto_increment unique key comment 'number' column_format fixed")
    assert (found.nullable, found.auto_increment, found.unique, found.comment) == (False, True, True, "number")
    assert found.type == DataType("int", unsigned=True, zerofill=True)


def test_the_last_word_on_null_counts() -> None:
    assert column("int not null null").nullable is True
    assert column("int auto_increment null").nullable is True
    assert column("int null auto_increment").nullable is False
    assert column("serial").nullable is False


def test_serial_is_a_number_that_counts() -> None:
    found = column("serial")
    assert (found.type, found.auto_increment, found.unique) == (DataType("bigint", unsigned=True), True, True)


@pytest.mark.parametrize(
    ("written", "kind", "text"),
    [
        ("'it''s'", DefaultKind.STRING, "it's"),
        ("'a' 'b'", DefaultKind.STRING, "ab"),
        ("-5", DefaultKind.NUMBER, "-5"),
        ("+1.50", DefaultKind.NUMBER, "1.50"),
        (".5", DefaultKind.NUMBER, ".5"),
        ("true", DefaultKind.NUMBER, "1"),
        ("null", DefaultKind.NULL, ""),
        ("0x41", DefaultKind.HEX, "41"),
        ("x'41'", DefaultKind.HEX, "41"),
        ("b'01'", DefaultKind.BIT, "01"),
        ("_latin1'x'", DefaultKind.STRING, "x"),
        ("date '2020-02-29'", DefaultKind.STRING, "2020-02-29"),
        ("now()", DefaultKind.NOW, ""),
        ("current_timestamp(6)", DefaultKind.NOW, "6"),
        ("localtime", DefaultKind.NOW, ""),
        ("(1 + (2))", DefaultKind.EXPRESSION, "1 + (2)"),
        ("uuid()", DefaultKind.EXPRESSION, "uuid()"),
        ("next value for s", DefaultKind.EXPRESSION, "next value for s"),
        ("case when 1 then 2 end", DefaultKind.EXPRESSION, "case when 1 then 2 end"),
    ],
)
def test_defaults(written: str, kind: DefaultKind, text: str) -> None:
    assert column(f"varchar(9) default {written} not null").default == DefaultClause(kind, text)


def test_an_empty_string_may_be_null_to_mariadb() -> None:
    assert column("char(1) default ''", MARIADB_EMPTY_STRING_IS_NULL).default == DefaultClause(DefaultKind.NULL)


def test_generated_columns_and_checks() -> None:
    found = column("int generated always as (a + (b)) stored check (c > 0)")
    assert found.generated == GeneratedClause("a + (b)", True)
    assert found.checks == (CheckDefinition(None, "c > 0"),)
    assert column("int as (a) virtual").generated == GeneratedClause("a", False)


def test_comments_do_not_get_into_expressions() -> None:
    assert column("int default (1 /* one */ + /*!40000 2 */)").default == DefaultClause(DefaultKind.EXPRESSION, "1 + 2")


def test_keys_and_constraints() -> None:
    found = created(
        """create table boats (
          a int, b varchar(80),
          constraint pk primary key using btree (a),
          unique key uk (b(10) desc, a),
          index ((lower(b))) comment 'folded' invisible,
          fulltext ft (b) with parser ngram,
          constraint fk foreign key ix (a) references marina.berths (id) match full
            on delete cascade on update no action,
          constraint positive check (a > 0) not enforced
        )"""
    )
    assert found.elements[2:] == (
        KeyDefinition(KeyKind.PRIMARY, "pk", (KeyPart("a"),), "BTREE"),
        KeyDefinition(KeyKind.UNIQUE, "uk", (KeyPart("b", 10, True), KeyPart("a"))),
        KeyDefinition(KeyKind.INDEX, None, (KeyPart(None, expression="(lower(b))"[1:-1]),), comment="folded"),
        KeyDefinition(KeyKind.FULLTEXT, "ft", (KeyPart("b"),)),
        ForeignKeyDefinition(
            "fk", "ix", ("a",), TableName("marina", "berths"), ("id",), on_delete="CASCADE", on_update="NO ACTION"
        ),
        CheckDefinition("positive", "a > 0", False),
    )


def test_words_that_are_keywords_elsewhere_may_be_names() -> None:
    found = created("create table x (period int, type char(1), vector int, system int, key type (type), `order` int)")
    names = [getattr(element, "name", "") for element in found.elements]
    assert names == ["period", "type", "vector", "system", "type", "order"]


def test_table_options_and_partitions() -> None:
    found = created(
        """create table boats (a int) engine = MyISAM auto_increment=7, default charset utf8 collate utf8_bin
        comment='of the harbour' row_format=dynamic page_compressed=1 data directory='/x' union=()
        partition by range (a) subpartition by hash (a) subpartitions 2 (partition p values less than (3)) """
    )
    assert found.options == TableOptions("MyISAM", CharsetClause("utf8", "utf8_bin"), "of the harbour")


def test_create_table_select_of_mysql_ends_with_start_transaction() -> None:
    assert created("create table boats (a int) start transaction").name == BOATS


def test_forms_of_create_table() -> None:
    assert created("create table if not exists x.boats (a int)").if_not_exists
    assert created("create or replace table boats (a int)").or_replace
    assert created("create table boats like marina.yachts").like == TableName("marina", "yachts")
    assert created("create table boats (like yachts)").like == TableName("harbour", "yachts")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("add c int first", [AddColumn(ColumnDefinition("c", DataType("int")), Place())]),
        (
            "add column if not exists c int after a",
            [AddColumn(ColumnDefinition("c", DataType("int")), Place("a"), True)],
        ),
        (
            "add (c int, d int)",
            [AddColumn(ColumnDefinition("c", DataType("int"))), AddColumn(ColumnDefinition("d", DataType("int")))],
        ),
        ("modify c bigint", [ChangeColumn("c", ColumnDefinition("c", DataType("bigint")))]),
        ("change if exists c d date", [ChangeColumn("c", ColumnDefinition("d", DataType("date")), None, True)]),
        ("drop c cascade, drop column if exists d", [DropColumn("c"), DropColumn("d", True)]),
        ("rename column c to d", [RenameColumn("c", "d")]),
        ("rename index c to d", [RenameKey("c", "d")]),
        ("rename as yachts", [RenameTo(TableName("harbour", "yachts"))]),
        ("rename marina.boats", [RenameTo(TableName("marina", "boats"))]),
        ("alter c set default 5", [SetDefault("c", DefaultClause(DefaultKind.NUMBER, "5"))]),
        ("alter column c drop default", [SetDefault("c", None)]),
        ("alter c set invisible", [SetVisibility("c", True)]),
        ("alter check positive not enforced", [SetEnforced("positive", False)]),
        ("drop primary key", [DropConstraint(ConstraintKind.KEY, "PRIMARY")]),
        ("drop foreign key if exists fk", [DropConstraint(ConstraintKind.FOREIGN_KEY, "fk", True)]),
        ("drop constraint x", [DropConstraint(ConstraintKind.ANY, "x")]),
        ("add key (c)", [AddElement(KeyDefinition(KeyKind.INDEX, None, (KeyPart("c"),)))]),
        ("convert to character set latin1 collate latin1_bin", [ConvertCharset(CharsetClause("latin1", "latin1_bin"))]),
        ("engine innodb, comment 'x'", [SetOptions(TableOptions("innodb")), SetOptions(TableOptions(comment="x"))]),
        ("algorithm=inplace, lock none", [NoChange("ALGORITHM or LOCK")] * 2),
        ("order by a, b desc", [NoChange("ORDER BY")]),
        ("drop partition p, q", [RowsUnseen("DROP PARTITION")]),
        ("truncate partition all", [RowsUnseen("TRUNCATE PARTITION")]),
        ("exchange partition p with table x.y", [RowsUnseen("EXCHANGE PARTITION", (TableName("x", "y"),))]),
        ("reorganize partition p into (partition q values less than (5))", [NoChange("REORGANIZE PARTITION")]),
        ("discard tablespace", [RowsUnseen("DISCARD or IMPORT TABLESPACE")]),
        ("add system versioning", [RowsUnseen("ADD SYSTEM VERSIONING")]),
        ("force", [NoChange("FORCE")]),
        ("", []),
    ],
)
def test_actions_of_alter_table(text: str, expected: list[object]) -> None:
    assert list(actions(text)) == expected


def test_an_alteration_may_end_with_a_partition_clause() -> None:
    assert len(actions("add c int, drop d partition by key (c) partitions 4")) == 2


def test_create_and_drop_index_are_alterations() -> None:
    found = parsed("create unique index uk using btree on boats (name(5)) comment 'x' algorithm=inplace lock=none")
    key = KeyDefinition(KeyKind.UNIQUE, "uk", (KeyPart("name", 5),), "BTREE", "x")
    assert found == AlterTable(BOATS, (AddElement(key),))
    found = parsed("drop index uk on boats algorithm default")
    assert found == AlterTable(BOATS, (DropConstraint(ConstraintKind.KEY, "uk"),))


def test_other_statements_on_tables() -> None:
    yachts = TableName("marina", "yachts")
    assert parsed("drop tables if exists boats, marina.yachts restrict") == DropTable((BOATS, yachts), True)
    assert parsed("rename table boats to marina.yachts, marina.yachts to boats") == RenameTable(
        ((BOATS, yachts), (yachts, BOATS))
    )
    assert parsed("truncate boats") == TruncateTable(BOATS)
    assert parsed('DROP TABLE "boats" /* generated by server */', ANSI_QUOTES) == DropTable((BOATS,))


def test_a_server_empties_memory_tables_by_delete() -> None:
    assert parsed("DELETE FROM `harbour`.`boats`") == TruncateTable(BOATS)
    assert parsed("delete from harbour.boats") == StatementFormatChange("DELETE", (BOATS,))


def test_mariadb_sets_variables_for_one_statement() -> None:
    assert parsed("set statement max_statement_time = 60 for truncate boats") == TruncateTable(BOATS)
    assert parsed("set statement lock_wait_timeout=(1+1), foreign_key_checks=@@x for drop table boats, boats") == (
        DropTable((BOATS, BOATS))
    )
    assert parsed("SET STATEMENT max_statement_time=1 FOR insert into boats values (1)") == (
        StatementFormatChange("INSERT", (BOATS,))
    )
    assert parsed("set statement max_statement_time=1 for create view w as select 1") == Ignored("view")
    assert parsed("set statement = 1", mariadb=False) == Ignored("SET")


@pytest.mark.parametrize(
    "statement",
    [
        "set statement sql_mode = 'ANSI_QUOTES' for alter table boats add b int",
        "set statement default_storage_engine = BLACKHOLE for create table boats (a int)",
        "set statement max_statement_time = 60",
        "set statement max_statement_time = 60 for",
    ],
)
def test_variables_that_may_change_the_statement_are_refused(statement: str) -> None:
    with pytest.raises(DdlRefused):
        parsed(statement)


def test_statements_on_databases() -> None:
    charset = CharsetClause("utf8mb4", "utf8mb4_bin")
    assert parsed("create schema if not exists x charset=utf8mb4 collate utf8mb4_bin encryption='N'") == CreateDatabase(
        "x", charset, True
    )
    assert parsed("alter database default character set binary") == AlterDatabase("harbour", CharsetClause("binary"))
    assert parsed("alter database x read only = 1") == AlterDatabase("x")
    assert parsed("/*!40000 DROP DATABASE IF EXISTS `x`*/") == DropDatabase("x", True)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("create or replace algorithm=merge definer=`root`@`%` sql security invoker view v as select 1", "view"),
        ("create definer=current_user() trigger t before insert on boats for each row set new.a = 1", "trigger"),
        ("drop procedure if exists p", "routine"),
        ("create aggregate function f returns integer soname 'x'", "routine"),
        ("alter event e disable", "event"),
        ("drop user a@b", "user"),
        ("grant all on *.* to a", "grant"),
        ("analyze table boats", "maintenance"),
        ("create sequence s", "sequence"),
        ("create table s (next_not_cached_value bigint(21)) sequence=1", "sequence"),
        ("DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `boats`", "temporary table"),
        ("set password for a = 'x'", "SET"),
        ("alter instance rotate innodb master key", "instance"),
    ],
)
def test_what_is_none_of_ours_is_ignored(statement: str, kind: str) -> None:
    assert parsed(statement) == Ignored(kind)


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("insert ignore into boats values (1)", (BOATS,)),
        ("replace x.y set a = 1", (TableName("x", "y"),)),
        ("update boats set a = 1 where b = 2", (BOATS,)),
        ("update boats, yachts set boats.a = yachts.a", ()),
        ("delete from boats where a = 1", (BOATS,)),
        ("delete boats from boats join yachts", ()),
        ("load data infile 'x' into table boats", ()),
        ("call fill()", ()),
    ],
)
def test_rows_in_statement_format_are_their_own_kind(statement: str, tables: tuple[TableName, ...]) -> None:
    found = parsed(statement)
    assert isinstance(found, StatementFormatChange)
    assert found.tables == tables


@pytest.mark.parametrize(
    "statement",
    [
        "create table boats (a int) select 1 as a",
        "create table boats as select * from yachts",
        "create table boats (a int,)",
        "create table boats (a int b int)",
        "create table boats (a array<int>)",
        "create table boats (a int default)",
        "create table boats (a int default (1)",
        "create table boats (a varchar)",
        "create table boats (a int(99999999999999999999999))",
        "create table boats (a enum(0x61))",
        "alter table boats add column a int, frobnicate",
        "alter table boats add column a int,",
        "alter table boats rename column a b",
        "drop table boats, ",
        "drop table boats yachts",
        "rename table boats yachts",
        "truncate boats; drop table boats",
        "import table from 'x.sdi'",
        "frobnicate boats",
        "create frobnication x",
        "create table 'boats' (a int)",
        "",
        "drop table 'unclosed",
    ],
)
def test_what_is_not_known_to_the_last_token_is_refused(statement: str) -> None:
    with pytest.raises(DdlRefused) as refusal:
        parsed(statement)
    assert 0 <= refusal.value.offset <= len(statement)


def test_a_refusal_tells_where() -> None:
    with pytest.raises(DdlRefused) as refusal:
        parsed("alter table boats add a int frobnicated")
    assert refusal.value.offset == len("alter table boats add a int ")


def test_a_table_without_a_schema_needs_a_default_database() -> None:
    with pytest.raises(DdlRefused, match="no default database"):
        parse("drop table boats", default_schema="")


@pytest.mark.parametrize(
    "statement",
    [
        "frobnicate `boats`, marina.yachts",
        "frobnicate \\ boats \\ `marina` . `yachts`",
        "frobnicate boats marina.yachts 'unclosed",
        "frobnicate 'unclosed boats, `marina`.yachts",
        'frobnicate "boats", "marina"."yachts"',
    ],
)
def test_mentioned_tables_are_generous(statement: str) -> None:
    found = mentioned_tables(statement, default_schema="harbour")
    assert {BOATS, TableName("marina", "yachts")} <= found
