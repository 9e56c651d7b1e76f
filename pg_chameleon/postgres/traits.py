"""What a target server is like, asked once for each connection of a command or a process."""

from __future__ import annotations

from pg_chameleon.model.target import TargetTraits
from pg_chameleon.postgres.connection import Connection, transaction
from pg_chameleon.postgres.queries import query


def read_traits(connection: Connection) -> TargetTraits:
    """Ask a target server what it is like."""
    with transaction(connection) as cursor:
        cursor.execute(query("traits.read"))
        row = cursor.fetchone()
    assert row is not None  # a query without tables always answers
    number, encoding, read_only, postgis = row
    return TargetTraits(divmod(number, 10_000), encoding, read_only, postgis)
