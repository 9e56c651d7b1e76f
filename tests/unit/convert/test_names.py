"""PostgreSQL has 63 bytes for a name, and one set of names for all tables, indexes and types of a schema."""

from hypothesis import given
from hypothesis import strategies as st

from pg_chameleon.convert.expressions import names

mysql_names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=64)


@given(mysql_names)
def test_names_fit(name: str) -> None:
    for made in (
        names.table_name(name),
        names.column_name(name),
        names.primary_key_name(name),
        names.index_name(name, name),
        names.enum_name(name, name),
        names.sequence_name(name, name),
        names.trigger_name(name),
        names.temporary_name(name),
    ):
        assert 0 < len(made.encode()) <= names.MAX_BYTES


@given(mysql_names)
def test_names_that_fit_are_kept(name: str) -> None:
    # What ends like a primary key's index is renamed: test_no_table_has_the_name_of_a_primary_key
    if len(name.encode()) <= names.MAX_BYTES and not name.endswith("_pkey"):
        assert names.table_name(name) == name


def test_names_alike_in_their_first_bytes_stay_apart() -> None:
    assert names.table_name("x" * 63 + "a") != names.table_name("x" * 63 + "b")


@given(mysql_names)
def test_no_table_has_the_shortened_name_of_another(name: str) -> None:
    long = (name * 64)[:64]
    if len(long.encode()) > names.MAX_BYTES:
        shortened = names.table_name(long)
        assert names.table_name(shortened) != shortened
        assert names.column_name(shortened) != shortened
        assert names.table_name(names.table_name(shortened)) != names.table_name(shortened)


def test_no_table_has_the_name_of_a_primary_key() -> None:
    assert names.primary_key_name("a") == "a_pkey"
    assert names.table_name("a_pkey") != "a_pkey"
    assert names.primary_key_name("a_pkey") not in {"a_pkey", names.table_name("a_pkey")}


def test_no_column_has_the_name_that_replaces_one_of_postgresql() -> None:
    assert names.column_name(names.column_name("ctid")) != names.column_name("ctid")


def test_ordinary_names_with_a_date_behind_are_kept() -> None:
    assert names.table_name("orders_20240101") == "orders_20240101"


def test_shortening_cuts_no_character() -> None:
    assert names.table_name("ü" * 64).startswith("ü" * 27 + "_")


def test_two_tables_never_share_an_index_or_a_type() -> None:
    assert names.index_name("a_b", "c") != names.index_name("a", "b_c")
    assert names.enum_name("a_b", "c") != names.enum_name("a", "b_c")


def test_system_columns_of_postgresql_are_avoided() -> None:
    assert names.column_name("xmin") != "xmin"
    assert names.column_name("XMIN") == "XMIN"
