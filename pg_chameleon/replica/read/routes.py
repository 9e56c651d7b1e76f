"""What becomes of row events, by the layout that they have in common."""

from __future__ import annotations

from typing import NamedTuple

from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.change import RowLayout
from pg_chameleon.model.filter import EventFilter
from pg_chameleon.replica.read.capture import TableCapture
from pg_chameleon.replica.read.following.known_tables import ReadTable

_MOST_ROUTES = 10_000


class Route(NamedTuple):
    """What becomes of rows: those that the user ``skipped`` are not even seen, the others are for ``capture``."""

    table: ReadTable
    skipped: bool
    capture: TableCapture | None


class Routes:
    """Decides once for each layout what becomes of its rows, as long as the registry has the table so."""

    def __init__(self, events: EventFilter, rules: Rules) -> None:
        self._events = events
        self._rules = rules
        self._routes: dict[RowLayout, Route] = {}
        self._captures: dict[int, TableCapture] = {}

    def of(self, layout: RowLayout, table: ReadTable) -> Route:
        """Return the route of rows that are laid out so."""
        route = self._routes.get(layout)
        if route is None or route.table is not table:
            route = self._new(layout, table)
        return route

    def _new(self, layout: RowLayout, table: ReadTable) -> Route:
        skipped = self._events.skips(layout.kind, layout.table.name)
        capture = self._capture(table) if table.captured and not skipped else None
        if len(self._routes) >= _MOST_ROUTES:
            self._routes.clear()
        route = self._routes[layout] = Route(table, skipped, capture)
        return route

    def _capture(self, table: ReadTable) -> TableCapture:
        capture = self._captures.get(table.table_id)
        if capture is None or capture.schema is not table.schema:
            capture = self._captures[table.table_id] = TableCapture(table.schema, self._rules)
        return capture
