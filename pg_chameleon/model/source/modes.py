"""The bits of ``sql_mode`` that matter here, as the QUERY event writes them.

https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html, https://mariadb.com/kb/en/sql-mode/; from 1 << 32 on the two
products use the same bits for different modes.
"""

from __future__ import annotations

REAL_AS_FLOAT = 1
ANSI_QUOTES = 1 << 2
ORACLE = 1 << 9
MAXDB = 1 << 12
NO_BACKSLASH_ESCAPES = 1 << 20
NO_ENGINE_SUBSTITUTION = 1 << 30
PAD_CHAR_TO_FULL_LENGTH = 1 << 31

MYSQL_TIME_TRUNCATE_FRACTIONAL = 1 << 32

MARIADB_EMPTY_STRING_IS_NULL = 1 << 32
MARIADB_SIMULTANEOUS_ASSIGNMENT = 1 << 33  # its ORACLE includes it since 10.3
MARIADB_TIME_ROUND_FRACTIONAL = 1 << 34
