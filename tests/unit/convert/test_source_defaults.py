"""What defaults say in the forms in which servers show them."""

import pytest

from pg_chameleon.convert.structure.source_defaults import Says, SourceDefault, integer_of, source_default
from pg_chameleon.model.schema import Default
from tests.unit.convert.tables import column, expression, literal


def read(column_type: str, default: Default | None) -> SourceDefault | None:
    return source_default(column("c", column_type, default=default))


def test_a_column_without_a_default_says_nothing() -> None:
    assert read("int", None) is None


@pytest.mark.parametrize(
    ("column_type", "default", "value"),
    [
        ("varchar(9)", literal("it's"), "it's"),
        ("varchar(9)", literal("now()"), "now()"),
        ("varchar(9)", expression("'it''s \\n'"), "it's \n"),
        ("varchar(9)", expression("_utf8mb4\\'a\\'"), "a"),
        ("varchar(9)", expression("x'4142'"), "AB"),
        ("varbinary(9)", expression("0x4100"), b"A\0"),
        ("int", expression("((-5))"), "-5"),
        ("int", expression("true"), "1"),
        ("json", expression("json_array( )"), "[]"),
    ],
)
def test_constants_are_read_in_every_form(column_type: str, default: Default, value: str | bytes) -> None:
    assert read(column_type, default) == SourceDefault(Says.CONSTANT, value)


@pytest.mark.parametrize(
    ("text", "says", "digits"),
    [
        ("NULL", Says.NULL, 0),
        ("(now())", Says.NOW, 0),
        ("current_timestamp(3)", Says.NOW, 3),
        ("curdate()", Says.TODAY, 0),
        ("uuid()", Says.UUID, 0),
    ],
)
def test_functions_are_known_by_name(text: str, says: Says, digits: int) -> None:
    found = read("datetime(6)", expression(text))
    assert found == SourceDefault(says, digits=digits)
    assert found.is_constant is (says is Says.NULL)


@pytest.mark.parametrize(("column_type", "text"), [("int", "rand()"), ("int", "1 + 1"), ("varchar(9)", "x'ff'")])
def test_what_is_not_understood_is_unknown_with_a_reason(column_type: str, text: str) -> None:
    found = read(column_type, expression(text))
    assert found is not None
    assert found.says is Says.UNKNOWN
    assert found.reason


@pytest.mark.parametrize(("text", "number"), [("b'101'", 5), ("0b11", 3), ("0x0f", 15), ("x'1'", 1), ("12", None)])
def test_digits_of_other_bases_are_numbers(text: str, number: int | None) -> None:
    assert integer_of(text) == number
