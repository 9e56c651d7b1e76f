"""A backlog of small transactions on the tables of the benchmarks, written as fast as the source takes them."""

import random
from collections.abc import Iterator

from pymysql.constants import CLIENT

from benchmarks.first_copy import SCHEMA
from lab.servers import SourceServer

CHANGES = 80_000
TRANSACTIONS = 4_500
SEED = 7


def write_backlog(source: SourceServer, changes: int = CHANGES, transactions: int = TRANSACTIONS) -> int:
    """Write single-row changes, of which most are updates; return how many row changes there were."""
    rng = random.Random(SEED)
    with source.connect(SCHEMA, client_flag=CLIENT.MULTI_STATEMENTS) as connection, connection.cursor() as cursor:
        cursor.execute("select max(id) from wide union all select max(id) from narrow")
        wide, narrow = (int(row[0]) for row in cursor.fetchall())
        statements = single_row_changes(rng, wide, narrow)
        written = 0
        for number in range(transactions):
            count = round(changes * (number + 1) / transactions) - written
            written += count
            batch = ["start transaction", *(next(statements) for _ in range(count)), "commit"]
            cursor.execute(";".join(batch))
            while cursor.nextset():
                pass
    return written


def single_row_changes(rng: random.Random, wide: int, narrow: int) -> Iterator[str]:
    """Make statements that change one row each: 60 in 100 update it, 25 insert it, 15 delete it."""
    # Every deleted row is one that no other statement touches, so that each statement changes its row.
    wide_victim, narrow_victim = wide, narrow
    while True:
        kind, number = rng.random(), rng.randrange(10**6)
        if kind < 0.35:
            yield (
                f"update wide set price = {number / 100}, remark = 'changed {number}', moment = now()"
                f" where id = {rng.randint(1, wide // 2)}"
            )
        elif kind < 0.60:
            yield f"update narrow set amount = amount + {number} + 1 where id = {rng.randint(1, narrow // 2)}"
        elif kind < 0.72:
            yield insert_wide(number)
        elif kind < 0.85:
            narrow += 1
            yield f"insert into narrow values ({narrow}, {number % 9973}, {number})"
        elif kind < 0.92:
            yield f"delete from wide where id = {wide_victim}"
            wide_victim -= 1
        else:
            yield f"delete from narrow where id = {narrow_victim}"
            narrow_victim -= 1


def insert_wide(number: int) -> str:
    numbers = f"{number % 127}, {number % 32000}, {number}, {number * 10**9}, {number / 7:.2f}, {number / 3}"
    moments = f"'2024-02-29', now(), now(), sec_to_time({number % 86400}), {1950 + number % 100}"
    texts = f"'c{number}', 'name {number}', 'street {number}', 'remark {number} said \"twice\"', 'used'"
    return (
        "insert into wide (tiny, small, number, big, price, ratio, day, moment, stamp, clock, born, code, name,"
        f" street, remark, kind) values ({numbers}, {moments}, {texts})"
    )
