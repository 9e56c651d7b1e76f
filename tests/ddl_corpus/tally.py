"""Count outcomes, and keep what is needed to show those that are not right."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Failure:
    """A statement that was refused, or is wrong."""

    where: str
    outcome: str
    reason: str
    statement: str


@dataclass(slots=True)
class Tally:
    """How many statements of each class had which outcome."""

    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: list[Failure] = field(default_factory=list)

    def note(self, group: str, outcome: str, where: str = "", reason: str = "", statement: str = "") -> None:
        """Count one outcome, and keep what is needed to show it."""
        self.counts[group][outcome] += 1
        if outcome != "right":
            self.failures.append(Failure(f"{group} {where}", outcome, reason, statement))
