"""Tables of random types, keys and odd names, filled with the edge values of the catalogue."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lab.matrix.catalogue import KINDS
from lab.matrix.kinds import Kind
from lab.servers import SourceServer

ROWS = 12
MOST_COLUMNS = 7
# A row of MySQL has 65,535 bytes at most, and on MySQL 5.6 a part of a key 767.
_LARGE = re.compile(r"(?:char|binary)\((?:255|[1-9]\d{2,})\)")
_KEY_TYPES = re.compile(
    r"(?:tiny|small|medium|big)?int|decimal|double|bit|year|date|time|enum|binary\(1|varbinary\(16|uuid|inet|char\(60\)"
)
_ODD_NAMES = (
    *(
        "select",
        "user",
        "order",
        "table",
        "ctid",
        "xmin",
        "oid",
        "a.b",
        "a b",
        'a"b',
        "a'b",
        "a`b",
        "a``b",
        "100%",
        "%s",
    ),
    *(
        "%(x)s",
        "{}",
        "{0}",
        "back\\slash",
        "Mixed",
        "MIXED",
        "mixed",
        "tab\tin",
        "new\nline",
        "$1",
        ":x",
        "?",
        "--",
        "/*",
    ),
    *(
        "ünï",
        "表",
        "имя",
        "x" * 64,
        "y" * 63,
        "z" * 62 + "ä",
        "é" * 40,
        "表" * 30,
        "NULL",
        "-1",
        "1",
        "public",
        "\u00a0",
    ),
)


@dataclass(frozen=True, slots=True)
class RandomColumn:
    """A column with its kind; ``definition`` is all that follows its name. ``in_key``: rows are found by it."""

    name: str
    kind: Kind
    definition: str
    required: bool
    in_key: bool = False

    def value(self, chance: random.Random) -> str:
        if not self.required and chance.random() < 0.1:
            return "null"
        return chance.choice([value for value in self.kind.values if value.fits_key or not self.in_key]).sql


@dataclass(frozen=True, slots=True)
class RandomTable:
    """A table with a number of its own in each row, random columns, and keys. ``keys`` are clauses of CREATE TABLE."""

    name: str
    number: str
    columns: tuple[RandomColumn, ...]
    keys: tuple[str, ...]

    def create(self) -> str:
        columns = [f"{quoted(self.number)} int not null"]
        columns += [f"{quoted(column.name)} {column.definition}" for column in self.columns]
        return f"create table {quoted(self.name)} ({', '.join([*columns, *self.keys])})"

    def insert(self, chance: random.Random, number: int) -> str:
        names = [quoted(self.number), *(quoted(column.name) for column in self.columns)]
        values = [str(number), *(column.value(chance) for column in self.columns)]
        return f"insert into {quoted(self.name)} ({', '.join(names)}) values ({', '.join(values)})"

    def changes(self, chance: random.Random) -> Iterator[str]:
        """Insert, update and delete rows; the numbers stay what they are, for keys go by them."""
        table, number = quoted(self.name), quoted(self.number)
        yield from (self.insert(chance, ROWS + place) for place in range(ROWS))
        for _ in range(ROWS):
            column = chance.choice(self.columns)
            place = chance.randrange(2 * ROWS)
            yield f"update {table} set {quoted(column.name)} = {column.value(chance)} where {number} = {place}"
        yield from (f"delete from {table} where {number} = {chance.randrange(2 * ROWS)}" for _ in range(ROWS // 4))


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def random_tables(server: SourceServer, seed: int, count: int) -> list[RandomTable]:
    """Make tables for a server, always the same ones from one seed."""
    chance = random.Random(seed)
    kinds = [kind.on(server) for kind in KINDS if kind.exists_on(server) and not kind.settings and not kind.filled]
    names = [*chance.sample(_ODD_NAMES, len(_ODD_NAMES)), *(f"table {number}" for number in range(count))]
    return [_random_table(server, chance, kinds, name) for name in names[:count]]


def _random_table(server: SourceServer, chance: random.Random, kinds: Sequence[Kind], name: str) -> RandomTable:
    columns: list[RandomColumn] = []
    # Names of columns differ in more than their case.
    column_names = list({each.casefold(): each for each in chance.sample(_ODD_NAMES, len(_ODD_NAMES))}.values())
    number = column_names.pop()
    for column_name in column_names[: chance.randint(1, MOST_COLUMNS)]:
        large = any(_LARGE.search(column.definition) for column in columns)
        kind = chance.choice([each for each in kinds if not (large and _LARGE.search(each.definition))])
        required = chance.random() < 0.3
        definition = f"{kind.definition} {kind.required if required else 'null'}"
        columns.append(RandomColumn(column_name, kind, definition, required))
    keys = _random_keys(server, chance, RandomTable(name, number, tuple(columns), ()))
    found_by = [column.name for column in columns if keys and f"{quoted(column.name)}, " in keys[0]]
    return RandomTable(name, number, tuple(replace(column, in_key=column.name in found_by) for column in columns), keys)


def _random_keys(server: SourceServer, chance: random.Random, table: RandomTable) -> tuple[str, ...]:
    """Choose keys. The number of the row is in each, so that no value can make two rows alike."""
    number = quoted(table.number)
    whole = [each for each in table.columns if each.kind.key == "v" and _KEY_TYPES.match(each.kind.definition)]
    required = [quoted(each.name) for each in whole if each.required]
    nullable = [quoted(each.name) for each in whole if not each.required]
    prefixed = [f"{quoted(each.name)}(5)" for each in table.columns if each.required and "(20)" in each.kind.key]
    descending = server.version >= ((8, 0) if server.product == "mysql" else (10, 8))
    functional = server.product == "mysql" and server.version >= (8, 0, 13)
    choices: list[tuple[str, ...]] = [
        (),
        (f"primary key ({number})",),
        (f"unique ({number})",),
        (f"primary key ({', '.join([*required[:2], number])})",),
        (f"unique ({', '.join([*nullable[:2], number])})",),
        (f"primary key ({', '.join([*prefixed[:1], number])})",),
        (f"primary key ({number}{' desc' if descending else ''})", *(f"key ({name})" for name in nullable[:1])),
        (f"unique (({number} + 1))",) if functional else (f"unique ({number})", f"key ({number})"),
    ]
    return chance.choice(choices)
