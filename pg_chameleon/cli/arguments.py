"""The words of the command line: the commands, the options of each, and their help."""

from __future__ import annotations

import argparse
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pg_chameleon.config import nearest
from pg_chameleon.errors import UsageError

_FOR_ALL = ("config", "debug", "rollbar_level")


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its module, which options it needs, which it may have, and whether it reads a configuration."""

    name: str
    theme: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    configured: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """The names of all options that it knows."""
        return (*self.needs, *self.takes, *(_FOR_ALL if self.configured else ()))

    @property
    def function(self) -> Callable[..., None]:
        """The function of the same name, looked up when it is called for."""
        module = importlib.import_module(f"pg_chameleon.commands.{self.theme}")
        function: Callable[..., None] = getattr(module, self.name)
        return function

    def describe(self) -> str:
        """Return the function's docstring: a summary in one line, more about it, and an example."""
        return inspect.getdoc(self.function) or ""

    @property
    def summary(self) -> str:
        """The first line of the help."""
        return self.describe().partition("\n")[0]

    def require(self, given: Mapping[str, object]) -> None:
        """Raise ``UsageError`` if an option is missing, or belongs to other commands."""
        for name in given:
            if name not in self.options:
                refuse(self.name, OPTIONS[name].flag)
        missing = [str(OPTIONS[name]) for name in self.needs if not given.get(name)]
        if missing:
            raise UsageError(f"{self.name} needs {' and '.join(missing)}", advice=_see_help(self.name))


@dataclass(frozen=True, slots=True)
class Option:
    """An option. One without ``value``, the name of its value in the help, is a flag."""

    name: str
    help: str
    value: str | None = None
    choices: tuple[str, ...] | None = None
    type: Callable[[str], object] = str

    @property
    def flag(self) -> str:
        """The option as it is typed."""
        return f"--{self.name.replace('_', '-')}"

    def __str__(self) -> str:
        return self.flag if self.value is None else f"{self.flag} {self.value}"

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Make the parser know the option; its default is that of ``Options``."""
        if self.value is None:
            parser.add_argument(self.flag, action="store_true", default=argparse.SUPPRESS, help=self.help)
            return
        parser.add_argument(
            self.flag,
            metavar=self.value,
            choices=self.choices,
            type=self.type,
            default=argparse.SUPPRESS,
            help=self.help,
        )


COMMANDS = {
    command.name: command
    for command in (
        Command("set_configuration_files", "setup", configured=False),
        Command("show_config", "show"),
        Command("show_sources", "show"),
        Command("create_replica_schema", "setup"),
        Command("drop_replica_schema", "setup", takes=("yes",)),
        Command("upgrade_replica_schema", "setup"),
        Command("add_source", "setup", needs=("source",)),
        Command("drop_source", "setup", needs=("source",), takes=("yes",)),
        Command("init_replica", "copy", needs=("source",), takes=("wait",)),
        Command("copy_schema", "copy", needs=("source",), takes=("wait",)),
        Command("refresh_schema", "copy", needs=("source", "schema"), takes=("wait",)),
        Command("sync_tables", "copy", needs=("source", "tables"), takes=("wait",)),
        Command("start_replica", "replicate", needs=("source",)),
        Command("stop_replica", "replicate", needs=("source",)),
        Command("stop_all_replicas", "replicate"),
        Command("enable_replica", "replicate", needs=("source",)),
        Command("update_schema_mappings", "setup", needs=("source",)),
        Command("show_status", "show", takes=("source", "full", "tables")),
        Command("show_errors", "show", takes=("source", "logid")),
        Command("run_maintenance", "replicate", needs=("source",), takes=("full",)),
        Command("detach_replica", "cutover", needs=("source",), takes=("yes",)),
    )
}


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return int(text)


_LEVELS = ("debug", "info", "warning", "error", "critical")
OPTIONS = {
    option.name: option
    for option in (
        Option("config", "a configuration, or the path of a .yml file; without this option: default", "NAME"),
        Option("source", "a source of the configuration", "NAME"),
        Option("schema", "a schema of the source", "NAME"),
        Option("tables", "tables of the source: schema.table,…; or disabled: all that are quarantined", "NAMES"),
        Option("logid", "show this one error in full", "N", type=_number),
        Option("full", "run_maintenance: VACUUM FULL; show_status: also list each value that was changed"),
        Option("yes", "answer YES when asked whether you are sure"),
        Option("wait", "stay until the copy has ended, show its progress, and exit with its status"),
        Option("debug", "log everything to stdout, and stay in the foreground"),
        Option("rollbar_level", "the minimum level that is sent to Rollbar", "LEVEL", choices=_LEVELS),
    )
}


class Parser(argparse.ArgumentParser):
    """Raises its errors instead of exiting, and looks for its description only when help is asked for."""

    def __init__(self, describe: Callable[[], str], **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, add_help=False, **settings)
        self._describe = describe

    def know(self, names: Iterable[str]) -> None:
        """Make the parser know options, and those that need no command."""
        for name in names:
            OPTIONS[name].add_to(self)
        self.add_argument("--version", action="store_true", default=argparse.SUPPRESS, help="show the version")
        self.add_argument("-h", "--help", action="store_true", default=argparse.SUPPRESS, help="show this help")

    def format_help(self) -> str:
        """Write the help."""
        self.description = self._describe()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the command line."""
        raise UsageError(message, advice=f"See {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name the nearest choice, where argparse would list them all."""
        if action.choices is not None and value not in action.choices:
            raise UsageError(f"there is no {str(action.metavar).lower()} {value}; {nearest(value, [*action.choices])}")


def make_parsers() -> tuple[Parser, Mapping[str, Parser]]:
    """Make the parser of the whole command line, and those of the commands, which are parts of it.

    The whole knows all options, so that they may stand before the command.
    """
    whole = Parser(_describe_all, prog="chameleon", usage="chameleon COMMAND [options]")
    commands = whole.add_subparsers(prog="chameleon", dest="command", metavar="COMMAND", help=argparse.SUPPRESS)
    whole.know(OPTIONS)
    for command in COMMANDS.values():
        needed = "".join(f" {OPTIONS[name]}" for name in command.needs)
        parser = commands.add_parser(
            command.name, describe=command.describe, usage=f"chameleon {command.name}{needed} [options]"
        )
        parser.know(command.options)
    return whole, commands.choices


def refuse(command: str | None, word: str) -> NoReturn:
    """Raise ``UsageError`` for a word that the command, or the whole if there is none, does not take."""
    message = f"{command or 'chameleon'} does not take {word}"
    if word.startswith("-") and word not in (option.flag for option in OPTIONS.values()):
        names = COMMANDS[command].options if command else OPTIONS
        raise UsageError(f"{message}; {nearest(word, [OPTIONS[name].flag for name in names])}")
    raise UsageError(message, advice=_see_help(command))


def _see_help(command: str | None) -> str:
    return " ".join(["See chameleon", *filter(None, [command]), "--help"])


def _describe_all() -> str:
    width = max(map(len, COMMANDS))
    commands = (f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items())
    return "\n".join(
        (
            "Replicate MySQL and MariaDB to PostgreSQL.\n\ncommands:",
            *commands,
            "\nchameleon COMMAND --help shows more about one, with an example.",
        )
    )
