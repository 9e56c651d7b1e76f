"""The states of sources and of tables, as the catalogue stores and ``show_status`` shows them."""

from __future__ import annotations

from enum import Enum


class SourceType(str, Enum):
    """What a source is, as the configuration and the catalogue name it."""

    MYSQL = "mysql"
    PGSQL = "pgsql"


class SourceStatus(Enum):
    """What a source is doing."""

    READY = "ready"
    INITIALISING = "initialising"
    INITIALISED = "initialised"
    SYNCING = "syncing"
    SYNCED = "synced"
    RUNNING = "running"
    STOPPED = "stopped"
    ERROR = "error"


class TableState(Enum):
    """What the replica does with a table.

    COPYING: its rows are being copied, and its changes wait. COPIED: the copy is whole and waits to be
    swapped in. REPLICATED: changes are applied. QUARANTINED: no longer replicated, with a reason. FILTERED: the
    user does not want its rows, but its structure is followed, because it may be renamed. DROPPED: gone, or
    superseded by a new copy.
    """

    COPYING = "copying"
    COPIED = "copied"
    REPLICATED = "replicated"
    QUARANTINED = "quarantined"
    FILTERED = "filtered"
    DROPPED = "dropped"
