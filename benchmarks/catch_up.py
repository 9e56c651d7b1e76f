"""The catch-up after a backlog, against MariaDB's own replica with one applier over the same backlog.

python -m benchmarks.catch_up [--changes 80000] [--transactions 4500] [--scale 0.2] [--target postgresql-15]
"""

import argparse
import time

from benchmarks.backlog import CHANGES, TRANSACTIONS, write_backlog
from benchmarks.common import copied_replica, print_results, sampled_usage
from benchmarks.first_copy import SCHEMA, fill
from lab import compare
from lab.servers import MariaDB, target_server

SOURCE = "10.11"
POLL_INTERVAL = 0.01
CATCH_UP_TIMEOUT = 600.0


def native_replica(source: MariaDB) -> MariaDB:
    """Start a second server as a replica of the first, and let it copy what there is."""
    replica = MariaDB(SOURCE, options={"log_slave_updates": "OFF", "slave_parallel_threads": 0}).start()
    replica.execute(
        "change master to master_host = %s, master_port = %s, master_user = 'usr_replica',"
        " master_password = 'replica', master_use_gtid = no, master_log_file = 'binlog.000001', master_log_pos = 4",
        (source.host, source.port),
    )
    seconds_of_native_replica(source, replica)
    return replica


def seconds_of_native_replica(source: MariaDB, replica: MariaDB) -> float:
    """Let the native replica apply everything that the source has; return how long it took."""
    ((file, offset, *_),) = source.execute("show master status")
    began = time.perf_counter()
    replica.execute("start slave")
    # Returns as soon as the applier is at the position.
    ((waited,),) = replica.execute("select master_pos_wait(%s, %s, %s)", (file, offset, CATCH_UP_TIMEOUT))
    seconds = time.perf_counter() - began
    assert waited is not None and waited >= 0, replica.execute("show slave status")  # noqa: PT018
    replica.execute("stop slave")
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=CHANGES)
    parser.add_argument("--transactions", type=int, default=TRANSACTIONS)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--target", default="postgresql-15")
    options = parser.parse_args()
    with MariaDB(SOURCE) as source, target_server(options.target) as target:
        fill(source, options.scale)
        database = target.create_database("db_replica")
        with native_replica(source) as replica, copied_replica(source, database, SCHEMA) as journey:
            changes = write_backlog(source, options.changes, options.transactions)
            native = seconds_of_native_replica(source, replica)
            began = time.perf_counter()
            with sampled_usage(journey) as usage:
                journey.start()
                started = time.perf_counter() - began
                journey.wait_until_replayed(CATCH_UP_TIMEOUT)
                ours = time.perf_counter() - began
            equal = compare.compare(source.connect, database.connect, SCHEMA, SCHEMA)
    print_results(
        f"python -m benchmarks.catch_up --changes {options.changes} --transactions {options.transactions}"
        f" --scale {options.scale} --target {options.target}",
        (
            f"{changes:,} row changes in {options.transactions:,} transactions",
            "seconds",
            "changes/s",
            "memory, CPU time",
        ),
        (
            ("MariaDB's own replica, one applier", f"{native:.2f}", f"{changes / native:,.0f}", ""),
            ("chameleon start_replica, from its start", f"{ours:.2f}", f"{changes / ours:,.0f}", usage),
            ("  without the time of that command", f"{ours - started:.2f}", f"{changes / (ours - started):,.0f}", ""),
            ("ratio to the native replica", "", f"{native / ours:.2f} ({native / (ours - started):.2f})", ""),
        ),
    )
    print(f"afterwards: {equal}")
    return 0 if equal.equal else 1


if __name__ == "__main__":
    raise SystemExit(main())
