"""Random statements about the tables that a server has: most of them valid, some refused, some half done."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from pymysql.connections import Connection
from pymysql.cursors import Cursor

from lab.workload.structure import query
from tests.random_ddl.columns import CHARSETS, Traits, random_definition, random_type

NAMES = ("t", "u", "v", "w", "Mixed", "with space", "x" * 64, "x" * 63 + "y", "é", "order")
COLUMN_NAMES = ("a", "b", "c", "d", "e", "A_b", "group", "x y", "é", "c" * 64, "c" * 63 + "d", "ctid", "it's")

_COLUMNS = """
select table_schema, table_name, column_name, column_type, lower(extra) from information_schema.columns
natural join information_schema.tables
where table_schema in %s and table_type = 'BASE TABLE' order by table_schema, table_name, ordinal_position"""
_INDEXES = """
select table_schema, table_name, index_name from information_schema.statistics
where table_schema in %s order by table_schema, table_name, index_name, seq_in_index"""
_CONSTRAINTS = """
select table_schema, table_name, constraint_name, constraint_type from information_schema.table_constraints
where table_schema in %s and constraint_type in ('FOREIGN KEY', 'CHECK')
order by table_schema, table_name, constraint_name"""


@dataclass(slots=True)
class Known:
    """What the server has of a table."""

    schema: str
    name: str
    columns: dict[str, str]
    generated: set[str]
    indexes: list[str]
    foreign: list[str]
    checks: list[str]

    @property
    def full_name(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"


def quoted(name: str) -> str:
    return f"`{name}`"


def known_tables(connection: Connection[Cursor], schemas: tuple[str, ...]) -> list[Known]:
    """Read the tables of the schemas."""
    found: dict[tuple[str, str], Known] = {}
    for schema, table, column, kind, extra in query(connection, _COLUMNS, (schemas,)):
        known = found.setdefault((schema, table), Known(schema, table, {}, set(), [], [], []))
        known.columns[column] = kind
        if " generated" in f" {extra}".replace(" default_generated", ""):
            known.generated.add(column)
    for schema, table, index in query(connection, _INDEXES, (schemas,)):
        if (schema, table) in found and index not in found[schema, table].indexes:
            found[schema, table].indexes.append(index)
    for schema, table, name, kind in query(connection, _CONSTRAINTS, (schemas,)):
        if (schema, table) in found:
            known = found[schema, table]
            (known.foreign if kind == "FOREIGN KEY" else known.checks).append(name)
    return list(found.values())


class RandomDdl:
    """Writes statements. ``mapped``: the schemas that are replicated; ``outside``: one that is not."""

    def __init__(self, rng: random.Random, traits: Traits, mapped: tuple[str, ...], outside: str) -> None:
        self.rng = rng
        self.traits = traits
        self.mapped = mapped
        self.outside = outside
        self.tables: list[Known] = []

    def statement(self, tables: list[Known]) -> str:
        """Write a statement about these tables."""
        self.tables = tables
        inside = [table for table in tables if table.schema in self.mapped]
        if len(inside) < 3 or self.rng.random() < 0.08:
            return self._create()
        makers = (
            (self._alter, 60), (self._rename, 8), (self._drop, 3), (self._truncate, 3), (self._index, 6),
            (self._create, 3), (self._like, 3), (self._select, 2), (self._temporary, 2), (self._database, 1),
        )  # fmt: skip
        (maker,) = self.rng.choices([each for each, _ in makers], [weight for _, weight in makers])
        return maker()

    # ---- Names

    def _table(self) -> Known:
        inside = [table for table in self.tables if table.schema in self.mapped]
        return self.rng.choice(inside if inside and self.rng.random() < 0.95 else self.tables)

    def _new_name(self, schema: str | None = None) -> str:
        schemas = (*self.mapped, self.mapped[0], self.mapped[0], self.outside)
        return f"{quoted(schema or self.rng.choice(schemas))}.{quoted(self.rng.choice(NAMES))}"

    def _new_column(self, table: Known | None = None) -> str:
        """Return a name that the table has not yet, most of the times."""
        name = self.rng.choice(COLUMN_NAMES)
        return self.rng.choice(COLUMN_NAMES) if table is not None and name in table.columns else name

    def _maybe(self, words: str, chance: float = 0.1) -> str:
        return words if self.rng.random() < chance else ""

    # ---- Statements

    def _create(self) -> str:
        rng = self.rng
        name = self._new_name()
        columns: dict[str, str] = {}
        key = rng.choice(("none", "numbers", "numbers", "one", "several"))
        if key == "numbers":
            columns["id"] = rng.choice(("int auto_increment", "bigint unsigned not null auto_increment", "serial"))
        for _ in range(rng.randint(1, 5)):
            columns[self._new_column()] = random_definition(rng, self.traits, list(columns))
        elements = [f"{quoted(column)} {definition}" for column, definition in columns.items()]
        if key == "numbers":
            elements.append("primary key (id)")
        elif key != "none":
            chosen = rng.sample(list(columns), min(len(columns), 1 if key == "one" else 2))
            elements.append(f"primary key ({self._parts(chosen, columns)})")
        for _ in range(rng.randint(0, 2)):
            elements.append(self._key(columns))
        options = self._maybe(" engine=MyISAM", 0.03) + self._maybe(f" charset={rng.choice(CHARSETS)}", 0.2)
        options += self._maybe(" comment 'it''s'") + self._maybe(" partition by key () partitions 2", 0.03)
        start = "create table " + self._maybe("if not exists ")
        if self.traits.mariadb:
            start = rng.choice((start, "create or replace table ", start))
        return f"{start}{name} ({', '.join(elements)}){options}"

    def _parts(self, chosen: list[str], kinds: dict[str, str]) -> str:
        parts = []
        for column in chosen:
            kind = kinds[column].lower()
            prefix = "(3)" if ("text" in kind or "blob" in kind) else self._maybe("(2)", 0.2) if "char(" in kind else ""
            parts.append(quoted(column) + prefix + self._maybe(" desc"))
        return ", ".join(parts)

    def _key(self, kinds: dict[str, str]) -> str:
        rng = self.rng
        chosen = rng.sample(list(kinds), rng.randint(1, min(3, len(kinds))))
        kind = rng.choice(("key", "key", "index", "unique key", "unique", "fulltext key"))
        name = rng.choice(("", quoted(rng.choice(("k", "K2", "a", "b", "é", "k" * 64)))))
        if kind == "fulltext key":
            return f"{kind} {name} ({', '.join(map(quoted, chosen))})"
        return f"{kind} {name} ({self._parts(chosen, kinds)})"

    def _like(self) -> str:
        start = f"create table {self._maybe('if not exists ')}{self._new_name()}"
        return f"{start} like {self.rng.choice(self.tables).full_name}"

    def _select(self) -> str:
        origin = self.rng.choice(self.tables)
        chosen = self.rng.sample(list(origin.columns), self.rng.randint(1, len(origin.columns)))
        columns = ", ".join(map(quoted, chosen))
        more = self.rng.choice(("", "", " (extra int default 5)", " (primary key (id))"))
        return f"create table {self._new_name()}{more} select {columns} from {origin.full_name}"

    def _drop(self) -> str:
        several = self.rng.sample(self.tables, min(len(self.tables), self.rng.choice((1, 1, 2))))
        names = [table.full_name for table in several]
        if self.rng.random() < 0.3:
            names.insert(self.rng.randint(0, len(names)), f"{quoted(self.mapped[0])}.`not there`")
        return f"drop table {self._maybe('if exists ', 0.3)}{', '.join(names)}"

    def _truncate(self) -> str:
        return f"truncate {self._maybe('table ', 0.5)}{self._table().full_name}"

    def _rename(self) -> str:
        rng = self.rng
        one, other = self._table(), self._table()
        passing = f"{quoted(rng.choice((one.schema, self.mapped[-1])))}.`passing`"
        ways = [
            f"{one.full_name} to {self._new_name()}",
            f"{one.full_name} to {self._new_name(one.schema)}",
            f"{one.full_name} to {passing}, {other.full_name} to {one.full_name}, {passing} to {other.full_name}",
            f"{one.full_name} to {passing}, {other.full_name} to {one.full_name}, {passing} to {self._new_name()}",
            f"{one.full_name} to {quoted(one.schema)}.{quoted(one.name.swapcase())}",
            f"{one.full_name} to {quoted(self.outside)}.`passing`, {quoted(self.outside)}.`passing` to {one.full_name}",
        ]
        return f"rename table {rng.choice(ways)}"

    def _index(self) -> str:
        table = self._table()
        if table.indexes and self.rng.random() < 0.4:
            return f"drop index {quoted(self.rng.choice(table.indexes))} on {table.full_name}"
        chosen = self.rng.sample(list(table.columns), self.rng.randint(1, min(2, len(table.columns))))
        kind = self.rng.choice(("", "", "unique "))
        name = quoted(self.rng.choice(("i", "I2", "é")))
        return f"create {kind}index {name} on {table.full_name} ({self._parts(chosen, table.columns)})"

    def _temporary(self) -> str:
        table = self._table()
        return self.rng.choice((
            f"create temporary table {table.full_name} (shadow int)",
            f"create temporary table {table.full_name} like {self._table().full_name}",
            f"drop temporary table if exists {table.full_name}",
        ))  # fmt: skip

    def _database(self) -> str:
        schema = self.rng.choice(self.mapped)
        return f"alter database {quoted(schema)} character set {self.rng.choice(('utf8mb4', 'latin1', 'utf8mb3'))}"

    # ---- ALTER TABLE

    def _alter(self) -> str:
        table = self._table()
        actions = [self._action(table) for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3, 4)))]
        ignore = "ignore " if self.traits.mariadb and self.rng.random() < 0.02 else ""
        return f"alter {ignore}table {table.full_name} {', '.join(actions)}"

    def _action(self, table: Known) -> str:
        makers: tuple[tuple[Callable[[Known], str], int], ...] = (
            (self._add_column, 20), (self._drop_column, 8), (self._modify, 18), (self._change, 8),
            (self._rename_column, 5), (self._swap, 4), (self._replace, 3), (self._shift, 3), (self._default, 5),
            (self._add_key, 10), (self._drop_key, 6), (self._primary, 6), (self._foreign, 5), (self._option, 8),
            (self._convert, 4), (self._rename_to, 3), (self._check, 2), (self._partition, 2),
        )  # fmt: skip
        (maker,) = self.rng.choices([each for each, _ in makers], [weight for _, weight in makers])
        return maker(table)

    def _definition(self, table: Known) -> str:
        return random_definition(self.rng, self.traits, list(table.columns))

    def _column(self, table: Known) -> str:
        return self.rng.choice(list(table.columns))

    def _place(self, table: Known) -> str:
        return self.rng.choice(("", "", "", " first", f" after {quoted(self._column(table))}"))

    def _exists(self, words: str) -> str:
        return f" {words}" if self.traits.mariadb and self.rng.random() < 0.2 else ""

    def _add_column(self, table: Known) -> str:
        if self.rng.random() < 0.15:
            both = [f"{quoted(self._new_column(table))} {self._definition(table)}" for _ in range(2)]
            return f"add ({', '.join(both)})"
        exists = self._exists("if not exists")
        return f"add column{exists} {quoted(self._new_column(table))} {self._definition(table)}{self._place(table)}"

    def _drop_column(self, table: Known) -> str:
        column = self._column(table) if self.rng.random() < 0.97 else self._new_column()
        return f"drop column{self._exists('if exists')} {quoted(column)}"

    def _like_type(self, table: Known, column: str) -> str:
        """Return a definition for a column that is there: of its type, or of another one."""
        if self.rng.random() < 0.7:
            return random_definition(self.rng, self.traits, [], plain=True, words=(table.columns[column], None))
        return random_definition(self.rng, self.traits, [], plain=self.rng.random() < 0.9)

    def _modify(self, table: Known) -> str:
        column = self._column(table)
        exists = self._exists("if exists")
        return f"modify column{exists} {quoted(column)} {self._like_type(table, column)}{self._place(table)}"

    def _change(self, table: Known) -> str:
        column = self._column(table)
        new = self.rng.choice((self._new_column(table), column, column.swapcase()))
        return f"change {quoted(column)} {quoted(new)} {self._like_type(table, column)}{self._place(table)}"

    def _rename_column(self, table: Known) -> str:
        column = self._column(table)
        new = self.rng.choice((self._new_column(table), self._new_column(table), column.swapcase()))
        return f"rename column {quoted(column)} to {quoted(new)}"

    def _swap(self, table: Known) -> str:
        one, other = (self.rng.sample(list(table.columns), 2) * 2)[:2] if len(table.columns) > 1 else ("a", "b")
        if self.rng.random() < 0.5:
            return f"rename column {quoted(one)} to {quoted(other)}, rename column {quoted(other)} to {quoted(one)}"
        kinds = [table.columns.get(each, "int") for each in (one, other)]
        return f"change {quoted(one)} {quoted(other)} {kinds[0]}, change {quoted(other)} {quoted(one)} {kinds[1]}"

    def _replace(self, table: Known) -> str:
        column = self._column(table)
        return f"drop {quoted(column)}, add {quoted(column)} {self._definition(table)}"

    def _shift(self, table: Known) -> str:
        column = self._column(table)
        rename = f"change {quoted(column)} {quoted(self._new_column(table))} {table.columns[column]}"
        return f"{rename}, add {quoted(column)} {self._definition(table)}{self._place(table)}"

    def _default(self, table: Known) -> str:
        column = self._column(table)
        _, literals = random_type(self.rng, self.traits)
        literal = literals(self.rng) if literals else "null"
        if literal.startswith("current"):
            literal = "null"
        return f"alter {quoted(column)} {self.rng.choice((f'set default {literal}', 'drop default'))}"

    def _add_key(self, table: Known) -> str:
        return f"add {self._key(table.columns)}"

    def _drop_key(self, table: Known) -> str:
        if not table.indexes:
            return self._add_key(table)
        index = self.rng.choice(table.indexes)
        if self.rng.random() < 0.3:
            return f"rename index {quoted(index)} to {quoted(self.rng.choice(('k', 'renamed', 'K2')))}"
        return f"drop key {quoted(index)}" if index != "PRIMARY" else "drop primary key"

    def _primary(self, table: Known) -> str:
        chosen = self.rng.sample(list(table.columns), self.rng.randint(1, min(3, len(table.columns))))
        add = f"add primary key ({self._parts(chosen, table.columns)})"
        return f"drop primary key, {add}" if "PRIMARY" in table.indexes else add

    def _foreign(self, table: Known) -> str:
        if table.foreign and self.rng.random() < 0.5:
            return f"drop foreign key {quoted(self.rng.choice(table.foreign))}"
        other = self.rng.choice(self.tables)
        pairs = [
            (own, its) for own, kind in table.columns.items() for its in other.columns if other.columns[its] == kind
        ]
        if not pairs:
            return self._add_column(table)
        column, referenced = self.rng.choice(pairs)
        name = self.rng.choice(("", "", f"constraint {quoted(self.rng.choice(('f', 'F2', 'g')))} "))
        rule = self.rng.choice(("", "", " on delete no action"))
        return f"add {name}foreign key ({quoted(column)}) references {other.full_name} ({quoted(referenced)}){rule}"

    def _option(self, _table: Known) -> str:
        options = [
            "comment = 'new'", "auto_increment = 1000", "row_format = dynamic", "force", "engine = InnoDB",
            "disable keys", "stats_persistent = 1", "default character set latin1", "character set utf8mb4",
        ]  # fmt: skip
        if self.rng.random() < 0.05:
            options += ["engine = MyISAM"] * 5
        if self.rng.random() < 0.2:
            options = ["algorithm = inplace", "algorithm = copy", "lock = none", "lock = shared"]
        return self.rng.choice(options)

    def _convert(self, table: Known) -> str:
        if self.rng.random() < 0.2:
            return f"order by {quoted(self._column(table))}"
        return f"convert to character set {self.rng.choice(CHARSETS[:4])}"

    def _rename_to(self, _table: Known) -> str:
        return f"rename {self.rng.choice(('to ', 'as ', ''))}{self._new_name()}"

    def _check(self, table: Known) -> str:
        if self.traits.old:
            return "force"
        if table.checks and self.rng.random() < 0.5:
            return f"drop constraint {quoted(self.rng.choice(table.checks))}"
        return f"add {self._maybe('constraint chk ', 0.5)}check ({quoted(self._column(table))} is not null or 1 = 1)"

    def _partition(self, _table: Known) -> str:
        return self.rng.choice((
            "partition by key () partitions 3", "remove partitioning", "add partition partitions 2",
            "coalesce partition 1", "rebuild partition all",
        ))  # fmt: skip
