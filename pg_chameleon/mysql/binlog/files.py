"""From file to file of a binlog: where one ends and the next begins, and how its events are laid out."""

from __future__ import annotations

from collections.abc import Iterable
from struct import unpack_from

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import Idle, StreamEvent
from pg_chameleon.mysql.binlog import events
from pg_chameleon.mysql.binlog.events import Event, EventType, FormatDescription, Header
from pg_chameleon.mysql.binlog.place import Place
from pg_chameleon.mysql.binlog.row_events import RowEvents
from pg_chameleon.mysql.binlog.transactions import NOTHING, Transactions


class Files:
    """Takes the events that tell of files, and of a source that has nothing to send."""

    def __init__(self, place: Place, transactions: Transactions, row_events: RowEvents) -> None:
        self.format = FormatDescription(checksum=False, post_header_sizes=b"")
        self._place = place
        self._transactions = transactions
        self._row_events = row_events
        self._is_first_rotate = True

    def has_checksum(self, header: Header, raw: bytes) -> bool:
        """Tell whether an event that is about a file ends with a checksum."""
        _, event_type, _, _, _, flags = header
        if event_type == EventType.FORMAT_DESCRIPTION:
            # It always has the field for one, which the parser knows
            return False
        if flags & events.ARTIFICIAL:
            # Sent before the format is known, or about another file than the one that is known
            return events.has_valid_checksum(raw)
        return self.format.checksum

    def rotate(self, event: Event) -> Iterable[StreamEvent]:
        """Go to another file. The server sends an artificial event, too, before it sends from a file."""
        file, offset = events.parse_rotate(event.body)
        is_first = self._is_first_rotate and bool(event.flags & events.ARTIFICIAL)
        self._is_first_rotate = False
        is_news = file != self._place.file
        if is_news or is_first:
            self._place.go_to(file, offset)
            self._row_events.begin_file()
        # Asked by GTID, the server may begin in another file than that of the position we came with
        return self._idle(caught_up=False) if is_news else NOTHING

    def describe_format(self, event: Event) -> Iterable[StreamEvent]:
        """Learn how the events of a file are laid out, and which file it is."""
        self.format = events.parse_format_description(event.body)
        if event.timestamp:
            self._place.recognise(f"server {event.server_id}, {event.timestamp}")
        self._row_events.set_table_id_size(4 if self.format.post_header_size(EventType.TABLE_MAP) == 6 else 6)
        if not self._transactions.open:
            return NOTHING
        # A file begins only between transactions: the server died while it wrote this one
        return self._transactions.roll_back(event)

    def heartbeat(self, event: Event) -> Iterable[StreamEvent]:
        """Hear that the source has nothing to send.

        MySQL says so, too, while it passes over transactions of the GTID set; then the heartbeat is further on than
        what was read, and the next one further still.
        """
        before = self._place.offset
        if not self._transactions.open and event.body.decode() == self._place.file:
            self._place.advance(event.end)
        return self._idle(caught_up=self._place.offset == before)

    def heartbeat_v2(self, _event: Event) -> Iterable[StreamEvent]:
        """Hear that the source has nothing to send."""
        return self._idle(caught_up=True)

    def _idle(self, *, caught_up: bool) -> Iterable[StreamEvent]:
        if self._transactions.open:
            return NOTHING
        return (Idle(self._transactions.position, caught_up=caught_up),)


def stop_at_incident(event: Event) -> Iterable[StreamEvent]:
    """Raise what an INCIDENT event tells: changes are missing from the binlog."""
    number, size = unpack_from("<HB", event.body)
    text = event.body[3 : 3 + size].decode("utf-8", "replace")
    raise StreamError(
        f"the source lost changes and wrote the incident {number} into its binlog: {text}",
        advice="Copy the tables again (init_replica or sync_tables)",
    )
