"""Run random DDL beside a replica: ``python -m tests.random_ddl SERVER [--seed N] [--rounds N]``."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Iterator

from lab.servers import PostgreSQL, source_server, target_server
from tests.random_ddl.running import Round, replica, summary


def main() -> int:
    """Run the rounds; the exit code is 1 if both sides differ after one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", help="the source, such as mysql-9.7")
    parser.add_argument("--target", default="postgresql-15")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--statements", type=int, default=30, help="in each round")
    parser.add_argument("--kills", type=float, default=0.03, help="the chance of a kill after each statement")
    options = parser.parse_args()
    rounds: list[Round] = []
    with target_server(options.target, durable=False) as target:
        for result in run(options.server, target, options):
            rounds.append(result)
            print(f"round {result.seed}: {len(result.sent)} sent", *result.quarantined, sep="\n  ", flush=True)
            if result.problems:
                print("PROBLEMS", *result.problems, "AFTER", *result.history, sep="\n", flush=True)
    print(summary(rounds))
    return int(any(each.problems for each in rounds))


def run(name: str, target: PostgreSQL, options: argparse.Namespace) -> Iterator[Round]:
    """Run the rounds one after the other on one replica, and on a new one after each with problems."""
    seeds = deque(range(options.seed, options.seed + options.rounds))
    while seeds:
        with source_server(name, durable=False) as server, replica(server, target) as stage:
            while seeds:
                yield (found := stage.run(seeds.popleft(), options.statements, kills=options.kills))
                if found.problems:
                    break  # what went wrong shall not spoil the next ones


if __name__ == "__main__":
    sys.exit(main())
