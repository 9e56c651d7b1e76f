"""What a target server is like, asked once for each connection of a command or a process."""

from __future__ import annotations

from pg_chameleon.model.target import TargetTraits
from pg_chameleon.postgres.answers import one_row
from pg_chameleon.postgres.connection import Connection, transaction
from pg_chameleon.postgres.queries import query


def read_traits(connection: Connection) -> TargetTraits:
    """Ask a target server what it is like."""
    with transaction(connection) as cursor:
        cursor.execute(query("traits.read"))
        number, encoding, read_only, postgis = one_row(cursor)
    return TargetTraits(divmod(number, 10_000), encoding, read_only, postgis)
