"""Parse the data type of a column: synonyms are resolved here, what depends on the server is left to the tracker."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.definitions import CharsetClause, DataType
from pg_chameleon.model.source import modes

NATIONAL_CHARSET = "utf8"  # what NCHAR means: utf8mb3 under the name that every version knows
_DOUBLE_FROM = 25  # FLOAT(25) and more is a DOUBLE
_MAX_FLOAT_PRECISION = 53
_FRACTIONAL = re.compile(r"\d{1,3}\.\d{1,3}")

_INTEGERS = {
    "TINYINT": "tinyint", "INT1": "tinyint",
    "SMALLINT": "smallint", "INT2": "smallint",
    "MEDIUMINT": "mediumint", "INT3": "mediumint", "MIDDLEINT": "mediumint",
    "INT": "int", "INTEGER": "int", "INT4": "int",
    "BIGINT": "bigint", "INT8": "bigint",
}  # fmt: skip
_FIXED_POINT = dict.fromkeys(("DECIMAL", "DEC", "NUMERIC", "FIXED"), "decimal")
_FLOATING = {"FLOAT": "float", "FLOAT4": "float", "DOUBLE": "double", "FLOAT8": "double", "REAL": "double"}
_MEASURED = {
    "BIT": "bit",
    "TIME": "time",
    "DATETIME": "datetime",
    "TIMESTAMP": "timestamp",
    "VECTOR": "vector",
}
_BINARY = {"BINARY": "binary", "VARBINARY": "varbinary", "BLOB": "blob"}
_BLOBS = {"TINYBLOB": "tinyblob", "MEDIUMBLOB": "mediumblob", "LONGBLOB": "longblob"}
_TEXTS = {"TINYTEXT": "tinytext", "MEDIUMTEXT": "mediumtext", "LONGTEXT": "longtext"}
_PLAIN = {"DATE": "date", "JSON": "json", "UUID": "uuid", "INET4": "inet4", "INET6": "inet6"}
_SPATIAL = {
    "GEOMETRY": "geometry", "POINT": "point", "LINESTRING": "linestring", "POLYGON": "polygon",
    "MULTIPOINT": "multipoint", "MULTILINESTRING": "multilinestring", "MULTIPOLYGON": "multipolygon",
    "GEOMETRYCOLLECTION": "geometrycollection", "GEOMCOLLECTION": "geometrycollection",
}  # fmt: skip


Rule = tuple[Callable[[Cursor, str], DataType], str]


def parse_type(cursor: Cursor) -> DataType:
    """Consume a data type with the attributes that belong to it."""
    if cursor.sql_mode & _ODD_MODES:
        return _odd_type(cursor)
    return _by_rule(cursor, _RULES)


def _by_rule(cursor: Cursor, rules: dict[str, Rule]) -> DataType:
    rule = rules.get(cursor.word)
    if rule is None:
        raise cursor.refused("expected a data type")
    parse, base = rule
    cursor.index += 1
    return parse(cursor, base)


def _length(cursor: Cursor) -> int | None:
    if not cursor.accept("("):
        return None
    length = cursor.number()
    cursor.expect(")")
    return length


def _required_length(cursor: Cursor) -> int:
    length = _length(cursor)
    if length is None:
        raise cursor.refused("expected a length")
    return length


def _sign(cursor: Cursor) -> tuple[bool, bool]:
    unsigned = zerofill = False
    while attribute := cursor.accept_one("UNSIGNED", "ZEROFILL", "SIGNED"):
        unsigned |= attribute != "SIGNED"
        zerofill |= attribute == "ZEROFILL"
    return unsigned, zerofill


def _integer(cursor: Cursor, base: str) -> DataType:
    length = _length(cursor)
    unsigned, zerofill = _sign(cursor)
    return DataType(base, length, None, unsigned, zerofill)


def _digits(cursor: Cursor) -> int:
    """Consume a number of digits; servers take 19.5 for 19."""
    if cursor.kind == lexer.NUMBER and _FRACTIONAL.fullmatch(cursor.current_text):
        return int(cursor.text().partition(".")[0])
    return cursor.number()


def _precision(cursor: Cursor) -> tuple[int | None, int | None]:
    if not cursor.accept("("):
        return None, None
    length, decimals = _digits(cursor), None
    if cursor.accept(","):
        decimals = cursor.number()
    cursor.expect(")")
    return length, decimals


def _decimal(cursor: Cursor, base: str) -> DataType:
    length, decimals = _precision(cursor)
    unsigned, zerofill = _sign(cursor)
    return DataType(base, length, decimals, unsigned, zerofill)


def _float(cursor: Cursor, base: str) -> DataType:
    name = cursor.words[cursor.index - 1]
    if name == "DOUBLE":
        cursor.accept("PRECISION")
    if name == "REAL" and cursor.sql_mode & modes.REAL_AS_FLOAT:
        base = "float"
    length, decimals = _precision(cursor)
    if length is not None and decimals is None:
        if base != "float" or length > _MAX_FLOAT_PRECISION:
            raise cursor.refused("a precision that no server takes")
        base, length = "double" if length >= _DOUBLE_FROM else "float", None
    unsigned, zerofill = _sign(cursor)
    return DataType(base, length, decimals, unsigned, zerofill)


def _measured(cursor: Cursor, base: str) -> DataType:
    return DataType(base, _length(cursor))


def _year(cursor: Cursor, base: str) -> DataType:
    length = _length(cursor)
    _sign(cursor)  # allowed and without effect
    return DataType(base, length)


def _plain(_cursor: Cursor, base: str) -> DataType:
    return DataType(base)


def _boolean(_cursor: Cursor, base: str) -> DataType:
    return DataType(base, 1)


def _binary(cursor: Cursor, base: str) -> DataType:
    length = _required_length(cursor) if base == "varbinary" else _length(cursor)
    return DataType(base, length, compressed=compressed(cursor))


def _blob(cursor: Cursor, base: str) -> DataType:
    return DataType(base, compressed=compressed(cursor))


def _oracle_blob(cursor: Cursor, base: str) -> DataType:
    length = _length(cursor)
    return DataType(base if length is None else "blob", length, compressed=compressed(cursor))


def _oracle_number(cursor: Cursor, base: str) -> DataType:
    return _decimal(cursor, base if cursor.word == "(" else "double")


def compressed(cursor: Cursor) -> bool:
    """Consume MariaDB's COMPRESSED[=method]."""
    if not cursor.accept("COMPRESSED"):
        return False
    if cursor.accept("="):
        cursor.identifier()
    return True


def _char(cursor: Cursor, base: str, charset: str | None = None) -> DataType:
    if cursor.accept_one("VARYING", "VARCHAR", "VARCHARACTER") or base == "varchar":
        return text_attributes(cursor, DataType("varchar", _required_length(cursor), charset=charset))
    return text_attributes(cursor, DataType("char", _length(cursor), charset=charset))


def _national(cursor: Cursor, _base: str) -> DataType:
    word = cursor.expect_one("CHAR", "CHARACTER", "VARCHAR", "VARCHARACTER")
    return _char(cursor, "varchar" if word.startswith("VAR") else "char", NATIONAL_CHARSET)


def _nchar(cursor: Cursor, base: str) -> DataType:
    return _char(cursor, base, NATIONAL_CHARSET)


def _text(cursor: Cursor, base: str) -> DataType:
    length = _length(cursor) if base == "text" else None
    return text_attributes(cursor, DataType(base, length))


def _long(cursor: Cursor, _base: str) -> DataType:
    if cursor.accept("VARBINARY"):
        return DataType("mediumblob", compressed=compressed(cursor))
    if not cursor.accept_one("VARCHAR", "VARCHARACTER") and cursor.accept_one("CHAR", "CHARACTER"):
        cursor.expect("VARYING")
    return text_attributes(cursor, DataType("mediumtext"))


def _members(cursor: Cursor, base: str) -> DataType:
    members = cursor.parenthesised(lambda: _member(cursor))
    return text_attributes(cursor, DataType(base, members=members))


def _member(cursor: Cursor) -> str:
    if cursor.kind == lexer.NATIONAL:
        return lexer.unquote_string(cursor.text()[1:], cursor.sql_mode)
    if cursor.kind in (lexer.HEX, lexer.BIT) or (cursor.kind == lexer.NUMBER and cursor.peek(0) == ""):
        # Its bytes are in the column's character set, which may be known only later.
        raise cursor.refused("a member of ENUM or SET that is not written as a string")
    return cursor.string()


def _spatial(cursor: Cursor, base: str) -> DataType:
    _precision(cursor)  # MariaDB takes one and forgets it
    if cursor.accept("REF_SYSTEM_ID"):
        cursor.expect("=")
        cursor.number()  # MariaDB writes it down and does not enforce it
    return DataType(base)


def charset_name(cursor: Cursor) -> str:
    """Consume the name of a character set or collation, in lower case; DEFAULT and BINARY are such names too."""
    word = cursor.accept_one("DEFAULT", "BINARY")
    return word.lower() if word else cursor.name_or_string().lower()


def accept_charset_keyword(cursor: Cursor) -> bool:
    """Consume CHARACTER SET in one of its spellings."""
    return cursor.accept("CHARSET") or cursor.accept_all("CHARACTER", "SET") or cursor.accept_all("CHAR", "SET")


def charset_clause(cursor: Cursor) -> CharsetClause | None:
    """Consume ``[DEFAULT] CHARACTER SET [=] x`` or ``[DEFAULT] COLLATE [=] x`` as an option of tables and schemas."""
    start = cursor.index
    cursor.accept("DEFAULT")
    if accept_charset_keyword(cursor):
        cursor.accept("=")
        return CharsetClause(charset=charset_name(cursor))
    if cursor.accept("COLLATE"):
        cursor.accept("=")
        return CharsetClause(collation=charset_name(cursor))
    cursor.index = start
    return None


def merge_charset(first: CharsetClause | None, second: CharsetClause) -> CharsetClause:
    """Combine two clauses of one statement; the later one wins."""
    if first is None:
        return second
    return CharsetClause(second.charset or first.charset, second.collation or first.collation)


def text_attributes(cursor: Cursor, data_type: DataType) -> DataType:
    """Consume the attributes of a text type: character set, BINARY, ASCII, UNICODE, BYTE, COMPRESSED."""
    found = data_type
    while True:
        if accept_charset_keyword(cursor):
            found = replace(found, charset=charset_name(cursor))
        elif cursor.accept("COLLATE"):
            found = replace(found, collation=charset_name(cursor))
        elif cursor.accept("BINARY"):
            found = replace(found, binary=True)
        elif cursor.accept("ASCII"):
            found = replace(found, charset="latin1")
        elif cursor.accept("UNICODE"):
            found = replace(found, charset="ucs2")
        elif cursor.accept("BYTE"):
            found = replace(found, charset="binary")
        elif cursor.at("COMPRESSED"):
            found = replace(found, compressed=compressed(cursor))
        else:
            return found


def _rules() -> dict[str, Rule]:
    families: tuple[tuple[dict[str, str], Callable[[Cursor, str], DataType]], ...] = (
        (_INTEGERS, _integer),
        (_FIXED_POINT, _decimal),
        (_FLOATING, _float),
        (_MEASURED, _measured),
        (_BINARY, _binary),
        (_BLOBS, _blob),
        (_TEXTS, _text),
        (_PLAIN, _plain),
        (_SPATIAL, _spatial),
        ({"YEAR": "year"}, _year),
        ({"BOOL": "tinyint", "BOOLEAN": "tinyint"}, _boolean),
        ({"SERIAL": "serial"}, _plain),
        ({"CHAR": "char", "CHARACTER": "char", "VARCHAR": "varchar", "VARCHARACTER": "varchar"}, _char),
        ({"NATIONAL": "char"}, _national),
        ({"NCHAR": "char", "NVARCHAR": "varchar"}, _nchar),
        ({"TEXT": "text"}, _text),
        ({"LONG": "mediumtext"}, _long),
        ({"ENUM": "enum", "SET": "set"}, _members),
    )
    return {word: (parse, base) for names, parse in families for word, base in names.items()}


_RULES = _rules()

# The sql_modes that give type names another meaning
_ODD_MODES = modes.ORACLE | modes.MAXDB
_ORACLE_RULES: dict[str, Rule] = {
    **_RULES,
    "DATE": (_plain, "datetime"),
    "BLOB": (_oracle_blob, "longblob"),
    "CLOB": (_text, "longtext"),
    "NUMBER": (_oracle_number, "decimal"),
    "VARCHAR2": (_char, "varchar"),
    "RAW": (_binary, "varbinary"),
}
_MAXDB_RULES: dict[str, Rule] = {**_RULES, "TIMESTAMP": (_measured, "datetime")}


def _odd_type(cursor: Cursor) -> DataType:
    """Consume a data type under ORACLE or MAXDB; ORACLE is a mode of types to MariaDB since 10.3 only."""
    oracle = bool(cursor.sql_mode & modes.ORACLE) and cursor.mariadb
    if oracle and not cursor.sql_mode & modes.MARIADB_SIMULTANEOUS_ASSIGNMENT:
        raise cursor.refused("a data type in an ORACLE mode that is not MariaDB's of 10.3 and later")
    if oracle and cursor.sql_mode & modes.MAXDB:
        raise cursor.refused("a data type in two sql_modes that change the meaning of types")
    maxdb = bool(cursor.sql_mode & modes.MAXDB)
    return _by_rule(cursor, _ORACLE_RULES if oracle else _MAXDB_RULES if maxdb else _RULES)
