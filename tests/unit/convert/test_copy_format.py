"""Fields of COPY are the text that they were made of."""

from hypothesis import given
from hypothesis import strategies as st

from pg_chameleon.convert.values.copy_format import NULL, copy_text, escaped, has_escapes, unescaped

SOME_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from("\\\t\n\r"))


@given(SOME_TEXT)
def test_a_field_is_its_text_again(text: str) -> None:
    field = copy_text(text)
    assert unescaped(field).decode() == text
    assert field == escaped(text.encode())
    assert field != NULL
    assert not {b"\t", b"\n", b"\r"} & {field[place : place + 1] for place in range(len(field))}
    assert has_escapes(text) is any(character in text for character in "\\\t\n\r")


def test_nul_has_no_field() -> None:
    assert copy_text("a\0b") == b"ab"
    assert has_escapes("a\0b")
