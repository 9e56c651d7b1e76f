"""ALTER TABLE on the target: it ends as a new copy of the altered table would, rows and catalogue, or it refuses.

Changes of types are in ``test_convert_alter_types``.
"""

import psycopg2
import pytest

from lab.servers import SourceServer
from pg_chameleon.convert.alter.plan import alter_table
from pg_chameleon.convert.structure.target import target_table
from tests.integration.alter_support import FOLLOWED, RULES, Case, check_altered, source, target
from tests.integration.convert_support import SourceSchema, Target

__all__ = ["source", "target"]

STRUCTURE_CASES = {
    "column is added": Case(
        "a int", "(1), (2)", "add b int, add c varchar(5) not null default 'x''y'", {"b": None, "c": None}
    ),
    "columns get implicit values": Case(
        "a int",
        "(1)",
        "add b int not null, add c varchar(5) not null, add d decimal(5,2) not null, add e bit(3) not null, "
        "add f binary(3) not null, add g enum('x','y') not null, add h set('x') not null, add i date not null, "
        "add j datetime(2) not null, add k time not null, add l blob not null, add m text not null, "
        "add n year not null, add o double not null, add p char(3) not null, add q bigint unsigned not null",
        dict.fromkeys("bcdefghijklmnopq"),
    ),
    "columns with defaults": Case(
        "a int",
        "(1)",
        "add b int default -5, add c varchar(20) default 'a\\\\b\"c\\n', add d decimal(5,2) default 1.5, "
        "add e bit(3) default b'101', add f binary(3) default 'a', add g enum('x','y') default 'y', "
        "add h set('x','y') default 'x,y', add i date default '2024-02-29', add j datetime default '0000-00-00', "
        "add k time default '-10:00:00', add l varbinary(5) default x'616263', add n year default 2024, "
        "add o double default 1e-5, add p char(3) default ' x', add q bigint unsigned default 18446744073709551615",
        dict.fromkeys("bcdefghijklnopq"),
    ),
    "columns with the time of the statement": Case(
        "a int",
        "(1), (2)",
        "add b timestamp not null default current_timestamp, add c datetime default now() on update now(), "
        "add d datetime(6) not null default current_timestamp(6), add e timestamp(2) null default current_timestamp(2)",
        dict.fromkeys("bcde"),
        session="set time_zone = '+05:30'",
    ),
    "column with the time of the statement in the system's zone": Case(
        "a int",
        "(1)",
        "add b datetime(3) not null default current_timestamp(3)",
        {"b": None},
        session="set time_zone = 'SYSTEM'",
    ),
    "column with a time that was set": Case(
        "a int",
        "(1)",
        "add b datetime(3) not null default current_timestamp(3), add c timestamp not null default current_timestamp",
        {"b": None, "c": None},
        session="set timestamp = 1700000000.125",
    ),
    "column with numbers": Case("a int", "(1)", "add id int auto_increment primary key", {"id": None}, refused=True),
    "column is dropped": Case("a int, b enum('x'), key (a, b), key c (b)", "(1, 'x')", "drop b"),
    "column is dropped and added": Case("a enum('x'), b int", "('x', 1)", "drop a, add a enum('y')", {"a": None}),
    "column is renamed": Case("a int, key (a)", "(1)", "change a b int", {"b": "a"}),
    "enum column is renamed": Case("a enum('x'), key (a)", "('x')", "change a b enum('x')", {"b": "a"}),
    "enum columns swap": Case(
        "a enum('x'), b enum('y')", "('x', 'y')", "change a b enum('x'), change b a enum('y')", {"a": "b", "b": "a"}
    ),
    "columns swap": Case(
        "a int, b varchar(5), key (a), key k (b(3))",
        "(1, 'x')",
        "change a b int, change b a varchar(5)",
        {"a": "b", "b": "a"},
    ),
    "float is added whose default is shown whole": Case(
        "a int", "(1)", "add b float default 0.1, add c float not null default 16777000", {"b": None, "c": None}
    ),
    "column is replaced by one like it": Case(
        "a int, b enum('x','y') default 'y', c int, key k (c)",
        "(1, 'x', 2), (3, 'y', 4)",
        "drop a, drop b, add b enum('x','y') default 'y', add a int default null, drop c, add c int",
        {"a": None, "b": None, "c": None},
    ),
    "columns of one type swap": Case(
        "a int, b int, c enum('x','y'), d enum('x','y'), key k (a), key l (a, b), key m (b, a)",
        "(1, 2, 'x', 'y'), (3, 4, 'y', 'y')",
        "change a b int after d, change b a int first, change c d enum('x','y'), change d c enum('x','y') after a",
        {"a": "b", "b": "a", "c": "d", "d": "c"},
    ),
    "NULL is forbidden": Case(
        "a int, b varchar(5), c date, d enum('x')",
        "(null, null, null, null)",
        "modify a int not null, modify b varchar(5) not null, modify c date not null, modify d enum('x') not null",
    ),
    "NULL is allowed": Case("a int not null", "(1)", "modify a int null"),
    "timestamp may be NULL no more": Case(
        "a timestamp null", "(null)", "modify a timestamp not null default '2024-01-01 00:00:00'", refused=True
    ),
    "primary key is added": Case("a int, b int", "(1, 2)", "add primary key (b, a)"),
    "primary key is dropped": Case("a int not null primary key", "(1)", "drop primary key"),
    "primary key changes": Case(
        "a int not null primary key, b int not null", "(1, 2)", "drop primary key, add primary key (b)"
    ),
    "date becomes a key": Case("a date not null", "('0000-00-00'), ('2024-01-01')", "add primary key (a)"),
    "date is no key any more": Case(
        "a date not null, primary key (a)", "('0000-00-00'), ('2024-01-01')", "drop primary key"
    ),
    "numbers are given": Case("a int not null primary key", "(1), (5)", "modify a int not null auto_increment"),
    "numbers are given to 0": Case(
        "a int not null primary key", "(0), (5)", "modify a int not null auto_increment", refused=True
    ),
    "numbers are given no more": Case("a int not null auto_increment primary key", "(1)", "modify a int not null"),
    "numbers grow": Case(
        "a int not null auto_increment primary key", "(1)", "modify a bigint unsigned not null auto_increment"
    ),
    "defaults change": Case(
        "a int default 1, b varchar(5) default 'x', c datetime default current_timestamp",
        "(1, 'x', '2024-01-01')",
        "alter a set default 2, alter b drop default, "
        "modify c datetime default current_timestamp on update current_timestamp",
    ),
    "indexes change": Case(
        "a int, b varchar(50), c text, key k1 (a), key k2 (b), unique key u (a, b), fulltext key f (c)",
        "(1, 'x', 'some text')",
        "drop key k1, drop key k2, add key k2 (b(10), a), drop key u, add unique key u2 (b), drop key f, "
        "add fulltext key g (b, c)",
    ),
    "type changes under indexes": Case(
        "a int, b varchar(50), c text, key k1 (a), key k2 (b(10)), unique key u (a, b), key k3 (c(20))",
        "(1, 'x', 'some text')",
        "modify a bigint, modify b varchar(20), modify c longtext",
    ),
    "column and its place in the key go": Case("a int, b int, c int, key k (a, b, c)", "(1, 2, 3)", "drop b"),
    "comments change": Case(
        "a int comment 'one', key k (a) comment 'two'",
        "(1)",
        "modify a int comment 'it''s 1', comment 'all', drop key k, add key k (a) comment 'three'",
    ),
    "places change": Case("a int, b int, c int", "(1, 2, 3)", "modify a int after c, add d int first", {"d": None}),
    "table is renamed": Case(
        "a int not null auto_increment primary key, b enum('x'), key k (b)", "(1, 'x')", "rename to u", table="u"
    ),
    "table is renamed and changed": Case(
        "a int not null auto_increment primary key, b enum('x'), key k (b)",
        "(1, 'x')",
        "rename to u, modify b enum('x','y'), add key k2 (c, b), change a c int not null auto_increment",
        {"c": "a"},
        table="u",
    ),
    "generated column is added": Case(
        "a int", "(1), (-5), (null)", "add b int generated always as (a * 2 - 1) stored", {"b": None}
    ),
    "column is added that only the source generates": Case(
        "a int", "(1)", "add b int generated always as (a / 2) stored", {"b": None}, refused=True
    ),
    "generated text": Case(
        "a varchar(5), b varchar(5)",
        "('x', 'y  '), (null, 'z'), ('\\\\', '\"')",
        "add c varchar(20) generated always as (concat(a, '-', coalesce(b, '?'))) stored, add key (c)",
        {"c": None},
    ),
    "generated column gets another expression": Case(
        "a decimal(5,2), b int generated always as (a * 2) stored, key (b)",
        "(1.25, default), (-0.25, default)",
        "modify b decimal(8,1) generated always as (a * 3) stored",
    ),
    "generated column becomes a plain one": Case(
        "a int, b int generated always as (a + 1) stored", "(1, default)", "modify b int"
    ),
    "generated column stays, of renamed ones": Case(
        "a int, b int, c int generated always as (a * 2 + b) stored, d int generated always as (a / b) stored",
        "(1, 2, default, default)",
        "change a b int, change b a int, change c c2 int generated always as (b * 2 + a) stored, "
        "change d d2 int generated always as (b / a) stored",
        {"a": "b", "b": "a", "c2": "c", "d2": "d"},
    ),
    "generated column of a number that is written otherwise": Case(
        "a decimal(5,2), b varchar(20) generated always as (concat(a, 'x') regexp '50x') stored",
        "(1.5, default)",
        "modify a decimal(6,3)",
        refused=True,
    ),
    "generated column of a text whose bytes change": Case(
        "a varchar(5) character set latin1, b int generated always as (length(a)) stored",
        "('é', default)",
        "modify a varchar(5) character set utf8mb4",
        refused=True,
    ),
    "generated column of a number that gets zeros": Case(
        "a int, b int generated always as (length(concat(a))) stored",
        "(1, default)",
        "modify a int(5) zerofill",
        refused=True,
    ),
    "generated column of what was NULL": Case(
        "a varchar(5), b int generated always as (length(coalesce(a, 'none'))) stored, c int",
        "(null, default, 1)",
        "modify a varchar(5) not null",
        refused=True,
    ),
    "generated column of what became a key": Case(
        "a varchar(5), b int generated always as (length(coalesce(a, 'none'))) stored, c int",
        "(null, default, 1)",
        "add primary key (a, c)",
        refused=True,
    ),
    "generated column of what grows": Case(
        "a int, b varchar(5) character set utf8mb4, c int, "
        "d int generated always as (length(concat(a, b))) stored, e int",
        "(1, 'x', 2, default, null)",
        "modify a bigint, modify b varchar(90) character set utf8mb4, modify c decimal(5,2), modify e int not null",
    ),
    "generated column of a text that is called like a column": Case(
        "price int, x varchar(9), b varchar(40) generated always as (concat('price', lower(x))) stored",
        "(1, 'A', default)",
        "modify price int(5) zerofill",
    ),
    "generated column of one that PostgreSQL generates": Case(
        "a decimal(5,2), b decimal(8,2) generated always as (a * 2) stored, "
        "c varchar(20) generated always as (replace(b, '1', 'x')) stored",
        "(1.55, default, default)",
        "modify a decimal(5,1)",
        refused=True,
    ),
    "generated column gets a literal in another case": Case(
        "a varchar(5), b varchar(20) generated always as (replace(a, 'a', 'X')) stored",
        "('abc', default)",
        "modify b varchar(20) generated always as (replace(a, 'a', 'x')) stored",
        refused=True,
    ),
    "generated column stays": Case(
        "a int, b int generated always as (a * 2) stored", "(1, default)", "modify a bigint, add c int", {"c": None}
    ),
}


@pytest.mark.parametrize("case", STRUCTURE_CASES.values(), ids=STRUCTURE_CASES)
def test_altered_table_is_what_a_new_copy_would_be(
    case: Case, source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    check_altered(case, source, source_server, target)


def test_a_new_document_that_may_not_be_null_is_no_document_on_mariadb(
    source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    if source_server.version < (5, 7):
        pytest.skip("MySQL 5.6 has no JSON")
    source.run("set sql_mode = ''", "create table t (a int) engine=InnoDB", "insert into t values (1)")
    before = source.structure("t")
    target.make(before, RULES, FOLLOWED, source.lines(before, RULES))
    circumstances = source.alter("alter table t add b json not null")
    after = source.structure("t")
    statements = alter_table(
        before, after, ("a", None), RULES, schema_name=FOLLOWED, new_schema_name=FOLLOWED, circumstances=circumstances
    )
    (stored,) = source.query("select b from t")
    if source_server.product == "mariadb":
        assert stored == ("",), "which is no document"
        with pytest.raises(psycopg2.errors.RaiseException):
            target.run(statements)
    else:
        target.run(statements)
        assert stored == ("null",)
        assert [row[1] for row in target.rows(target_table(after, RULES), FOLLOWED)] == ["null"]


@pytest.mark.parametrize("change", ["modify a int not null", "add primary key (b, a)"])
def test_null_becomes_a_default_on_mariadb_if_it_alters_in_place(
    change: str, source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    source.run("set sql_mode = ''", "create table t (a int default 5, b int not null) engine=InnoDB")
    source.run("insert into t values (null, 1)")
    before = source.structure("t")
    target.make(before, RULES, FOLLOWED, source.lines(before, RULES))
    circumstances = source.alter(f"alter table t {change}")
    statements = alter_table(
        before,
        source.structure("t"),
        ("a", "b"),
        RULES,
        schema_name=FOLLOWED,
        new_schema_name=FOLLOWED,
        circumstances=circumstances,
    )
    (stored,) = source.query("select a from t")
    if source_server.product == "mariadb":
        assert stored == (5,)
        with pytest.raises(psycopg2.errors.RaiseException):
            target.run(statements)
        target.run([f'UPDATE "{FOLLOWED}"."t" SET a = 7', *statements])
    else:
        target.run(statements)
        assert stored == (0,)
        assert target.rows(target_table(before, RULES), FOLLOWED) == [("0", "1")]
