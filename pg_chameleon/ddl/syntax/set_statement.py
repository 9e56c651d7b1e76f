"""Pass over MariaDB's ``SET STATEMENT … FOR``, which sets variables for the one statement that follows.

The binlog holds it as it was sent: https://mariadb.com/kb/en/set-statement/
"""

from __future__ import annotations

from pg_chameleon.ddl.syntax.cursor import Cursor
from pg_chameleon.ddl.syntax.lexer import BAD, END

# They bear on how the statement is executed, and not on what it does
_HARMLESS = frozenset((
    "max_statement_time", "lock_wait_timeout", "innodb_lock_wait_timeout", "net_read_timeout", "net_write_timeout",
    "wait_timeout", "interactive_timeout", "foreign_key_checks", "unique_checks", "check_constraint_checks",
    "alter_algorithm", "old_alter_table", "sort_buffer_size", "join_buffer_size", "read_buffer_size",
    "read_rnd_buffer_size", "bulk_insert_buffer_size", "myisam_sort_buffer_size", "aria_sort_buffer_size",
    "myisam_repair_threads", "tmp_table_size", "max_heap_table_size", "max_session_mem_used", "innodb_strict_mode",
    "slow_query_log", "long_query_time", "log_slow_query", "log_slow_query_time", "log_slow_verbosity",
    "log_slow_rate_limit", "sql_warnings", "sql_notes", "optimizer_switch", "use_stat_tables", "binlog_row_image",
    "binlog_annotate_row_events", "gtid_domain_id", "gtid_seq_no", "server_id", "wsrep_osu_method", "wsrep_on",
))  # fmt: skip


def accept_set_statement(cursor: Cursor) -> None:
    """Consume ``SET STATEMENT variable = value, … FOR``, if it comes next."""
    if cursor.mariadb and cursor.accept_all("SET", "STATEMENT"):
        cursor.listed(lambda: _setting(cursor))
        cursor.expect("FOR")


def _setting(cursor: Cursor) -> None:
    name = cursor.identifier()
    if name.lower() not in _HARMLESS:
        raise cursor.refused(f"{name} may change what the statement means")
    cursor.expect("=")
    while cursor.word not in (",", "FOR"):
        if cursor.kind in (END, BAD):
            raise cursor.refused("expected FOR")
        if cursor.word == "(":
            cursor.balanced()
        else:
            cursor.index += 1
