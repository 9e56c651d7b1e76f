"""The structure of tables, read from real servers."""

from contextlib import closing

import pytest

from lab.servers import MariaDB, MySQL, SourceServer
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Default, ForeignKey, Generated, Index, IndexPart, TableSchema
from pg_chameleon.mysql.connection import connect
from pg_chameleon.mysql.structure.inspect import database_defaults, estimated_rows, read_schemas, read_table
from tests.conftest import FreshSchema
from tests.integration.stream_support import execute_all, settings_of, structure_of


def defaults_of(table: TableSchema) -> dict[str, Default | None]:
    return {column.name: column.default for column in table.columns}


def default_texts(table: TableSchema) -> dict[str, str]:
    return {name: default.text for name, default in defaults_of(table).items() if default is not None}


def made(server: SourceServer, schema: str, definition: str, name: str = "t") -> TableSchema:
    execute_all(server, schema, [f"create table {name} ({definition})"])
    return structure_of(server, schema, name)


def test_literal_defaults_are_bare_values(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(
        source_server,
        fresh_schema(source_server),
        """none_at_all int, nothing int default null, number int default 5, negative double default -1.5,
           price decimal(10,2) default 1.5, text varchar(20) default 'it''s \\\\ "x"', no_text varchar(5) default '',
           called_null varchar(10) default 'NULL', spaces varchar(10) default ' 12 ',
           two_lines varchar(10) default 'a\\nb',
           day date default '2020-01-01', member enum('a','b''c') default 'b''c', several set('x','y') default 'x,y',
           since year default 2020, mandatory int not null""",
    )
    assert defaults_of(table) == {
        **dict.fromkeys(("none_at_all", "nothing", "mandatory")),
        "number": Default("5", True),
        "negative": Default("-1.5", True),
        "price": Default("1.50", True),
        "text": Default('it\'s \\ "x"', True),
        "no_text": Default("", True),
        "called_null": Default("NULL", True),
        "spaces": Default(" 12 ", True),
        "two_lines": Default("a\nb", True),
        "day": Default("2020-01-01", True),
        "member": Default("b'c", True),
        "several": Default("x,y", True),
        "since": Default("2020", True),
    }


def test_members_without_a_character_set_are_bare_values(
    source_server: SourceServer, fresh_schema: FreshSchema
) -> None:
    table = made(
        source_server,
        fresh_schema(source_server),
        "a enum('x','yz') character set binary default 'yz', b set('q','r') character set binary default 'q,r', "
        "c enum('0x78') character set utf8mb4 default '0x78'",
    )
    assert defaults_of(table) == {
        "a": Default("yz", True),
        "b": Default("q,r", True),
        "c": Default("0x78", True),
    }


def test_times_and_bits_by_default_are_expressions(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(
        source_server,
        fresh_schema(source_server),
        """a timestamp(3) not null default current_timestamp(3) on update current_timestamp(3),
           b datetime default now(), c bit(3) default b'101', d varchar(30) default 'current_timestamp'""",
    )
    lowered = {
        name: default and (default.text.lower().removesuffix("()"), default.literal)
        for name, default in defaults_of(table).items()
    }
    assert lowered == {
        "a": ("current_timestamp(3)", False),
        "b": ("current_timestamp", False),
        "c": ("b'101'", False),
        "d": ("current_timestamp", True),
    }
    changed = table.column("a")
    assert changed is not None
    assert (changed.on_update or "").lower() == "current_timestamp(3)"
    assert [column.on_update for column in table.columns[1:]] == [None] * 3


@pytest.mark.source_version(mysql=(8, 0, 13), mariadb=(10, 2, 7))
def test_expressions_by_default_are_sql(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(
        source_server,
        fresh_schema(source_server),
        "a int default (1 + 1), b varchar(40) default (concat('it''s', '\\\\'))",
    )
    a, b = defaults_of(table).values()
    assert a == Default("(1 + 1)", False)
    assert b is not None
    assert not b.literal
    # The server takes what it shows
    again = made(source_server, table.name.schema, f"a varchar(40) default ({b.text})", "again")
    (default,) = defaults_of(again).values()
    assert default == b
    source_server.execute(f"insert into {again.name} values ()")
    assert source_server.execute(f"select a from {again.name}") == [("it's\\",)]


@pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 2, 5))
def test_generated_columns_have_their_expressions(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(
        source_server,
        fresh_schema(source_server),
        """a int, b int generated always as (a + 1) virtual, c int generated always as (a + 2) stored,
           d varchar(20) generated always as (concat('x''', a)) virtual""",
    )
    generated = [column.generated for column in table.columns]
    assert generated[0] is None
    assert [each and each.stored for each in generated[1:]] == [False, True, False]
    assert generated[1] in (Generated("`a` + 1", False), Generated("(`a` + 1)", False))
    assert all(column.default is None for column in table.columns)
    last = generated[3]
    assert last is not None
    made(source_server, table.name.schema, f"a int, d varchar(20) generated always as ({last.expression}) virtual", "u")


def test_columns_have_their_properties(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    execute_all(
        source_server,
        schema,
        [
            """create table t (
                 id int unsigned not null auto_increment primary key, l char(4) character set latin1,
                 u varchar(10) character set utf8mb4 collate utf8mb4_bin comment 'it''s', b varbinary(3),
                 e enum('ä','b,c') character set utf8mb4 not null
               ) comment 'the ''table''' character set utf8mb4 collate utf8mb4_unicode_ci engine=InnoDB"""
        ],
    )
    table = structure_of(source_server, schema, "t")
    identity, latin, text, binary, member = table.columns
    assert (identity.auto_increment, identity.nullable, identity.type.unsigned) == (True, False, True)
    assert (latin.charset, latin.collation) == ("latin1", "latin1_swedish_ci")
    assert (text.charset, text.collation, text.comment) == ("utf8mb4", "utf8mb4_bin", "it's")
    assert (binary.charset, binary.collation, binary.nullable) == (None, None, True)
    assert member.type.members == ("ä", "b,c")
    assert (table.engine, table.charset, table.collation) == ("InnoDB", "utf8mb4", "utf8mb4_unicode_ci")
    assert table.comment == "the 'table'"


@pytest.mark.source_version(mysql=(5, 7), mariadb=(10, 2))
def test_indexes_have_their_parts(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(
        source_server,
        fresh_schema(source_server),
        """a int not null, b varchar(50) not null, c text, p point not null, primary key (b, a), unique key u (a),
           key prefix (b(5), a) comment 'why', fulltext key words (c), spatial key place (p)""",
    )
    indexes = {index.name: index for index in table.indexes}
    assert indexes == {
        "PRIMARY": Index("PRIMARY", (IndexPart("b"), IndexPart("a")), unique=True),
        "u": Index("u", (IndexPart("a"),), unique=True),
        "prefix": Index("prefix", (IndexPart("b", 5), IndexPart("a")), comment="why"),
        "words": Index("words", (IndexPart("c"),), kind="fulltext"),
        "place": Index("place", (IndexPart("p"),), kind="spatial"),
    }
    assert table.indexes[0].primary
    assert table.key_columns == ("b", "a")


@pytest.mark.source_version(mysql=(8, 0, 13))
def test_index_parts_can_be_descending_or_expressions(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    definition = "a int, b varchar(10), key k (a desc, b), key f ((a + 1), (concat(b, 'x')))"
    table = made(source_server, fresh_schema(source_server), definition)
    indexes = {index.name: index.parts for index in table.indexes}
    assert indexes["k"] == (IndexPart("a", descending=True), IndexPart("b"))
    assert indexes["f"] == (
        IndexPart(None, expression="(`a` + 1)"),
        IndexPart(None, expression="concat(`b`,_utf8mb4'x')"),
    )


def test_foreign_keys_have_their_rules(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema, other = fresh_schema(source_server), fresh_schema(source_server)
    made(source_server, other, "a int, b int, primary key (a, b), unique key (a)", "parent")
    child = made(
        source_server,
        schema,
        f"""x int, y int, z int, constraint two foreign key (x, y) references {other}.parent (a, b)
            on delete cascade on update set null, constraint one foreign key (z) references {other}.parent (a)""",
        "child",
    )
    keys = {key.name: key for key in child.foreign_keys}
    parent = TableName(other, "parent")
    assert keys["two"] == ForeignKey("two", ("x", "y"), parent, ("a", "b"), "CASCADE", "SET NULL")
    assert keys["one"].on_delete in ("NO ACTION", "RESTRICT")


@pytest.mark.source_version(mysql=(8, 0, 16), mariadb=(10, 2, 22))
def test_checks_have_their_expressions(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    definition = "a int, b varchar(10), constraint positive check (a > 0 and b <> 'it''s')"
    table = made(source_server, fresh_schema(source_server), definition)
    (check,) = table.checks
    assert (check.name, check.enforced) == ("positive", True)
    made(source_server, table.name.schema, f"a int, b varchar(10), check ({check.expression})", "again")


@pytest.mark.source_version(mysql=(8, 0, 16))
def test_checks_that_are_not_enforced_say_so(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(source_server, fresh_schema(source_server), "a int, check (a > 0) not enforced")
    assert [check.enforced for check in table.checks] == [False]


@pytest.mark.source_version(mysql=(5, 7, 8), mariadb=(10, 2, 22))
def test_json_columns_are_json_on_every_server(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(source_server, fresh_schema(source_server), "a int, j json, k longtext")
    assert [column.type.base for column in table.columns] == ["int", "json", "longtext"]
    assert table.checks == ()


@pytest.mark.source_version(mysql=(8, 0, 16), mariadb=(10, 2, 22))
def test_a_check_makes_a_text_a_document_on_mariadb_only(
    source_server: SourceServer, fresh_schema: FreshSchema
) -> None:
    table = made(source_server, fresh_schema(source_server), "a longtext check (json_valid(a))")
    is_mariadb = source_server.product == "mariadb"
    assert [column.type.base for column in table.columns] == ["json" if is_mariadb else "longtext"]
    assert len(table.checks) == (0 if is_mariadb else 1)


@pytest.mark.source_version(mysql=(8, 0, 23), mariadb=(10, 3))
def test_invisible_columns_are_there(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(source_server, fresh_schema(source_server), "a int, b int invisible")
    assert [(column.name, column.invisible) for column in table.columns] == [("a", False), ("b", True)]


@pytest.mark.source_version(mysql=(8, 0, 30))
def test_invisible_primary_keys_are_there(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    execute_all(source_server, schema, ["set sql_generate_invisible_primary_key = on", "create table t (a int)"])
    source_server.execute("set global show_gipk_in_create_table_and_information_schema = off")
    table = structure_of(source_server, schema, "t")
    source_server.execute("set global show_gipk_in_create_table_and_information_schema = on")
    assert table.column_names == ("my_row_id", "a")
    assert table.key_columns == ("my_row_id",)


@pytest.mark.source_version(mysql=(8, 0))
def test_spatial_columns_can_have_a_reference_system(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    table = made(source_server, fresh_schema(source_server), "a point srid 4326, b point")
    assert [column.srid for column in table.columns] == [4326, None]


def test_compressed_columns_of_mariadb_are_known(mariadb_server: MariaDB, fresh_schema: FreshSchema) -> None:
    table = made(mariadb_server, fresh_schema(mariadb_server), "a varchar(100) compressed, b blob compressed, c blob")
    assert [(column.column_type, column.compressed) for column in table.columns] == [
        ("varchar(100)", True),
        ("blob", True),
        ("blob", False),
    ]


def test_only_base_tables_are_read(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    statements = ["create table b (id int)", "create view v as select 1 as one", "create table a (id int)"]
    if source_server.product == "mariadb":
        statements.append("create sequence s")
    execute_all(source_server, schema, statements)
    with closing(connect(settings_of(source_server))) as connection:
        assert [table.name.table for table in read_schemas(connection, [schema])] == ["a", "b"]
        assert read_table(connection, TableName(schema, "v")) is None
        assert read_table(connection, TableName(schema, "nothing")) is None
        assert set(estimated_rows(connection, [schema])) == {TableName(schema, "a"), TableName(schema, "b")}


def test_all_schemas_are_read_as_each_table_is(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schemas = [fresh_schema(source_server) for _ in range(2)]
    for schema in schemas:
        definition = "id int primary key, v varchar(5) default 'x', key k (v)"
        execute_all(source_server, schema, [f"create table `odd ``name`` %s` ({definition})"])
    with closing(connect(settings_of(source_server))) as connection:
        tables = read_schemas(connection, schemas)
        assert [table.name.schema for table in tables] == schemas
        assert tables == [read_table(connection, table.name) for table in tables]


def test_defaults_of_schemas_are_known(source_server: SourceServer) -> None:
    source_server.execute("create database if not exists latin character set latin2")
    with closing(connect(settings_of(source_server))) as connection:
        assert database_defaults(connection)["latin"] == ("latin2", "latin2_general_ci")
    source_server.execute("drop database latin")


def test_estimates_are_not_those_of_yesterday(mysql_server: MySQL, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(mysql_server)
    with closing(connect(settings_of(mysql_server))) as connection:
        execute_all(mysql_server, schema, ["create table t (id int primary key)"])
        estimated_rows(connection, [schema])
        values = ",".join(f"({number})" for number in range(500))
        execute_all(mysql_server, schema, [f"insert into t values {values}", "analyze table t"])
        assert estimated_rows(connection, [schema])[TableName(schema, "t")] > 400


@pytest.mark.source_version(mysql=(8, 0), mariadb=(10, 5))
def test_members_beyond_the_basic_plane_are_read(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    numbers = [f"'{number}'" for number in range(1100)]
    table = made(
        source_server,
        fresh_schema(source_server),
        f"""id int primary key, plain enum('?','a'), mood enum('🙂','it''s ? 🙁\\\\n') character set utf8mb4,
            wide enum({",".join(numbers)},'🐬') character set utf16,
            several set({",".join(numbers[:62])},'🪁','?') character set utf8mb4 collate utf8mb4_bin""",
    )
    assert table.columns[1].type.members == ("?", "a")
    assert table.columns[2].type.members == ("🙂", "it's ? 🙁\\n")
    assert table.columns[3].type.members == (*map(str, range(1100)), "🐬")
    assert table.columns[4].type.members[-2:] == ("🪁", "?")


def test_members_in_use_are_read_from_old_servers(mysql_server: MySQL, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(mysql_server)
    definition = "id int primary key, mood enum('🙂','🙁','a') character set utf8mb4"
    execute_all(mysql_server, schema, [f"create table t ({definition})", "insert into t values (1, 2), (2, 3)"])
    (mood,) = structure_of(mysql_server, schema, "t").columns[1:]
    unused = "?" if mysql_server.is_old else "🙂"
    assert mood.type.members == (unused, "🙁", "a")


def test_defaults_beyond_the_basic_plane_are_read(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    definition = """id int primary key, a varchar(9) character set utf8mb4 default 'it''s ? 🙂',
        b varchar(9) default '?',
        c enum('🙂','x') character set utf8mb4 default '🙂', d varchar(9) character set utf8mb4 not null default '🙂'"""
    empty = made(source_server, schema, definition)
    execute_all(source_server, schema, ["insert into t (id) values (1)"])
    texts = {
        name: default.text for name, default in defaults_of(structure_of(source_server, schema, "t")).items() if default
    }
    assert texts == {"a": "it's ? 🙂", "b": "?", "c": "🙂", "d": "🙂"}
    # Without a row, nothing tells the default of a column that cannot be NULL.
    assert default_texts(empty) == {**texts, "d": "?"}
