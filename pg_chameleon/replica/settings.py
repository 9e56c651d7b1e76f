"""All that the processes of one replica need to know, as one value that can be handed to a new process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pg_chameleon.config import Configuration, SourceConfiguration
from pg_chameleon.model.choices import TypeOverride, ZeroDates
from pg_chameleon.model.filter import EventFilter, TableFilter
from pg_chameleon.mysql.connection import SourceSettings
from pg_chameleon.postgres.connection import TargetSettings


@dataclass(frozen=True, slots=True)
class ReplicaSettings:
    """The configuration of one source, in the types of the layers below."""

    name: str
    source: SourceSettings
    target: TargetSettings
    limit: TableFilter
    events: EventFilter
    server_id: int
    use_gtid: bool
    batch_rows: int
    replay_rows: int
    retention: timedelta
    sleep: float
    stop_on_read_error: bool
    stop_on_replay_error: bool
    maintenance: timedelta | None
    overrides: tuple[TypeOverride, ...]
    zero_dates: ZeroDates
    grant_select_to: tuple[str, ...]
    grant_write_to: tuple[str, ...]
    fillfactor: dict[str, int]
    changed_values_kept: int = 10_000
    on_update_timestamps: bool = False

    def table_filter(self, mappings: dict[str, str]) -> TableFilter:
        """Return the filter with the mappings that are registered in the catalogue."""
        return TableFilter(mappings, self.limit.limit, self.limit.skip)


def target_settings(configuration: Configuration) -> TargetSettings:
    """Return how the target is reached."""
    target = configuration.pg_conn
    return TargetSettings(
        host=target.host,
        port=target.port,
        user=target.user,
        password=target.password.reveal(),
        database=target.database,
        sslmode=target.sslmode,
        sslrootcert=None if target.sslrootcert is None else str(target.sslrootcert),
    )


def source_settings(source: SourceConfiguration) -> SourceSettings:
    """Return how a MySQL or MariaDB source is reached."""
    wanted = source.db_conn
    tls = wanted.ssl
    return SourceSettings(
        host=wanted.host,
        port=wanted.port,
        user=wanted.user,
        password=wanted.password.reveal(),
        connect_timeout=wanted.connect_timeout,
        net_read_timeout=source.net_read_timeout,
        ssl=None
        if tls is None
        else {
            "ca": None if tls.ca is None else str(tls.ca),
            "cert": None if tls.cert is None else str(tls.cert),
            "key": None if tls.key is None else str(tls.key),
            "verify": tls.verify,
        },
    )


def replica_settings(configuration: Configuration, source: SourceConfiguration) -> ReplicaSettings:
    """Translate the configuration of one source."""
    return ReplicaSettings(
        name=source.name,
        source=source_settings(source),
        target=target_settings(configuration),
        limit=source.table_filter,
        events=source.skip_events,
        server_id=source.my_server_id,
        use_gtid=source.gtid_enable,
        batch_rows=source.replica_batch_size,
        replay_rows=source.replay_max_rows,
        retention=source.batch_retention,
        sleep=source.sleep_loop,
        stop_on_read_error=source.on_error_read == "exit",
        stop_on_replay_error=source.on_error_replay == "exit",
        maintenance=source.auto_maintenance,
        overrides=configuration.type_override,
        zero_dates=source.zero_dates,
        grant_select_to=source.grant_select_to,
        grant_write_to=source.grant_write_to,
        fillfactor={str(name): value for name, value in configuration.fillfactor.items()},
        changed_values_kept=source.changed_values_kept,
        on_update_timestamps=source.on_update_timestamps,
    )
