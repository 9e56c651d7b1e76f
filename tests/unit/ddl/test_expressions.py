"""What an expression is made of: columns by their tokens, whatever quotes, literals and modes look like."""

from __future__ import annotations

import pytest

from pg_chameleon.ddl.syntax.actions import AddColumn
from pg_chameleon.ddl.syntax.expressions import made_of, mentioned_columns, renamed_columns, same_expression
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.ddl.syntax.statements import AlterTable
from pg_chameleon.model.source.modes import ANSI_QUOTES, NO_BACKSLASH_ESCAPES

COLUMNS = ("price", "a`b", "size", "Größe", "x y", "lower")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("`price` + 1", {"price"}),
        ("PRICE+1", {"price"}),
        ("soundex(`a``b`)", {"a`b"}),
        ("concat('price', `size`)", {"size"}),
        ('concat("price", `x y`)', {"x y"}),
        ("concat('it\\'s price', 1)", set()),
        ("lower(`size`)", {"size"}),
        ("`lower`", {"lower"}),
        ("`d`.`t`.`price`", {"price"}),
        ("price.size", {"size"}),
        ("größe /* price */ -- size", {"Größe"}),
        ("_utf8mb4'price' = prices", set()),
        ("x'70' = `price`", {"price"}),
        ("'never ends price", set(COLUMNS)),
    ],
)
def test_mentioned_columns(expression: str, found: set[str]) -> None:
    assert mentioned_columns(expression, COLUMNS) == found


def test_generated_columns_are_made_of_others_too() -> None:
    expressions = {"last": "(`middle` + 1)", "middle": "concat('last', `FIRST`)", "first": "`a` + `b`", "lone": "'a'"}
    assert made_of(expressions, ["a", "c"]) == {
        "last": frozenset({"a"}),
        "middle": frozenset({"a"}),
        "first": frozenset({"a"}),
        "lone": frozenset(),
    }


def test_renamed_columns_leave_literals_and_functions_alone() -> None:
    expression = "concat('a', `A`, t.a, a(1), `a`.`b`)"
    assert renamed_columns(expression, {"a": "n`1"}) == "concat('a', `n``1`, t.`n``1`, a(1), `a`.`b`)"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("concat(`a`,'x')", "CONCAT( a , 'x' )", True),
        ("((a + 1))", "`A`+1", True),
        ("(a) + (b)", "a) + (b", False),
        ("concat(a,'x')", "concat(a,'X')", False),
        ("concat(a,'x y')", "concat(a,'xy')", False),
        ("concat(a,'it''s')", "concat(a,'it\\'s')", True),
        ("`a b`", "a b", False),
        ("a + 1 'open", "a + 1 'opened", False),
    ],
)
def test_same_expression(one: str, other: str, same: bool) -> None:
    assert same_expression(one, other) is same
    assert same_expression(other, one) is same


@pytest.mark.parametrize(
    ("mode", "written", "kept"),
    [
        (0, 'concat("a" , `b`)', 'concat("a" , `b`)'),
        (ANSI_QUOTES, """concat( "a""`",'b')>=1""", "concat( `a\"```,'b')>=1"),
        (NO_BACKSLASH_ESCAPES, r"concat('a\b', `c`)", r"concat('a\\b', `c`)"),
        (0, "a/* note */>=/**/ b", "a >= b"),
    ],
)
def test_expressions_are_kept_as_a_session_without_modes_writes_them(mode: int, written: str, kept: str) -> None:
    statement = parse(f"alter table t add g int as ({written}) stored", sql_mode=mode, default_schema="d")
    assert isinstance(statement, AlterTable)
    (action,) = statement.actions
    assert isinstance(action, AddColumn)
    assert action.column.generated is not None
    assert action.column.generated.expression == kept
