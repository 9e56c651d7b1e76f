"""The configuration as rows to show: every key with its value, secrets hidden."""

from __future__ import annotations

from typing import Any, NamedTuple

from pg_chameleon.config.keys import DB_CONN_KEYS, GLOBAL_KEYS, PG_CONN_KEYS, SOURCE_KEYS, SSL_KEYS, Key
from pg_chameleon.config.settings import Configuration, SourceConfiguration


class SettingRow(NamedTuple):
    """A key with its path in its section, and its value as it may stand in the file."""

    key: str
    value: str


def general_rows(configuration: Configuration) -> list[SettingRow]:
    """Show what holds for all sources."""
    return [*_rows("", configuration, GLOBAL_KEYS), *_rows("pg_conn.", configuration.pg_conn, PG_CONN_KEYS)]


def source_rows(source: SourceConfiguration) -> list[SettingRow]:
    """Show what holds for one source."""
    rows = _rows("db_conn.", source.db_conn, DB_CONN_KEYS)
    if source.db_conn.ssl is not None:
        rows += _rows("db_conn.ssl.", source.db_conn.ssl, SSL_KEYS)
    return rows + _rows("", source, SOURCE_KEYS)


def _rows(prefix: str, settings: object, keys: tuple[Key, ...]) -> list[SettingRow]:
    """Show the keys that became a field; ``password_file`` has become the password."""
    return [
        SettingRow(f"{prefix}{key.name}", _shown(key, getattr(settings, key.name)))
        for key in keys
        if hasattr(settings, key.name)
    ]


def _shown(key: Key, value: Any) -> str:
    return key.kind.show(value)
