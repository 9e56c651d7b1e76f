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


# Statements whose right answer the corpus does not hold, and why
KNOWN = {
    "26d1f6503c:0": "the corpus omits the CREATE DATABASE that made latin5 the default",
    "26d1f6503c:5": "the corpus omits the CREATE DATABASE that made latin5 the default",
    "cfdceed9f7:138": "MariaDB shows the member of SET in utf32, which neither the statement nor the table names",
}
NOT_ACCEPTED = ("parsed-only", "mysql-unverified")
_FOLLOWED = ("right", "known", "uncertain", "confined")
_OUTCOMES = (*_FOLLOWED, "refused", "wrong")


@dataclass(slots=True)
class Tally:
    """How many statements of each class had which outcome."""

    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: list[Failure] = field(default_factory=list)

    def note(self, group: str, outcome: str, where: str = "", reason: str = "", statement: str = "") -> None:
        """Count one outcome, and keep what is needed to show it."""
        if outcome == "wrong" and where in KNOWN:
            outcome = "known"
        self.counts[group][outcome] += 1
        if outcome != "right":
            self.failures.append(Failure(f"{group} {where}", outcome, reason, statement))

    def share(self) -> float:
        """Return how much of what servers have accepted is right: confined to its table where rows are in doubt."""
        accepted = [counts for group, counts in self.counts.items() if not group.startswith(NOT_ACCEPTED)]
        total = sum(counts[outcome] for counts in accepted for outcome in _OUTCOMES)
        return sum(counts[outcome] for counts in accepted for outcome in _FOLLOWED) / total if total else 1.0
