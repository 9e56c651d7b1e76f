"""Parse a column's definition: its type, and every attribute that MySQL and MariaDB know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.definitions import (
    CheckDefinition,
    ColumnDefinition,
    DataType,
    DefaultClause,
    DefaultKind,
    GeneratedClause,
    RowPeriod,
)
from pg_chameleon.ddl.syntax.keys import check_expression, references
from pg_chameleon.ddl.syntax.options import accept_engine_attribute
from pg_chameleon.ddl.syntax.type_clauses import charset_name, compressed, parse_type
from pg_chameleon.model.source.modes import MARIADB_EMPTY_STRING_IS_NULL

_NOW = ("CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP")
_TEMPORAL = ("DATE", "TIME", "TIMESTAMP")
_OF_TYPE = (
    "collation",
    "srid",
    "compressed",
)  # attributes of the type that may stand among those of the column


def column_definition(cursor: Cursor) -> ColumnDefinition:
    """Consume a column's name, type and attributes."""
    return column_without_name(cursor, cursor.column_name())


def column_without_name(cursor: Cursor, name: str) -> ColumnDefinition:
    """Consume a column's type and attributes."""
    data_type = parse_type(cursor)
    values: dict[str, Any] = {}  # the fields of ColumnDefinition, which its constructor checks
    if data_type.base == "serial":
        data_type = DataType("bigint", unsigned=True)
        values = {"nullable": False, "auto_increment": True, "unique": True}
    start = cursor.index
    while _attribute(cursor, data_type, values):
        start = cursor.index
    cursor.index = start
    late = {key: values.pop(key) for key in _OF_TYPE if key in values}
    return ColumnDefinition(name, replace(data_type, **late) if late else data_type, **values)


def _attribute(cursor: Cursor, data_type: DataType, values: dict[str, Any]) -> bool:
    """Consume one attribute into ``values``; tell whether there was one."""
    rule = _ATTRIBUTES.get(cursor.word)
    if rule is None:
        return accept_engine_attribute(cursor)
    cursor.index += 1
    return bool(rule(cursor, data_type, values))


def _null(_cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["nullable"] = True
    return True


def _not(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    if cursor.accept("NULL"):
        values["nullable"] = False
    elif not cursor.accept("SECONDARY"):
        raise cursor.refused("expected NULL")
    return True


def _default(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["default"] = default_clause(cursor)
    return True


def _on(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    cursor.expect("UPDATE")
    now = _now(cursor)
    if now is None:
        raise cursor.refused("expected CURRENT_TIMESTAMP")
    values["on_update"] = now
    return True


def _auto_increment(_cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values.update(auto_increment=True, nullable=False)  # a NULL that follows takes it back
    return True


def _serial(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    cursor.expect("DEFAULT", "VALUE")
    values.update(nullable=False, auto_increment=True, unique=True)
    return True


def _primary(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    cursor.accept("KEY")
    values["primary"] = True
    return True


def _key(_cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["primary"] = True
    return True


def _unique(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    cursor.accept("KEY")
    values["unique"] = True
    return True


def _comment(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["comment"] = cursor.string()
    return True


def _collate(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["collation"] = charset_name(cursor)
    return True


def _column_format(cursor: Cursor, _type: DataType, _values: dict[str, Any]) -> bool:
    cursor.expect_one("FIXED", "DYNAMIC", "DEFAULT")
    return True


def _storage(cursor: Cursor, _type: DataType, _values: dict[str, Any]) -> bool:
    cursor.expect_one("DISK", "MEMORY", "DEFAULT")
    return True


def _generated(cursor: Cursor, data_type: DataType, values: dict[str, Any]) -> bool:
    cursor.expect("ALWAYS", "AS")
    return _as(cursor, data_type, values)


def _as(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    if cursor.accept("ROW"):
        start = cursor.expect_one("START", "END") == "START"
        values["row_period"] = RowPeriod.START if start else RowPeriod.END
        return True
    expression = cursor.balanced()
    stored = cursor.accept_one("VIRTUAL", "STORED", "PERSISTENT") in ("STORED", "PERSISTENT")
    values["generated"] = GeneratedClause(expression, stored)
    return True


def _invisible(_cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["invisible"] = True
    return True


def _visible(_cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["invisible"] = False
    return True


def _references(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["references"] = references(cursor, None, None, ())
    return True


def _constraint(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    name = None if cursor.word == "CHECK" else cursor.identifier()
    if not cursor.accept("CHECK"):
        # A CONSTRAINT of the next kind belongs to the table; MySQL puts it after the column without a comma.
        raise cursor.refused("expected CHECK")
    return _add_check(cursor, name, values)


def _check(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    return _add_check(cursor, None, values)


def _add_check(cursor: Cursor, name: str | None, values: dict[str, Any]) -> bool:
    expression, enforced = check_expression(cursor)
    values["checks"] = (*values.get("checks", ()), CheckDefinition(name, expression, enforced))
    return True


def _srid(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    values["srid"] = cursor.number()
    return True


def _ref_system_id(cursor: Cursor, _type: DataType, _values: dict[str, Any]) -> bool:
    cursor.expect("=")
    cursor.number()
    return True


def _compressed(cursor: Cursor, _type: DataType, values: dict[str, Any]) -> bool:
    cursor.index -= 1
    values["compressed"] = compressed(cursor)
    return True


def _versioning(cursor: Cursor, _type: DataType, _values: dict[str, Any]) -> bool:
    return cursor.accept_all("SYSTEM", "VERSIONING")


_ATTRIBUTES = {
    "NULL": _null,
    "NOT": _not,
    "DEFAULT": _default,
    "ON": _on,
    "AUTO_INCREMENT": _auto_increment,
    "SERIAL": _serial,
    "PRIMARY": _primary,
    "KEY": _key,
    "UNIQUE": _unique,
    "COMMENT": _comment,
    "COLLATE": _collate,
    "COLUMN_FORMAT": _column_format,
    "STORAGE": _storage,
    "GENERATED": _generated,
    "AS": _as,
    "INVISIBLE": _invisible,
    "VISIBLE": _visible,
    "REFERENCES": _references,
    "CONSTRAINT": _constraint,
    "CHECK": _check,
    "SRID": _srid,
    "REF_SYSTEM_ID": _ref_system_id,
    "WITH": _versioning,
    "WITHOUT": _versioning,
    "COMPRESSED": _compressed,
}


def _now(cursor: Cursor) -> DefaultClause | None:
    """Consume CURRENT_TIMESTAMP or a synonym, with or without a precision."""
    if not cursor.accept_one(*_NOW):
        return None
    precision = ""
    if cursor.accept("("):
        precision = "" if cursor.word == ")" else str(cursor.number())
        cursor.expect(")")
    return DefaultClause(DefaultKind.NOW, "" if precision == "0" else precision)


def default_clause(cursor: Cursor) -> DefaultClause:
    """Consume what follows DEFAULT."""
    found = _literal(cursor) or _now(cursor)
    if found is not None:
        return found
    if cursor.word == "(":
        return _parenthesised(cursor)
    first = cursor.index
    if cursor.accept_one("NEXT", "PREVIOUS"):  # of a sequence of MariaDB
        cursor.expect("VALUE", "FOR")
        cursor.table_name()
    elif cursor.accept("CASE"):
        _case(cursor)
    elif cursor.kind in (lexer.WORD, lexer.QUOTED) and cursor.peek(1) in ("(", "."):
        _call(cursor)
    else:
        while cursor.accept("@"):
            pass
        cursor.identifier()  # MariaDB: the value of another column, of a variable, or a function such as CURRENT_DATE
    return DefaultClause(DefaultKind.EXPRESSION, cursor.source(first, cursor.index))


def _parenthesised(cursor: Cursor) -> DefaultClause:
    """Consume an expression in parentheses; MariaDB takes a literal in it for the literal."""
    start = cursor.index
    cursor.index += 1
    literal = _literal(cursor) if cursor.mariadb else None
    if literal is not None and cursor.accept(")"):
        return literal
    cursor.index = start
    return DefaultClause(DefaultKind.EXPRESSION, cursor.balanced())


def _case(cursor: Cursor) -> None:
    """Consume ``CASE … END``."""
    depth = 1
    while depth:
        if cursor.kind in (lexer.END, lexer.BAD):
            raise cursor.refused("a CASE that does not end")
        depth += (cursor.word == "CASE") - (cursor.word == "END")
        cursor.index += 1


def _call(cursor: Cursor) -> None:
    """Consume ``function(…)`` or ``schema.function(…)``."""
    cursor.index += 1
    while cursor.accept("."):
        cursor.index += 1
    cursor.balanced()


def _literal(cursor: Cursor) -> DefaultClause | None:
    """Consume a literal, if one comes next."""
    rule = _LITERALS.get(cursor.kind)
    return rule(cursor) if rule is not None else _spelled_literal(cursor)


def _spelled_literal(cursor: Cursor) -> DefaultClause | None:
    """Consume a literal that begins with a word or a sign."""
    word, following = cursor.word, cursor.peek_kind(1)
    if word in ("-", "+") and following == lexer.NUMBER:
        cursor.index += 1
        return _number(cursor, "-" if word == "-" else "")
    if word in _CONSTANTS:
        cursor.index += 1
        return _CONSTANTS[word]
    if word.startswith("_") and following in (lexer.STRING, lexer.HEX, lexer.BIT):
        cursor.index += 1
        return _introduced(word, _literal(cursor))
    if word in _TEMPORAL and following == lexer.STRING:
        cursor.index += 1
        return _literal(cursor)
    return None


def _introduced(introducer: str, literal: DefaultClause | None) -> DefaultClause:
    """Mark a literal that means something else without its introducer."""
    assert literal is not None  # its kind is one of the literals'
    alike = introducer in _LIKE_ASCII and literal.text.isascii()
    return literal if alike else DefaultClause(DefaultKind.INTRODUCED, literal.text)


def _string(cursor: Cursor) -> DefaultClause:
    text = _strings(cursor)
    null = not text and cursor.mariadb and cursor.sql_mode & MARIADB_EMPTY_STRING_IS_NULL
    return _CONSTANTS["NULL"] if null else DefaultClause(DefaultKind.STRING, text)


def _national(cursor: Cursor) -> DefaultClause:
    return DefaultClause(DefaultKind.STRING, lexer.unquote_string(cursor.text()[1:], cursor.sql_mode))


def _hex(cursor: Cursor) -> DefaultClause:
    return DefaultClause(DefaultKind.HEX, cursor.text()[2:-1])


def _bit(cursor: Cursor) -> DefaultClause:
    return DefaultClause(DefaultKind.BIT, cursor.text()[2:-1])


def _strings(cursor: Cursor) -> str:
    """Consume a string literal; adjacent ones are joined."""
    text = cursor.string()
    while cursor.kind == lexer.STRING:
        text += cursor.string()
    return text


def _number(cursor: Cursor, sign: str) -> DefaultClause:
    text = cursor.text()
    if text[:2] == "0x":
        return DefaultClause(DefaultKind.HEX, text[2:])
    if text[:2] == "0b":
        return DefaultClause(DefaultKind.BIT, text[2:])
    return DefaultClause(DefaultKind.NUMBER, sign + text)


_LIKE_ASCII = frozenset(("_UTF8", "_UTF8MB3", "_UTF8MB4", "_LATIN1", "_ASCII", "_BINARY"))
_CONSTANTS = {
    "NULL": DefaultClause(DefaultKind.NULL),
    "TRUE": DefaultClause(DefaultKind.NUMBER, "1"),
    "FALSE": DefaultClause(DefaultKind.NUMBER, "0"),
}
_LITERALS: dict[int, Callable[[Cursor], DefaultClause]] = {
    lexer.STRING: _string,
    lexer.NATIONAL: _national,
    lexer.NUMBER: lambda cursor: _number(cursor, ""),
    lexer.HEX: _hex,
    lexer.BIT: _bit,
}
