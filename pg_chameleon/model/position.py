"""Positions in a source's binlog: file and offset, and GTID sets of MySQL and of MariaDB."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import total_ordering
from typing import NamedTuple


@total_ordering
@dataclass(frozen=True, slots=True)
class BinlogPosition:
    """A place between two events. Ordered by the *number* of the file, then by the offset in bytes."""

    file: str
    offset: int

    @property
    def file_number(self) -> int:
        """The number at the end of the file's name: ``binlog.000009`` is before ``binlog.1000000``."""
        suffix = self.file.rpartition(".")[2]
        return int(suffix) if suffix.isdigit() else 0

    def __lt__(self, other: BinlogPosition) -> bool:
        return (self.file_number, self.offset) < (other.file_number, other.offset)

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}"


class Interval(NamedTuple):
    """Transaction numbers from ``first`` to ``last``, both included."""

    first: int
    last: int


# uuid, or uuid:tag since MySQL 8.3 (https://dev.mysql.com/doc/refman/8.4/en/replication-gtids-concepts.html)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TAG = re.compile(r"[a-z_][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class MysqlGtidSet:
    """The transactions that a MySQL server executed: intervals per source uuid (and tag).

    >>> str(MysqlGtidSet.parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3:5").add(
    ...     "3e11fa47-71ca-11e1-9e33-c80aa9429562", 4))
    '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5'
    """

    intervals: dict[str, tuple[Interval, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> MysqlGtidSet:
        """Read the form that ``@@gtid_executed`` shows; raise ``ValueError`` on anything else."""
        intervals: dict[str, list[Interval]] = {}
        for member in filter(None, re.sub(r"\s+", "", text).lower().split(",")):
            uuid, *parts = member.split(":")
            if not _UUID.fullmatch(uuid) or not parts:
                raise ValueError(f"not a GTID set of MySQL: {member!r}")
            source = uuid
            for part in parts:
                if _TAG.fullmatch(part):
                    source = f"{uuid}:{part}"
                else:
                    intervals.setdefault(source, []).append(_interval(part))
        return cls({source: _merged(found) for source, found in sorted(intervals.items())})

    def add(self, source: str, number: int) -> MysqlGtidSet:
        """Return the set with transaction ``number`` of ``source`` (a uuid, or ``uuid:tag``) in it."""
        found = self.intervals.get(source, ())
        if found and found[-1].last + 1 == number:
            grown = (*found[:-1], Interval(found[-1].first, number))
        else:
            grown = _merged([*found, Interval(number, number)])
        return MysqlGtidSet({**self.intervals, source: grown})

    @property
    def tagged(self) -> bool:
        """Tell whether any transaction carries a tag (MySQL 8.3 and newer)."""
        return any(":" in source for source in self.intervals)

    def __str__(self) -> str:
        return ",".join(
            ":".join([source, *(_interval_text(interval) for interval in found)])
            for source, found in self.intervals.items()
        )


def _interval(text: str) -> Interval:
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise ValueError(f"not an interval of transaction numbers: {text!r}")
    return Interval(int(first), int(last) if dash else int(first))


def _interval_text(interval: Interval) -> str:
    return str(interval.first) if interval.first == interval.last else f"{interval.first}-{interval.last}"


def _merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.first <= merged[-1].last + 1:
            merged[-1] = Interval(merged[-1].first, max(merged[-1].last, interval.last))
        else:
            merged.append(interval)
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class MariadbGtidPosition:
    """The last transaction of each replication domain: ``domain-server-sequence``, one per domain."""

    last: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> MariadbGtidPosition:
        """Read the form that ``@@gtid_binlog_pos`` shows; raise ``ValueError`` on anything else."""
        last: dict[int, tuple[int, int]] = {}
        for member in filter(None, re.sub(r"\s+", "", text).split(",")):
            parts = member.split("-")
            if len(parts) != 3 or not all(part.isdigit() for part in parts):
                raise ValueError(f"not a GTID of MariaDB: {member!r}")
            domain, server, sequence = map(int, parts)
            last[domain] = (server, sequence)
        return cls(dict(sorted(last.items())))

    def add(self, domain: int, server: int, sequence: int) -> MariadbGtidPosition:
        """Return the position after this transaction."""
        return MariadbGtidPosition(dict(sorted({**self.last, domain: (server, sequence)}.items())))

    def __str__(self) -> str:
        return ",".join(f"{domain}-{server}-{sequence}" for domain, (server, sequence) in self.last.items())


GtidSet = MysqlGtidSet | MariadbGtidPosition


def parse_gtid_set(text: str) -> GtidSet:
    """Read a GTID set of either kind: MySQL's members begin with a uuid, MariaDB's with a domain number."""
    stripped = text.strip().lower()
    return MysqlGtidSet.parse(text) if _UUID.match(stripped) or not stripped else MariadbGtidPosition.parse(text)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a replica continues: the binlog position, and the GTID set where GTIDs are followed.

    ``file_mark``: what the file says of itself at its beginning, if that was read; another file of this name says
    something else.
    """

    binlog: BinlogPosition
    gtid: GtidSet | None = None
    file_mark: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.binlog} ({self.gtid})" if self.gtid is not None else str(self.binlog)
