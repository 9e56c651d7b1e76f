"""Reading a configuration file: every key checked, and all problems reported together."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pg_chameleon.config.checks import mapping_problems, oddities, schemas_of_targets, source_name
from pg_chameleon.config.document import fill_in_environment, read_document
from pg_chameleon.config.files import configuration_path
from pg_chameleon.config.keys import REQUIRED, Key, keys_of
from pg_chameleon.config.kinds import BadValue, Problem
from pg_chameleon.config.secret import Secret
from pg_chameleon.config.settings import (
    Configuration,
    PostgresSettings,
    SourceConfiguration,
    SourceConnection,
    TlsSettings,
)
from pg_chameleon.config.structures import unknown_keys
from pg_chameleon.errors import ConfigurationError
from pg_chameleon.model.choices import TypeOverride
from pg_chameleon.model.names import TableName
from pg_chameleon.model.status import SourceType

# The values of a section have as many types as it has keys; the dataclasses of settings name them.
Section = dict[str, Any]

# Top-level blocks whose names begin like this only exist for the anchors in them, as in Docker Compose files.
_SHARED = "x-"
_DEFAULT_PORT = {SourceType.MYSQL: 3306, SourceType.PGSQL: 5432}


def load_configuration(name: str) -> Configuration:
    """Read and check a configuration, which is named or given as a path."""
    return load_file(configuration_path(name))


def load_file(path: Path) -> Configuration:
    """Read and check a configuration file; raise ``ConfigurationError`` with everything that is wrong."""
    try:
        return _load(path)
    except RecursionError as error:
        problem = "it is nested too deeply, or an anchor contains itself"
        raise ConfigurationError(str(path), (problem,)) from error


def _load(path: Path) -> Configuration:
    document = {key: value for key, value in read_document(path).items() if not key.startswith(_SHARED)}
    problems: list[str] = []
    reader = _Reader(fill_in_environment(document, problems), problems)
    sections = reader.sections()
    if problems:
        raise ConfigurationError(str(path), tuple(problems))
    return _build(path, sections)


@dataclass(frozen=True, slots=True)
class _Sections:
    """What was read from the file, section by section."""

    general: Section
    pg_conn: Section
    sources: dict[str, Section] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the sections of a document and notes every problem with its path."""

    document: Mapping[str, Any]
    problems: list[str]

    def sections(self) -> _Sections:
        """Read the whole document."""
        general = self._section("", self.document, Configuration, ("pg_conn", "sources"))
        pg_conn = self._connection("pg_conn", self.document.get("pg_conn"), PostgresSettings)
        given = self._mapping("sources", self.document.get("sources"))
        sources = {name: self._source(name, value) for name, value in given.items()}
        mappings = {name: source["schema_mappings"] or {} for name, source in sources.items()}
        self.problems.extend(mapping_problems(mappings))
        return _Sections(general, pg_conn, sources)

    def _source(self, name: str, value: object) -> Section:
        path = f"sources.{name}"
        if "/" in name or name.startswith("."):
            self.problems.append(
                f"{path}: the name becomes part of file names, so it must not contain a slash or begin with a dot"
            )
        given = self._mapping(path, value)
        source = self._section(path, given, SourceConfiguration, ("db_conn",))
        source["db_conn"] = self._connection(f"{path}.db_conn", given.get("db_conn"), SourceConnection, ("ssl",))
        if source["type"] == SourceType.PGSQL and not source["db_conn"]["database"]:
            self.problems.append(f"{path}.db_conn.database: required with type pgsql")
        return source

    def _connection(self, path: str, value: object, settings: type, sections: tuple[str, ...] = ()) -> Section:
        given = self._mapping(path, value)
        connection = self._section(path, given, settings, sections)
        password_file = connection["password_file"]
        if password_file and connection["password"]:
            self.problems.append(f"{path}.password_file: password is given as well; use one of the two")
        elif password_file:
            connection["password"] = self._password(f"{path}.password_file", password_file)
        if "ssl" in sections:
            ssl = given.get("ssl")
            connection["ssl"] = None if ssl is None else self._tls(f"{path}.ssl", ssl)
        return connection

    def _tls(self, path: str, value: object) -> Section:
        tls = self._section(path, self._mapping(path, value), TlsSettings)
        if tls["key"] and not tls["cert"]:
            self.problems.append(f"{path}.key: cert, to which it belongs, is missing")
        return tls

    def _password(self, path: str, file: Path) -> Secret:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            self.problems.append(f"{path}: {file} cannot be read: {error.strerror}")
            return Secret()
        except UnicodeDecodeError:
            self.problems.append(f"{path}: {file} is not UTF-8")
            return Secret()
        return Secret(lines[0] if lines else "")

    def _mapping(self, path: str, value: object) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problems.append(f"{path}: expected a mapping")
            return {}
        return value

    def _section(self, path: str, given: Mapping[str, Any], settings: type, sections: tuple[str, ...] = ()) -> Section:
        keys = keys_of(settings)
        self._note(path, unknown_keys(given, [*keys, *sections]))
        return {name: self._value(f"{path}.{name}", key, given.get(name)) for name, key in keys.items()}

    def _value(self, path: str, key: Key, value: object) -> Any:
        if value is None and key.default is REQUIRED:
            self._note(path, (("", "required, but missing"),))
            return None
        try:
            return key.read(value)
        except BadValue as error:
            self._note(path, error.problems)
            return None

    def _note(self, path: str, problems: Iterable[Problem]) -> None:
        self.problems.extend(f"{f'{path}{below}'.lstrip('.')}: {message}" for below, message in problems)


def _build(path: Path, sections: _Sections) -> Configuration:
    pg_conn = PostgresSettings(**sections.pg_conn)
    sources = {name: _build_source(name, source, pg_conn) for name, source in sections.sources.items()}
    general = _by_source_names(sections.general, schemas_of_targets(sources))
    configuration = Configuration(name=path.stem, path=path, pg_conn=pg_conn, sources=sources, **general)
    return replace(configuration, warnings=tuple(oddities(configuration)))


def _by_source_names(general: Section, schemas: Mapping[str, str]) -> Section:
    """Name all tables as the source does."""
    overrides: tuple[TypeOverride, ...] = general["type_override"]
    factors: dict[TableName, int] = general["fillfactor"]
    return {
        **general,
        "type_override": tuple(
            replace(override, tables=frozenset(source_name(place, schemas) for place in override.tables))
            for override in overrides
        ),
        "fillfactor": {TableName.parse(source_name(str(name), schemas)): factor for name, factor in factors.items()},
    }


def _build_source(name: str, section: Section, target: PostgresSettings) -> SourceConfiguration:
    connection = dict(section["db_conn"])
    tls = connection.pop("ssl")
    connection["port"] = connection["port"] or _DEFAULT_PORT[section["type"]]
    values = {
        **section,
        "db_conn": SourceConnection(**connection, ssl=TlsSettings(**tls) if tls is not None else None),
        "my_server_id": section["my_server_id"] or _automatic_server_id(name, target),
    }
    return SourceConfiguration(name=name, **values)


def _automatic_server_id(source: str, target: PostgresSettings) -> int:
    """Make a number that stays the same for this replica, and that hardly any other server has."""
    identity = f"{socket.gethostname()}/{target.host}:{target.port}/{target.database}/{source}"
    return zlib.crc32(identity.encode()) | 1 << 31
