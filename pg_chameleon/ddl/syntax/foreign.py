"""Recognise the statements that change no table's structure: none of ours, or rows in statement format."""

from __future__ import annotations

import re

from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.statements import Ignored, Statement, StatementFormatChange, TruncateTable
from pg_chameleon.model.names import TableName

# By their first word alone
_IGNORED = {
    "SET": "SET",
    "USE": "USE",
    "FLUSH": "FLUSH",
    "RESET": "RESET",
    "PURGE": "PURGE",
    "ANALYZE": "maintenance",
    "OPTIMIZE": "maintenance",
    "CHECK": "maintenance",
    "CHECKSUM": "maintenance",
    "REPAIR": "maintenance",
    "CACHE": "maintenance",
    "GRANT": "grant",
    "REVOKE": "grant",
    "INSTALL": "plugin",
    "UNINSTALL": "plugin",
    "LOCK": "lock",
    "UNLOCK": "lock",
    "BEGIN": "transaction",
    "COMMIT": "transaction",
    "ROLLBACK": "transaction",
    "SAVEPOINT": "transaction",
    "RELEASE": "transaction",
    "XA": "transaction",
    "SHOW": "SHOW",
    "KILL": "KILL",
}
_ROWS = frozenset(
    ("INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD", "WITH", "CALL", "DO", "SELECT", "VALUES", "HANDLER")
)

# What a server writes, in ROW format too, when it finds a MEMORY table empty after its restart
_EMPTIED = re.compile(r"DELETE FROM `(?:[^`]|``)+`\.`(?:[^`]|``)+`")

# What CREATE, ALTER, DROP and RENAME may name, once their clauses are passed
_OBJECTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("VIEW",), "view"),
    (("MATERIALIZED", "VIEW"), "view"),
    (("JSON", "DUALITY", "VIEW"), "view"),
    (("JSON", "RELATIONAL", "DUALITY", "VIEW"), "view"),
    (("TRIGGER",), "trigger"),
    (("PROCEDURE",), "routine"),
    (("FUNCTION",), "routine"),
    (("AGGREGATE", "FUNCTION"), "routine"),
    (("LIBRARY",), "routine"),
    (("PACKAGE",), "routine"),
    (("EVENT",), "event"),
    (("USER",), "user"),
    (("ROLE",), "user"),
    (("DEFAULT", "ROLE"), "user"),
    (("SERVER",), "server"),
    (("SEQUENCE",), "sequence"),
    (("TEMPORARY", "SEQUENCE"), "sequence"),
    (("TABLESPACE",), "tablespace"),
    (("UNDO", "TABLESPACE"), "tablespace"),
    (("LOGFILE", "GROUP"), "tablespace"),
    (("RESOURCE", "GROUP"), "resource group"),
    (("SPATIAL", "REFERENCE", "SYSTEM"), "spatial reference system"),
    (("INSTANCE",), "instance"),
    (("PREPARE",), "prepared statement"),
)


def statement(cursor: Cursor) -> Statement:
    """Return ``Ignored`` or ``StatementFormatChange``, or refuse what is neither."""
    word = cursor.word
    kind = _IGNORED.get(word)
    if kind is not None:
        return Ignored(kind)
    if word == "START":
        cursor.expect("START", "TRANSACTION")
        return Ignored("transaction")
    emptied = _EMPTIED.fullmatch(cursor.statement)
    if emptied is not None:
        cursor.index = 2
        return TruncateTable(cursor.table_name())
    if word in _ROWS:
        cursor.index += 1
        return StatementFormatChange(word, _tables(cursor, word))
    if cursor.accept_one("CREATE", "ALTER", "DROP", "RENAME"):
        return _other_object(cursor)
    raise cursor.refused("not a known statement")


def _other_object(cursor: Cursor) -> Ignored:
    _accept_creation_clauses(cursor)
    for words, kind in _OBJECTS:
        if cursor.accept_all(*words):
            return Ignored(kind)
    raise cursor.refused("not a known object")


def _accept_creation_clauses(cursor: Cursor) -> None:
    """Consume OR REPLACE, ALGORITHM, DEFINER and SQL SECURITY before VIEW, TRIGGER and the like."""
    cursor.accept_all("OR", "REPLACE")
    while True:
        if cursor.accept("ALGORITHM"):
            cursor.expect("=")
            cursor.expect_one("UNDEFINED", "MERGE", "TEMPTABLE")
        elif cursor.accept("DEFINER"):
            cursor.expect("=")
            _account(cursor)
        elif cursor.accept_all("SQL", "SECURITY"):
            cursor.expect_one("DEFINER", "INVOKER")
        elif cursor.at("IF", "NOT", "EXISTS"):
            cursor.index += 3
        else:
            return


def _account(cursor: Cursor) -> None:
    """Consume ``user@host``, a role or CURRENT_USER."""
    cursor.name_or_string()
    if cursor.accept("("):
        cursor.expect(")")
    if cursor.accept("@"):
        cursor.name_or_string()
        while cursor.accept_one("-", ".", "%"):
            cursor.index += 1


def _tables(cursor: Cursor, word: str) -> tuple[TableName, ...]:
    """Return the one table that the statement writes to, if it is plain which; else none."""
    if word in ("INSERT", "REPLACE"):
        while cursor.accept_one("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"):
            pass
        cursor.accept("INTO")
        return (cursor.table_name(),)
    if word == "DELETE":
        while cursor.accept_one("LOW_PRIORITY", "QUICK", "IGNORE", "HISTORY"):
            pass
        return (cursor.table_name(),) if cursor.accept("FROM") and not _several(cursor) else ()
    if word == "UPDATE":
        while cursor.accept_one("LOW_PRIORITY", "IGNORE"):
            pass
        return () if _several(cursor) else (cursor.table_name(),)
    return ()


def _several(cursor: Cursor) -> bool:
    """Tell whether the statement might write to more than one table, without consuming anything."""
    words = cursor.words[cursor.index :]
    end = words.index("SET") if "SET" in words else words.index("WHERE") if "WHERE" in words else len(words)
    return any(word in (",", "JOIN", "STRAIGHT_JOIN", "USING", "(") for word in words[:end])
