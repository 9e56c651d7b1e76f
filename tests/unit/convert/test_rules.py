"""Which override wins for a column."""

from pg_chameleon.model.choices import TypeOverride
from tests.rules import some_rules
from tests.unit.convert.tables import NAME, column


def override_of(column_type: str, *overrides: TypeOverride) -> str | None:
    return some_rules(overrides=overrides).override(NAME, column("flag", column_type))


def test_override_is_by_the_type_as_shown() -> None:
    boolean = TypeOverride("TINYINT(1)", "boolean")
    assert override_of("tinyint(1)", boolean) == "boolean"
    assert override_of("tinyint(4)", boolean) is None
    assert override_of("tinyint(1) unsigned", boolean) is None


def test_members_of_an_enum_keep_their_case() -> None:
    override = TypeOverride("enum('A')", "text")
    assert override_of("enum('A')", override) == "text"
    assert override_of("enum('a')", override) is None


def test_bare_name_covers_every_type_of_the_name() -> None:
    assert override_of("enum('a','b')", TypeOverride("enum", "text")) == "text"


def test_closer_override_wins() -> None:
    everywhere = TypeOverride("tinyint(1)", "boolean")
    table = TypeOverride("tinyint(1)", "integer", frozenset({"shop.item"}))
    single = TypeOverride("tinyint(1)", "text", frozenset({"shop.item.flag"}))
    other = TypeOverride("tinyint(1)", "bigint", frozenset({"shop.other"}))
    assert override_of("tinyint(1)", everywhere, table, single, other) == "text"
    assert override_of("tinyint(1)", everywhere, table, other) == "integer"
    assert override_of("tinyint(1)", other) is None


def test_exact_type_wins_over_the_bare_name() -> None:
    assert (
        override_of("tinyint(1)", TypeOverride("tinyint", "integer"), TypeOverride("tinyint(1)", "boolean"))
        == "boolean"
    )
