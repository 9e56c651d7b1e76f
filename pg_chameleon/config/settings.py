"""The configuration as typed, frozen values; the fields are named after the keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pg_chameleon.config.secret import Secret
from pg_chameleon.config.structures import TypeOverride
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.model.names import TableName


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How the connection to the source is encrypted."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class PostgresSettings:
    """How the target is reached."""

    user: str
    database: str
    host: str = "localhost"
    port: int = 5432
    password: Secret = field(default_factory=Secret)
    charset: str = "utf8"
    sslmode: str = "prefer"
    sslrootcert: Path | None = None


@dataclass(frozen=True, slots=True)
class SourceConnection:
    """How a source is reached. ``database`` is only set for sources of type pgsql."""

    user: str
    host: str = "localhost"
    port: int = 3306
    password: Secret = field(default_factory=Secret)
    database: str = ""
    charset: str = "utf8mb4"
    connect_timeout: int = 10
    ssl: TlsSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfiguration:
    """All that the configuration says of one source."""

    name: str
    type: str
    db_conn: SourceConnection
    schema_mappings: dict[str, str]
    limit_tables: frozenset[TableName]
    skip_tables: frozenset[TableName]
    skip_events: EventFilter
    grant_select_to: tuple[str, ...]
    grant_write_to: tuple[str, ...]
    gtid_enable: bool
    my_server_id: int
    replica_batch_size: int
    replay_max_rows: int
    batch_retention: timedelta
    sleep_loop: float
    net_read_timeout: int
    lock_timeout: int
    """In milliseconds; 0 waits for ever."""
    copy_mode: str
    out_dir: Path
    copy_max_memory: int
    copy_workers: int
    copy_chunk_rows: int
    keep_existing_schema: bool
    zero_dates: str
    changed_values_kept: int
    on_update_timestamps: bool
    on_error_replay: str
    on_error_read: str
    auto_maintenance: timedelta | None

    @property
    def table_filter(self) -> TableFilter:
        """Which tables are replicated."""
        return TableFilter(self.schema_mappings, self.limit_tables, self.skip_tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A configuration file, read and checked. ``warnings`` tell what is odd but not wrong."""

    name: str
    path: Path
    pid_dir: Path
    log_dir: Path
    log_dest: str
    log_level: str
    log_days_keep: int
    rollbar_key: Secret
    rollbar_env: str
    type_override: tuple[TypeOverride, ...]
    fillfactor: dict[TableName, int]
    pg_conn: PostgresSettings
    sources: dict[str, SourceConfiguration]
    warnings: tuple[str, ...] = ()
