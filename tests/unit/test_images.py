"""Row images that lack columns: what is filled in, completed, or refused."""

import pytest

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure.omitted import omitted_value
from pg_chameleon.convert.values.careful import EncodeError
from pg_chameleon.convert.values.carried import carried_columns
from pg_chameleon.convert.values.encoder import row_encoder
from pg_chameleon.model.change import JsonChange, JsonChanges
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Default, Generated, Index, IndexPart, TableSchema
from pg_chameleon.replica.read.images import completed, inserted_encoder, is_whole, outdated_columns, unless_changed
from tests.rules import some_rules

NAME = TableName("shop", "t")
PRIMARY = Index("PRIMARY", (IndexPart("id"),), unique=True)
RULES = some_rules()


def table(*columns: Column) -> TableSchema:
    return TableSchema(NAME, (Column("id", "int", nullable=False), *columns), (PRIMARY,))


def omitted(column: Column, rules: Rules = RULES) -> str | None:
    schema = table(column)
    (carried,) = [each for each in carried_columns(schema, rules) if each.source.name == column.name]
    return omitted_value(column, carried)


def with_default(column_type: str, text: str, *, literal: bool = True, **more: object) -> Column:
    return Column("c", column_type, default=Default(text, literal), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (Column("c", "int"), None),
        (with_default("int", "5"), "5"),
        (with_default("int(11)", "NULL", literal=False), None),
        (with_default("decimal(8,3)", "2.500"), "2.500"),
        (with_default("varchar(20)", 'it\'s "a" \\ b', charset="utf8mb4"), 'it\'s "a" \\ b'),
        (with_default("varchar(20)", "NULL", charset="utf8mb4"), "NULL"),
        (with_default("enum('p','r''s')", "r's", charset="utf8mb4"), "r's"),
        (with_default("set('x','y')", "x,y", charset="utf8mb4"), "x,y"),
        (with_default("bit(10)", "b'1000000001'"), "1000000001"),
        (with_default("datetime(3)", "2020-02-29 01:02:03.004"), "2020-02-29 01:02:03.004"),
        (with_default("date", "0000-00-00"), None),
        (with_default("timestamp", "0000-00-00 00:00:00"), None),
        (with_default("timestamp", "2020-01-01 00:00:00"), "2020-01-01 00:00:00+00"),
        (with_default("float", "0.5"), "0.5"),
        (Column("c", "int unsigned", nullable=False), "0"),
        (Column("c", "varchar(5)", nullable=False, charset="utf8mb4"), ""),
        (Column("c", "enum('p','q')", nullable=False, charset="utf8mb4"), "p"),
    ],
)
def test_what_an_insert_leaves_out_is_the_default(column: Column, text: str | None) -> None:
    assert omitted(column) == text


@pytest.mark.parametrize(
    ("column_type", "shown", "text"),
    [("double(20,4)", "1.5000", "1.5"), ("double", "1e20", "1e20"), ("float", "0.1", "0.10000000149011612")],
)
def test_a_left_out_number_is_the_same_text_as_one_that_is_there(column_type: str, shown: str, text: str) -> None:
    rules = some_rules(overrides=(TypeOverride("double", "text"), TypeOverride("float", "text")))
    column = with_default(column_type, shown)
    assert omitted(column, rules) == text
    assert row_encoder(table(column), rules, ("c",))((float(text),)) == f'{{"c":"{text}"}}'


@pytest.mark.parametrize(
    "column",
    [
        Column("c", "int", auto_increment=True),
        Column("c", "int", generated=Generated("sqrt(`id`)", stored=False)),
        with_default("datetime", "CURRENT_TIMESTAMP", literal=False),
        with_default("float", "0.123457"),
        with_default("varbinary(8)", "cd"),
        with_default("char(36)", "uuid()", literal=False, charset="utf8mb4"),
    ],
)
def test_a_default_that_is_not_certain_is_not_guessed(column: Column) -> None:
    with pytest.raises(LookupError, match="c"):
        omitted(column)


def test_inserted_rows_get_the_defaults_in_their_places() -> None:
    schema = table(
        with_default("int", "5"), Column("d", "text", charset="utf8mb4"), Column("e", "int"), Column("f", "int")
    )
    encode = inserted_encoder(schema, RULES, ("id", "e"), lambda _: None)
    assert encode((1, None)) == '("1","5",,,)'
    assert encode((2, 3)) == '("2","5",,"3",)'
    assert not is_whole(schema, RULES, ("id", "e"))


def test_images_after_updates_are_completed_by_those_before() -> None:
    pairs = [((1, "a", 2), ("b",)), ((3, "c", None), ("d",))]
    columns, decode = completed(lambda _body, _start: pairs, ("id", "v", "n"), ("v",))
    assert columns == ("v", "id", "n")
    assert decode(b"", 0) == [((1, "a", 2), ("b", 1, 2)), ((3, "c", None), ("d", 3, None))]


def test_generated_columns_that_changed_unseen_are_found() -> None:
    schema = table(
        Column("a", "int"),
        Column("root", "double", generated=Generated("sqrt(`a`)", stored=False)),
        Column("again", "double", generated=Generated("(`ROOT` * 2)", stored=True)),
        Column("other", "double", generated=Generated("sqrt(`aa`)", stored=False)),
        Column("aa", "int"),
        Column("sum", "int", generated=Generated("(`a` + 1)", stored=True)),
    )
    # PostgreSQL generates the sum
    assert outdated_columns(schema, RULES, ("id", "a")) == {"root": {"a"}, "again": {"a"}}
    assert outdated_columns(schema, RULES, ("id", "a", "root", "again")) == {}
    assert outdated_columns(schema, RULES, ("aa",)) == {"other": {"aa"}}
    assert outdated_columns(schema, RULES, ("id",)) == {}


def test_what_a_column_is_made_of_is_told_by_its_tokens() -> None:
    schema = table(
        Column("a`b", "varchar(9)"),
        Column("price", "int"),
        Column("sound", "varchar(9)", generated=Generated("soundex(`a``b`)", stored=False)),
        Column("label", "varchar(9)", generated=Generated("soundex(concat('price',`a``b`))", stored=False)),
    )
    assert outdated_columns(schema, RULES, ("id", "a`b")) == {"sound": {"a`b"}, "label": {"a`b"}}
    assert outdated_columns(schema, RULES, ("id", "price")) == {}


@pytest.mark.parametrize(("old", "new", "refused"), [(("x", 1), (2, "x"), 0), (("x", 1), (2, "X"), 1)])
def test_only_a_change_of_what_a_column_is_made_of_is_refused(
    old: tuple[str, int], new: tuple[int, str], refused: int
) -> None:
    called: list[bool] = []
    decode = unless_changed(
        lambda _body, _start: [(("y", 1), (1, "y")), (old, new)],
        ("b", "a"),
        ("a", "b"),
        frozenset({"b"}),
        lambda: called.append(True),
    )
    assert decode(b"", 0)[1] == (old, new)
    assert len(called) == refused


CHANGES = JsonChanges(
    [
        JsonChange("replace", ("a", 0, 'b"\0'), "12345678901234567890"),
        JsonChange("insert", ("\0",), '"x\\u0000y"'),
        JsonChange("remove", (), None),
    ]
)


def test_changes_of_a_document_are_written_for_the_catalogue_function() -> None:
    schema = table(Column("doc", "json"))
    written = row_encoder(schema, RULES, ("doc",))((CHANGES,))
    expected = '[["replace",["a","0","b\\""],12345678901234567890],["insert",[""],"xy"],["remove",[],null]]'
    assert written == f'{{"doc":{expected}}}'


def test_changes_of_a_document_cannot_be_made_in_a_column_of_text() -> None:
    schema = table(Column("doc", "json"))
    rules = some_rules(overrides=(TypeOverride("json", "text"),))
    with pytest.raises(EncodeError, match="only what changed"):
        row_encoder(schema, rules, ("doc",))((CHANGES,))
