"""The lag from a commit on the source until it is visible in PostgreSQL, at a steady rate of transactions.

python -m benchmarks.lag [--rate 50] [--seconds 30] [--source mariadb-10.11] [--target postgresql-15]
"""

import argparse
import threading

from benchmarks.common import copied_replica, print_results, sampled_usage
from lab import compare, example
from lab.servers import source_server, target_server
from lab.workload import Probe, Writer

SETTLING_SECONDS = 3.0
ARRIVAL_TIMEOUT = 60.0
CHANGES_PER_TRANSACTION = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--source", default="mariadb-10.11")
    parser.add_argument("--target", default="postgresql-15")
    options = parser.parse_args()
    with source_server(options.source) as source, target_server(options.target) as target:
        with source.connect() as connection:
            example.load(connection)
        probe = Probe(source.connect, example.SCHEMA)
        database = target.create_database("db_replica")
        with copied_replica(source, database, example.SCHEMA) as journey, sampled_usage(journey) as usage:
            journey.start()
            writer = Writer(source.connect, example.SCHEMA, skip={probe.table}, probe=probe)
            writer.run_at(options.rate, SETTLING_SECONDS, CHANGES_PER_TRANSACTION)
            journey.wait_until_replayed(ARRIVAL_TIMEOUT)
            stop = threading.Event()
            watching = threading.Thread(target=probe.observe, args=(database.connect, example.SCHEMA, stop))
            watching.start()
            tally = writer.run_at(options.rate, options.seconds, CHANGES_PER_TRANSACTION)
            journey.wait_until_replayed(ARRIVAL_TIMEOUT)
            stop.set()
            watching.join()
            equal = compare.compare(source.connect, database.connect, example.SCHEMA, example.SCHEMA)
    lag = probe.lag()
    print_results(
        f"python -m benchmarks.lag --rate {options.rate:g} --seconds {options.seconds:g}"
        f" --source {options.source} --target {options.target}",
        ("commits", "row changes", "p50", "p95", "p99", "worst", "never seen", "memory, CPU time"),
        [
            (
                *(f"{lag.commits:,}", f"{tally.changes:,}"),
                *(f"{seconds * 1000:.0f} ms" for seconds in (lag.p50, lag.p95, lag.p99, lag.worst)),
                *(lag.unseen, usage),
            )
        ],
    )
    print(f"afterwards: {equal}")
    return 0 if equal.equal and not lag.unseen else 1


if __name__ == "__main__":
    raise SystemExit(main())
