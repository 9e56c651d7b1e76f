"""Checks that look at more than one key of a configuration."""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable, Iterator, Mapping

from pg_chameleon.config.settings import Configuration, SourceConfiguration
from pg_chameleon.model.choices import ALL_TABLES
from pg_chameleon.model.names import TableName
from pg_chameleon.model.status import SourceType


def mapping_problems(mappings: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Find the target schemas that are mapped twice; ``mappings``: source name to its schema mappings."""
    taken: dict[str, str] = {}
    for source, schemas in mappings.items():
        for schema, target in schemas.items():
            path = f"sources.{source}.schema_mappings.{schema}"
            if target in taken:
                yield f"{path}: the target schema {target} is already used by {taken[target]}"
            taken.setdefault(target, path)


def schemas_of_targets(sources: Mapping[str, SourceConfiguration]) -> dict[str, str]:
    """Map target schemas back to source schemas, except where a source schema has the same name."""
    schemas = {target: schema for source in sources.values() for schema, target in source.schema_mappings.items()}
    named = {schema for source in sources.values() for schema in source.schema_mappings}
    return {target: schema for target, schema in schemas.items() if target not in named}


def source_name(name: str, schemas: Mapping[str, str]) -> str:
    """Turn the name of a target table into that of its source table; a configuration may use either."""
    schema, dot, table = name.partition(".")
    return f"{schemas.get(schema, schema)}{dot}{table}"


def oddities(configuration: Configuration) -> Iterator[str]:
    """Find what is odd in a configuration, but not wrong."""
    mode = stat.S_IMODE(configuration.path.stat().st_mode)
    if mode & 0o077:
        yield (
            f"{configuration.path} is readable by others (mode {mode:04o}) and may contain passwords; "
            f"run chmod 600 {configuration.path}"
        )
    mapped = {schema for source in configuration.sources.values() for schema in source.schema_mappings}
    places = {place for override in configuration.type_override for place in override.tables - {ALL_TABLES}}
    yield from _unmapped("type_override", map(TableName.parse, places), mapped)
    yield from _unmapped("fillfactor", configuration.fillfactor, mapped)
    for name, source in configuration.sources.items():
        yield from _unmapped(f"sources.{name}.limit_tables", source.limit_tables, source.schema_mappings)
        yield from _unmapped(f"sources.{name}.skip_tables", source.skip_tables, source.schema_mappings)
    yield from _shared_server_ids(configuration)


def _unmapped(path: str, names: Iterable[TableName], mapped: Collection[str]) -> Iterator[str]:
    for name in sorted(names):
        if name.schema not in mapped:
            yield f"{path}: {name} has no effect, as its schema is not in schema_mappings"


def _shared_server_ids(configuration: Configuration) -> Iterator[str]:
    seen: dict[tuple[str, int, int], str] = {}
    for name, source in configuration.sources.items():
        identity = (source.db_conn.host, source.db_conn.port, source.my_server_id)
        if source.type == SourceType.MYSQL and identity in seen:
            yield (
                f"sources.{name}.my_server_id: {seen[identity]} reads the same server with the same server id; "
                "the server will disconnect one of them"
            )
        seen.setdefault(identity, name)
