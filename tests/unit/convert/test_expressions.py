"""Expressions that are the same in PostgreSQL are translated; all others are refused."""

import pytest

from pg_chameleon.convert.expressions.expressions import check_expression, index_expression
from pg_chameleon.convert.expressions.generated import generated_expression
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.model.schema import Generated, TableSchema
from tests.rules import some_rules
from tests.unit.convert.tables import column, table

ITEM = table(
    column("a"),
    column("B", "decimal(10,2)"),
    column("name", "varchar(20)"),
    column("day", "date"),
    column("ratio", "double"),
    column("flag", "tinyint(1)"),
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("(`a` > 0)", '("a"::numeric > 0::numeric)'),
        ("a between -1 and b", '((("a"::numeric >= (- 1::numeric)) AND ("a"::numeric <= "B"::numeric)))'),
        ("a is not null and not b <> 1.5", '(("a"::numeric IS NOT NULL) AND (NOT ("B"::numeric <> 1.5::numeric)))'),
        ("round(b, 1) <> 1.5 && a = 1", '((round("B"::numeric, 1) <> 1.5::numeric) AND ("a"::numeric = 1::numeric))'),
        ("name in (_utf8mb4'x','it''s')", "(((\"name\"::text = 'x') OR (\"name\"::text = 'it''s')))"),
        ("day >= '2024-01-01'", "(\"day\" >= '2024-01-01')"),
        (
            "char_length(`name`) < 5 or a = 1",
            '((char_length("name"::text)::numeric < 5::numeric) OR ("a"::numeric = 1::numeric))',
        ),
    ],
)
def test_checks(expression: str, expected: str) -> None:
    assert check_expression(ITEM, expression, some_rules()) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "a / 2 > 1",
        "a % 2 = 0",
        "a div 2 = 0",
        "name > 'x'",
        "name = 1",
        "a = '1'",
        "ratio > 0",
        "nope = 1",
        "a",
        "a > 0 garbage",
        "a > 0; drop table t",
        "name like 'x%'",
        "now() > day",
        "name regexp 'x'",
        "a = 0x10",
        "a = 1e5",
        "(a = 1",
        "a <=> 1",
        "a < = 1",
        "round(b, 1, 2) > 1",
        "round(b, a) > 1",
        'name = "x"',
        "name = _latin1'x'",
        "a = .5",
        "a > 0 /* open",
        "name = 'a\\0b'",
        "json_valid(`name`)",
        "a || 1",
        "",
    ],
)
def test_what_may_mean_something_else_is_refused(expression: str) -> None:
    assert check_expression(ITEM, expression, some_rules()) is None


def test_columns_of_a_type_that_the_user_chose_are_refused() -> None:
    rules = some_rules(overrides=(TypeOverride("tinyint(1)", "boolean"),))
    assert check_expression(ITEM, "flag = 1", some_rules()) is not None
    assert check_expression(ITEM, "flag = 1", rules) is None


def test_functional_index_parts_fold_case() -> None:
    assert index_expression(ITEM, "lower(`name`)", some_rules()) == 'lower("name"::text)'


def generated(expression: str, column_type: str = "int", **properties: object) -> str | None:
    made = column("g", column_type, generated=Generated(expression, stored=True), **properties)
    return generated_expression(TableSchema(ITEM.name, (*ITEM.columns, made)), made, some_rules())


def test_generated_columns() -> None:
    assert generated("`a` * 2 + 1") == '(("a"::numeric * 2::numeric) + 1::numeric)'
    assert generated("concat(name,'-',name)", "varchar(50)") == '("name"::text || \'-\' || "name"::text)'


def test_generated_columns_that_lax_modes_would_cut_are_not_translated() -> None:
    assert generated("`a` * 2", "tinyint") is None
    assert generated("`a` - 2", "int unsigned") is None
    assert generated("concat(name, name)", "text") is None
    assert generated("concat(name, name)", "varchar(50)", charset="latin1") is None
    assert generated("char_length(name)") is None
    assert generated("a > 1") is None


def test_generated_columns_in_keys_are_not_translated() -> None:
    made = column("g", generated=Generated("`a` + 1", stored=True), nullable=False)
    keyed = table(column("a"), made, key="g")
    assert generated_expression(keyed, made, some_rules()) is None
