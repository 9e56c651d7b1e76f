"""The keys that a writer knows of, so that it need not ask the server for each change."""

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lab.workload.structure import Key, Reference, Table, query, quoted

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

    SourceConnection = Connection[Cursor]

KEYS_KNOWN = 1500


class Pools:
    """Keys of rows, keys that rows had, and keys that foreign keys may refer to; some may have gone since."""

    def __init__(self, connection: "SourceConnection", tables: Mapping[str, Table]) -> None:
        self.connection = connection
        self.rows = {name: self._read(name, table.key) for name, table in tables.items() if table.key}
        self.free: dict[str, list[Key]] = {name: [] for name in tables}
        self.parents: dict[tuple[str, tuple[str, ...]], list[Key]] = {}

    def key_of_some_row(self, table: Table, rng: random.Random) -> Key | None:
        keys = self.rows.get(table.name)
        return rng.choice(keys) if keys else None

    def key_of_some_parent(self, reference: Reference, rng: random.Random) -> Key | None:
        """Return values for the columns of a foreign key."""
        place = (reference.parent, reference.parent_columns)
        if place not in self.parents:
            self.parents[place] = self._read(*place)
        keys = self.parents[place]
        return rng.choice(keys) if keys else None

    def free_key(self, table: Table, rng: random.Random) -> Key | None:
        """Return a key that a row had once, if there is one."""
        keys = self.free[table.name]
        return keys.pop(rng.randrange(len(keys))) if keys else None

    def added(self, table: Table, row: Mapping[str, object], given: int | None) -> None:
        """Remember a new row; `given` is the value that the server gave to its automatic column."""
        values = {**row, **{column.name: given for column in table.columns if column.automatic}}
        key = tuple(values.get(name) for name in table.key)
        if key and None not in key and len(self.rows[table.name]) < 2 * KEYS_KNOWN:
            self.rows[table.name].append(key)

    def moved(self, table: Table, old: Key, new: Key) -> None:
        """Remember that a row has another key now."""
        keys = self.rows[table.name]
        if old in keys:
            keys[keys.index(old)] = new
        self.free[table.name].append(old)

    def _read(self, table: str, columns: tuple[str, ...]) -> list[Key]:
        names = ", ".join(map(quoted, columns))
        statement = f"select {names} from {quoted(table)} order by rand(1) limit %s"
        return query(self.connection, statement, (KEYS_KNOWN,))
