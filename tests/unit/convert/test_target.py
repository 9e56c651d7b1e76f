"""What a table of the source is on the target."""

import pytest

from pg_chameleon.convert.rules import Rules, UnknownType
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Default, ForeignKey, TableSchema
from tests.rules import some_rules
from tests.unit.convert.tables import NAME, column, expression, index, literal, table


def default_of(column_type: str, default: Default, rules: Rules | None = None) -> str | None:
    made = target_table(table(column("c", column_type, default=default)), rules or some_rules())
    found = made.columns[0].default
    return None if found is None else found.sql


@pytest.mark.parametrize(
    ("column_type", "default", "expected"),
    [
        ("char(5)", literal("x    "), "'x'"),
        ("varchar(5)", literal("x    "), "'x    '"),
        ("int", literal("5"), "5"),
        ("int", expression("(-5)"), "-5"),
        ("int", expression("b'101'"), "5"),
        ("int", expression("x'ff'"), "255"),
        ("decimal(5,2)", literal("1.50"), "1.50"),
        ("varchar(9)", literal('it\'s \\ "n"'), "E'it''s \\\\ \"n\"'"),
        ("varchar(9)", expression("'it''s'"), "'it''s'"),
        ("varchar(9)", expression("_utf8mb4'x\\n'"), "'x\n'"),
        ("varchar(9)", expression("_utf8mb4\\'x\\'"), "'x'"),
        ("varchar(9)", expression("NULL"), "NULL"),
        ("varchar(36)", expression("uuid()"), "gen_random_uuid()::text"),
        ("bit(4)", expression("b'101'"), "'0101'"),
        ("bit(4)", literal("5"), "'0101'"),
        ("binary(3)", expression("0x61"), "E'\\\\x610000'"),
        ("varbinary(3)", literal("0x"), "E'\\\\x3078'"),
        ("datetime", expression("current_timestamp()"), "LOCALTIMESTAMP(0)"),
        ("datetime(3)", expression("CURRENT_TIMESTAMP(3)"), "LOCALTIMESTAMP(3)"),
        ("timestamp", expression("now()"), "CURRENT_TIMESTAMP(0)"),
        ("timestamp", literal("2024-01-01 00:00:00"), "'2024-01-01 00:00:00+00'"),
        ("date", literal("0000-00-00"), "NULL"),
        ("date", expression("curdate()"), "CURRENT_DATE"),
        ("json", expression("json_object()"), "'{}'"),
        ("enum('a','b')", literal("b"), "'b'"),
        ("set('a','b')", literal("a,b"), "'a,b'"),
        ("int", expression("(floor(rand() * 5))"), None),
    ],
)
def test_defaults(column_type: str, default: Default, expected: str | None) -> None:
    assert default_of(column_type, default) == expected


def test_default_that_is_left_out_is_noted() -> None:
    made = target_table(table(column("c", "int", default=expression("rand()"))), some_rules())
    assert "column c" in made.notes[0]


@pytest.mark.parametrize(("text", "expected"), [("1", "true"), ("0", "false"), ("5", None)])
def test_defaults_of_booleans(text: str, expected: str | None) -> None:
    rules = some_rules(overrides=(TypeOverride("tinyint(1)", "boolean"),))
    assert default_of("tinyint(1)", literal(text), rules) == expected


def test_unsigned_numbers_get_a_type_that_holds_them() -> None:
    types = ["tinyint unsigned", "smallint unsigned", "mediumint unsigned", "int unsigned", "bigint unsigned"]
    made = target_table(table(*(column(f"c{number}", kind) for number, kind in enumerate(types))), some_rules())
    assert [each.type for each in made.columns] == ["smallint", "integer", "integer", "bigint", "numeric(20)"]


def test_unsigned_bigint_that_numbers_rows_can_be_an_identity_and_a_reference() -> None:
    parent = column("id", "bigint unsigned", nullable=False, auto_increment=True)
    child = column("parent_id", "bigint unsigned")
    key = ForeignKey("fk", ("parent_id",), TableName("shop", "parent"), ("id",), "CASCADE", "set null")
    made = target_table(TableSchema(NAME, (parent, child), foreign_keys=(key,)), some_rules())
    assert [(each.type, each.identity) for each in made.columns] == [("bigint", True), ("bigint", False)]


def test_enum_has_the_empty_member_first_and_once() -> None:
    made = target_table(table(column("a", "enum('x')"), column("b", "enum('x','')")), some_rules())
    assert [each.labels for each in made.enums] == [("", "x"), ("", "x")]


def test_enum_with_a_long_member_is_text() -> None:
    made = target_table(table(column("a", f"enum('{'ü' * 32}')")), some_rules())
    assert (made.columns[0].type, made.enums) == ("text", ())


def test_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(UnknownType, match="hologram"):
        target_table(table(column("a", "hologram(3)")), some_rules())


def test_dates_may_be_null_unless_they_are_keys() -> None:
    made = target_table(
        table(column("id", "date", nullable=False), column("d", "date", nullable=False), key="id"), some_rules()
    )
    assert [(each.nullable, each.infinite) for each in made.columns] == [(False, True), (True, False)]


def test_indexes_of_every_kind() -> None:
    made = target_table(
        table(
            column("id", nullable=False),
            column("name", "varchar(50)"),
            column("place", "point"),
            key="id",
            indexes=(
                index("k", ("name", 10), "id"),
                index("u", "name", unique=True),
                index("words", "name", kind="FULLTEXT"),
                index("where", "place", kind="SPATIAL"),
            ),
        ),
        some_rules(),
    )
    statements = ddl.create_indexes(made, "s")
    assert [statement.partition(" ON ")[2] or statement for statement in statements] == [
        'ALTER TABLE "s"."item" ADD CONSTRAINT "item_pkey" PRIMARY KEY ("id")',
        '"s"."item" USING btree (left("name", 10), "id")',
        '"s"."item" USING btree ("name")',
        '"s"."item" USING gin (to_tsvector(\'simple\', coalesce("name", \'\')))',
    ]
    assert made.notes == ("index where is omitted: the target has no PostGIS",)


def test_foreign_keys_keep_their_rules() -> None:
    key = ForeignKey("fk", ("a",), TableName("other", "parent"), ("id",), "CASCADE", "set null")
    lost = ForeignKey("fk2", ("a",), TableName("elsewhere", "parent"), ("id",))
    schema = TableSchema(NAME, (column("a"),), foreign_keys=(key, lost))
    (made,) = ddl.foreign_keys(schema, {"shop": "sch_shop", "other": "sch_other"})
    assert made.add == (
        'ALTER TABLE "sch_shop"."item" ADD CONSTRAINT "fk" FOREIGN KEY ("a") REFERENCES "sch_other"."parent" '
        '("id") ON DELETE CASCADE ON UPDATE SET NULL NOT VALID'
    )
    assert made.validate == 'ALTER TABLE "sch_shop"."item" VALIDATE CONSTRAINT "fk"'
