"""The place in a source's binlog up to which it was read."""

from __future__ import annotations

from pg_chameleon.errors import BinlogPurged
from pg_chameleon.model.position import BinlogPosition

_OFFSET_MASK = 0xFFFFFFFF
_HALF = 1 << 31


class Place:
    """The end of the last event: its file, and the offset in it.

    ``mark`` is what the file says of itself at its beginning, if that is known. Events that end at or before
    ``skip_to``, an offset in the first file, were read before.
    """

    __slots__ = ("file", "mark", "offset", "skip_to")

    def __init__(self, start: BinlogPosition, mark: str | None, skip_to: int) -> None:
        self.file = start.file
        self.offset = start.offset
        self.mark = mark
        self.skip_to = skip_to

    @property
    def binlog(self) -> BinlogPosition:
        """The place as a value."""
        return BinlogPosition(self.file, self.offset)

    def advance(self, end: int) -> None:
        """Move on to the end of an event; headers hold only the lower 32 bits of it."""
        distance = (end - self.offset) & _OFFSET_MASK
        if distance < _HALF:
            self.offset += distance

    def go_to(self, file: str, offset: int) -> None:
        """Go to a place in this file or another one."""
        if file != self.file:
            self.skip_to = 0
            self.mark = None
        self.file, self.offset = file, offset

    def recognise(self, mark: str) -> None:
        """Refuse a file that took the name of the one that was read before."""
        if self.mark not in (None, mark):
            raise BinlogPurged(
                f"{self.file} is another file than before: the source began its binlog again, or is another server",
                advice="Copy the tables again (init_replica)",
            )
        self.mark = mark
