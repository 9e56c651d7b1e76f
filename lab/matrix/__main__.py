"""Print the matrix of all types with their edge values on real servers, by the copy and by the stream.

python -m lab.matrix --source mysql-9.7 --target postgresql-18
"""

import argparse
import sys
from collections.abc import Sequence

from lab.matrix.kinds import Kind
from lab.matrix.printed import printed
from lab.matrix.run import PairResult, run_matrix
from lab.servers import LabError, PostgreSQL, SourceServer, source_server, start_together, target_server

SOURCES = ("mysql-9.7", "mysql-5.6", "mariadb-10.11", "mariadb-11.8")
TARGETS = ("postgresql-15", "postgresql-18")


def parser() -> argparse.ArgumentParser:
    assert __doc__
    made = argparse.ArgumentParser(prog="python -m lab.matrix", description=__doc__.splitlines()[0])
    made.add_argument("--source", action="append", metavar="NAME", help=f"default: {', '.join(SOURCES)}")
    made.add_argument("--target", action="append", metavar="NAME", help=f"default: {', '.join(TARGETS)}")
    made.add_argument("--only", default="", metavar="TEXT", help="only types with this text in their names")
    return made


def run_pairs(sources: Sequence[str], targets: Sequence[str], only: str) -> list[PairResult]:
    """Run each pair; a source is stopped after its last run."""
    target_servers = [target_server(name, durable=False) for name in targets]
    start_together(*target_servers)
    pairs = []
    for name in sources:
        with source_server(name, durable=False) as source:
            pairs += [run_pair(source, target, only) for target in target_servers]
    return pairs


def run_pair(source: SourceServer, target: PostgreSQL, only: str) -> PairResult:
    def chosen(kind: Kind) -> bool:
        return only in kind.name

    print(f"{source.name} → {target.name} …", file=sys.stderr, flush=True)
    database = target.create_database(f"db_matrix_{source.name.replace('-', '_').replace('.', '_')}")
    return run_matrix(source, database, chosen)


def main() -> int:
    options = parser().parse_args()
    try:
        pairs = run_pairs(options.source or SOURCES, options.target or TARGETS, options.only)
    except LabError as error:
        print(error)
        return 1
    print(printed(pairs))
    return 0 if all(pair.green for pair in pairs) else 1


if __name__ == "__main__":
    raise SystemExit(main())
