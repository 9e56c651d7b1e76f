"""Print how much of the corpus is right, refused and wrong: ``python -m tests.ddl_corpus [--path …] [--show N]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.ddl_corpus.live import recorded_sequences
from tests.ddl_corpus.replay import Tally, run_sequences, run_statements
from tests.ddl_corpus.truth import read_lines

DEFAULT_PATH = Path(__file__).parents[2].parent / "shared" / "corpora" / "ddl"
OUTCOMES = ("right", "uncertain", "refused", "wrong")
DETAILS = ("defaults", "charset", "indexes", "extra", "engine", "foreign keys")


def main() -> int:
    """Run the corpus; the exit code is 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", type=Path, default=DEFAULT_PATH, help="the folder of the corpus")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="show the first N failures")
    parser.add_argument("--outcome", help="show only failures of this outcome (refused, wrong, defaults, …)")
    parser.add_argument("--live", metavar="SERVER", help="compare with a real server, such as mysql-9.7, instead")
    options = parser.parse_args()
    if not (options.path / "sequences.jsonl").is_file():
        print(f"skipped: the DDL corpus is not at {options.path} (see --path)")
        return 0
    started = time.perf_counter()
    statements = run_statements(options.path / "statements.jsonl")
    elapsed = time.perf_counter() - started
    total = sum(sum(counts[outcome] for outcome in OUTCOMES) for counts in statements.counts.values())
    sequences = run_sequences(sequences_of(options.path, options.live))
    print_table("statements.jsonl: kind of statement against class", statements, ())
    print(f"{total / elapsed:,.0f} statements/s\n")
    print_table("sequences.jsonl: structures after each step", sequences, DETAILS)
    for tally in (statements, sequences):
        show(tally, options.outcome, options.show)
    return int(any(counts["wrong"] for tally in (statements, sequences) for counts in tally.counts.values()))


def sequences_of(path: Path, live: str | None) -> Iterator[dict[str, Any]]:
    """Yield the corpus's own sequences, or those that a real server makes of it."""
    if live is None:
        yield from read_lines(path / "sequences.jsonl")
    else:
        yield from recorded_sequences(live, path)


def print_table(title: str, tally: Tally, details: tuple[str, ...]) -> None:
    """Print the counts of each class; the details are how many right steps differ in lesser properties."""
    headers = (*OUTCOMES, "% right", *(f"≠ {detail}" for detail in details))
    print(f"{title}\n{'':32}" + "".join(f"{header:>14}" for header in headers))
    groups = sorted(tally.counts)
    for group in (*groups, "total"):
        chosen = groups if group == "total" else [group]
        counted = {key: sum(tally.counts[name][key] for name in chosen) for key in (*OUTCOMES, *details)}
        total = sum(counted[outcome] for outcome in OUTCOMES)
        share = 100 * (counted["right"] + counted["uncertain"]) / total if total else 100.0
        cells = [*(counted[o] for o in OUTCOMES), f"{share:.2f}", *(counted[d] for d in details)]
        print(f"{group:32}" + "".join(f"{cell!s:>14}" for cell in cells))
    print()


def show(tally: Tally, outcome: str | None, limit: int) -> None:
    """Print failures in full."""
    chosen = [each for each in tally.failures if outcome is None or each.outcome == outcome]
    for failure in chosen[:limit]:
        print(f"--- {failure.outcome}: {failure.where}\n{failure.statement}\n{failure.reason}")


if __name__ == "__main__":
    sys.exit(main())
