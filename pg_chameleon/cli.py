"""The command line: parses it, calls the command, and turns the outcome into an exit status."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from pg_chameleon import __version__
from pg_chameleon.config import load_configuration, nearest
from pg_chameleon.context import Context, Options
from pg_chameleon.errors import ChameleonError, ConfigurationError, UsageError
from pg_chameleon.log import log_destination, start_logging, stop_logging

logger = logging.getLogger(__name__)

SUCCESS = 0
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its module, which options it needs, which it may have, and whether it reads a configuration."""

    name: str
    theme: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    configured: bool = True

    @property
    def function(self) -> Callable[..., None]:
        """The function of the same name, looked up when it is called for."""
        module = importlib.import_module(f"pg_chameleon.commands.{self.theme}")
        function: Callable[..., None] = getattr(module, self.name)
        return function

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


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
        Command("init_replica", "copy", needs=("source",)),
        Command("copy_schema", "copy", needs=("source",)),
        Command("refresh_schema", "copy", needs=("source", "schema")),
        Command("sync_tables", "copy", needs=("source", "tables")),
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


_LEVELS = ("debug", "info", "warning", "error", "critical")
OPTIONS = {
    option.name: option
    for option in (
        Option("config", "the configuration, without .yml; default if left out", "NAME"),
        Option("source", "a source of the configuration", "NAME"),
        Option("schema", "a schema of the source", "NAME"),
        Option("tables", "tables of the source: schema.table,…; or disabled, for all in quarantine", "NAMES"),
        Option("logid", "show this one error whole", "N", type=int),
        Option("full", "run_maintenance: use VACUUM FULL; show_status: also list each value that was changed"),
        Option("yes", "answer YES to the question whether you are sure"),
        Option("debug", "log everything to stdout, and stay in the foreground"),
        Option("rollbar_level", "the least level that Rollbar gets", "LEVEL", choices=_LEVELS),
    )
}
_FOR_ALL = ("config", "debug", "rollbar_level")


class _Parser(argparse.ArgumentParser):
    """Raises its errors instead of exiting with its own message."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, advice="See chameleon --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except (UsageError, ConfigurationError) as error:
        return _failed(error, WRONG_USAGE)
    except ChameleonError as error:
        return _failed(error, FAILED)
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        logger.exception("the command failed unexpectedly")
        summary = str(error).partition("\n")[0]
        return _failed(f"unexpected {type(error).__name__}: {summary}; the traceback is {log_destination()}", FAILED)
    finally:
        stop_logging()


def _failed(error: object, status: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return status


def _run(argv: Sequence[str]) -> int:
    given = vars(_parser().parse_args(argv))
    name, wants_help = given.pop("command"), given.pop("help")
    if given.pop("version"):
        print(f"pg_chameleon {__version__}")
        return SUCCESS
    if name is None:
        if not wants_help:
            raise UsageError("no command is given", advice="See chameleon --help")
        print(_general_help(), end="")
        return SUCCESS
    command = _command(name)
    if wants_help:
        print(_command_help(command), end="")
        return SUCCESS
    options = Options(**given)
    _require(command, options)
    return _call(command, options)


def _parser() -> _Parser:
    """Make the one parser for all commands, so that options may stand before and after the command."""
    parser = _Parser(prog="chameleon", add_help=False)
    parser.add_argument("command", nargs="?", metavar="COMMAND")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action="store_true")
    for option in OPTIONS.values():
        option.add_to(parser)
    return parser


def _command(name: str) -> Command:
    if name not in COMMANDS:
        raise UsageError(f"there is no command {name}; {nearest(name, COMMANDS)}")
    return COMMANDS[name]


def _require(command: Command, options: Options) -> None:
    missing = [OPTIONS[need] for need in command.needs if not getattr(options, need)]
    if missing:
        flags = " and ".join(f"{option.flag} {option.value}" for option in missing)
        raise UsageError(f"{command.name} needs {flags}", advice=f"See chameleon {command.name} --help")


def _call(command: Command, options: Options) -> int:
    if not command.configured:
        command.function()
        return SUCCESS
    configuration = load_configuration(options.config)
    for warning in configuration.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    context = Context(configuration, options)
    source = context.source.name if options.source else None
    start_logging(configuration, source, debug=options.debug, rollbar_level=options.rollbar_level)
    if os.geteuid() == 0:
        logger.warning("running as root, which is not advised: another user needs no more than its own files")
    try:
        command.function(context)
    except ChameleonError as error:
        logger.error("%s failed: %s", command.name, error)
        raise
    return SUCCESS


def _general_help() -> str:
    parser = _help_parser("chameleon", "COMMAND", "Replicate MySQL and MariaDB to PostgreSQL.", tuple(OPTIONS))
    width = max(map(len, COMMANDS))
    commands = "".join(f"  {name:{width}}  {command.summary}\n" for name, command in COMMANDS.items())
    return f"{parser.format_help()}\ncommands:\n{commands}\nchameleon COMMAND --help tells more about one.\n"


def _command_help(command: Command) -> str:
    names = (*command.needs, *command.takes, *(_FOR_ALL if command.configured else ()))
    parser = _help_parser(f"chameleon {command.name}", "", command.summary, names, command.needs)
    return parser.format_help()


def _help_parser(
    program: str, arguments: str, description: str, names: tuple[str, ...], needed: tuple[str, ...] = ()
) -> argparse.ArgumentParser:
    """Make a parser whose only use is the help that argparse writes."""
    required = "".join(f" {OPTIONS[name].flag} {OPTIONS[name].value}" for name in needed)
    usage = " ".join(f"{program} {arguments}{required} [options]".split())
    parser = argparse.ArgumentParser(usage=usage, description=description, add_help=False)
    for name in names:
        OPTIONS[name].add_to(parser)
    parser.add_argument("--version", action="store_true", help="show the version")
    parser.add_argument("-h", "--help", action="store_true", help="show this help")
    return parser
