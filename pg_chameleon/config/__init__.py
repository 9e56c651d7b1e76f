"""The configuration: its keys, its files, and the typed values that the other layers take.

``loader`` reads it and is not imported here: the processes of a replica get the values, and need no YAML.
"""

from __future__ import annotations

from pg_chameleon.config.files import configuration_names, configuration_path, set_configuration_files
from pg_chameleon.config.kinds import nearest
from pg_chameleon.config.secret import Secret
from pg_chameleon.config.settings import (
    Configuration,
    PostgresSettings,
    SourceConfiguration,
    SourceConnection,
    TlsSettings,
)

__all__ = [
    "Configuration",
    "PostgresSettings",
    "Secret",
    "SourceConfiguration",
    "SourceConnection",
    "TlsSettings",
    "configuration_names",
    "configuration_path",
    "nearest",
    "set_configuration_files",
]
