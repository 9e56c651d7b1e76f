"""What a command works with: the configuration, and what the command line says."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from pg_chameleon.config import Configuration, SourceConfiguration, nearest
from pg_chameleon.errors import UsageError
from pg_chameleon.model.names import TableName

DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line. ``tables`` is as it was given; ``Context.tables`` reads it."""

    config: str = "default"
    source: str | None = None
    schema: str | None = None
    tables: str | None = None
    logid: int | None = None
    debug: bool = False
    rollbar_level: str = "error"
    full: bool = False
    yes: bool = False
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """The configuration and the options, and what follows from both."""

    configuration: Configuration
    options: Options

    @property
    def source(self) -> SourceConfiguration:
        """The source that the command line names."""
        name, sources = self.options.source, self.configuration.sources
        if name is None:
            raise UsageError("no source is named", advice="Add --source NAME")
        if name not in sources:
            raise UsageError(
                f"the configuration {self.configuration.name} has no source {name}; {nearest(name, sources)}"
            )
        return sources[name]

    @property
    def schema(self) -> str:
        """The source schema that the command line names, by its own name or by that of its target."""
        name, mappings = self.options.schema, self.source.schema_mappings
        if name is None:
            raise UsageError("no schema is named", advice="Add --schema NAME")
        origins = {target: origin for origin, target in mappings.items()}
        if name in mappings or name in origins:
            return name if name in mappings else origins[name]
        raise UsageError(f"the source {self.source.name} has no schema {name}; {nearest(name, mappings)}")

    @property
    def all_disabled(self) -> bool:
        """Tell whether ``--tables disabled`` asks for all quarantined tables."""
        return self.options.tables == DISABLED

    @property
    def tables(self) -> tuple[TableName, ...]:
        """The tables that the command line names."""
        names = [name.strip() for name in (self.options.tables or "").split(",") if name.strip()]
        if not names:
            raise UsageError("no tables are named", advice="Add --tables schema.table,schema.table")
        try:
            return tuple(dict.fromkeys(TableName.parse(name) for name in names))
        except ValueError as error:
            raise UsageError(f"--tables: {error}") from error

    def pasteable(self, text: str) -> str:
        """Add the configuration to each command that a text advises, unless it is the default one."""
        if self.options.config == Options().config:
            return text
        option = f" --config {shlex.quote(self.options.config)}"
        return re.sub(r"\bchameleon [a-z]+(_[a-z]+)+\b", lambda command: command[0] + option, text)

    @property
    def foreground(self) -> bool:
        """Tell whether a daemon stays in the foreground."""
        return self.options.debug or self.configuration.log_dest == "stdout"
