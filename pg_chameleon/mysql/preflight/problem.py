"""What a check of the source finds, and what is checked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Problem(NamedTuple):
    """Something about a source. An error keeps the replica from working; a warning does not.

    ``may_come_later``: it concerns something that a running replica can do without until it appears.
    """

    is_error: bool
    text: str
    advice: str
    may_come_later: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be replicated, and how."""

    schemas: Sequence[str]
    use_gtid: bool
    server_id: int


def error(text: str, advice: str) -> Problem:
    """Return a problem that keeps the replica from working."""
    return Problem(True, text, advice)


def warning(text: str, advice: str) -> Problem:
    """Return a problem that does not keep the replica from working."""
    return Problem(False, text, advice)
