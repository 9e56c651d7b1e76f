"""The configuration as rows to show: every key with its value, secrets hidden."""

from __future__ import annotations

from typing import NamedTuple

from pg_chameleon.config.keys import keys_of
from pg_chameleon.config.settings import (
    Configuration,
    PostgresSettings,
    SourceConfiguration,
    SourceConnection,
    TlsSettings,
)


class SettingRow(NamedTuple):
    """A key with its path in its section, and its value as it may stand in the file."""

    key: str
    value: str


def general_rows(configuration: Configuration) -> list[SettingRow]:
    """Show what holds for all sources."""
    return [*_rows("", configuration), *_rows("pg_conn.", configuration.pg_conn)]


def source_rows(source: SourceConfiguration) -> list[SettingRow]:
    """Show what holds for one source."""
    tls = source.db_conn.ssl
    return [
        *_rows("db_conn.", source.db_conn),
        *(_rows("db_conn.ssl.", tls) if tls is not None else ()),
        *_rows("", source),
    ]


_Settings = Configuration | PostgresSettings | SourceConfiguration | SourceConnection | TlsSettings


def _rows(prefix: str, settings: _Settings) -> list[SettingRow]:
    return [
        SettingRow(f"{prefix}{name}", key.kind.show(getattr(settings, name))) for name, key in keys_of(settings).items()
    ]
