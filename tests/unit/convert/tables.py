"""Tables for tests of the conversion."""

from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Default, Index, IndexPart, TableSchema

NAME = TableName("shop", "item")


def column(name: str, column_type: str = "int", **properties: object) -> Column:
    """Make a column; text has utf8mb4 if nothing else is said."""
    plain = Column(name, column_type)
    textual = plain.type.base in ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set")
    if textual:
        properties.setdefault("charset", "utf8mb4")
    return Column(name, column_type, **properties)  # type: ignore[arg-type]


def table(*columns: Column, key: str | None = None, indexes: tuple[Index, ...] = ()) -> TableSchema:
    """Make a table, with a primary key on one column."""
    primary = (index("PRIMARY", key, unique=True),) if key else ()
    return TableSchema(NAME, columns, (*primary, *indexes))


def index(name: str, *parts: str | tuple[str, int], unique: bool = False, kind: str = "btree") -> Index:
    """Make an index of columns; with a number, of the first characters of a column."""
    made = tuple(IndexPart(part) if isinstance(part, str) else IndexPart(*part) for part in parts)
    return Index(name, made, unique=unique, kind=kind)


def literal(text: str) -> Default:
    return Default(text, literal=True)


def expression(text: str) -> Default:
    return Default(text, literal=False)
