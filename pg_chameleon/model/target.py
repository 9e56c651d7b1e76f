"""What has to be known of a target server to work on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetTraits:
    """The version of PostgreSQL, and what of its set-up decides how a source is carried over.

    ``version`` is that of the server, as in (15, 4). ``read_only``: transactions may not write unless they say so, or
    not at all. ``postgis``: the database has the type ``geometry``.
    """

    version: tuple[int, int]
    encoding: str
    read_only: bool
    postgis: bool
