"""What stops the tracker at one table; it never leaves the tracker, which marks the table as uncertain."""

from __future__ import annotations


class Unfollowable(Exception):
    """The statement does not fit the tracked structure, or asks for what cannot be told from it."""


class UntoldStructure(Unfollowable):
    """The statement is understood, but the structure that it makes can only be told by the source."""


class UnknownCharset(UntoldStructure):
    """A character set or collation that is not known here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the character set or collation {name} is not known")
