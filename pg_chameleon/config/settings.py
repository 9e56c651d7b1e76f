"""The configuration as typed, frozen values: its keys, declared once.

Reading, defaults, ``show_config`` and the reference in the documentation follow from these declarations. The values
are also handed to the processes of a replica, so nothing here may need the parser of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pg_chameleon.config.files import base_folder
from pg_chameleon.config.keys import REQUIRED, setting
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
    choice,
    one_of,
    whole_number,
)
from pg_chameleon.config.secret import Secret
from pg_chameleon.config.structures import (
    FILLFACTORS,
    MAPPINGS,
    ROLES,
    SKIP_EVENTS,
    TABLES,
    TYPE_OVERRIDES,
)
from pg_chameleon.model.choices import TypeOverride, ZeroDates
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.model.names import TableName
from pg_chameleon.model.status import SourceType

_PORT = whole_number(1, 65535)
_COUNT = whole_number(1)
_ON_ERROR = choice("continue", "exit")
_PASSWORD_HELP = "The password; `${NAME}` is replaced by that environment variable."
_PASSWORD_FILE_HELP = "A file whose first line is the password."


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How the connection to the source is encrypted."""

    ca: Path | None = setting(FILE, None, "Certificates of the authorities that may sign the source's.", "the system's")
    cert: Path | None = setting(FILE, None, "The client's certificate.")
    key: Path | None = setting(FILE, None, "The private key of the client's certificate.")
    verify: bool = setting(BOOLEAN, "Yes", "Whether the source's certificate and host name are verified.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """How the target is reached."""

    host: str = setting(TEXT, "localhost", "The host of the target, or the directory of its Unix socket.")
    port: int = setting(_PORT, "5432", "The port of the target.")
    user: str = setting(TEXT, REQUIRED, "The user on the target; it owns the database or may create schemas in it.")
    password: Secret = setting(SECRET, "", _PASSWORD_HELP, "as libpq finds it")
    password_file: Path | None = setting(FILE, None, _PASSWORD_FILE_HELP)
    database: str = setting(TEXT, REQUIRED, "The database that receives the replica.")
    charset: str = setting(TEXT, "utf8", "Accepted for old files and ignored; the connection always uses UTF-8.")
    sslmode: str = setting(
        choice("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "prefer",
        "Whether TLS is used and the certificate verified, as in libpq.",
    )
    sslrootcert: Path | None = setting(FILE, None, "Certificates of the authorities that may sign the target's.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConnection:
    """How a source is reached. ``database`` is only set for sources of type pgsql."""

    host: str = setting(TEXT, "localhost", "The host of the source.")
    port: int = setting(_PORT, None, "The port of the source.", "3306, or 5432 for `type: pgsql`")
    user: str = setting(TEXT, REQUIRED, "The user on the source, with the privileges listed in the README.")
    password: Secret = setting(SECRET, "", _PASSWORD_HELP)
    password_file: Path | None = setting(FILE, None, _PASSWORD_FILE_HELP)
    database: str = setting(TEXT, "", "The database to read; only for `type: pgsql`.")
    charset: str = setting(TEXT, "utf8mb4", "Accepted for old files and ignored; the connection always uses utf8mb4.")
    connect_timeout: int = setting(_COUNT, "10", "How long, in seconds, connecting may take.")
    ssl: TlsSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfiguration:
    """Everything that the configuration says about one source."""

    name: str
    db_conn: SourceConnection
    type: str = setting(
        choice(*(each.value for each in SourceType)),
        SourceType.MYSQL.value,
        "What the source is; `pgsql` supports the first copy only.",
    )
    schema_mappings: dict[str, str] = setting(
        MAPPINGS, REQUIRED, "Which schemas are replicated, and the target schema of each."
    )
    limit_tables: frozenset[TableName] = setting(
        TABLES, [], "For the schemas that occur in this list, replicate only these tables.", "all"
    )
    skip_tables: frozenset[TableName] = setting(TABLES, [], "Tables that are not replicated; overrides `limit_tables`.")
    skip_events: EventFilter = setting(
        SKIP_EVENTS, {}, "Row changes that are not replicated, by `schema` or `schema.table`."
    )
    grant_select_to: tuple[str, ...] = setting(ROLES, [], "Roles that may read the target schemas.")
    grant_write_to: tuple[str, ...] = setting(
        ROLES, [], "Roles that may also write to them once the replica has been detached."
    )
    gtid_enable: bool = setting(
        BOOLEAN, "No", "Follow the source by GTIDs, so that the replica can move to another server."
    )
    my_server_id: int = setting(
        SERVER_ID, "automatic", "The replica's server id; no other server in the replication may have it."
    )
    replica_batch_size: int = setting(_COUNT, "10000", "A batch is stored after about that many row changes.")
    replay_max_rows: int = setting(_COUNT, "10000", "About how many row changes are replayed at once.")
    batch_retention: timedelta = setting(INTERVAL, "1 day", "How long batches are kept after their replay.")
    sleep_loop: float = setting(SECONDS, "1", "How often, in seconds, to look for new work if no notification arrives.")
    net_read_timeout: int = setting(_COUNT, "600", "How long, in seconds, the source waits for a slow reader.")
    lock_timeout: int = setting(
        MILLISECONDS, "120s", "How long to wait for a lock on the target; 0 means without limit."
    )
    """In milliseconds; 0 waits without limit."""
    copy_mode: str = setting(choice("file", "direct"), "direct", "Copy through files in `out_dir`, or without files.")
    out_dir: Path = setting(PATH, "/tmp", "Where `copy_mode: file` keeps its files.")  # noqa: S108
    copy_max_memory: int = setting(SIZE, "300M", "The memory that the first copy may use for rows in transit.")
    copy_workers: int = setting(whole_number(1, 64), "2", "How many connections copy tables at the same time.")
    copy_chunk_rows: int = setting(
        whole_number(1000), "1000000", "Tables with more rows are copied in chunks of about that many."
    )
    keep_existing_schema: bool = setting(
        BOOLEAN, "No", "Truncate and load the tables that exist in the target; create none."
    )
    zero_dates: ZeroDates = setting(
        one_of(ZeroDates),
        "null",
        "What dates such as 0000-00-00, which PostgreSQL cannot store, become.",
    )
    changed_values_kept: int = setting(
        whole_number(0),
        "10000",
        "How many changed values are listed one by one, for each column and reason (0: none); all are counted.",
    )
    on_update_timestamps: bool = setting(
        BOOLEAN,
        "No",
        "Create triggers on the detached database that do what ON UPDATE CURRENT_TIMESTAMP did on the source.",
    )
    on_error_replay: str = setting(
        _ON_ERROR, "continue", "If a row cannot be applied: quarantine its table and continue, or stop the replica."
    )
    on_error_read: str = setting(
        _ON_ERROR, "continue", "After an error while reading: try again and continue, or stop the replica."
    )
    auto_maintenance: timedelta | None = setting(
        INTERVAL_OR_DISABLED, "disabled", "How often `run_maintenance` runs automatically."
    )

    @property
    def table_filter(self) -> TableFilter:
        """Which tables are replicated."""
        return TableFilter(self.schema_mappings, self.limit_tables, self.skip_tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A configuration file, read and checked. ``warnings`` name what is odd but not wrong."""

    name: str
    path: Path
    pg_conn: PostgresSettings
    sources: dict[str, SourceConfiguration]
    pid_dir: Path = setting(
        PATH, lambda: base_folder() / "pid", "The folder of the pid files.", "`~/.pg_chameleon/pid`"
    )
    log_dir: Path = setting(
        PATH, lambda: base_folder() / "logs", "The folder of the log files.", "`~/.pg_chameleon/logs`"
    )
    log_dest: str = setting(
        choice("file", "stdout"),
        "file",
        "Where the log goes; with `stdout` the replica also stays in the foreground.",
    )
    log_level: str = setting(
        choice("debug", "info", "warning", "error", "critical"), "info", "The minimum level that is logged."
    )
    log_days_keep: int = setting(whole_number(0), "10", "Number of daily log files to keep.")
    rollbar_key: Secret = setting(SECRET, "", "The access token of Rollbar; with `rollbar_env`, errors are sent there.")
    rollbar_env: str = setting(TEXT, "", "The environment that Rollbar shows.")
    type_override: tuple[TypeOverride, ...] = setting(
        TYPE_OVERRIDES, {}, "Types of the source that become another type than the usual one."
    )
    fillfactor: dict[TableName, int] = setting(FILLFACTORS, {}, "Fill factors of tables that are updated often.")
    warnings: tuple[str, ...] = ()
