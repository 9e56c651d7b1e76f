"""Print how much of the corpus is right, refused and wrong: ``python -m tests.ddl_corpus [--live …] [--show N]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from lab.servers import ServerUnavailable, target_server
from tests.ddl_corpus.live import recorded_sequences
from tests.ddl_corpus.replay import run_sequences, run_statements, run_translations
from tests.ddl_corpus.running import run_beside_replica, summary
from tests.ddl_corpus.tally import Tally
from tests.ddl_corpus.truth import DEFAULT_PATH, read_lines

OUTCOMES = ("right", "uncertain", "known", "refused", "wrong")
FOLLOWED = ("right", "uncertain", "known")
LEAST_SHARE = 0.995
TRANSLATED = ("right", "confined", "wrong")
DETAILS = ("defaults", "charset", "indexes", "extra", "engine", "foreign keys")


def main() -> int:
    """Run the corpus; the exit code is 1 if anything is wrong, or less than 99.5 % is right."""
    options = read_options()
    if not (options.path / "sequences.jsonl").is_file():
        print(f"skipped: the DDL corpus is not at {options.path} (see --path)")
        return 0
    if options.replica:
        return run_replicas(options)
    tallies = [read_statements(options.path), track_sequences(options.path)]
    tallies += translate_sequences(options.path, options.target)
    tallies += [found for server in options.live for found in run_live(options.path, server)]
    for tally in tallies:
        show(tally, options.outcome, options.show)
    print("--live SERVER … takes other servers than MySQL 9.7, or none; --replica SERVER … runs beside a replica")
    wrong = any(counts["wrong"] for tally in tallies for counts in tally.counts.values())
    return int(wrong or any(tally.share() < LEAST_SHARE for tally in tallies))


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", type=Path, default=DEFAULT_PATH, help="the folder of the corpus")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="show the first N failures of each part")
    parser.add_argument("--outcome", help="show only failures of this outcome (refused, wrong, defaults, …)")
    parser.add_argument("--target", default="postgresql-15", help="what the sequences are translated for")
    parser.add_argument(
        "--live",
        metavar="SERVER",
        nargs="*",
        default=["mysql-9.7"],
        help="real servers that run all statements again (some minutes each); none to leave it out",
    )
    parser.add_argument(
        "--replica",
        metavar="SERVER",
        nargs="+",
        help="run the sequences on these servers with a replica beside them instead (a quarter of an hour each)",
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take only each Nth sequence for --replica")
    parser.add_argument("--only", metavar="ID", nargs="+", help="take only these sequences for --replica")
    return parser.parse_args()


def read_statements(path: Path) -> Tally:
    """Parse all statements."""
    started = time.perf_counter()
    tally = run_statements(path / "statements.jsonl")
    elapsed = time.perf_counter() - started
    print_table("statements.jsonl: kind of statement against class", tally)
    print(f"{sum(map(Counter.total, tally.counts.values())) / elapsed:,.0f} statements/s\n")
    return tally


def track_sequences(path: Path) -> Tally:
    """Track the recorded sequences."""
    tally = run_sequences(read_lines(path / "sequences.jsonl"))
    print_table("sequences.jsonl: structures after each step, as recorded on MariaDB 10.11", tally, details=DETAILS)
    return tally


def translate_sequences(path: Path, target: str) -> list[Tally]:
    """Carry the recorded sequences over to PostgreSQL, once with empty tables and once with rows in them."""
    tallies = []
    try:
        with target_server(target, durable=False) as server:
            connection = server.create_database("db_ddl_corpus").connect()
            for filled in (False, True):
                tally = run_translations(read_lines(path / "sequences.jsonl"), connection, filled=filled)
                rows = "with rows in the tables" if filled else "with empty tables"
                title = f"sequences.jsonl: each changed table against a new copy of it on {target}, {rows}"
                print_table(title, tally, outcomes=TRANSLATED)
                tallies.append(tally)
            connection.close()
    except ServerUnavailable as error:
        print(f"skipped: the translation ({error})\n")
    return tallies


def run_live(path: Path, name: str) -> list[Tally]:
    """Run statements and sequences on a real server, and compare with what it makes of them."""
    try:
        tally = run_sequences(recorded_sequences(name, path))
    except ServerUnavailable as error:
        print(f"skipped: {name} ({error})\n")
        return []
    print_table(f"all statements and sequences that {name} takes: structures after each", tally, details=DETAILS)
    return [tally]


def run_replicas(options: argparse.Namespace) -> int:
    """Run the sequences on real servers while their replica runs; the exit code is 1 if anything is not equal."""
    failed = False
    with target_server(options.target, durable=False) as postgres:
        for name in options.replica:
            documents = [
                document
                for number, document in enumerate(read_lines(options.path / "sequences.jsonl"))
                if number % options.every == 0 and document["id"] in (options.only or [document["id"]])
            ]
            results = []
            for result in run_beside_replica(name, documents, postgres):
                results.append(result)
                print(f"{name} {result.name}: {'; '.join(result.problems) or 'equal'}", *result.quarantined, flush=True)
            print(f"{name}: {summary(results)}\n")
            failed = failed or any(result.problems for result in results)
    return int(failed)


def print_table(
    title: str, tally: Tally, *, outcomes: tuple[str, ...] = OUTCOMES, details: tuple[str, ...] = ()
) -> None:
    """Print the counts of each class; the details are how many right steps differ in lesser properties."""
    headers = (*outcomes, "% right", *(f"≠ {detail}" for detail in details))
    print(f"{title}\n{'':32}" + "".join(f"{header:>14}" for header in headers))
    groups = sorted(tally.counts)
    for group in (*groups, "total"):
        chosen = groups if group == "total" else [group]
        counted = {key: sum(tally.counts[name][key] for name in chosen) for key in (*outcomes, *details)}
        total = sum(counted[outcome] for outcome in outcomes)
        share = 100 * sum(counted[outcome] for outcome in outcomes if outcome in FOLLOWED) / total if total else 100.0
        cells = [*(counted[o] for o in outcomes), f"{share:.2f}", *(counted[d] for d in details)]
        print(f"{group:32}" + "".join(f"{cell!s:>14}" for cell in cells))
    print()


def show(tally: Tally, outcome: str | None, limit: int) -> None:
    """Print failures in full."""
    chosen = [each for each in tally.failures if outcome is None or each.outcome == outcome]
    for failure in chosen[:limit]:
        print(f"--- {failure.outcome}: {failure.where}\n{failure.statement}\n{failure.reason}")


if __name__ == "__main__":
    sys.exit(main())
