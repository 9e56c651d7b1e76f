"""What a writer has to know of the tables that it writes to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

    SourceConnection = Connection[Cursor]

Connect = Callable[[], "SourceConnection"]
Key = tuple[Any, ...]

COLUMNS = """
select table_name, column_name, lower(data_type), column_type, is_nullable = 'YES', lower(extra),
    character_maximum_length, numeric_precision, numeric_scale, datetime_precision, character_set_name,
    column_default
from information_schema.columns
natural join information_schema.tables
where table_schema = %s
and table_type = 'BASE TABLE'
order by table_name, ordinal_position
"""
KEYS = """
select table_name, index_name, column_name, nullable = 'YES' or sub_part is not null
from information_schema.statistics
where table_schema = %s
and non_unique = 0
order by table_name, index_name <> 'PRIMARY', index_name, seq_in_index
"""
FOREIGN_KEYS = """
select part.table_name, part.constraint_name, part.referenced_table_name,
    part.column_name, part.referenced_column_name, rule.update_rule, rule.delete_rule
from information_schema.key_column_usage as part
join information_schema.referential_constraints as rule
on rule.constraint_schema = part.constraint_schema
and rule.constraint_name = part.constraint_name
and rule.table_name = part.table_name
where part.table_schema = %s
and part.referenced_table_schema = %s
and part.referenced_table_name is not null
order by part.table_name, part.constraint_name, part.ordinal_position
"""
MARIADB_JSON = """
select table_name, check_clause
from information_schema.check_constraints
where constraint_schema = %s
and check_clause like 'json_valid(%%'
"""
UNLOGGED_RULES = ("CASCADE", "SET NULL", "SET DEFAULT")


@dataclass(frozen=True, slots=True)
class Column:
    """A column, with the parts of its type that bound its values."""

    name: str
    data_type: str
    column_type: str
    nullable: bool
    extra: str
    length: int | None
    precision: int | None
    scale: int | None
    fraction: int | None
    charset: str | None
    default: str | None

    @property
    def automatic(self) -> bool:
        """Tell whether the server gives the value if nobody else does."""
        return "auto_increment" in self.extra

    @property
    def generated(self) -> bool:
        return "generated" in self.extra.replace("default_generated", "")

    @property
    def unsigned(self) -> bool:
        return "unsigned" in self.column_type


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    update_rule: str
    delete_rule: str


@dataclass(slots=True)
class Table:
    """A table; `key` are the columns that identify a row, none if there is no such key."""

    name: str
    columns: list[Column]
    key: tuple[str, ...] = ()
    unique: set[str] = field(default_factory=set)
    references: list[Reference] = field(default_factory=list)
    children: list[Reference] = field(default_factory=list)

    @property
    def writable(self) -> list[Column]:
        return [column for column in self.columns if not column.generated]

    @property
    def plain(self) -> list[Column]:
        """The columns that are in no key."""
        keyed = {*self.key, *self.unique, *(name for each in self.references for name in each.columns)}
        return [column for column in self.writable if column.name not in keyed]

    @property
    def key_may_change(self) -> bool:
        """Tell whether the key can change without changes of other tables that are not in the binlog."""
        changed = {column for each in self.children for column in each.parent_columns}
        return bool(self.key) and not changed & set(self.key)

    @property
    def rows_may_go(self) -> bool:
        """Tell whether rows can go without changes of other tables that are not in the binlog."""
        return not any(each.delete_rule in UNLOGGED_RULES for each in self.children)


def read_tables(connection: "SourceConnection", schema: str) -> dict[str, Table]:
    """Read the tables of a schema, by name."""
    tables: dict[str, Table] = {}
    for name, *rest in query(connection, COLUMNS, (schema,)):
        tables.setdefault(name, Table(name, [])).columns.append(Column(*rest))
    read_json_columns(connection, schema, tables)
    read_keys(connection, schema, tables)
    read_foreign_keys(connection, schema, tables)
    return tables


def read_json_columns(connection: "SourceConnection", schema: str, tables: dict[str, Table]) -> None:
    """Find the columns that MariaDB keeps as text with a check."""
    ((version,),) = query(connection, "select version()")
    if "MariaDB" not in version:
        return
    for table, clause in query(connection, MARIADB_JSON, (schema,)):
        columns = tables[table].columns
        columns[:] = [
            replace(column, data_type="json") if f"`{column.name}`" in clause else column for column in columns
        ]


def read_keys(connection: "SourceConnection", schema: str, tables: dict[str, Table]) -> None:
    keys: dict[tuple[str, str], list[tuple[str | None, int]]] = {}
    for table, index, column, loose in query(connection, KEYS, (schema,)):
        keys.setdefault((table, index), []).append((column, loose))
    for (table, _), parts in keys.items():
        if table not in tables:
            continue
        columns = tuple(column for column, _ in parts if column is not None)
        tables[table].unique.update(columns)
        exact = len(columns) == len(parts) and not any(loose for _, loose in parts)
        if exact and not tables[table].key:
            tables[table].key = columns


def read_foreign_keys(connection: "SourceConnection", schema: str, tables: dict[str, Table]) -> None:
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for table, constraint, *part in query(connection, FOREIGN_KEYS, (schema, schema)):
        found.setdefault((table, constraint), []).append(tuple(part))
    for (table, _), parts in found.items():
        parent, _, _, update_rule, delete_rule = parts[0]
        columns, parent_columns = tuple(part[1] for part in parts), tuple(part[2] for part in parts)
        reference = Reference(columns, parent, parent_columns, update_rule, delete_rule)
        tables[table].references.append(reference)
        tables[parent].children.append(reference)


def query(
    connection: "SourceConnection", statement: str, parameters: Sequence[object] | None = None
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def quoted(name: str) -> str:
    """Quote a name for a statement that is executed with parameters, if only with none."""
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"
