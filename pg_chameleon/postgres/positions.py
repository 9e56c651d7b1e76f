"""Positions as the catalogue stores them: a binlog file, an offset and, where it is known, the GTID set as text."""

from __future__ import annotations

from typing import Any

from pg_chameleon.model.position import BinlogPosition, Position, parse_gtid_set


def place(position: BinlogPosition | None) -> dict[str, str | int | None]:
    """Return the parameters ``file`` and ``offset`` of a statement."""
    if position is None:
        return {"file": None, "offset": None}
    return {"file": position.file, "offset": position.offset}


def whole_position(position: Position) -> dict[str, Any]:
    """Return the parameters ``file``, ``offset``, ``file_mark`` and ``gtid`` of a statement."""
    gtid = None if position.gtid is None else str(position.gtid)
    return {**place(position.binlog), "file_mark": position.file_mark, "gtid": gtid}


def stored_place(file: str | None, offset: int | None) -> BinlogPosition | None:
    """Return what is stored in two columns; None if nothing is."""
    return None if file is None or offset is None else BinlogPosition(file, offset)


def stored_position(file: str, offset: int, gtid: str | None, mark: str | None = None) -> Position:
    """Return a position that is stored whole."""
    return Position(BinlogPosition(file, offset), None if gtid is None else parse_gtid_set(gtid), mark)
