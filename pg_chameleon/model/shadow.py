"""The tables into which tools for online schema changes copy another table before they put it in its place.

gh-ost, pt-online-schema-change (and spirit), Facebook's OSC and LHM name them after the table that is changed.
"""

from __future__ import annotations

_MOST_CHARACTERS = 64
_MOST_UNDERSCORES = 10
"""pt-online-schema-change puts as many before a name until nothing is called so."""


def is_shadow(name: str, original: str) -> bool:
    """Tell whether a table of this name is one that such a tool fills to replace ``original``.

    >>> is_shadow("_orders_gho", "orders"), is_shadow("__orders_new", "orders"), is_shadow("_orders_del", "orders")
    (True, True, False)
    """
    if name in (f"_{original}_gho", f"__osc_new_{original}"[:_MOST_CHARACTERS], f"lhmn_{original}"[:_MOST_CHARACTERS]):
        return True
    bare = name.lstrip("_")
    underscores = len(name) - len(bare)
    if bare == f"{original.lstrip('_')}_new":
        own = len(original) - len(original.lstrip("_"))
        return 1 <= underscores - own <= _MOST_UNDERSCORES
    return len(name) == _MOST_CHARACTERS and _is_cut_ghost(name, original)


def _is_cut_ghost(name: str, original: str) -> bool:
    """gh-ost cuts the table's name, so that its own suffix fits."""
    start = name.removeprefix("_").removesuffix("_gho")
    return len(start) == _MOST_CHARACTERS - len("__gho") and original.startswith(start)
