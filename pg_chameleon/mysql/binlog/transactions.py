"""Where the transactions of a binlog begin and end, and which GTIDs are whole after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import unpack_from
from typing import NamedTuple

from pg_chameleon.errors import StreamError
from pg_chameleon.model.change import (
    PreparedDecided,
    StreamEvent,
    TransactionBegin,
    TransactionEnd,
    TransactionPrepared,
    TransactionRolledBack,
)
from pg_chameleon.model.position import GtidSet, MariadbGtidPosition, MysqlGtidSet, Position
from pg_chameleon.mysql.binlog.events import Event, EventType
from pg_chameleon.mysql.binlog.gtids import (
    ALTER_ROLLS_BACK,
    ALTER_STARTS,
    parse_gtid,
    parse_mariadb_gtid,
    parse_tagged_gtid,
)
from pg_chameleon.mysql.binlog.place import Place

NOTHING: tuple[StreamEvent, ...] = ()

_Gtid = tuple[str, int] | tuple[int, int, int]
"""Source and number of MySQL; domain, server and sequence of MariaDB."""


class _Announced(NamedTuple):
    """What a GTID event says of the transaction that follows: a ``block`` ends by a commit, others with a statement."""

    gtid: _Gtid | None = None
    commit_time: float = 0.0
    block: bool = False
    alter_phase: int = 0

    @property
    def name(self) -> str | None:
        """The GTID as the server shows it."""
        if self.gtid is None:
            return None
        if len(self.gtid) == 2:
            return f"{self.gtid[0]}:{self.gtid[1]}"
        return f"{self.gtid[0]}-{self.gtid[1]}-{self.gtid[2]}"


_UNANNOUNCED = _Announced()


def _mysql(event: Event) -> _Announced:
    gtid = parse_gtid(event.body)
    return _Announced((gtid.source, gtid.number), gtid.commit_time)


def _anonymous(event: Event) -> _Announced:
    return _Announced(None, parse_gtid(event.body).commit_time)


def _tagged(event: Event) -> _Announced:
    gtid = parse_tagged_gtid(event.body)
    return _Announced((gtid.source, gtid.number), gtid.commit_time)


def _mariadb(event: Event) -> _Announced:
    gtid = parse_mariadb_gtid(event.body)
    return _Announced(
        (gtid.domain, event.server_id, gtid.sequence), block=not gtid.standalone, alter_phase=gtid.alter_phase
    )


ANNOUNCEMENTS: Mapping[int, Callable[[Event], _Announced]] = {
    EventType.GTID: _mysql,
    EventType.ANONYMOUS_GTID: _anonymous,
    EventType.GTID_TAGGED: _tagged,
    EventType.MARIADB_GTID: _mariadb,
}
"""The events that announce a transaction, and how they are read."""


def parse_xa_prepare(body: bytes) -> tuple[str, bool]:
    """Read an XA_PREPARE event: the xid as XA statements write it, and whether it commits in one phase."""
    one_phase, format_id, global_size, branch_size = unpack_from("<BIII", body)
    middle = 13 + global_size
    xid = f"X'{body[13:middle].hex()}',X'{body[middle : middle + branch_size].hex()}',{format_id}"
    return xid, bool(one_phase)


class Transactions:
    """Follows which transaction is open, if any; GTIDs are followed if there is a set to begin with.

    ``in_block``: the open transaction ends by a commit, else by its one statement. ``when_closed`` is called at the end
    of each.
    """

    def __init__(self, place: Place, gtids: GtidSet | None, when_closed: Callable[[], None]) -> None:
        self.open = False
        self.in_block = False
        self._place = place
        self._gtids = gtids
        self._when_closed = when_closed
        self._announced = _UNANNOUNCED

    @property
    def position(self) -> Position:
        """The end of the last event, with the GTIDs of the transactions that are whole."""
        return Position(self._place.binlog, self._gtids, self._place.mark)

    @property
    def alters_nothing(self) -> bool:
        """Tell whether its ALTER leaves the table as it is: it only starts here, or is rolled back."""
        return self._announced.alter_phase in (ALTER_STARTS, ALTER_ROLLS_BACK)

    def begin(self, event: Event) -> tuple[StreamEvent, ...]:
        """Begin the transaction that an event announces."""
        announced = ANNOUNCEMENTS[event.type](event)
        if self.open:
            raise StreamError("a transaction begins within another one")
        self.open = True
        self.in_block = announced.block
        self._announced = announced
        return (TransactionBegin(announced.name),)

    def begin_block(self) -> tuple[StreamEvent, ...]:
        """Take what follows for one transaction up to a commit."""
        begun = self.begin_unannounced()
        self.open = self.in_block = True
        return begun

    def begin_unannounced(self) -> tuple[StreamEvent, ...]:
        """Say that a transaction begins, if none is open yet."""
        return NOTHING if self.open else (TransactionBegin(None),)

    def commit(self, event: Event) -> tuple[StreamEvent, ...]:
        """End the transaction."""
        return (TransactionEnd(*self._close(event)),)

    def roll_back(self, event: Event) -> tuple[StreamEvent, ...]:
        """Take the transaction back, as far as tables have transactions."""
        return (TransactionRolledBack(*self._close(event)),)

    def xa_prepare(self, event: Event) -> tuple[StreamEvent, ...]:
        """Put the transaction aside until it is decided, unless both are done in one step."""
        xid, one_phase = parse_xa_prepare(event.body)
        return self.commit(event) if one_phase else (TransactionPrepared(xid, *self._close(event)),)

    def decide_prepared(self, event: Event, xid: str, *, committed: bool) -> tuple[StreamEvent, ...]:
        """End a transaction that was prepared before, which is a transaction of its own in the binlog."""
        return (*self.begin_unannounced(), PreparedDecided(xid, committed, *self._close(event)))

    def _close(self, event: Event) -> tuple[Position, float]:
        """Forget the transaction; return the position after it, and when it ended."""
        announced = self._announced
        if self._gtids is not None and announced.gtid is not None:
            self._gtids = _with_gtid(self._gtids, announced.gtid)
        self._when_closed()
        self.open = self.in_block = False
        self._announced = _UNANNOUNCED
        return self.position, announced.commit_time or float(event.timestamp)


def _with_gtid(gtids: GtidSet, gtid: _Gtid) -> GtidSet:
    if isinstance(gtids, MysqlGtidSet) and len(gtid) == 2:
        return gtids.add(*gtid)
    if isinstance(gtids, MariadbGtidPosition) and len(gtid) == 3:
        return gtids.add(*gtid)
    raise StreamError("the binlog has GTIDs of another kind than the position that was asked for")
