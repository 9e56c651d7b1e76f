"""Compare a schema with its replica, on servers of your own; nobody may write to either side meanwhile.

python -m lab.compare mysql://user:password@host:3306/sakila postgresql://user:password@host/db_replica sch_sakila
"""

import argparse
from functools import partial

import psycopg2
import pymysql

from lab.compare import compare
from lab.urls import database_of, source_of, target_of


def main() -> int:
    assert __doc__
    parser = argparse.ArgumentParser(prog="python -m lab.compare", description=__doc__.splitlines()[0])
    parser.add_argument("source", metavar="SOURCE", help="mysql://user:password@host:port/schema")
    parser.add_argument("target", metavar="TARGET", help="postgresql://user:password@host:port/database")
    parser.add_argument("schema", metavar="SCHEMA", help="the schema of the target")
    parser.add_argument("--skip", default="", metavar="a,b", help="tables to skip")
    options = parser.parse_args()
    result = compare(
        partial(pymysql.connect, charset="utf8mb4", **source_of(options.source)),
        partial(psycopg2.connect, dbname=database_of(options.target), **target_of(options.target)),
        database_of(options.source),
        options.schema,
        skip=options.skip.split(","),
    )
    print(result)
    return 0 if result.equal else 1


if __name__ == "__main__":
    raise SystemExit(main())
