"""What the demonstration prints."""

import re
from collections.abc import Iterable
from pathlib import Path

from tabulate import tabulate

from lab.journey import Outcome

INDENT = "    "


def title(text: str) -> None:
    print(f"\n== {text} ==", flush=True)


def say(*lines: str) -> None:
    for line in lines:
        print(f"  {line}", flush=True)


def show_command(outcome: Outcome) -> None:
    """Show a command as a user sees it, with what it said."""
    print(f"\n  $ {outcome.command}", flush=True)
    for line in outcome.output.splitlines():
        print(f"{INDENT}{line}".rstrip(), flush=True)


def show_file(path: Path) -> None:
    """Show a configuration file without its passwords."""
    print(f"\n  {path}:")
    for line in path.read_text(encoding="utf-8").splitlines():
        print(INDENT + re.sub(r"(password: ).+", r"\1********", line))


def show_table(rows: Iterable[Iterable[object]], headers: Iterable[str] = ()) -> None:
    text = tabulate([list(row) for row in rows], headers=list(headers), disable_numparse=True)
    print("\n" + "\n".join(f"{INDENT}{line}" for line in text.splitlines()), flush=True)
