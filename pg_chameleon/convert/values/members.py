"""Values of ENUM and SET that have the text of another value, so that a key cannot tell them apart."""

from __future__ import annotations

from dataclasses import dataclass

from pg_chameleon.model.schema import Column


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The numbers of such values: these, all that have a bit of ``mask``, and all whose lowest bit is ``empty``.

    They are the error value 0 of an enum with the member '', sets whose first member is '', of which nothing is shown
    (``empty`` is its bit), and members that are there twice, which the servers accept without strict mode.
    """

    numbers: frozenset[int] = frozenset()
    mask: int = 0
    empty: int = 0

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        return (
            number in self.numbers or bool(number & self.mask) or (self.empty != 0 and number & -number == self.empty)
        )

    @property
    def condition(self) -> str:
        """The condition of MySQL that holds for them; ``{column}`` stands for the column."""
        parts = [f"({{column}} + 0) IN ({', '.join(map(str, sorted(self.numbers)))})"] if self.numbers else []
        parts += [f"(({{column}} + 0) & {self.mask}) <> 0"] if self.mask else []
        parts += [f"(({{column}} + 0) & {2 * self.empty - 1}) = {self.empty}"] if self.empty else []
        return f"({' OR '.join(parts)})"


def ambiguous_values(column: Column) -> Ambiguous | None:
    """Return which values of an enum or set have the text of another; None if there are none."""
    members = column.type.members
    repeated = [place for place, member in enumerate(members) if member in members[:place]]
    if column.type.base == "enum":
        found = Ambiguous(frozenset({0} if "" in members else ()) | {place + 1 for place in repeated})
    elif column.type.base == "set":
        empty = 1 << members.index("") if "" in members else 0
        found = Ambiguous(mask=sum(1 << place for place in repeated), empty=empty)
    else:
        return None
    return None if found == Ambiguous() else found
