"""Statements of a binlog: those that bound transactions, and those that are passed on to be understood."""

from __future__ import annotations

from collections.abc import Iterable
from struct import unpack_from

from pg_chameleon.model.change import Circumstances, SavepointRolledBack, SavepointSet, StatementEvent, StreamEvent
from pg_chameleon.model.names import unquote_mysql_identifier
from pg_chameleon.mysql.binlog.events import Event, EventType
from pg_chameleon.mysql.binlog.place import Place
from pg_chameleon.mysql.binlog.query import Query, parse_query
from pg_chameleon.mysql.binlog.transactions import NOTHING, Transactions

_QUERY_POST_HEADER = 13
_LOAD_QUERY_POST_HEADER = 26

# MariaDB sends dummies in place of events that it takes us not to know
_MEANINGLESS = (b"RELEASE SAVEPOINT ", b"# Dummy event replacing event type")
_SAVEPOINTS: dict[bytes, type[SavepointSet] | type[SavepointRolledBack]] = {
    b"SAVEPOINT ": SavepointSet,
    b"ROLLBACK TO ": SavepointRolledBack,
}


class Statements:
    """Reads the events that hold a statement."""

    def __init__(self, place: Place, transactions: Transactions) -> None:
        self._place = place
        self._transactions = transactions

    def read(self, event: Event) -> Iterable[StreamEvent]:
        """Read a QUERY or EXECUTE_LOAD_QUERY event."""
        if _is_begin(event.body):
            return self._transactions.begin_block()
        is_load = event.type == EventType.EXECUTE_LOAD_QUERY
        query = parse_query(
            event.body,
            post_header_size=_LOAD_QUERY_POST_HEADER if is_load else _QUERY_POST_HEADER,
            compressed=event.type == EventType.QUERY_COMPRESSED,
        )
        control = self._transaction_control(event, query.statement)
        return self._statement(event, query) if control is None else control

    def _transaction_control(self, event: Event, statement: bytes) -> Iterable[StreamEvent] | None:
        """Handle the statements that servers write themselves to bound transactions; None for others."""
        if statement == b"COMMIT":
            return self._transactions.commit(event)
        if statement == b"ROLLBACK":
            return self._transactions.roll_back(event)
        if statement.startswith(b"XA "):
            return self._xa_statement(event, statement.decode())
        for verb, made in _SAVEPOINTS.items():
            if statement.startswith(verb):
                return (made(_savepoint_name(statement[len(verb) :])),)
        return NOTHING if statement.startswith(_MEANINGLESS) else None

    def _xa_statement(self, event: Event, statement: str) -> Iterable[StreamEvent]:
        _, verb, xid = statement.split(" ", 2)
        if verb in ("START", "BEGIN"):
            return self._transactions.begin_block()
        if verb not in ("COMMIT", "ROLLBACK"):
            return NOTHING
        if xid.upper().endswith("ONE PHASE"):
            return self._transactions.commit(event)
        xid = xid.lower().replace("x'", "X'")
        return self._transactions.decide_prepared(event, xid, committed=verb == "COMMIT")

    def _statement(self, event: Event, query: Query) -> Iterable[StreamEvent]:
        transactions = self._transactions
        statement = self._statement_event(event, query)
        if transactions.in_block:
            return (statement,)
        begun = transactions.begin_unannounced()
        if transactions.alters_nothing:
            # The table changes when the ALTER commits, which names the statement again
            return (*begun, *transactions.commit(event))
        return (*begun, statement, *transactions.commit(event))

    def _statement_event(self, event: Event, query: Query) -> StatementEvent:
        # What comes with its rows in one transaction was made from a SELECT
        rewritten = query.may_be_rewritten
        by_server = rewritten and self._transactions.in_block
        session = query.session
        return StatementEvent(
            statement=query.text(rewritten=by_server),
            schema=query.schema,
            sql_mode=session.sql_mode,
            error_code=query.error_code,
            position=self._place.binlog,
            circumstances=Circumstances(
                event.timestamp,
                session.microseconds,
                session.time_zone,
                session.sql_mode,
                connection_collation=session.connection_collation,
            ),
            ambiguous=(rewritten != by_server) or query.may_be_escaped or not (by_server or query.is_text),
        )


def _is_begin(body: bytes) -> bool:
    """Tell whether a QUERY event is the BEGIN that stands before most transactions, without reading all of it."""
    if not body.endswith(b"\0BEGIN"):
        return False
    schema_size, _, variables_size = unpack_from("<BHH", body, 8)
    return bool(len(body) == _QUERY_POST_HEADER + variables_size + schema_size + len(b"\0BEGIN"))


def _savepoint_name(quoted: bytes) -> str:
    """Unquote a name as servers write it; case does not matter."""
    name = quoted.decode("utf-8", "replace").strip()
    return (unquote_mysql_identifier(name) if name.startswith("`") else name).casefold()
