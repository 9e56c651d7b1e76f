"""The matrix as a table of text: types by servers by (copy, stream)."""

from __future__ import annotations

from collections.abc import Sequence

from lab.matrix.catalogue import KINDS
from lab.matrix.run import KindResult, PairResult

GOOD, BAD, ABSENT, REFUSED = "✓", "✗", "\N{EN DASH}", "!"


def printed(pairs: Sequence[PairResult]) -> str:
    """Return the table with a legend, and all differences."""
    names = [kind.name for kind in KINDS if any(kind.name == each.kind.name for pair in pairs for each in pair.results)]
    width = max(map(len, names))
    lines = [f"{number}  {pair.source} → {pair.target} ({pair.seconds:.0f} s)" for number, pair in enumerate(pairs, 1)]
    lines += ["", " " * width + "".join(f"{number:>6}" for number in range(1, len(pairs) + 1))]
    lines += [" " * width + "  c  s" * len(pairs)]
    by_name = [{result.kind.name: result for result in pair.results} for pair in pairs]
    lines += [name.ljust(width) + "".join(_cell(results.get(name)) for results in by_name) for name in names]
    lines += [
        "",
        f"c: first copy, s: stream. {GOOD} equal, {BAD} different, {ABSENT} the server does not have the type,",
        f"{REFUSED} the table is quarantined, as it must be where the binlog does not hold enough (docs/events.md)",
    ]
    differences = [line for pair in pairs for line in pair.differences()]
    return "\n".join([*lines, *([""] if differences else []), *differences])


def _cell(result: KindResult | None) -> str:
    if result is None:
        marks = (ABSENT, ABSENT)
    else:
        followed = REFUSED if result.kind.refused else GOOD
        marks = (BAD if result.copied else GOOD, BAD if result.streamed else followed)
    return "".join(f"  {mark}" for mark in marks)
