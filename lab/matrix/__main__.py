"""Print the matrix of all types with their edge values on real servers, by the copy and by the stream.

python -m lab.matrix --source mysql-9.7 --target postgresql-18
"""

import argparse
import sys
from collections.abc import Sequence

from lab.matrix.catalogue.places import PLACES
from lab.matrix.kinds import Kind
from lab.matrix.printed import printed
from lab.matrix.run import PairResult, run_matrix
from lab.servers import LabError, Options, PostgreSQL, SourceServer, source_server, start_together, target_server

SOURCES = ("mysql-9.7", "mysql-5.6", "mariadb-10.11", "mariadb-11.8")
WITH_POSTGIS = "+postgis"
TARGETS = ("postgresql-15", "postgresql-18", f"postgresql-15{WITH_POSTGIS}")


def parser() -> argparse.ArgumentParser:
    assert __doc__
    made = argparse.ArgumentParser(prog="python -m lab.matrix", description=__doc__.splitlines()[0])
    made.add_argument("--source", action="append", metavar="NAME", help=f"default: {', '.join(SOURCES)}")
    made.add_argument(
        "--target",
        action="append",
        metavar="NAME",
        help=f"default: {', '.join(TARGETS)}; spatial types alone with PostGIS",
    )
    made.add_argument("--option", action="append", default=[], metavar="K=V", help="a setting of the source servers")
    made.add_argument("--only", default="", metavar="TEXT", help="only types with this text in their names")
    return made


def run_pairs(sources: Sequence[str], targets: Sequence[str], only: str, options: Options) -> list[PairResult]:
    """Run each pair; a source is stopped after its last run."""
    names = {target.removesuffix(WITH_POSTGIS) for target in targets}
    servers = {name: target_server(name, durable=False) for name in sorted(names)}
    start_together(*servers.values())
    pairs = []
    for name in sources:
        with source_server(name, options=options, durable=False) as source:
            pairs += [
                run_pair(source, servers[target.removesuffix(WITH_POSTGIS)], target.endswith(WITH_POSTGIS), only)
                for target in targets
            ]
    return pairs


def run_pair(source: SourceServer, target: PostgreSQL, postgis: bool, only: str) -> PairResult:
    def chosen(kind: Kind) -> bool:
        return only in kind.name and (kind in PLACES or not postgis)

    label = f"{target.name}{WITH_POSTGIS if postgis else ''}"
    print(f"{source.name} → {label} …", file=sys.stderr, flush=True)
    database = target.create_database(f"db_matrix_{source.port}_{'postgis' if postgis else 'plain'}")
    if postgis:
        database.add_postgis()
    result = run_matrix(source, database, chosen, label)
    database.drop()
    bad = sum(bool(each.copied or each.streamed) for each in result.results)
    print(f"  {len(result.results)} types, {bad} not equal, {result.seconds:.0f} s", file=sys.stderr, flush=True)
    return result


def main() -> int:
    options = parser().parse_args()
    try:
        settings = dict(option.split("=", 1) for option in options.option)
        pairs = run_pairs(options.source or SOURCES, options.target or TARGETS, options.only, settings)
    except LabError as error:
        print(error)
        return 1
    print(printed(pairs))
    return 0 if all(pair.green for pair in pairs) else 1


if __name__ == "__main__":
    raise SystemExit(main())
