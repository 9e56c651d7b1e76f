"""Values of ENUM and SET that have the text of another value."""

from __future__ import annotations

import itertools

import pytest

from pg_chameleon.convert.values.members import ambiguous_values
from pg_chameleon.convert.values.text import EnumTexts, SetTexts
from pg_chameleon.model.schema import Column


@pytest.mark.parametrize("members", [*itertools.product(("", "a", "b"), repeat=3), ("a", "b")])
def test_of_values_with_one_text_all_but_one_are_ambiguous(members: tuple[str, ...]) -> None:
    written = ",".join(f"'{member}'" for member in members)
    for kind, texts, numbers in (
        ("set", SetTexts(members, str), range(1 << len(members))),
        ("enum", EnumTexts(members, str), range(len(members) + 1)),
    ):
        ambiguous = ambiguous_values(Column("c", f"{kind}({written})")) or ()
        told = [texts[number] for number in numbers if number not in ambiguous]
        assert len(told) == len(set(told)), (kind, told)
        if len(set(members)) == len(members):
            assert set(told) == {texts[number] for number in numbers}, (kind, told)
