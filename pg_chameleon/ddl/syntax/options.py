"""Parse the options of tables and schemas, and those that storage engines define for themselves."""

from __future__ import annotations

from dataclasses import replace

from pg_chameleon.ddl.syntax import lexer
from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.definitions import CharsetClause, TableOptions
from pg_chameleon.ddl.syntax.type_clauses import charset_clause, merge_charset

# Options with a value that says nothing about the structure; a value is a number, a name or a string.
_SILENT = frozenset(
    [
        "AUTO_INCREMENT",
        "AVG_ROW_LENGTH",
        "CHECKSUM",
        "COMPRESSION",
        "CONNECTION",
        "DELAY_KEY_WRITE",
        "ENCRYPTION",
        "ENGINE_ATTRIBUTE",
        "INSERT_METHOD",
        "KEY_BLOCK_SIZE",
        "MAX_ROWS",
        "MIN_ROWS",
        "PACK_KEYS",
        "PAGE_CHECKSUM",
        "PASSWORD",
        "ROW_FORMAT",
        "TABLE_CHECKSUM",
        "SECONDARY_ENGINE_ATTRIBUTE",
        "STATS_AUTO_RECALC",
        "STATS_PERSISTENT",
        "STATS_SAMPLE_PAGES",
        "TRANSACTIONAL",
        "AUTOEXTEND_SIZE",
        "SECONDARY_ENGINE",
        "IETF_QUOTES",
        "PAGE_COMPRESSED",
        "PAGE_COMPRESSION_LEVEL",
        "ENCRYPTED",
        "ENCRYPTION_KEY_ID",
        "NODEGROUP",
    ]
)
_VALUE_KINDS = (lexer.NUMBER, lexer.STRING, lexer.WORD, lexer.QUOTED, lexer.HEX)


def table_options(cursor: Cursor) -> TableOptions:
    """Consume all the table options that come next."""
    options = TableOptions()
    while True:
        found = table_option(cursor, options)
        if found is None:
            return options
        options = found
        cursor.accept(",")


def table_option(cursor: Cursor, options: TableOptions) -> TableOptions | None:
    """Consume one table option; None if there is none."""
    clause = charset_clause(cursor)
    if clause is not None:
        return replace(options, charset=merge_charset(options.charset, clause))
    word = cursor.word
    if word in ("ENGINE", "TYPE"):
        cursor.index += 1
        cursor.accept("=")
        return replace(options, engine=cursor.name_or_string())
    if word == "COMMENT":
        cursor.index += 1
        cursor.accept("=")
        return replace(options, comment=cursor.string())
    if word in _SILENT and _value_follows(cursor):
        _accept_option_value(cursor)
        return options
    return _rare_option(cursor, options)


def _value_follows(cursor: Cursor) -> bool:
    return cursor.peek(1) == "=" or cursor.peek_kind(1) in _VALUE_KINDS


def _accept_option_value(cursor: Cursor) -> None:
    """Consume ``name [=] value``."""
    cursor.index += 1
    cursor.accept("=")
    if cursor.kind not in _VALUE_KINDS:
        raise cursor.refused("expected the value of an option")
    cursor.index += 1


def _rare_option(cursor: Cursor, options: TableOptions) -> TableOptions | None:
    if cursor.accept_all("WITH", "SYSTEM", "VERSIONING"):
        return replace(options, system_versioning=True)
    if cursor.accept("SEQUENCE"):
        cursor.accept("=")
        return replace(options, sequence=cursor.number() != 0)
    rule = _RARE.get(cursor.word)
    if rule is not None:
        cursor.index += 1
        rule(cursor)
        return options
    return options if accept_engine_attribute(cursor) else None


def _union(cursor: Cursor) -> None:
    cursor.accept("=")
    cursor.expect("(")
    if cursor.word != ")":
        cursor.listed(cursor.table_name)
    cursor.expect(")")


def _directory(cursor: Cursor) -> None:
    cursor.expect("DIRECTORY")
    cursor.accept("=")
    cursor.string()


def _tablespace(cursor: Cursor) -> None:
    cursor.accept("=")
    cursor.name_or_string()


def _storage(cursor: Cursor) -> None:
    cursor.expect_one("DISK", "MEMORY", "DEFAULT")


def _start_transaction(cursor: Cursor) -> None:
    """Consume the end of MySQL's CREATE TABLE … SELECT in the binlog."""
    cursor.expect("TRANSACTION")


_RARE = {
    "UNION": _union,
    "DATA": _directory,
    "INDEX": _directory,
    "TABLESPACE": _tablespace,
    "STORAGE": _storage,
    "START": _start_transaction,
}


def accept_engine_attribute(cursor: Cursor) -> bool:
    """Consume ``name = value``, MariaDB's general form of what engines define; also ENGINE_ATTRIBUTE of MySQL."""
    if cursor.accept_one("ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"):
        cursor.accept("=")
        cursor.string()
        return True
    named = cursor.kind in (lexer.WORD, lexer.QUOTED)
    if not named or cursor.peek(1) != "=" or cursor.peek_kind(2) not in _VALUE_KINDS:
        return False
    cursor.identifier()
    cursor.index += 2
    return True


def schema_options(cursor: Cursor) -> CharsetClause | None:
    """Consume the options of CREATE or ALTER DATABASE."""
    found: CharsetClause | None = None
    while True:
        clause = charset_clause(cursor)
        if clause is not None:
            found = merge_charset(found, clause)
        elif cursor.accept("COMMENT"):
            cursor.accept("=")
            cursor.string()
        elif cursor.at("ENCRYPTION") or cursor.at("DEFAULT", "ENCRYPTION"):
            cursor.accept("DEFAULT")
            _accept_option_value(cursor)
        elif cursor.accept_all("READ", "ONLY"):
            cursor.accept("=")
            if not cursor.accept("DEFAULT"):
                cursor.number()
        else:
            return found
