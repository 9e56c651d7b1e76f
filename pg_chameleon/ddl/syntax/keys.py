"""Parse indexes, foreign keys, checks and periods."""

from __future__ import annotations

from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.definitions import (
    CheckDefinition,
    ForeignKeyDefinition,
    KeyDefinition,
    KeyKind,
    KeyPart,
    PeriodDefinition,
)
from pg_chameleon.ddl.syntax.options import accept_engine_attribute
from pg_chameleon.model.names import TableName

TableElement = KeyDefinition | ForeignKeyDefinition | CheckDefinition | PeriodDefinition


def table_element(cursor: Cursor) -> TableElement | None:
    """Consume a key, a constraint or a period, if one comes next; None if it is a column."""
    word = cursor.word
    if word in ("KEY", "INDEX"):
        cursor.index += 1
        return _key(cursor, KeyKind.INDEX)
    if word == "CONSTRAINT":
        cursor.index += 1
        return _named_constraint(cursor)
    if word in ("PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
        return _constraint(cursor, None, False)
    if word in ("FULLTEXT", "SPATIAL") or cursor.at("VECTOR", "INDEX") or cursor.at("VECTOR", "KEY"):
        cursor.index += 1
        cursor.accept_one("KEY", "INDEX")
        return _key(cursor, KeyKind[word])
    if cursor.at("PERIOD", "FOR") or cursor.at("PERIOD", "IF", "NOT", "EXISTS"):
        return _period(cursor)
    return None


def _named_constraint(cursor: Cursor) -> TableElement:
    if_not_exists = cursor.accept_all("IF", "NOT", "EXISTS")
    name = None
    if cursor.word not in ("PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
        name = cursor.identifier()
        if cursor.accept("."):  # MySQL lets a schema stand before the name of a constraint
            name = cursor.identifier()
    return _constraint(cursor, name, if_not_exists)


def _constraint(cursor: Cursor, name: str | None, if_not_exists: bool) -> TableElement:
    word = cursor.expect_one("PRIMARY", "UNIQUE", "FOREIGN", "CHECK")
    if word == "PRIMARY":
        cursor.expect("KEY")
        return _key(cursor, KeyKind.PRIMARY, name, if_not_exists)
    if word == "UNIQUE":
        cursor.accept_one("KEY", "INDEX")
        return _key(cursor, KeyKind.UNIQUE, name, if_not_exists)
    if word == "FOREIGN":
        return _foreign_key(cursor, name, if_not_exists)
    expression, enforced = check_expression(cursor)
    return CheckDefinition(name, expression, enforced, if_not_exists)


def check_expression(cursor: Cursor) -> tuple[str, bool]:
    """Consume ``(expression) [[NOT] ENFORCED]``."""
    expression = cursor.balanced()
    enforced = not cursor.accept_all("NOT", "ENFORCED")
    if enforced:
        cursor.accept("ENFORCED")
    return expression, enforced


def _key(cursor: Cursor, kind: KeyKind, constraint: str | None = None, if_not_exists: bool = False) -> KeyDefinition:
    if_not_exists |= cursor.accept_all("IF", "NOT", "EXISTS")
    name = None if _at_algorithm(cursor) or cursor.word == "(" else cursor.identifier()
    return key_body(cursor, kind, name if name is not None else constraint, if_not_exists)


def _at_algorithm(cursor: Cursor) -> bool:
    """Tell whether USING or TYPE comes next as a clause; a key may also be named ``type``."""
    return cursor.word == "USING" or (cursor.word == "TYPE" and cursor.peek(1) in ("BTREE", "HASH", "RTREE"))


def key_body(cursor: Cursor, kind: KeyKind, name: str | None, if_not_exists: bool = False) -> KeyDefinition:
    """Consume what follows an index's name: its algorithm, its parts and its options."""
    algorithm = accept_algorithm(cursor)
    parts = cursor.parenthesised(lambda: _key_part(cursor))
    comment = ""
    while True:
        if cursor.accept("COMMENT"):
            cursor.accept("=")
            comment = cursor.string()
        elif _at_algorithm(cursor):
            algorithm = accept_algorithm(cursor)
        elif not _accept_index_option(cursor):
            return KeyDefinition(kind, name, parts, algorithm, comment, if_not_exists)


def accept_algorithm(cursor: Cursor) -> str | None:
    """Consume ``USING`` or ``TYPE`` with BTREE, HASH or RTREE, if it comes next."""
    if not _at_algorithm(cursor):
        return None
    cursor.index += 1
    return cursor.expect_one("BTREE", "HASH", "RTREE")


def _accept_index_option(cursor: Cursor) -> bool:
    """Consume an option of an index that does not touch its structure."""
    if cursor.accept_one("VISIBLE", "INVISIBLE", "IGNORED"):
        return True
    if cursor.accept_all("NOT", "IGNORED"):
        return True
    if cursor.accept_all("WITH", "PARSER"):
        cursor.identifier()
        return True
    if cursor.accept("KEY_BLOCK_SIZE"):
        cursor.accept("=")
        cursor.number()
        return True
    return accept_engine_attribute(cursor)


def _key_part(cursor: Cursor) -> KeyPart:
    if cursor.word == "(":
        expression = cursor.balanced()
        return KeyPart(None, None, _descending(cursor), expression)
    column = cursor.identifier()
    length = None
    if cursor.accept("("):
        length = cursor.number()
        cursor.expect(")")
    if cursor.accept_all("WITHOUT", "OVERLAPS"):
        return KeyPart(column)
    return KeyPart(column, length, _descending(cursor))


def _descending(cursor: Cursor) -> bool:
    return cursor.accept_one("ASC", "DESC") == "DESC"


def _foreign_key(cursor: Cursor, constraint: str | None, if_not_exists: bool) -> ForeignKeyDefinition:
    cursor.expect("KEY")
    if_not_exists |= cursor.accept_all("IF", "NOT", "EXISTS")
    index = None if cursor.word == "(" else cursor.identifier()
    columns = cursor.parenthesised(lambda: _referencing_column(cursor))
    cursor.expect("REFERENCES")
    return references(cursor, constraint, index, columns, if_not_exists)


def _referencing_column(cursor: Cursor) -> str:
    part = _key_part(cursor)
    if part.column is None or part.length is not None:
        raise cursor.refused("expected a whole column in a foreign key")
    return part.column


def _referenced_table(cursor: Cursor) -> TableName:
    """Consume a table's name; without a schema it is in that of the referencing table, not in the default one."""
    first = cursor.identifier()
    return TableName(first, cursor.identifier_after_dot()) if cursor.accept(".") else TableName("", first)


def references(
    cursor: Cursor,
    constraint: str | None,
    index: str | None,
    columns: tuple[str, ...],
    if_not_exists: bool = False,
) -> ForeignKeyDefinition:
    """Consume what follows REFERENCES: the table, its columns and the rules."""
    table = _referenced_table(cursor)
    referenced = cursor.parenthesised(lambda: _referencing_column(cursor)) if cursor.word == "(" else ()
    if cursor.accept("MATCH"):
        cursor.expect_one("FULL", "PARTIAL", "SIMPLE")
    rules: dict[str, str] = {}
    while cursor.word == "ON" and cursor.peek(1) in ("DELETE", "UPDATE") and cursor.peek(2) in _RULES:
        cursor.index += 1
        event = cursor.expect_one("DELETE", "UPDATE")
        rules[event] = _rule(cursor)
    return ForeignKeyDefinition(
        constraint, index, columns, table, referenced, rules.get("DELETE"), rules.get("UPDATE"), if_not_exists
    )


_RULES = ("CASCADE", "RESTRICT", "SET", "NO")


def _rule(cursor: Cursor) -> str:
    first = cursor.expect_one(*_RULES)
    if first == "SET":
        return f"SET {cursor.expect_one('NULL', 'DEFAULT')}"
    if first == "NO":
        cursor.expect("ACTION")
        return "NO ACTION"
    return first


def _period(cursor: Cursor) -> PeriodDefinition:
    cursor.expect("PERIOD")
    if_not_exists = cursor.accept_all("IF", "NOT", "EXISTS")
    cursor.expect("FOR")
    name = cursor.identifier()
    cursor.expect("(")
    start = cursor.identifier()
    cursor.expect(",")
    end = cursor.identifier()
    cursor.expect(")")
    return PeriodDefinition(name, start, end, if_not_exists)
