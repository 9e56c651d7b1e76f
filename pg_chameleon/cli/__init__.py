# PYTHON_ARGCOMPLETE_OK
"""The command line: parses it, calls the command, and turns the outcome into an exit status."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence

from pg_chameleon import __version__
from pg_chameleon.cli.arguments import COMMANDS, Command, make_parsers, refuse
from pg_chameleon.config.loader import load_configuration
from pg_chameleon.context import Context, Options
from pg_chameleon.errors import ChameleonError, ConfigurationError, Interrupted, UsageError
from pg_chameleon.log import log_destination, start_logging, stop_logging
from pg_chameleon.terminal import several_lines

logger = logging.getLogger(__name__)

SUCCESS = 0
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    _mend_streams()
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except ChameleonError as error:
        return _failed(str(error), _status(error))
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


def _mend_streams() -> None:
    """See to it that there are the three streams, and that they take every character.

    A stream that the caller closed is None in Python, and its number would be that of the next file to be opened.
    """
    for name, flags, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_WRONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.open(os.devnull, flags), mode, encoding="utf-8"))  # noqa: SIM115 - for good
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _failed(message: str, status: int) -> int:
    print(several_lines(f"error: {message}"), file=sys.stderr)
    return status


def _status(error: ChameleonError) -> int:
    if isinstance(error, UsageError | ConfigurationError):
        return WRONG_USAGE
    return INTERRUPTED if isinstance(error, Interrupted) else FAILED


def _run(argv: Sequence[str]) -> int:
    whole, parsers = make_parsers()
    if "_ARGCOMPLETE" in os.environ:
        importlib.import_module("pg_chameleon.cli.completion").complete(whole)
    namespace, unknown = whole.parse_known_args(argv)
    given = vars(namespace)
    name = given.pop("command")
    if unknown:
        refuse(name, unknown[0].partition("=")[0])
    if given.pop("version", False):
        print(f"pg_chameleon {__version__}")
        return SUCCESS
    if given.pop("help", False):
        print((parsers[name] if name else whole).format_help(), end="")
        return SUCCESS
    if name is None:
        raise UsageError("no command is given", advice="See chameleon --help")
    command = COMMANDS[name]
    command.require(given)
    return _call(command, Options(**given))


def _call(command: Command, options: Options) -> int:
    if not command.configured:
        command.function()
        return SUCCESS
    configuration = load_configuration(options.config)
    for warning in (*configuration.warnings, *_warnings()):
        print(several_lines(f"warning: {warning}"), file=sys.stderr)
    context = Context(configuration, options)
    source = context.source.name if options.source else None
    start_logging(configuration, source, debug=options.debug, rollbar_level=options.rollbar_level)
    try:
        command.function(context)
    except ChameleonError as error:
        logger.error("%s failed: %s", command.name, error)
        return _failed(context.pasteable(str(error)), _status(error))
    return SUCCESS


def _warnings() -> Iterator[str]:
    """Yield what is worth a word to whoever sits at the terminal, and to no log."""
    if os.geteuid() == 0 and sys.stderr.isatty():
        yield "running as root is not advised; a user of its own is enough"
