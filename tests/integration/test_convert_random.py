"""Random changes of random tables: the target ends as if the table had been created that way."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lab.servers import PostgreSQL
from pg_chameleon.convert.alter.plan import alter_table
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.structure import ddl
from pg_chameleon.convert.structure.target import target_table
from pg_chameleon.model.choices import ZeroDates
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Default, Generated, Index, IndexPart, TableSchema
from tests.integration.convert_support import Target
from tests.rules import some_rules

LONG = "eine_überaus_lange_spalte_deren_name_nicht_in_dreiundsechzig_bytes_passt"
NAMES = ["a", "b", "c", "d", "e", "A", 'q"t', "p%s", "xmin", LONG[:64]]
TABLES = [TableName("s1", "t"), TableName("s1", "u"), TableName("s2", "t"), TableName("s2", LONG[:64])]
TYPES = [
    *("int", "int unsigned", "bigint", "bigint unsigned", "tinyint(1)", "decimal(10,2)", "decimal(20,5)", "float"),
    *("double", "bit(1)", "bit(9)", "year", "char(3)", "varchar(10)", "varchar(700)", "text", "longtext", "blob"),
    *("binary(3)", "varbinary(9)", "date", "datetime", "datetime(6)", "timestamp", "timestamp(3)", "time", "time(2)"),
    *("enum('x','y')", "enum('y','x','z')", "enum('')", "set('x','y')", "json", "point", "geometry"),
]
INDEXED = ("int", "bigint", "decimal", "char", "varchar", "text", "date", "datetime", "enum", "tinyint", "varbinary")
DEFAULTS = {
    "int": "5",
    "bigint": "-7",
    "varchar": "it's",
    "char": "",
    "enum": "y",
    "decimal": "1.50",
    "date": "2024-02-29",
}
RULES = [some_rules(), some_rules(zero_dates=ZeroDates.INFINITY), some_rules(zero_dates=ZeroDates.ERROR)]


@pytest.fixture(scope="module")
def target(postgres: PostgreSQL) -> Iterator[Target]:
    postgres.create_database("db_convert_random")
    connection = postgres.connect("db_convert_random")
    with connection.cursor() as cursor:
        yield Target(cursor)
    connection.close()
    postgres.execute("drop database db_convert_random")


def random_column(chance: random.Random, name: str) -> Column:
    column = Column(name, chance.choice(TYPES), nullable=chance.random() < 0.6, comment=chance.choice(["", "", "it's"]))
    base = column.type.base
    if base in ("char", "varchar", "text", "longtext", "enum", "set"):
        column = replace(column, charset=chance.choice(["utf8mb4", "latin1"]))
    if base in DEFAULTS and chance.random() < 0.5:
        column = replace(column, default=Default(DEFAULTS[base], literal=True))
    return column


def random_indexes(chance: random.Random, columns: tuple[Column, ...]) -> tuple[Index, ...]:
    usable = [column for column in columns if column.type.base in INDEXED]
    indexes = []
    for name in ("PRIMARY", "k1", "k2", LONG[:64]):
        if usable and chance.random() < 0.5:
            chosen = chance.sample(usable, chance.randint(1, min(3, len(usable))))
            parts = tuple(random_part(chance, column, name == "PRIMARY") for column in chosen)
            unique = name == "PRIMARY" or chance.random() < 0.3
            indexes.append(Index(name, parts, unique=unique, comment=chance.choice(["", "", "why"])))
    texts = [column for column in columns if column.type.base in ("varchar", "text", "longtext")]
    if texts and chance.random() < 0.3:
        indexes.append(Index("words", tuple(IndexPart(column.name) for column in texts), kind="fulltext"))
    return tuple(indexes)


def random_part(chance: random.Random, column: Column, primary: bool) -> IndexPart:
    textual = column.type.base in ("varchar", "text", "varbinary")
    prefix = chance.choice([2, 5]) if textual and (column.type.base == "text" or chance.random() < 0.5) else None
    return IndexPart(column.name, prefix, descending=not primary and chance.random() < 0.2)


def with_keys(chance: random.Random, table: TableSchema) -> TableSchema:
    """Make columns of the primary key NOT NULL, as the servers do, and one of them a counter."""
    key = table.primary_key
    keyed = {part.column for part in key.parts} if key else set()
    columns = tuple(replace(each, nullable=each.nullable and each.name not in keyed) for each in table.columns)
    first = key.parts[0].column if key else None
    if chance.random() < 0.6:
        columns = tuple(
            replace(each, auto_increment=True, default=None)
            if each.name == first and each.type.base in ("int", "bigint")
            else each
            for each in columns
        )
    return replace(table, columns=columns)


def random_table(chance: random.Random) -> TableSchema:
    names = chance.sample(NAMES, chance.randint(1, 6))
    columns = tuple(random_column(chance, name) for name in names if name != "A" or "a" not in names)
    columns = columns or (Column("a", "int"),)
    table = TableSchema(
        chance.choice(TABLES), columns, random_indexes(chance, columns), comment=chance.choice(["", "x"])
    )
    return with_keys(chance, table)


def random_change(chance: random.Random, before: TableSchema) -> tuple[TableSchema, tuple[str | None, ...]]:
    after = random_table(chance)
    if chance.random() < 0.5:
        after = replace(after, name=before.name)
    old = list(before.columns)
    chance.shuffle(old)
    columns, origins = [], []
    for column in after.columns:
        origin = old.pop() if old and chance.random() < 0.7 else None
        origins.append(origin.name if origin else None)
        # Half of them keep all but their name.
        columns.append(replace(origin, name=column.name) if origin and chance.random() < 0.5 else column)
    kept = tuple(replace(column, auto_increment=False) for column in columns)
    changed = replace(after, columns=kept, indexes=random_indexes(chance, kept))
    return with_keys(chance, changed), tuple(origins)


def with_generated(chance: random.Random, table: TableSchema) -> TableSchema:
    """Add a column that PostgreSQL can generate, or one that it cannot."""
    numbers = [column.name for column in table.columns if column.type.base in ("int", "bigint")]
    if not numbers or chance.random() < 0.5:
        return table
    sign = chance.choice("*-/")
    generated = Generated(f"(`{numbers[0]}` {sign} 2)", stored=True)
    column = Column("g", chance.choice(["bigint", "decimal(12,2)"]), generated=generated)
    index = (Index("on_g", (IndexPart("g"),)),) if chance.random() < 0.5 else ()
    return replace(table, columns=(*table.columns, column), indexes=table.indexes + index)


@pytest.mark.parametrize("seed", range(150))
def test_changed_table_is_what_a_new_one_would_be(seed: int, target: Target) -> None:
    chance = random.Random(seed)
    rules = chance.choice(RULES)
    before = random_table(chance)
    after, origins = random_change(chance, before)
    before, after = with_generated(chance, before), with_generated(chance, after)
    if after.column("g") is not None:
        kept = before.column("g") is not None and chance.random() < 0.7
        origins = (*origins, "g" if kept else None)
    for name in ("s1", "s2", "fresh"):
        target.make_schema(name)
    target.make(before, rules, before.name.schema)
    leave_others_in_the_way(target, before, after, rules)
    target.run(
        alter_table(before, after, origins, rules, schema_name=before.name.schema, new_schema_name=after.name.schema)
    )
    fresh = target.make(after, rules, "fresh")
    followed, made = target.catalogue(fresh, after.name.schema), target.catalogue(fresh, "fresh")
    assert followed[:2] == made[:2]
    if before.name == after.name:
        assert followed[2] == made[2]


def leave_others_in_the_way(target: Target, before: TableSchema, after: TableSchema, rules: Rules) -> None:
    """Put another table of the former name into the new schema, when the table moves to another name there."""
    if before.name.schema != after.name.schema and before.name.table != after.name.table:
        target.run(ddl.create_table(target_table(before, rules), after.name.schema))
        target.run(ddl.create_indexes(target_table(before, rules), after.name.schema))
