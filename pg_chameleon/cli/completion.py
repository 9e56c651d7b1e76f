"""Completion in the shell: which values an option may have here. Loaded only when a shell asks."""

from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterable

from argcomplete import autocomplete
from argcomplete.completers import BaseCompleter

from pg_chameleon.config import configuration_names
from pg_chameleon.config.loader import load_configuration
from pg_chameleon.context import Options


def complete(parser: ArgumentParser) -> None:
    """Answer the shell, and end the process."""
    autocomplete(parser, default_completer=_KnownValues())


class _KnownValues(BaseCompleter):
    def __call__(
        self,
        *,
        prefix: str,  # noqa: ARG002 - argcomplete compares
        action: Action,
        parser: ArgumentParser,  # noqa: ARG002
        parsed_args: Namespace,
    ) -> Iterable[str]:
        """Return the values that are known here."""
        if action.dest == "config":
            return configuration_names()
        if action.dest == "source":
            return load_configuration(getattr(parsed_args, "config", Options().config)).sources
        return ()
