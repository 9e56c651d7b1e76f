"""The keys of the configuration, declared once: reading, defaults, the reference and ``show_config`` follow.

A key's name is also the name of the field that holds it in ``settings``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pg_chameleon.config.files import base_folder
from pg_chameleon.config.kinds import (
    BOOLEAN,
    FILE,
    INTERVAL,
    INTERVAL_OR_DISABLED,
    MILLISECONDS,
    PATH,
    SECONDS,
    SECRET,
    SERVER_ID,
    SIZE,
    TEXT,
    Kind,
    choice,
    whole_number,
)
from pg_chameleon.config.structures import FILLFACTORS, MAPPINGS, ROLES, SKIP_EVENTS, TABLES, TYPE_OVERRIDES


class Required(Enum):
    """Marks a key that has no default."""

    REQUIRED = "required"


REQUIRED = Required.REQUIRED


@dataclass(frozen=True, slots=True)
class Key:
    """A key: ``default`` is written as in the file, or makes that; ``empty`` says what having none means."""

    name: str
    kind: Kind
    default: object
    help: str
    empty: str = "none"

    @property
    def raw_default(self) -> object:
        """The default as it would be written in the file."""
        return self.default() if callable(self.default) else self.default


_PORT = whole_number(1, 65535)
_PASSWORD_HELP = "The password; `${NAME}` takes it from the environment."
_PASSWORD_FILE = Key("password_file", FILE, None, "A file whose first line is the password.")

GLOBAL_KEYS = (
    Key("pid_dir", PATH, lambda: base_folder() / "pid", "The folder of the pid files.", "`~/.pg_chameleon/pid`"),
    Key("log_dir", PATH, lambda: base_folder() / "logs", "The folder of the log files.", "`~/.pg_chameleon/logs`"),
    Key(
        "log_dest",
        choice("file", "stdout"),
        "file",
        "Where the log goes; with `stdout` the replica also stays in the foreground.",
    ),
    Key(
        "log_level",
        choice("debug", "info", "warning", "error", "critical"),
        "info",
        "The least level that is logged.",
    ),
    Key("log_days_keep", whole_number(0), "10", "How many days' log files are kept; one is begun each day."),
    Key("rollbar_key", SECRET, "", "The access token of Rollbar; with `rollbar_env`, errors are sent there."),
    Key("rollbar_env", TEXT, "", "The environment that Rollbar shows."),
    Key("type_override", TYPE_OVERRIDES, {}, "Types of the source that become another type than usual."),
    Key("fillfactor", FILLFACTORS, {}, "Fill factors of tables that are updated much."),
)

PG_CONN_KEYS = (
    Key("host", TEXT, "localhost", "The host of the target, or the folder of its socket."),
    Key("port", _PORT, "5432", "The port of the target."),
    Key("user", TEXT, REQUIRED, "The user of the target; it owns the database or may create schemas in it."),
    Key("password", SECRET, "", _PASSWORD_HELP, empty="as libpq finds it"),
    _PASSWORD_FILE,
    Key("database", TEXT, REQUIRED, "The database that takes the replica."),
    Key("charset", TEXT, "utf8", "Known from old files; the connection always speaks UTF-8."),
    Key(
        "sslmode",
        choice("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "prefer",
        "How much TLS is asked for, as libpq has it.",
    ),
    Key("sslrootcert", FILE, None, "Who may have signed the target's certificate."),
)

SSL_KEYS = (
    Key("ca", FILE, None, "Who may have signed the source's certificate.", "the system's"),
    Key("cert", FILE, None, "The client's certificate."),
    Key("key", FILE, None, "The key of the client's certificate."),
    Key("verify", BOOLEAN, "Yes", "Whether the source's certificate and host name are checked."),
)

DB_CONN_KEYS = (
    Key("host", TEXT, "localhost", "The host of the source."),
    Key("port", _PORT, None, "The port of the source.", empty="3306, or 5432 for `type: pgsql`"),
    Key("user", TEXT, REQUIRED, "The user of the source, with the privileges that the README names."),
    Key("password", SECRET, "", _PASSWORD_HELP),
    _PASSWORD_FILE,
    Key("database", TEXT, "", "The database to read; only for `type: pgsql`."),
    Key("charset", TEXT, "utf8mb4", "Known from old files; the connection always speaks utf8mb4."),
    Key("connect_timeout", whole_number(1), "10", "How many seconds connecting may take."),
)

SOURCE_KEYS = (
    Key("type", choice("mysql", "pgsql"), "mysql", "What the source is; `pgsql` has the first copy only."),
    Key("schema_mappings", MAPPINGS, REQUIRED, "Which schemas are replicated, and where each goes."),
    Key("limit_tables", TABLES, [], "If a schema is named here, only its tables named here.", empty="all"),
    Key("skip_tables", TABLES, [], "Tables that are left out; wins over `limit_tables`."),
    Key("skip_events", SKIP_EVENTS, {}, "Row changes that are left out, by `schema` or `schema.table`."),
    Key("grant_select_to", ROLES, [], "Roles that may read the target schemas."),
    Key("grant_write_to", ROLES, [], "Roles that may also write into them once the replica is detached."),
    Key("gtid_enable", BOOLEAN, "No", "Follow the source by GTIDs, so that the replica may change servers."),
    Key("my_server_id", SERVER_ID, "automatic", "The replica's number; no other server may have it."),
    Key("replica_batch_size", whole_number(1), "10000", "The row changes after which a batch is stored."),
    Key("replay_max_rows", whole_number(1), "10000", "The row changes that are replayed at once."),
    Key("batch_retention", INTERVAL, "1 day", "How long batches are kept after their replay."),
    Key("sleep_loop", SECONDS, "1", "The seconds after which new work is looked for, should no notice come."),
    Key("net_read_timeout", whole_number(1), "600", "The seconds for which the source bears slow reading."),
    Key("lock_timeout", MILLISECONDS, "120s", "How long to wait for a lock in the target; 0 is for ever."),
    Key("copy_mode", choice("file", "direct"), "direct", "By way of files in `out_dir`, or without them."),
    Key("out_dir", PATH, "/tmp", "Where `copy_mode: file` keeps its files."),  # noqa: S108
    Key("copy_max_memory", SIZE, "300M", "The memory that the first copy may take for rows on their way."),
    Key("copy_workers", whole_number(1, 64), "2", "How many connections copy tables at the same time."),
    Key("copy_chunk_rows", whole_number(1000), "1000000", "Larger tables are copied in parts of that size."),
    Key(
        "keep_existing_schema",
        BOOLEAN,
        "No",
        "Empty and load the tables that are there, as the replica's; make none.",
    ),
    Key(
        "zero_dates",
        choice("null", "infinity", "error"),
        "null",
        "What becomes of dates such as 0000-00-00, which PostgreSQL cannot hold.",
    ),
    Key(
        "changed_values_kept",
        whole_number(0),
        "10000",
        "How many changed values are listed one by one, for each column and reason (0: none); all are counted.",
    ),
    Key(
        "on_update_timestamps",
        BOOLEAN,
        "No",
        "Let triggers of the detached database do what ON UPDATE CURRENT_TIMESTAMP did on the source.",
    ),
    Key(
        "on_error_replay",
        choice("continue", "exit"),
        "continue",
        "On a row that cannot be applied: quarantine its table and go on, or stop the replica.",
    ),
    Key(
        "on_error_read",
        choice("continue", "exit"),
        "continue",
        "On an error while reading: try again and go on, or stop the replica.",
    ),
    Key("auto_maintenance", INTERVAL_OR_DISABLED, "disabled", "How often `run_maintenance` runs by itself."),
)
